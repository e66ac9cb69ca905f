#include "command/interrupt.h"

#include "command/command.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int watched[] = { SIGINT, SIGTERM, SIGHUP };
enum { WATCHED_COUNT = sizeof watched / sizeof *watched };

static volatile pid_t covered;
static volatile int lent = -1;

_Noreturn void interrupt_leave(void)
{
    static const char words[] = "maildoctor: interrupted before anything was tested\n";
    if (covered > 0)
        kill(-covered, SIGKILL);
    if (lent >= 0) {
        sigset_t output;
        sigemptyset(&output);
        sigaddset(&output, SIGTTOU); /* who is in the background is stopped for trying */
        sigprocmask(SIG_BLOCK, &output, NULL);
        tcsetpgrp(lent, getpgrp());
    }
    ssize_t written = write(STDERR_FILENO, words, sizeof words - 1);
    (void)written; /* nobody is left to be told */
    _exit(COMMAND_TROUBLE);
}

static void leave(int number)
{
    (void)number;
    interrupt_leave();
}

static void set_all(void (*from)(int), void (*to)(int))
{
    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        struct sigaction current;
        struct sigaction wanted = { .sa_handler = to };
        sigemptyset(&wanted.sa_mask);
        if (sigaction(watched[i], NULL, &current) == 0 && current.sa_handler == from)
            sigaction(watched[i], &wanted, NULL);
    }
}

void interrupt_watch(void)
{
    set_all(SIG_DFL, leave);
}

void interrupt_unwatch(void)
{
    set_all(leave, SIG_DFL);
}

void interrupt_covers(pid_t group, int terminal)
{
    covered = group;
    lent = group ? terminal : -1;
}
