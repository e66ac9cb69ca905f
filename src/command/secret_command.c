#include "command/secret_command.h"

#include "base/clock.h"
#include "base/memory.h"
#include "command/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NS_PER_MS = 1000000, LOOK_MS = 2 };

/* The shell, in a process group of its own, so that what it started can be ended with it. */
struct errand {
    pid_t pid;
    int fd;       /* its standard output */
    int terminal; /* lent to it; -1 none */
    int64_t until_ns;
    int status; /* of waitpid() */
};

static void block_signals(sigset_t *ret_before)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGTTOU };
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&blocked, numbers[i]);
    sigprocmask(SIG_BLOCK, &blocked, ret_before);
}

/* 0 or an errno value. MASK: the signals that the command finds blocked. */
static int spawn(struct errand *errand, const char *command, int output, const sigset_t *mask)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE); /* we ignore it, a shell pipeline needs it */
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, mask);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETPGROUP);
    char *words[] = { (char[]) { "sh" }, (char[]) { "-c" }, memory_copy(command), NULL };
    int error = posix_spawn(&errand->pid, "/bin/sh", &actions, &attributes, words, environ);
    free(words[2]);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* A group in the background that asked at the terminal would be stopped. */
static int lend_terminal(pid_t group)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -1;
    if (tcgetpgrp(fd) == getpgrp() && tcsetpgrp(fd, group) == 0) {
        kill(-group, SIGCONT); /* it may have been quicker */
        return fd;
    }
    close(fd);
    return -1;
}

/* 0 or an errno value. */
static int begin(struct errand *errand, const char *command)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    sigset_t before;
    block_signals(&before);
    int error = spawn(errand, command, ends[1], &before);
    if (!error) {
        errand->terminal = lend_terminal(errand->pid);
        interrupt_covers(errand->pid, errand->terminal);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    errand->fd = ends[0];
    if (error)
        close(ends[0]);
    return error;
}

static int left_ms(const struct errand *errand)
{
    int64_t left = (errand->until_ns - clock_mono_ns() + NS_PER_MS - 1) / NS_PER_MS;
    return left > 0 ? (int)left : 0;
}

/* To the end of its output, or until IN is full. 0, an errno value, or ETIMEDOUT. */
static int read_output(const struct errand *errand, struct buffer *in)
{
    char piece[4096];
    int error = 0;
    while (!in->overflow) {
        struct pollfd wait = { .fd = errand->fd, .events = POLLIN };
        int ready = poll(&wait, 1, left_ms(errand));
        ssize_t n = ready > 0 ? read(errand->fd, piece, sizeof piece) : -1;
        if (ready == 0)
            error = ETIMEDOUT;
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0)
            error = errno;
        if (n <= 0)
            break;
        buffer_append(in, piece, (size_t)n);
    }
    explicit_bzero(piece, sizeof piece);
    return error;
}

/* 0 or ETIMEDOUT. */
static int await(struct errand *errand)
{
    for (;;) {
        pid_t pid = waitpid(errand->pid, &errand->status, WNOHANG);
        if (pid != 0 && !(pid < 0 && errno == EINTR))
            return 0;
        if (left_ms(errand) == 0)
            return ETIMEDOUT;
        poll(NULL, 0, LOOK_MS);
    }
}

static void end(struct errand *errand, bool kill_it)
{
    sigset_t before;
    block_signals(&before);
    if (kill_it) {
        kill(-errand->pid, SIGKILL);
        while (waitpid(errand->pid, &errand->status, 0) < 0 && errno == EINTR)
            continue;
    }
    if (errand->terminal >= 0) {
        tcsetpgrp(errand->terminal, getpgrp());
        close(errand->terminal);
    }
    interrupt_covers(0, -1);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* The first line is the secret: password managers print notes behind it. */
static void keep_first_line(struct buffer *in)
{
    struct bytes bytes = buffer_bytes(in);
    const char *newline = bytes.size ? memchr(bytes.data, '\n', bytes.size) : NULL;
    if (!newline)
        return;
    struct buffer line;
    buffer_init(&line, in->limit);
    buffer_append(&line, bytes.data, (size_t)(newline - bytes.data) + 1);
    buffer_done(in);
    *in = line;
}

/* NULL when all is well. */
static char *find_trouble(const struct errand *errand, int error, const char *what)
{
    int status = errand->status;
    if (error == ETIMEDOUT)
        return memory_format("the --%s-command did not end within %d seconds", what,
                             SECRET_COMMAND_SECONDS);
    if (error)
        return memory_format("cannot read the %s from the command: %s", what, strerror(error));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return NULL;
    return WIFEXITED(status)
               ? memory_format("the --%s-command ended with status %d", what, WEXITSTATUS(status))
               : memory_format("the --%s-command was ended by signal %d", what, WTERMSIG(status));
}

bool secret_command_run(const char *what, const char *command, struct buffer *in, char **ret_error)
{
    struct errand errand = { .until_ns = clock_mono_ns() +
                                         (int64_t)SECRET_COMMAND_SECONDS * 1000 * NS_PER_MS };
    int error = begin(&errand, command);
    if (error) {
        *ret_error = find_trouble(&errand, error, what);
        return false;
    }
    error = read_output(&errand, in);
    close(errand.fd);
    if (!error)
        error = await(&errand);
    end(&errand, error != 0);
    /* With the terminal lent, Ctrl-C came to the command alone. */
    if (!error && WIFSIGNALED(errand.status) && WTERMSIG(errand.status) == SIGINT)
        interrupt_leave();
    /* What printed more than can be kept was cut off: its status says nothing. */
    char *trouble = in->overflow ? NULL : find_trouble(&errand, error, what);
    keep_first_line(in);
    *ret_error = trouble ? trouble : *ret_error;
    return !trouble;
}
