#include "command/prompt.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
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

/* Without SA_RESTART: the read must end, so that the echo can be restored before the signal takes
 * its effect. */
static void watch_signals(struct sigaction old[static WATCHED_COUNT])
{
    struct sigaction action = { .sa_handler = note_signal };
    sigemptyset(&action.sa_mask);
    caught = 0;
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaction(watched[i], &action, &old[i]);
}

static void restore_signals(const struct sigaction old[static WATCHED_COUNT])
{
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaction(watched[i], &old[i], NULL);
}

/* One line in canonical mode, where the terminal lets the user correct it. 0 or an errno value. */
static int read_line(int fd, struct buffer *in)
{
    for (;;) {
        char c;
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
    struct sigaction old[WATCHED_COUNT];
    struct termios before;
    if (tcgetattr(fd, &before) != 0)
        return errno;
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    watch_signals(old);
    int error = 0;
    if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0) {
        error = errno;
    } else {
        dprintf(fd, "maildoctor: %s: ", what);
        error = read_line(fd, in);
        tcsetattr(fd, TCSAFLUSH, &before);
        dprintf(fd, "\n");
    }
    restore_signals(old);
    if (caught) {
        raise(caught);
        return EINTR;
    }
    return error;
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
