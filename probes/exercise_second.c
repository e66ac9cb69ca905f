/* The second client of an exercise: it sees what the first one changed, and makes a change that the
 * first one must see. */
#include "base/text.h"
#include "probes/exercise.h"
#include "probes/imap_command.h"
#include "probes/mail_state.h"

enum step { SELECT = STEP_TASK, FETCH, STORE, STEP_END };

static struct exercise_second *state_of(struct dialogue *d)
{
    return mail_of(d)->wish.task_state;
}

static void select_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "SELECT \"%s\"", state_of(d)->folder);
}

static void fetch_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "FETCH 1 (FLAGS)");
}

static int fetch_heard(struct dialogue *d, const struct reply *reply)
{
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, STEP_GOODBYE);
    if (imap_line_has(reply->text, " FETCH ", "\\Flagged"))
        return STORE;
    return dialogue_reject(
        d, failure_make(FAILURE_WRONG_RESULT, "the change that another client made is not seen"),
        STEP_GOODBYE);
}

static void store_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "STORE 1 +FLAGS (\\Answered)");
}

static int store_heard(struct dialogue *d, const struct reply *reply)
{
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, STEP_GOODBYE);
    state_of(d)->outcome = EXERCISE_YES;
    return STEP_GOODBYE;
}

#define OPERATION(title) .name = title, .stage = STAGE_MAILBOX, .patience_ms = PATIENCE_MS
#define ROW(step) [step - STEP_TASK]
static const struct dialogue_step steps[] = {
    ROW(SELECT) = { OPERATION("SELECT"), .say = select_say, .then = FETCH,
                    .otherwise = STEP_GOODBYE },
    ROW(FETCH) = { OPERATION("FETCH"), .say = fetch_say, .hear = fetch_heard },
    ROW(STORE) = { OPERATION("STORE"), .say = store_say, .hear = store_heard },
};
_Static_assert(sizeof steps / sizeof *steps == STEP_END - STEP_TASK, "a step without a row");

const struct dialogue_task exercise_second_task = {
    .name = "exercise-second",
    .steps = steps,
    .step_count = STEP_END - STEP_TASK,
};
