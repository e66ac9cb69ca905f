/* When a probe runs, and what a scrape is answered. */
#include "serve/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_deadline(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int64_t offset_ms, deadline_ms; /* deadline_ms -1: refused */
    } rows[] = {
        { NULL, 500, 60000 },
        { "10", 500, 9500 },
        { "10.000000", 500, 9500 },
        { "0.25", 0, 250 },
        { "0.5", 500, 0 },
        { "0.1", 500, 0 },
        { "0", 0, 0 },
        { "60.5", 500, 60000 },
        { "120", 500, 60000 },
        { "999999999", 0, 60000 },
        { "", 0, -1 },
        { "-1", 0, -1 },
        { "1e3", 0, -1 },
        { "nan", 0, -1 },
        { "inf", 0, -1 },
        { "0x10", 0, -1 },
        { "10.", 0, -1 },
        { ".5", 0, -1 },
        { "10 ", 0, -1 },
        { "1,5", 0, -1 },
        { "9999999999", 0, -1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t found;
        bool good = schedule_deadline(rows[i].header, rows[i].offset_ms, 60000, &found);
        if (!good)
            found = -1;
        if (found != rows[i].deadline_ms)
            fail_msg("%s: %lld", rows[i].header ? rows[i].header : "(none)", (long long)found);
    }
}

static void test_delays(void **state)
{
    (void)state;
    static const uint64_t numbers[] = { 0, 1, 12345678901, UINT64_MAX };
    static const int64_t intervals[] = { 10000, 60000, 900000, 86400000 };
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++)
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
            int64_t first = schedule_first(intervals[i], numbers[k]);
            int64_t next = schedule_next(intervals[i], numbers[k]);
            assert_in_range(first, 0, 30000);
            assert_true(first <= intervals[i]);
            assert_in_range(next, intervals[i] * 9 / 10, intervals[i] * 11 / 10);
        }
    assert_int_not_equal(schedule_next(900000, 1), schedule_next(900000, 2));
    assert_int_equal(schedule_again(900000, true), 90000);
    assert_int_equal(schedule_again(60000, true), 30000);
    assert_int_equal(schedule_again(10000, true), 10000);
    assert_int_equal(schedule_again(900000, false), 1000);
}

static void test_counts(void **state)
{
    (void)state;
    static const struct {
        bool failed, transient, suspect, failing, counts;
    } rows[] = {
        { false, false, false, false, true }, /* all is well */
        { false, false, true, false, true },  /* it has passed */
        { true, false, false, false, true },  /* a refused password is no accident */
        { true, true, false, false, false },  /* the first time */
        { true, true, true, false, true },    /* the second time */
        { true, true, false, true, true },    /* it fails anyway */
        { true, false, true, false, true },   /* another fault the second time */
        { false, true, false, false, true },  /* a warning of that kind is no failure */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct schedule_outcome outcome = { rows[i].failed, rows[i].transient };
        if (schedule_counts(outcome, rows[i].suspect, rows[i].failing) != rows[i].counts)
            fail_msg("row %zu", i);
    }
}

static void test_choice(void **state)
{
    (void)state;
    enum { NOW = 100000 };
    static const struct {
        const char *what;
        struct schedule_state state;
        enum schedule_choice choice;
    } rows[] = {
        { "never run", { .finished_ms = -1 }, SCHEDULE_RUN },
        { "never run, though cached", { .finished_ms = -1, .cache_ms = 5000 }, SCHEDULE_RUN },
        { "under way", { .running = true, .finished_ms = -1 }, SCHEDULE_JOIN },
        { "under way, with an old result",
          { .running = true, .finished_ms = NOW - 1, .cache_ms = 5000 },
          SCHEDULE_JOIN },
        { "no cache", { .finished_ms = NOW }, SCHEDULE_RUN },
        { "fresh", { .finished_ms = NOW - 4999, .cache_ms = 5000 }, SCHEDULE_ANSWER },
        { "stale", { .finished_ms = NOW - 5000, .cache_ms = 5000 }, SCHEDULE_RUN },
        { "failed since", { .finished_ms = NOW, .cache_ms = 5000, .suspect = true }, SCHEDULE_RUN },
        { "slow, and nobody was told",
          { .finished_ms = NOW - 9000, .slow = true },
          SCHEDULE_ANSWER_AND_RUN },
        { "slow, but told",
          { .finished_ms = NOW - 9000, .slow = true, .delivered = true },
          SCHEDULE_RUN },
        { "slow, no result", { .finished_ms = -1, .slow = true }, SCHEDULE_RUN },
        { "by the clock, no result yet", { .scheduled = true, .finished_ms = -1 }, SCHEDULE_JOIN },
        { "by the clock, long ago",
          { .scheduled = true, .finished_ms = 1, .delivered = true },
          SCHEDULE_ANSWER },
        { "by the clock, under way",
          { .scheduled = true, .running = true, .finished_ms = 1 },
          SCHEDULE_ANSWER },
        { "by the clock, failed since",
          { .scheduled = true, .suspect = true, .finished_ms = 1 },
          SCHEDULE_ANSWER },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (schedule_choose(&rows[i].state, NOW) != rows[i].choice)
            fail_msg("%s", rows[i].what);
}

static void test_hold(void **state)
{
    (void)state;
    assert_false(schedule_is_held(-1, 1800000, 5));
    assert_true(schedule_is_held(0, 1800000, 0));
    assert_true(schedule_is_held(1000, 1800000, 1800999));
    assert_false(schedule_is_held(1000, 1800000, 1801000));
}

static void test_mails(void **state)
{
    (void)state;
    enum { HOUR = 3600000 };
    assert_true(schedule_mails(-1, HOUR, false, 5));
    assert_false(schedule_mails(0, HOUR, false, 0));
    assert_false(schedule_mails(1000, HOUR, false, HOUR + 999));
    assert_true(schedule_mails(1000, HOUR, false, HOUR + 1000));
    assert_true(schedule_mails(1000, HOUR, true, 2000)); /* it failed: is it mended? */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadline), cmocka_unit_test(test_delays),
        cmocka_unit_test(test_counts),   cmocka_unit_test(test_choice),
        cmocka_unit_test(test_hold),     cmocka_unit_test(test_mails),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
