/* A round trip to another account: what is wrong with the one is never said of the other. */
#include "base/text.h"
#include "diagnosis/diagnose.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

static const struct story well = { .lines = "587 o accepted\n993 o accepted\n" };

/* The sender's run by OWN; THERE is the recipient's. */
static struct result *tell(const struct story *own, const struct story *there)
{
    struct result *result = story_tell(own);
    struct trace *trace = result->trace;
    result->recipient = story_tell(there);
    trace->recipient = result->recipient->trace;
    trace->recipient->target.address = trace->recipient->target.user = "bob@example.net";
    trace->submission = arena_new(&trace->arena, sizeof *trace->submission);
    trace->submission->from = "ana@example.org";
    trace->submission->to = "bob@example.net";
    return result;
}

static void deliver(struct result *result, const struct delivery_facts *facts)
{
    struct trace *trace = result->trace;
    trace->delivery = arena_new(&trace->arena, sizeof *facts);
    *trace->delivery = *facts;
    trace->submission->accepted = true;
    for (struct endpoint *e = trace->endpoints; e; e = e->next)
        if (e->service == SERVICE_SMTP) {
            struct step *step = trace_add_step(trace, endpoint_attempt(e, PURPOSE_MAIN),
                                               "end of data", STAGE_SUBMIT);
            step->status = STATUS_OK;
            trace->submission->endpoint = e->id;
        }
}

static bool says(const struct strings *list, const char *words)
{
    for (size_t i = 0; i < list->count; i++)
        if (strstr(list->items[i], words))
            return true;
    return false;
}

static void its_login_is_refused(void **state)
{
    static const struct story refused = {
        .needs = NEED_READ,
        .lines = "993 o refused NO [AUTHENTICATIONFAILED] Authentication failed.\n",
    };
    (void)state;
    struct result *result = tell(&well, &refused);
    result->trace->submission->withheld = true;
    diagnose(result);
    const struct verdict *verdict = &result->verdict;
    assert_int_equal(verdict->status, VERDICT_WARNING);
    assert_string_equal(verdict->class_id, "recipient-mailbox-closed");
    assert_int_equal(verdict->send, NEED_STATUS_OK);
    assert_int_equal(verdict->read, NEED_STATUS_OK);
    assert_non_null(strstr(verdict->meaning, "bob@example.net"));
    assert_true(says(&verdict->not_tested, "recipient's mailbox did not open"));
    assert_null(story_finding(result, "bad-credentials", 993));
    assert_int_equal(result->trace->endpoints->next->status, STATUS_OK);
    assert_string_equal(result->recipient->verdict.class_id, "bad-credentials");
    const struct finding *finding = story_finding(result, "recipient-mailbox-closed", 0);
    assert_string_equal(finding->evidence->endpoint, "");
    assert_true(text_find_fold(finding->evidence->line, "AUTHENTICATIONFAILED"));
    assert_int_equal(finding->owner, result->recipient->verdict.owner);
    assert_string_equal(finding->fix.items[0], result->recipient->verdict.fix.items[0]);
    result_free(result);
}

/* The login of the sender failed as well: that is the verdict. */
static void both_are_refused(void **state)
{
    static const struct story refused = { .lines = "587 o refused 535 5.7.8 no\n993 o accepted\n" };
    static const struct story there = { .needs = NEED_READ, .lines = "993 o refused NO no\n" };
    (void)state;
    struct result *result = tell(&refused, &there);
    result->trace->submission->withheld = true;
    diagnose(result);
    assert_int_equal(result->verdict.status, VERDICT_FAIL);
    assert_int_equal(result->verdict.send, NEED_STATUS_FAIL);
    assert_non_null(story_finding(result, "recipient-mailbox-closed", 0));
    result_free(result);
}

static void it_does_not_come(void **state)
{
    static const struct story there = { .needs = NEED_READ, .lines = "995 o accepted\n" };
    (void)state;
    struct result *result = tell(&well, &there);
    const struct delivery_facts facts = {
        .endpoint = result->recipient->trace->endpoints->id,
        .account = "bob@example.net",
        .found_ns = -1,
        .waited_ns = 5 * S,
    };
    deliver(result, &facts);
    diagnose(result);
    const struct finding *finding = story_finding(result, "message-not-arrived", 0);
    assert_non_null(finding);
    assert_string_equal(finding->evidence->step, "Mailbox of bob@example.net");
    assert_true(text_find_fold(finding->evidence->line, "not in the inbox after 5 s"));
    assert_int_equal(result->verdict.status, VERDICT_WARNING);
    assert_true(says(&result->verdict.not_tested, "whether it bounced"));
    result_free(result);
}

/* What is seen in another's mailbox is no warning of the endpoint of the same name. */
static void it_comes_into_the_junk(void **state)
{
    static const struct story there = { .needs = NEED_READ, .lines = "993 o accepted\n" };
    (void)state;
    struct result *result = tell(&well, &there);
    const struct delivery_facts facts = {
        .endpoint = result->recipient->trace->endpoints->id,
        .account = "bob@example.net",
        .arrived = true,
        .junk = true,
        .folder = "Junk",
        .found_ns = S,
        .waited_ns = S,
        .removed = 1,
    };
    deliver(result, &facts);
    diagnose(result);
    assert_non_null(story_finding(result, "arrived-in-junk", 0));
    assert_null(story_finding(result, "arrived-in-junk", 993));
    assert_int_equal(result->trace->endpoints->next->status, STATUS_OK);
    assert_null(story_finding(result, "message-not-arrived", 0));
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_login_is_refused),
        cmocka_unit_test(both_are_refused),
        cmocka_unit_test(it_does_not_come),
        cmocka_unit_test(it_comes_into_the_junk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
