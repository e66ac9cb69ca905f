/* Two runs and one password: who tries it, who waits, and what a killed run leaves. */
#include "base/text.h"
#include "engine/gate.h"
#include "engine/gate_trial.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1700000000, HALF_AN_HOUR = 30 * 60 };
static const char user[] = "ana@example.org";

struct fixture {
    struct secret *password, *other;
    struct loop *loop;
    char dir[64];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->password = secret_new(text_bytes("correct horse"));
    f->other = secret_new(text_bytes("battery staple"));
    f->loop = loop_new();
    strcpy(f->dir, "/tmp/maildoctor-trial-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", f->dir);
    assert_int_equal(system(command), 0);
    loop_free(f->loop);
    secret_free(f->password);
    secret_free(f->other);
    free(f);
    return 0;
}

/* One run with one login. */
struct asker {
    struct gate *gate;
    struct gate_request request;
    struct loop *loop;
    bool answered;
    enum login_block block;
    char earlier[32];
};

static void answered(struct gate_request *request, enum login_block block, struct bytes earlier)
{
    struct asker *asker = request->arg;
    asker->answered = true;
    asker->block = block;
    snprintf(asker->earlier, sizeof asker->earlier, "%.*s", (int)earlier.size,
             earlier.data ? earlier.data : "");
    if (asker->loop)
        loop_stop(asker->loop);
}

static void begin(struct fixture *f, struct asker *asker, const struct secret *password,
                  int64_t now_s, bool retry, struct loop *loop)
{
    struct gate_options options = {
        .user = user,
        .password = password,
        .state_dir = f->dir,
        .now_s = now_s,
        .retry = retry,
        .loop = loop,
    };
    *asker = (struct asker) { .gate = gate_new(&options), .loop = loop };
    asker->request = (struct gate_request) { .service = SERVICE_IMAP,
                                             .host = "mail.example.org",
                                             .verified = true,
                                             .answer = answered,
                                             .arg = asker };
    gate_ask(asker->gate, &asker->request);
}

static void end(struct asker *asker, enum login_outcome outcome)
{
    gate_report(asker->gate, &asker->request, outcome, text_bytes("no"));
    gate_free(asker->gate);
}

static void another_run_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct asker first, second;
    begin(f, &first, f->password, NOW, false, NULL);
    assert_int_equal(first.block, BLOCK_NONE);
    begin(f, &second, f->password, NOW, false, f->loop);
    assert_false(second.answered);
    end(&first, LOGIN_JUDGED);
    loop_run(f->loop);
    assert_int_equal(second.block, BLOCK_REFUSED_EARLIER);
    assert_string_equal(second.earlier, "no");
    gate_free(second.gate);
}

static void an_accepted_one_lets_the_other_go(void **state)
{
    struct fixture *f = *state;
    struct asker first, second, third;
    begin(f, &first, f->password, NOW, false, NULL);
    begin(f, &second, f->password, NOW, false, f->loop);
    begin(f, &third, f->password, NOW, false, NULL); /* one that cannot wait */
    assert_int_equal(third.block, BLOCK_BEING_TRIED);
    gate_free(third.gate);
    end(&first, LOGIN_ACCEPTED);
    loop_run(f->loop);
    assert_true(second.answered);
    assert_int_equal(second.block, BLOCK_NONE);
    end(&second, LOGIN_ACCEPTED);
}

/* A process that is killed between question and answer. */
static void try_and_die(struct fixture *f, int64_t now_s)
{
    pid_t child = fork();
    if (child == 0) {
        struct asker asker;
        /* Its own: a secret does not go into a child. */
        begin(f, &asker, secret_new(text_bytes("correct horse")), now_s, false, NULL);
        kill(getpid(), SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void a_killed_run_leaves_word(void **state)
{
    struct fixture *f = *state;
    static const struct {
        bool other, retry;
        int64_t later_s;
        enum login_block block;
    } cases[] = {
        { .later_s = 1, .block = BLOCK_UNKNOWN_EARLIER },
        { .later_s = HALF_AN_HOUR - 1, .block = BLOCK_UNKNOWN_EARLIER },
        { .later_s = HALF_AN_HOUR, .block = BLOCK_NONE },
        { .later_s = -1, .block = BLOCK_NONE },
        { .later_s = 1, .other = true, .block = BLOCK_NONE },
        { .later_s = 1, .retry = true, .block = BLOCK_NONE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asker next;
        try_and_die(f, NOW);
        begin(f, &next, cases[i].other ? f->other : f->password, NOW + cases[i].later_s,
              cases[i].retry, NULL);
        assert_int_equal(next.block, cases[i].block);
        if (next.block == BLOCK_NONE)
            end(&next, LOGIN_ACCEPTED);
        else
            gate_free(next.gate);
    }
}

/* What came of it is known: it was stopped by a person, or the server had other reasons. */
static void a_run_that_ended_leaves_none(void **state)
{
    struct fixture *f = *state;
    static const enum login_outcome outcomes[] = { LOGIN_ACCEPTED, LOGIN_UNJUDGED };
    for (size_t i = 0; i < 2; i++) {
        struct asker first, next;
        begin(f, &first, f->password, NOW, false, NULL);
        end(&first, outcomes[i]);
        begin(f, &next, f->password, NOW, false, NULL);
        assert_int_equal(next.block, BLOCK_NONE);
        end(&next, LOGIN_ACCEPTED);
    }
}

static void rubbish_and_no_directory(void **state)
{
    struct fixture *f = *state;
    struct asker run;
    struct gate_trial trial;
    char command[160];
    begin(f, &run, f->password, NOW, false, NULL);
    end(&run, LOGIN_UNJUDGED);
    snprintf(command, sizeof command, "for t in %s/trying-*; do echo rubbish >\"$t\"; done",
             f->dir);
    assert_int_equal(system(command), 0);
    begin(f, &run, f->password, NOW, false, NULL);
    assert_int_equal(run.block, BLOCK_NONE);
    end(&run, LOGIN_ACCEPTED);
    assert_int_equal(gate_trial_begin(&trial, NULL, user, f->password, NOW, false),
                     GATE_TRIAL_OURS);
    assert_int_equal(gate_trial_begin(&trial, "/proc/nowhere", user, f->password, NOW, false),
                     GATE_TRIAL_OURS);
    gate_trial_write(&trial, user, f->password, NOW);
    gate_trial_end(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_run_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_accepted_one_lets_the_other_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_run_leaves_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_that_ended_leaves_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rubbish_and_no_directory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
