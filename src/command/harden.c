#include "command/harden.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

/* The leak checker of a sanitizer build traces its own process. */
#if defined(__SANITIZE_ADDRESS__)
#define HARDEN_TRACEABLE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HARDEN_TRACEABLE 1
#endif
#endif

/* Opened the wrong way round, so that what is closed stays unusable: a result written to a closed
 * standard output must fail, not vanish. */
static void open_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        int taken = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (taken != fd)
            return; /* no /dev/null: nothing better can be put there */
    }
}

void harden_start(void)
{
    open_standard();
    signal(SIGPIPE, SIG_IGN);
    /* Best effort, each: a diagnosis is not refused for want of it. */
    setrlimit(RLIMIT_CORE, &(struct rlimit) { 0, 0 });
#if defined(__linux__) && !defined(HARDEN_TRACEABLE)
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void harden_no_new_privileges(void)
{
#ifdef __linux__
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
}
