#include "command/prompt.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };
enum { WATCHED_COUNT = sizeof watched / sizeof *watched };

static volatile sig_atomic_t caught;

static void note_signal(int signal)
{
    caught = signal;
}

/* How signals stood before the question. */
struct attention {
    struct sigaction actions[WATCHED_COUNT];
    sigset_t mask;
};

/* The signals stay blocked except while we wait for input: one that came between a look at the flag
 * and the wait would otherwise be missed. */
static void watch_signals(struct attention *before)
{
    struct sigaction action = { .sa_handler = note_signal };
    sigset_t blocked;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaddset(&blocked, watched[i]);
    sigprocmask(SIG_BLOCK, &blocked, &before->mask);
    caught = 0;
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaction(watched[i], &action, &before->actions[i]);
}

static void restore_signals(const struct attention *before)
{
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaction(watched[i], &before->actions[i], NULL);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* One line in canonical mode, where the terminal lets the user correct it. 0 or an errno value:
 * EINTR after a signal, ENODATA at the end of input. MASK: the signals blocked while waiting. */
static int read_line(int fd, const sigset_t *mask, struct buffer *in)
{
    for (;;) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        char c;
        if (ppoll(&wait, 1, NULL, mask) < 0)
            return errno;
        ssize_t n = read(fd, &c, 1);
        if (n < 0)
            return errno;
        if (n == 0)
            return buffer_size(in) ? 0 : ENODATA;
        buffer_append(in, &c, 1);
        explicit_bzero(&c, 1);
        if (in->overflow || buffer_bytes(in).data[buffer_size(in) - 1] == '\n')
            return 0;
    }
}

/* One question. 0, an errno value, or EINTR after a signal that has had its effect by now (the
 * program was stopped and goes on). */
static int ask_once(int fd, const char *what, struct buffer *in)
{
    struct attention before;
    struct termios usual;
    if (tcgetattr(fd, &usual) != 0)
        return errno;
    struct termios quiet = usual;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    watch_signals(&before);
    int error = 0;
    if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0) {
        error = errno;
    } else {
        dprintf(fd, "maildoctor: %s: ", what);
        error = read_line(fd, &before.mask, in);
        tcsetattr(fd, TCSAFLUSH, &usual);
        dprintf(fd, "\n");
    }
    int signal = caught;
    restore_signals(&before);
    if (signal == 0)
        return error;
    raise(signal);
    return EINTR;
}

bool prompt_secret(const char *what, struct buffer *in, char **ret_error)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    int error = fd < 0 ? errno : EINTR;
    while (error == EINTR) {
        buffer_clear(in);
        error = ask_once(fd, what, in);
    }
    if (fd >= 0)
        close(fd);
    if (error == ENODATA)
        *ret_error = memory_format("no %s was typed", what);
    else if (error)
        *ret_error = memory_format("cannot ask for the %s: there is no terminal (%s)", what,
                                   strerror(error));
    return error == 0;
}
