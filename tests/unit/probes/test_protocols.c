/* The tables of the three protocols are sound, and the check sees what would not be. */
#include "probes/exercise.h"
#include "probes/mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct protocol *const protocols[] = { &smtp_protocol, &imap_protocol,
                                                    &pop3_protocol };

static void tables_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        const char *wrong = protocol_check(protocols[i]);
        if (wrong)
            fail_msg("%s: %s", protocols[i]->name, wrong);
    }
}

static void tasks_are_sound(void **state)
{
    (void)state;
    static const struct dialogue_task *const tasks[] = {
        &exercise_imap_task,       &exercise_second_task,      &exercise_pop3_task,
        &exercise_pop3_again_task, &exercise_pop3_choose_task, &exercise_pop3_over_imap_task,
    };
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        const char *wrong = task_check(tasks[i]);
        if (wrong)
            fail_msg("%s: %s", tasks[i]->name, wrong);
        for (int j = 0; j < tasks[i]->step_count; j++)
            if (tasks[i]->steps[j].line)
                assert_null(strstr(tasks[i]->steps[j].line, "DELE"));
    }
}

static void a_login_asks_and_is_redacted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        for (int j = 0; j < protocols[i]->step_count; j++) {
            const struct dialogue_step *step = &protocols[i]->steps[j];
            bool speaks = step->line || step->say;
            if (step->stage != STAGE_LOGIN || !speaks)
                continue;
            assert_true(step->secret);
            assert_true(step->permit || strcmp(step->name, "PASS") == 0);
            assert_int_equal(step->patience_ms, 35000);
        }
}

static void patience_is_as_designed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        for (int j = 0; j < protocols[i]->step_count; j++) {
            const struct dialogue_step *step = &protocols[i]->steps[j];
            if (step->decide || step->stage == STAGE_LOGIN)
                continue;
            bool message = strcmp(step->name, "end of data") == 0;
            assert_int_equal(step->patience_ms, step->stage == STAGE_GOODBYE ? 5000
                                                : message                    ? 120000
                                                                             : 30000);
        }
}

/* Nothing that a mailbox's owner would notice stands in a table, but for the message, which is
 * asked for and then asks for permission. */
static void nothing_is_changed(void **state)
{
    (void)state;
    static const char *const forbidden[] = { "SELECT", "DELE" };
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        for (int j = 0; j < protocols[i]->step_count; j++)
            for (size_t k = 0; k < sizeof forbidden / sizeof *forbidden; k++)
                assert_string_not_equal(protocols[i]->steps[j].name, forbidden[k]);
    for (int j = 0; j < smtp_protocol.step_count; j++) {
        const struct dialogue_step *step = &smtp_protocol.steps[j];
        if (strcmp(step->name, "MAIL FROM") == 0)
            assert_true(step->permit || step->decide);
    }
}

static long no_frame(struct dialogue *d, struct bytes pending, struct reply *ret_reply)
{
    (void)d, (void)pending, (void)ret_reply;
    return 0;
}

static int decide(struct dialogue *d)
{
    (void)d;
    return STEP_DONE;
}

static int hear(struct dialogue *d, const struct reply *reply)
{
    (void)d, (void)reply;
    return STEP_DONE;
}

static void say(struct dialogue *d, struct buffer *out)
{
    (void)d, (void)out;
}

#define GOOD .name = "x", .stage = STAGE_CAPABILITY
#define WAITS .patience_ms = 1

/* Each is the second row of an otherwise sound table. */
static const struct dialogue_step bad_rows[] = {
    { 0 },
    { .stage = STAGE_CAPABILITY, WAITS, .line = "X", .hear = hear },
    { .name = "x", WAITS, .line = "X", .hear = hear },
    { GOOD, .line = "X", .hear = hear },
    { GOOD, WAITS, .hear = hear },
    { GOOD, WAITS, .line = "X" },
    { GOOD, WAITS, .line = "X", .say = say, .hear = hear },
    { GOOD, WAITS, .line = "X", .hear = hear, .then = STEP_DONE },
    { GOOD, WAITS, .line = "X", .hear = hear, .otherwise = STEP_DONE },
    { GOOD, WAITS, .line = "X", .then = 2 },
    { GOOD, WAITS, .line = "X", .then = STEP_STAY },
    { GOOD, WAITS, .line = "X", .then = -7 },
    { GOOD, WAITS, .line = "X", .then = STEP_DONE, .otherwise = 2 },
    { GOOD, WAITS, .line = "X", .hear = hear, .secret = true },
    { GOOD, WAITS, .line = "X", .hear = hear, .permit = true },
    { GOOD, WAITS, .line = "X", .hear = hear, .tls = true },
    { GOOD, WAITS, .tls = true },
    { GOOD, WAITS, .decide = decide },
    { GOOD, .decide = decide, .line = "X" },
    { GOOD, .decide = decide, .then = STEP_DONE },
    { GOOD, WAITS, .say = say, .hear = hear, .secret = true, .ahead = true },
};

static void unsound_tables_are_seen(void **state)
{
    (void)state;
    struct dialogue_step steps[2] = {
        { .name = "greeting", .stage = STAGE_GREETING, WAITS, .then = 1 },
    };
    struct protocol protocol = { .name = "x", .steps = steps, .step_count = 2, .frame = no_frame };
    for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++) {
        steps[1] = bad_rows[i];
        if (!protocol_check(&protocol))
            fail_msg("row %zu passes", i);
    }
    steps[1] = (struct dialogue_step) { GOOD, WAITS, .line = "X", .then = STEP_DONE };
    assert_null(protocol_check(&protocol));
    steps[0].line = "HELLO";
    assert_non_null(protocol_check(&protocol));
}

/* Each is the only row of a task. */
static const struct dialogue_step bad_task_rows[] = {
    { GOOD, WAITS, .line = "X", .then = STEP_TASK + 1 },
    { GOOD, WAITS, .line = "X", .then = 1 },
    { GOOD, WAITS, .say = say, .hear = hear, .permit = true },
    { GOOD, WAITS, .tls = true, .hear = hear },
    { GOOD, WAITS, .hear = hear },
    { GOOD, WAITS, .pause = decide, .then = STEP_GOODBYE },
    { GOOD, .pause = decide, .line = "X", .then = STEP_GOODBYE },
    { GOOD, .pause = decide, .decide = decide },
    { GOOD, .pause = decide },
};

static void unsound_tasks_are_seen(void **state)
{
    (void)state;
    struct dialogue_step step = { GOOD, WAITS, .line = "X", .then = STEP_GOODBYE };
    struct dialogue_task task = { "x", &step, 1 };
    assert_null(task_check(&task));
    step = (struct dialogue_step) { GOOD, .pause = decide, .then = STEP_GOODBYE };
    assert_null(task_check(&task));
    for (size_t i = 0; i < sizeof bad_task_rows / sizeof *bad_task_rows; i++) {
        step = bad_task_rows[i];
        if (!task_check(&task))
            fail_msg("task row %zu passes", i);
    }
    task.name = NULL;
    assert_non_null(task_check(&task));
    task = (struct dialogue_task) { "x", &step, 0 };
    assert_non_null(task_check(&task));
}

static void unsound_protocols_are_seen(void **state)
{
    (void)state;
    const struct dialogue_step step = {
        .name = "x", .stage = STAGE_GREETING, WAITS, .then = STEP_DONE
    };
    const struct protocol sound = {
        .name = "x", .steps = &step, .step_count = 1, .frame = no_frame
    };
    struct protocol protocol = sound;
    assert_null(protocol_check(&protocol));
    protocol.name = NULL;
    assert_non_null(protocol_check(&protocol));
    protocol = sound;
    protocol.frame = NULL;
    assert_non_null(protocol_check(&protocol));
    protocol = sound;
    protocol.step_count = 0;
    assert_non_null(protocol_check(&protocol));
    protocol = sound;
    protocol.goodbye = 1;
    assert_non_null(protocol_check(&protocol));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sound),        cmocka_unit_test(a_login_asks_and_is_redacted),
        cmocka_unit_test(patience_is_as_designed), cmocka_unit_test(nothing_is_changed),
        cmocka_unit_test(unsound_tables_are_seen), cmocka_unit_test(unsound_protocols_are_seen),
        cmocka_unit_test(unsound_tasks_are_seen),  cmocka_unit_test(tasks_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
