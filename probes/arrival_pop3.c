/* Looking for the test message over POP3 (RFC 1939):
 *
 *     STAT - TOP - [LIST - TOP] - [DELE] - TOP ...
 *
 * from the newest message backwards. TOP marks nothing as read. Only what the run sent, or a report
 * about it, is deleted. */
#include "base/text.h"
#include "probes/arrival.h"
#include "probes/mail_state.h"
#include "probes/pop3_reply.h"

#include <inttypes.h>

enum step { STAT = STEP_TASK, TOP, LIST, WHOLE, DELE, STEP_END };
enum { LOOKED_AT = 20, ALL_LINES = 9999 };

static struct arrival *state_of(struct dialogue *d)
{
    return mail_of(d)->wish.task_state;
}

static int next_message(struct arrival *a)
{
    a->number--;
    return !arrival_is_known(a) && !a->stop && a->number >= a->lowest ? TOP : STEP_GOODBYE;
}

static int stat_heard(struct dialogue *d, const struct reply *reply)
{
    struct arrival *a = state_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, STEP_GOODBYE);
    struct bytes rest = pop3_behind_ok(reply);
    int64_t count = text_take_number(&rest);
    a->looked = true;
    a->folders[ARRIVAL_INBOX] = "INBOX";
    a->at = ARRIVAL_INBOX;
    a->number = count > 0 ? count + 1 : 1;
    a->lowest = a->number > LOOKED_AT ? a->number - LOOKED_AT : 1;
    return next_message(a);
}

static void top_say(struct dialogue *d, struct buffer *out)
{
    buffer_format(out, "TOP %" PRId64 " 0\r\n", state_of(d)->number);
}

/* A report is found by its header, and read whole where that is no long answer. */
static int top_heard(struct dialogue *d, const struct reply *reply)
{
    struct arrival *a = state_of(d);
    struct bytes header = pop3_behind_first_line(reply);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, STEP_GOODBYE);
    if (arrival_take(a, header))
        return DELE;
    return text_find_fold(header, "multipart/report") ? LIST : next_message(a);
}

static void list_say(struct dialogue *d, struct buffer *out)
{
    buffer_format(out, "LIST %" PRId64 "\r\n", state_of(d)->number);
}

/* "+OK 3 1234" */
static int list_heard(struct dialogue *d, const struct reply *reply)
{
    struct arrival *a = state_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, next_message(a));
    struct bytes rest = pop3_behind_ok(reply);
    int64_t number = text_take_number(&rest), size = text_take_number(&rest);
    return number == a->number && size > 0 && size < POP3_WHOLE_LIMIT ? WHOLE : next_message(a);
}

static void whole_say(struct dialogue *d, struct buffer *out)
{
    buffer_format(out, "TOP %" PRId64 " %d\r\n", state_of(d)->number, ALL_LINES);
}

static int whole_heard(struct dialogue *d, const struct reply *reply)
{
    struct arrival *a = state_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, next_message(a));
    return arrival_take(a, pop3_behind_first_line(reply)) ? DELE : next_message(a);
}

static void dele_say(struct dialogue *d, struct buffer *out)
{
    buffer_format(out, "DELE %" PRId64 "\r\n", state_of(d)->number);
}

static int dele_heard(struct dialogue *d, const struct reply *reply)
{
    struct arrival *a = state_of(d);
    bool gone = reply->kind == REPLY_OK;
    a->removed += gone;
    a->left += !gone;
    return gone ? next_message(a) : mail_refused(mail_of(d), reply, next_message(a));
}

#define OPERATION(title) .name = title, .stage = STAGE_MAILBOX, .patience_ms = PATIENCE_MS
#define ROW(step) [step - STEP_TASK]
static const struct dialogue_step steps[] = {
    ROW(STAT) = { OPERATION("STAT"), .line = "STAT", .hear = stat_heard },
    ROW(TOP) = { OPERATION("TOP"), .say = top_say, .hear = top_heard, .multiline = true },
    ROW(LIST) = { OPERATION("LIST"), .say = list_say, .hear = list_heard },
    ROW(WHOLE) = { OPERATION("TOP"), .say = whole_say, .hear = whole_heard, .multiline = true },
    ROW(DELE) = { OPERATION("DELE"), .say = dele_say, .hear = dele_heard },
};
_Static_assert(sizeof steps / sizeof *steps == STEP_END - STEP_TASK, "a step without a row");

const struct dialogue_task arrival_pop3_task = {
    .name = "arrival-pop3",
    .steps = steps,
    .step_count = STEP_END - STEP_TASK,
};
