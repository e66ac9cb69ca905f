/* The account's mail: bounds, names, and messages on their way, by a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "simulate/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000000000 };

static struct sim_store *open_store(const char *scenario, double scale)
{
    return sim_store_new(sim_scenario_find(scenario), scale);
}

static size_t count_in(const struct sim_store *store, const char *name)
{
    return sim_store_find(store, text_bytes(name))->count;
}

static void test_names(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "/a", "a/", "a//b", "a*", "a%", "a\"b", "a\\b", "a\tb" };
    struct sim_store *store = open_store("healthy", 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (i != 2) /* a last '/' says that others are to come below it */
            assert_int_equal(sim_store_create(store, text_bytes(bad[i])), SIM_STORE_REFUSED);
    assert_int_equal(sim_store_create(store, text_bytes("iNBoX")), SIM_STORE_EXISTS);
    assert_int_equal(sim_store_create(store, text_bytes("a/b/")), SIM_STORE_DONE);
    assert_non_null(sim_store_find(store, text_bytes("a")));
    assert_int_equal(sim_store_rename(store, text_bytes("a"), text_bytes("c")), SIM_STORE_REFUSED);
    assert_int_equal(sim_store_rename(store, text_bytes("a/b"), text_bytes("a/b/c")),
                     SIM_STORE_REFUSED);
    assert_int_equal(sim_store_rename(store, text_bytes("a/b"), text_bytes("a")), SIM_STORE_EXISTS);
    assert_int_equal(sim_store_rename(store, text_bytes("a/b"), text_bytes("c")), SIM_STORE_DONE);
    assert_int_equal(sim_store_delete(store, text_bytes("a/b")), SIM_STORE_MISSING);
    sim_store_free(store);
}

/* As many mailboxes, messages and bytes as there is room for, and not one more. */
static void test_bounds(void **state)
{
    (void)state;
    char name[16];
    struct sim_store *store = open_store("healthy-generic", 1);
    enum sim_outcome outcome = SIM_STORE_DONE;
    for (int i = 0; outcome == SIM_STORE_DONE; i++) {
        assert_true(i < SIM_MAILBOX_LIMIT);
        snprintf(name, sizeof name, "m%d", i);
        outcome = sim_store_create(store, text_bytes(name));
    }
    assert_int_equal(outcome, SIM_STORE_FULL);
    assert_int_equal(store->mailbox_count, SIM_MAILBOX_LIMIT);
    struct sim_mailbox *inbox = store->mailboxes[0];
    while (sim_store_append(store, inbox, text_bytes("x"), 0, 0) == SIM_STORE_DONE)
        assert_true(inbox->count <= SIM_MESSAGES_LIMIT);
    assert_int_equal(inbox->count, SIM_MESSAGES_LIMIT);
    char *large = memory_new(SIM_MESSAGE_LIMIT + 1);
    struct bytes text = { large, SIM_MESSAGE_LIMIT + 1 };
    struct sim_mailbox *other = store->mailboxes[1];
    assert_int_equal(sim_store_append(store, other, text, 0, 0), SIM_STORE_FULL);
    text.size--;
    while (sim_store_append(store, other, text, 0, 0) == SIM_STORE_DONE)
        assert_true(store->size <= SIM_STORE_LIMIT);
    uint32_t last = other->messages[other->count - 1].uid;
    sim_store_remove(store, other, last);
    assert_int_equal(sim_store_append(store, other, text, 0, 0), SIM_STORE_DONE);
    assert_int_equal(other->messages[other->count - 1].uid, last + 1); /* never given again */
    free(large);
    sim_store_free(store);
}

static struct sim_submission to_self(int64_t accepted_ns)
{
    return (struct sim_submission) {
        .sender = "ana@contoso.com",
        .recipient = "ana@contoso.com",
        .from_self = true,
        .to_self = true,
        .by_login = true,
        .client = "192.0.2.7",
        .session = "08DE000000000001",
        .accepted_ns = accepted_ns,
    };
}

static void test_delivery(void **state)
{
    (void)state;
    const struct bytes text = text_bytes("Subject: x\r\n\r\nx\r\n");
    struct sim_store *store = open_store("delivery-delayed", 0.5); /* 20 s, told to be 10 */
    struct sim_submission submission = to_self(5LL * SECOND);
    assert_true(sim_store_due_ns(store) == -1);
    assert_true(sim_store_submit(store, &submission, text));
    assert_int_equal(count_in(store, "Sent Items"), 1);
    assert_true(sim_store_due_ns(store) == 15LL * SECOND);
    sim_store_deliver(store, 15LL * SECOND - 1);
    assert_int_equal(count_in(store, "INBOX"), 1);
    sim_store_deliver(store, 15LL * SECOND);
    assert_int_equal(count_in(store, "INBOX"), 2);
    assert_true(sim_store_due_ns(store) == -1);
    const struct sim_message *message = &store->mailboxes[0]->messages[1];
    struct bytes arrived = { message->text, message->size };
    assert_non_null(text_find_fold(arrived, "; Thu, 1 Jan 1970 00:00:15 +0000\r\nReceived: from "));
    assert_non_null(text_find_fold(arrived, "; Thu, 1 Jan 1970 00:00:05 +0000\r\n"));
    submission.to_self = false; /* for others: kept as sent, and gone */
    assert_true(sim_store_submit(store, &submission, text));
    assert_true(sim_store_due_ns(store) == -1);
    submission = to_self(0);
    for (int i = 0; i < SIM_PENDING_LIMIT; i++)
        assert_true(sim_store_submit(store, &submission, text));
    assert_false(sim_store_submit(store, &submission, text));
    sim_store_free(store);
}

/* Where the scenario says, also when somebody has deleted that folder. */
static void test_ways(void **state)
{
    (void)state;
    static const struct {
        const char *scenario, *folder;
        size_t count;
    } ways[] = {
        { "arrived-in-junk", "Junk Email", 1 },
        { "message-not-arrived", "INBOX", 1 },
        { "message-bounced", "INBOX", 2 },
        { "healthy", "INBOX", 2 },
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct sim_store *store = open_store(ways[i].scenario, 0);
        struct sim_submission submission = to_self(0);
        sim_store_submit(store, &submission, text_bytes("Subject: x\r\n\r\nx\r\n"));
        sim_store_deliver(store, 0);
        assert_int_equal(count_in(store, ways[i].folder), ways[i].count);
        sim_store_delete(store, text_bytes("Junk Email"));
        sim_store_delete(store, text_bytes("Sent Items"));
        sim_store_submit(store, &submission, text_bytes("x"));
        sim_store_deliver(store, 0);
        submission.from_self = false; /* a report goes to who sent it */
        submission.to_self = false;
        sim_store_submit(store, &submission, text_bytes("x"));
        assert_true(sim_store_due_ns(store) == -1);
        sim_store_free(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_delivery),
        cmocka_unit_test(test_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
