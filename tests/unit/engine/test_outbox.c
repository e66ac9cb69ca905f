/* One message a run: who submits it. */
#include "engine/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 3 };

struct asker {
    struct outbox_request request;
    int granted; /* -1: no answer yet */
    const char *why_not;
};

static struct trace *trace;
static struct endpoint *endpoints[COUNT];
static struct outbox *outbox;
static struct asker askers[COUNT];

static void answered(struct outbox_request *request, const char *why_not)
{
    ((struct asker *)request->arg)->granted = !why_not;
    ((struct asker *)request->arg)->why_not = why_not;
}

static void begin(bool anonymous)
{
    static const char *const ids[COUNT] = { "mx1:25", "mx2:25", "imap:993" };
    trace = trace_new();
    trace->started_real_ns = INT64_C(1795299600) * 1000000000;
    for (int i = 0; i < COUNT; i++) {
        endpoints[i] = trace_add_endpoint(trace);
        endpoints[i]->id = ids[i];
        endpoints[i]->service = i == 2 ? SERVICE_IMAP : SERVICE_SMTP;
        endpoints[i]->needs = i == 2 ? NEED_READ : NEED_RELAY;
        askers[i] = (struct asker) { .granted = -1 };
        askers[i].request = (struct outbox_request) {
            .endpoint = endpoints[i],
            .answer = answered,
            .arg = &askers[i],
        };
    }
    struct outbox_wish wish = { .from = "a@x.test", .to = "b@y.test", .anonymous = anonymous };
    outbox = outbox_new(trace, &wish);
    outbox_expect(outbox);
}

static void end(void)
{
    outbox_free(outbox);
    trace_free(trace);
}

static void test_facts(void **state)
{
    (void)state;
    begin(false);
    const struct submission_facts *facts = trace->submission;
    assert_string_equal(facts->from, "a@x.test");
    assert_int_equal(strlen(facts->run_id), 16);
    assert_memory_equal(facts->message_id, facts->run_id, 16);
    assert_string_equal(facts->message_id + 16, ".maildoctor@x.test");
    assert_null(facts->endpoint);
    const struct submission *submission = outbox_submission(outbox, endpoints[0]);
    assert_int_equal(submission->now_s, 1795299600);
    assert_null(outbox_submission(outbox, endpoints[2]));
    assert_null(outbox_submission(NULL, endpoints[0]));
    end();
}

static void test_first_behind_a_login(void **state)
{
    (void)state;
    begin(false);
    outbox_ask(outbox, &askers[1].request);
    outbox_ask(outbox, &askers[0].request);
    assert_int_equal(askers[1].granted, 1);
    assert_int_equal(askers[0].granted, 0);
    assert_string_equal(trace->submission->endpoint, "mx2:25");
    end();
}

static void test_the_first_server_is_waited_for(void **state)
{
    (void)state;
    begin(true);
    outbox_ask(outbox, &askers[1].request);
    assert_int_equal(askers[1].granted, -1);
    outbox_ask(outbox, &askers[0].request);
    assert_int_equal(askers[0].granted, 1);
    assert_int_equal(askers[1].granted, 0);
    end();
}

static void test_it_gives_up(void **state)
{
    (void)state;
    begin(true);
    outbox_ask(outbox, &askers[1].request);
    outbox_give_up(outbox, endpoints[1]); /* nobody waits for that one */
    assert_int_equal(askers[1].granted, -1);
    outbox_give_up(outbox, endpoints[0]);
    assert_int_equal(askers[1].granted, 1);
    outbox_ask(outbox, &askers[0].request);
    assert_int_equal(askers[0].granted, 0);
    end();
}

static void test_no_longer_waited_for(void **state)
{
    (void)state;
    begin(true);
    outbox_ask(outbox, &askers[1].request);
    outbox_withdraw(outbox, &askers[1].request);
    outbox_give_up(outbox, NULL);
    assert_int_equal(askers[1].granted, -1);
    outbox_freeze(outbox);
    outbox_ask(outbox, &askers[0].request);
    assert_int_equal(askers[0].granted, -1);
    end();
}

static void test_held_until_the_recipient_is_known(void **state)
{
    (void)state;
    begin(false);
    outbox_hold(outbox);
    outbox_ask(outbox, &askers[0].request);
    outbox_give_up(outbox, NULL);
    assert_int_equal(askers[0].granted, -1);
    outbox_release(outbox, true);
    assert_int_equal(askers[0].granted, 1);
    assert_false(trace->submission->withheld);
    outbox_ask(outbox, &askers[1].request);
    assert_string_equal(askers[1].why_not, "submitted-elsewhere");
    end();
}

static void test_withheld_from_all(void **state)
{
    (void)state;
    begin(false);
    outbox_hold(outbox);
    outbox_ask(outbox, &askers[0].request);
    outbox_release(outbox, false);
    outbox_ask(outbox, &askers[1].request);
    assert_string_equal(askers[0].why_not, "recipient-not-opened");
    assert_string_equal(askers[1].why_not, "recipient-not-opened");
    assert_true(trace->submission->withheld);
    assert_null(trace->submission->endpoint);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_first_behind_a_login),
        cmocka_unit_test(test_the_first_server_is_waited_for),
        cmocka_unit_test(test_it_gives_up),
        cmocka_unit_test(test_no_longer_waited_for),
        cmocka_unit_test(test_held_until_the_recipient_is_known),
        cmocka_unit_test(test_withheld_from_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
