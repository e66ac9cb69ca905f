/* The table of commands: what an interrupt does before one of them has begun its work. */
#include "command/command.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int interrupted_at_once(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    raise(SIGINT);
    return 0;
}

static const struct command commands[] = {
    { "testing", "", "", interrupted_at_once, true },
    { "showing", "", "", interrupted_at_once, false },
    { NULL, NULL, NULL, NULL, false },
};

/* How a program called with WORD ends; its standard error goes to SAID. */
static int run(const char *word, char said[static 200])
{
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = { (char[]) { "maildoctor" }, (char *)word, NULL };
        signal(SIGINT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        _exit(command_run(commands, 2, argv));
    }
    close(ends[1]);
    memset(said, 0, 200);
    assert_true(read(ends[0], said, 199) >= 0);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void before_a_test_it_is_answered(void **state)
{
    (void)state;
    static const char *const words[] = { "testing", "mail.example.org" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char said[200];
        int status = run(words[i], said);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), COMMAND_TROUBLE);
        assert_string_equal(said, "maildoctor: interrupted before anything was tested\n");
    }
}

static void elsewhere_it_ends_the_program(void **state)
{
    (void)state;
    char said[200];
    int status = run("showing", said);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_a_test_it_is_answered),
        cmocka_unit_test(elsewhere_it_ends_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
