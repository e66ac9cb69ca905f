/* The engine on a toy protocol: what no mail dialogue of ours needs yet, or cannot show. */
#include "base/text.h"
#include "probes/dialogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Lines: "y" is yes, "m" is more, anything else a no. */
enum { OPENING = STEP_OPENING, ONE, TWO, THREE, TALK, COUNT };

static long line_frame(struct dialogue *d, struct bytes pending, struct reply *ret_reply)
{
    (void)d;
    const char *newline = memchr(pending.data, '\n', pending.size);
    if (!newline)
        return 0;
    ret_reply->kind = pending.data[0] == 'y'   ? REPLY_OK
                      : pending.data[0] == 'm' ? REPLY_MORE
                                               : REPLY_NO;
    return (long)(newline - pending.data) + 1;
}

static int next_step; /* what the handlers return */
static bool may_pipeline;

static bool pipelines(struct dialogue *d)
{
    (void)d;
    return may_pipeline;
}

static int hear(struct dialogue *d, const struct reply *reply)
{
    (void)d, (void)reply;
    return next_step;
}

static const struct dialogue_step steps[] = {
    [OPENING] = { .name = "opening", .stage = STAGE_GREETING, .patience_ms = 10, .hear = hear },
    [ONE] = { .name = "one",
              .stage = STAGE_CAPABILITY,
              .patience_ms = 1,
              .line = "ONE",
              .then = TWO,
              .otherwise = TWO },
    [TWO] = { .name = "two",
              .stage = STAGE_MAILBOX,
              .patience_ms = 2,
              .line = "TWO",
              .then = THREE,
              .otherwise = THREE,
              .ahead = true },
    [THREE] = { .name = "three",
                .stage = STAGE_GOODBYE,
                .patience_ms = 3,
                .line = "THREE",
                .then = STEP_DONE,
                .ahead = true },
    [TALK] = { .name = "talk",
               .stage = STAGE_SUBMIT,
               .patience_ms = 4,
               .line = "TALK",
               .hear = hear },
};

static const struct protocol protocol = { .name = "toy",
                                          .steps = steps,
                                          .step_count = COUNT,
                                          .frame = line_frame,
                                          .pipelines = pipelines,
                                          .goodbye = THREE };

enum { ASK = STEP_TASK, WAIT, ASK_AGAIN, TASK_END };
static int pause_ms;

static int pause_for(struct dialogue *dialogue)
{
    (void)dialogue;
    return pause_ms;
}

static const struct dialogue_step task_steps[] = {
    [ASK - STEP_TASK] = { .name = "ask",
                          .stage = STAGE_MAILBOX,
                          .patience_ms = 5,
                          .line = "ASK",
                          .then = WAIT,
                          .otherwise = STEP_GOODBYE },
    [WAIT - STEP_TASK] = { .name = "wait",
                           .stage = STAGE_MAILBOX,
                           .pause = pause_for,
                           .then = ASK_AGAIN },
    [ASK_AGAIN - STEP_TASK] = { .name = "again",
                                .stage = STAGE_MAILBOX,
                                .patience_ms = 6,
                                .line = "AGAIN",
                                .then = STEP_GOODBYE,
                                .otherwise = STEP_GOODBYE },
};
static const struct dialogue_task task = { "toy", task_steps, TASK_END - STEP_TASK };

static struct dialogue d;

static int set_up(void **state)
{
    (void)state;
    may_pipeline = true;
    next_step = ONE;
    dialogue_init(&d, &protocol, NULL, NULL);
    dialogue_event(&d, DIALOGUE_OPEN);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dialogue_done(&d);
    dialogue_done(&d); /* twice is legal */
    return 0;
}

static void feed(const char *text)
{
    dialogue_bytes(&d, text_bytes(text));
}

static void expect_said(const char *text)
{
    assert_int_equal(buffer_size(&d.out), strlen(text));
    if (*text)
        assert_memory_equal(buffer_bytes(&d.out).data, text, strlen(text));
    buffer_clear(&d.out);
}

/* The rows so far: "E one; S ONE; H yes; L one 0 yes; " */
static void expect_rows(const char *wanted)
{
    struct buffer saw;
    struct dialogue_row row;
    buffer_init(&saw, 65536);
    while (dialogue_row(&d, &row)) {
        buffer_format(&saw, "%c %s", "ESHL"[row.kind], row.step->name);
        if (row.kind == ROW_LEAVE)
            buffer_format(&saw, " %d", (int)row.outcome);
        if (row.line.size)
            buffer_format(&saw, " %.*s", (int)row.line.size, row.line.data);
        buffer_append_text(&saw, "; ");
    }
    buffer_append(&saw, "", 1);
    assert_string_equal(buffer_bytes(&saw).data, wanted);
    buffer_done(&saw);
}

static void sound(void **state)
{
    (void)state;
    assert_null(protocol_check(&protocol));
    assert_null(task_check(&task));
}

static void a_chain_is_said_in_one_write(void **state)
{
    (void)state;
    feed("y\r\n");
    expect_said("ONE\r\nTWO\r\nTHREE\r\n");
    expect_rows("E opening; H opening y; L opening 0 y; E one; S one ONE; E two; S two TWO; "
                "E three; S three THREE; ");
    assert_int_equal(d.patience_ms, 1);
    feed("y 1\r\n");
    assert_int_equal(d.patience_ms, 2);
    expect_rows("H one y 1; L one 0 y 1; ");
    feed("no 2\r\n");
    assert_int_equal(d.patience_ms, 3);
    expect_rows("H two no 2; L two 1 no 2; ");
    feed("y 3\r\n");
    expect_rows("H three y 3; L three 0 y 3; ");
    assert_int_equal(d.need, DIALOGUE_NEEDS_NOTHING);
    assert_int_equal(d.patience_ms, 0);
    assert_true(d.failed);
    expect_said("");
}

static void without_pipelining_one_by_one(void **state)
{
    (void)state;
    may_pipeline = false;
    feed("y\r\n");
    expect_said("ONE\r\n");
    feed("y\r\n");
    expect_said("TWO\r\n");
    feed("y\r\n");
    expect_said("THREE\r\n");
    feed("y\r\n");
    assert_int_equal(d.need, DIALOGUE_NEEDS_NOTHING);
    assert_false(d.failed);
}

static void what_was_said_ahead_is_cut_with_its_elder(void **state)
{
    (void)state;
    feed("y\r\n");
    expect_rows("E opening; H opening y; L opening 0 y; E one; S one ONE; E two; S two TWO; "
                "E three; S three THREE; ");
    feed("par");
    dialogue_event(&d, DIALOGUE_EOF);
    expect_rows("H one par; L one 1 par; L two 3; L three 3; ");
    assert_true(d.failed);
    dialogue_event(&d, DIALOGUE_EOF);
    expect_rows("");
}

static void stay_listens_again(void **state)
{
    (void)state;
    next_step = TALK;
    feed("y\r\n");
    expect_said("TALK\r\n");
    next_step = STEP_STAY;
    feed("y 1\r\ny 2\r\n");
    expect_said("");
    expect_rows("E opening; H opening y; L opening 0 y; E talk; S talk TALK; H talk y 1; "
                "H talk y 2; ");
    next_step = STEP_DONE;
    feed("y 3\r\n");
    expect_rows("H talk y 3; L talk 0 y 3; ");
}

static void the_same_step_speaks_again(void **state)
{
    (void)state;
    next_step = TALK;
    feed("y\r\ny 1\r\n");
    expect_said("TALK\r\nTALK\r\n");
    next_step = STEP_DONE;
    feed("y 2\r\n");
    expect_rows("E opening; H opening y; L opening 0 y; E talk; S talk TALK; H talk y 1; "
                "S talk TALK; H talk y 2; L talk 0 y 2; ");
}

static void failed_without_a_reason_is_refused(void **state)
{
    (void)state;
    struct dialogue_row row = { 0 };
    next_step = STEP_FAILED;
    feed("no\r\n");
    while (dialogue_row(&d, &row) && row.kind != ROW_LEAVE)
        ;
    assert_int_equal(row.outcome, OUTCOME_FAILED);
    assert_int_equal(row.failure.kind, FAILURE_REFUSED);
    assert_int_equal(d.need, DIALOGUE_NEEDS_NOTHING);
}

static void more_where_nothing_follows(void **state)
{
    (void)state;
    feed("y\r\nm\r\n");
    struct dialogue_row row = { 0 };
    while (dialogue_row(&d, &row) && (row.kind != ROW_LEAVE || row.step != &steps[ONE]))
        ;
    assert_int_equal(row.failure.kind, FAILURE_PROTOCOL_VIOLATION);
}

static void a_reply_has_its_limit(void **state)
{
    (void)state;
    static char flood[DIALOGUE_REPLY_LIMIT + 1];
    memset(flood, 'x', sizeof flood);
    dialogue_bytes(&d, (struct bytes) { flood, sizeof flood - 1 });
    assert_int_equal(d.need, DIALOGUE_NEEDS_REPLY);
    dialogue_bytes(&d, (struct bytes) { flood, 1 });
    assert_int_equal(d.need, DIALOGUE_NEEDS_NOTHING);
    struct dialogue_row row = { 0 };
    while (dialogue_row(&d, &row) && row.kind != ROW_LEAVE)
        ;
    assert_int_equal(row.failure.kind, FAILURE_REPLY_TOO_LONG);
    assert_int_equal(row.line.size, DIALOGUE_REPLY_LIMIT);
}

static void a_reply_of_just_the_limit_is_whole(void **state)
{
    (void)state;
    static char longest[DIALOGUE_REPLY_LIMIT];
    memset(longest, 'y', sizeof longest);
    longest[sizeof longest - 1] = '\n';
    dialogue_bytes(&d, (struct bytes) { longest, sizeof longest });
    assert_int_equal(d.awaited, ONE);
}

static void many_replies_at_once_are_no_long_reply(void **state)
{
    (void)state;
    static char flood[4 * DIALOGUE_REPLY_LIMIT];
    for (size_t i = 0; i < sizeof flood; i += 2)
        memcpy(flood + i, "y\n", 2);
    next_step = TALK;
    feed("y\n");
    next_step = STEP_STAY;
    dialogue_bytes(&d, (struct bytes) { flood, sizeof flood });
    assert_int_equal(d.need, DIALOGUE_NEEDS_REPLY);
}

static void a_failure_of_the_drivers(void **state)
{
    (void)state;
    feed("y\r\n");
    dialogue_fail(&d, failure_make(FAILURE_SYSTEM, "no buffer space"));
    struct dialogue_row row = { 0 };
    while (dialogue_row(&d, &row) && (row.kind != ROW_LEAVE || row.step != &steps[ONE]))
        ;
    assert_int_equal(row.failure.kind, FAILURE_SYSTEM);
    assert_string_equal(row.failure.text, "no buffer space");
}

static void a_task_stands_before_the_goodbye(void **state)
{
    (void)state;
    d.task = &task;
    pause_ms = 250;
    next_step = ASK;
    feed("y\n");
    expect_said("ASK\r\n");
    assert_int_equal(d.patience_ms, 5);
    dialogue_event(&d, DIALOGUE_RESUME); /* it is in no pause */
    feed("y asked\n");
    assert_int_equal(d.need, DIALOGUE_NEEDS_PAUSE);
    assert_int_equal(d.pause_ms, 250);
    assert_int_equal(d.patience_ms, 0);
    expect_said("");
    feed("y early\n"); /* answers what is said next */
    assert_int_equal(d.need, DIALOGUE_NEEDS_PAUSE);
    dialogue_event(&d, DIALOGUE_RESUME);
    expect_said("AGAIN\r\nTHREE\r\n"); /* the early reply was its answer */
    feed("n\n");
    assert_int_equal(d.need, DIALOGUE_NEEDS_NOTHING);
    expect_rows("E opening; H opening y; L opening 0 y; E ask; S ask ASK; H ask y asked; "
                "L ask 0 y asked; E wait; L wait 0; E again; S again AGAIN; H again y early; "
                "L again 0 y early; E three; S three THREE; H three n; L three 0 n; ");
}

static void a_refused_task_still_says_goodbye(void **state)
{
    (void)state;
    d.task = &task;
    next_step = ASK;
    feed("y\nno\n");
    expect_said("ASK\r\nTHREE\r\n");
    assert_true(d.failed);
}

static void what_ends_a_pause(void **state)
{
    (void)state;
    d.task = &task;
    pause_ms = -1;
    next_step = ASK;
    feed("y\ny\n");
    assert_int_equal(d.pause_ms, -1);
    feed("last words\n");
    dialogue_event(&d, DIALOGUE_EOF);
    assert_int_equal(d.need, DIALOGUE_NEEDS_NOTHING);
    assert_true(d.failed);
    expect_rows("E opening; H opening y; L opening 0 y; E ask; S ask ASK; H ask y; "
                "L ask 0 y; E wait; H wait last words; L wait 1 last words; ");
}

static void events_before_the_opening(void **state)
{
    (void)state;
    struct dialogue early;
    struct dialogue_row row;
    dialogue_init(&early, &protocol, NULL, NULL);
    dialogue_event(&early, DIALOGUE_CANCEL);
    dialogue_event(&early, DIALOGUE_TLS_UP);
    dialogue_permit(&early, NULL);
    assert_false(dialogue_row(&early, &row));
    assert_int_equal(early.need, DIALOGUE_NEEDS_NOTHING);
    dialogue_event(&early, DIALOGUE_OPEN);
    dialogue_event(&early, DIALOGUE_OPEN);
    assert_true(dialogue_row(&early, &row));
    assert_false(dialogue_row(&early, &row));
    dialogue_done(&early);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound),
        cmocka_unit_test_setup_teardown(a_chain_is_said_in_one_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_pipelining_one_by_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_said_ahead_is_cut_with_its_elder, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stay_listens_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_step_speaks_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_without_a_reason_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_where_nothing_follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reply_has_its_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reply_of_just_the_limit_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_replies_at_once_are_no_long_reply, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_of_the_drivers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_task_stands_before_the_goodbye, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_task_still_says_goodbye, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_ends_a_pause, set_up, tear_down),
        cmocka_unit_test(events_before_the_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
