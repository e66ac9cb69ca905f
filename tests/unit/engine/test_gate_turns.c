/* Logins that follow an accepted one: a second client, a second look. */
#include "base/text.h"
#include "engine/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 1700000000 };

struct asker {
    struct gate_request request;
    bool answered;
    enum login_block block;
};

static void answered(struct gate_request *request, enum login_block block, struct bytes earlier)
{
    struct asker *asker = request->arg;
    (void)earlier;
    assert_false(asker->answered);
    asker->answered = true;
    asker->block = block;
}

static void ask(struct gate *gate, struct asker *asker, enum service service, enum gate_turn turn)
{
    *asker = (struct asker) { .request = { .service = service,
                                           .host = "mail.example.org",
                                           .verified = true,
                                           .turn = turn,
                                           .answer = answered,
                                           .arg = asker } };
    gate_ask(gate, &asker->request);
}

static void report(struct gate *gate, struct asker *asker, enum login_outcome outcome)
{
    gate_report(gate, &asker->request, outcome, text_bytes("-ERR no"));
}

static bool may_go(const struct asker *asker)
{
    return asker->answered && asker->block == BLOCK_NONE;
}

/* A gate that has accepted one login on SERVICE. */
static struct gate *gate_that_accepted(struct asker *first, enum service service,
                                       const struct secret *password, const char *state_dir)
{
    struct gate_options options = {
        .user = "ana@example.org", .password = password, .state_dir = state_dir, .now_s = NOW
    };
    struct gate *gate = gate_new(&options);
    ask(gate, first, service, GATE_FIRST);
    report(gate, first, LOGIN_ACCEPTED);
    return gate;
}

static int set_up(void **state)
{
    *state = secret_new(text_bytes("correct horse"));
    return 0;
}

static int tear_down(void **state)
{
    secret_free(*state);
    return 0;
}

static void an_accepted_login_may_come_again(void **state)
{
    struct asker pop, pop2, pop3, pop4;
    struct gate *gate = gate_that_accepted(&pop, SERVICE_POP3, *state, NULL);
    ask(gate, &pop2, SERVICE_POP3, GATE_FURTHER);
    assert_false(pop2.answered);
    ask(gate, &pop3, SERVICE_POP3, GATE_BESIDE);
    assert_true(may_go(&pop3));
    report(gate, &pop3, LOGIN_UNJUDGED); /* the mailbox was locked */
    assert_false(pop2.answered);
    gate_leave(gate, &pop.request);
    assert_true(may_go(&pop2));
    report(gate, &pop2, LOGIN_ACCEPTED);
    gate_leave(gate, &pop2.request);
    ask(gate, &pop4, SERVICE_POP3, GATE_FURTHER);
    assert_true(may_go(&pop4));
    gate_free(gate);
}

/* Three sessions and a fourth, on one mailbox. */
static void further_logins_keep_to_three(void **state)
{
    struct asker imap[4];
    struct gate *gate = gate_that_accepted(&imap[0], SERVICE_IMAP, *state, NULL);
    for (int i = 1; i < 4; i++) {
        ask(gate, &imap[i], SERVICE_IMAP, GATE_FURTHER);
        assert_int_equal(may_go(&imap[i]), i < 3);
    }
    report(gate, &imap[1], LOGIN_ACCEPTED);
    gate_leave(gate, &imap[1].request);
    assert_true(may_go(&imap[3]));
    gate_free(gate);
}

/* A password that was just accepted and then is not any more: no further try in this run, and no
 * word of it to the next. */
static void a_further_refusal_ends_it_for_this_run(void **state)
{
    struct asker imap, imap2, imap3;
    char dir[] = "/tmp/maildoctor-turns-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct gate *gate = gate_that_accepted(&imap, SERVICE_IMAP, *state, dir);
    ask(gate, &imap2, SERVICE_IMAP, GATE_FURTHER);
    report(gate, &imap2, LOGIN_JUDGED);
    ask(gate, &imap3, SERVICE_IMAP, GATE_FURTHER);
    assert_int_equal(imap3.block, BLOCK_REFUSED_ELSEWHERE);
    gate_free(gate);
    gate = gate_that_accepted(&imap, SERVICE_IMAP, *state, dir);
    assert_true(may_go(&imap));
    gate_free(gate);
    remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_accepted_login_may_come_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(further_logins_keep_to_three, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_further_refusal_ends_it_for_this_run, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
