/* What a POP3 mailbox can do, tried on a message that is there: RFC 1939.
 *
 *     STAT - UIDL - LIST - TOP - RETR - (another session) - NOOP
 *
 * Nothing is deleted: DELE is in no table. Of a mailbox with many messages only the first is asked
 * for, so that no answer is long. */
#include "base/text.h"
#include "probes/exercise.h"
#include "probes/imap_command.h"
#include "probes/mail_header.h"
#include "probes/mail_state.h"
#include "probes/pop3_reply.h"

#include <inttypes.h>
#include <string.h>

enum step {
    STAT = STEP_TASK,
    LIST,
    LIST_ONE,
    UIDL,
    UIDL_ONE,
    TOP,
    RETR,
    NO_RETR,
    SECOND,
    NOOP,
    STEP_END
};

enum {
    WHOLE_LIST_LIMIT = 500, /* messages; a reply of UIDL is then below 40 KiB */
};

static struct exercise_pop3 *state_of(struct dialogue *d)
{
    return mail_of(d)->wish.task_state;
}

static int go_on(struct dialogue *d, int next)
{
    return state_of(d)->stop ? STEP_GOODBYE : next;
}

static int done_or_refused(struct dialogue *d, const struct reply *reply, int next)
{
    next = go_on(d, next);
    return reply->kind == REPLY_OK ? next : mail_refused(mail_of(d), reply, next);
}

/* ---- finding a message ---- */

static int stat_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_pop3 *x = state_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, STEP_GOODBYE);
    struct bytes rest = pop3_behind_ok(reply);
    x->count = text_take_number(&rest);
    if (x->count < 0)
        return dialogue_reject(
            d, failure_make(FAILURE_PROTOCOL_VIOLATION, "STAT without a number of messages"),
            STEP_GOODBYE);
    return go_on(d, x->count > WHOLE_LIST_LIMIT ? LIST_ONE : LIST);
}

static void take_listing(struct exercise_pop3 *x, struct bytes line)
{
    int64_t number = text_take_number(&line), size = text_take_number(&line);
    bool wanted = !x->number && (!x->seen || number == x->seen);
    if (wanted && number > 0 && size >= 0 && size < POP3_WHOLE_LIMIT)
        x->number = number;
}

/* The oldest message that is read whole without a long answer. */
static int list_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_pop3 *x = state_of(d);
    struct bytes rest = pop3_behind_first_line(reply), line;
    while (reply->kind == REPLY_OK && text_next_line(&rest, &line))
        take_listing(x, line);
    return done_or_refused(d, reply, UIDL);
}

static void list_one_say(struct dialogue *d, struct buffer *out)
{
    int64_t seen = state_of(d)->seen;
    buffer_format(out, "LIST %" PRId64 "\r\n", seen ? seen : 1);
}

static int list_one_heard(struct dialogue *d, const struct reply *reply)
{
    if (reply->kind == REPLY_OK)
        take_listing(state_of(d), pop3_behind_ok(reply));
    return done_or_refused(d, reply, UIDL_ONE);
}

/* ---- unique ids ---- */

/* LINE is "number uid". The id of the message that is read is kept. */
static void take_uid(struct exercise_pop3 *x, struct bytes line)
{
    int64_t number = text_take_number(&line);
    struct bytes uid = text_trim(line);
    if (number != x->number || number <= 0 || !uid.size || uid.size >= sizeof x->uid)
        return;
    memcpy(x->uid, uid.data, uid.size);
    x->uid[uid.size] = '\0';
}

static int after_uid(struct dialogue *d)
{
    return go_on(d, state_of(d)->number ? TOP : SECOND);
}

static int uidl_heard(struct dialogue *d, const struct reply *reply)
{
    struct bytes rest = pop3_behind_first_line(reply), line;
    while (reply->kind == REPLY_OK && text_next_line(&rest, &line))
        take_uid(state_of(d), line);
    return done_or_refused(d, reply, after_uid(d));
}

static int uidl_one_heard(struct dialogue *d, const struct reply *reply)
{
    if (reply->kind == REPLY_OK)
        take_uid(state_of(d), pop3_behind_ok(reply));
    return done_or_refused(d, reply, after_uid(d));
}

/* ---- the message ---- */

static void top_say(struct dialogue *d, struct buffer *out)
{
    buffer_format(out, "TOP %" PRId64 " 0\r\n", state_of(d)->number);
}

/* Only an id that can be quoted in a search as it is. */
static void keep_message_id(char *to, struct bytes id)
{
    if (id.size < 3 || id.size >= EXERCISE_MESSAGE_ID_SIZE || id.data[0] != '<')
        return;
    for (size_t i = 0; i < id.size; i++)
        if (id.data[i] <= ' ' || id.data[i] > '~' || id.data[i] == '"' || id.data[i] == '\\')
            return;
    memcpy(to, id.data, id.size);
    to[id.size] = '\0';
}

/* Out of HEADER; Exchange and others fold the field when its id is long. */
static void take_message_id(char *to, struct bytes header)
{
    struct arena arena = { 0 };
    struct mail_field field;
    while (!to[0] && mail_header_next(&header, &arena, &field))
        if (mail_field_is(&field, "Message-ID"))
            keep_message_id(to, text_trim(text_bytes(field.value)));
    arena_done(&arena);
}

/* What POP3 and IMAP count alike in nearly every mailbox is held against the Message-ID. */
static bool may_retrieve(const struct exercise_pop3 *x)
{
    return !x->asked || (x->seen && x->message_id[0] && strcmp(x->message_id, x->seen_id) == 0);
}

static int top_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_pop3 *x = state_of(d);
    if (reply->kind == REPLY_OK)
        take_message_id(x->message_id, pop3_behind_first_line(reply));
    return done_or_refused(d, reply, may_retrieve(x) ? RETR : NO_RETR);
}

static void retr_say(struct dialogue *d, struct buffer *out)
{
    buffer_format(out, "RETR %" PRId64 "\r\n", state_of(d)->number);
}

static int retr_heard(struct dialogue *d, const struct reply *reply)
{
    return done_or_refused(d, reply, SECOND);
}

static int no_retr(struct dialogue *d)
{
    return dialogue_skip(d, "no-read-message", go_on(d, SECOND));
}

static int until_resumed(struct dialogue *d)
{
    (void)d;
    return -1;
}

static int second_heard(struct dialogue *d, const struct reply *reply)
{
    (void)reply;
    return go_on(d, NOOP);
}

static void uidl_one_say(struct dialogue *d, struct buffer *out)
{
    int64_t number = state_of(d)->number;
    buffer_format(out, "UIDL %" PRId64 "\r\n", number ? number : 1);
}

#define OPERATION(title) .name = title, .stage = STAGE_MAILBOX, .patience_ms = PATIENCE_MS
#define ROW(step) [step - STEP_TASK]
static const struct dialogue_step steps[] = {
    ROW(STAT) = { OPERATION("STAT"), .line = "STAT", .hear = stat_heard },
    ROW(LIST) = { OPERATION("LIST"), .line = "LIST", .hear = list_heard, .multiline = true },
    ROW(LIST_ONE) = { OPERATION("LIST"), .say = list_one_say, .hear = list_one_heard },
    ROW(UIDL) = { OPERATION("UIDL"), .line = "UIDL", .hear = uidl_heard, .multiline = true },
    ROW(UIDL_ONE) = { OPERATION("UIDL"), .say = uidl_one_say, .hear = uidl_one_heard },
    ROW(TOP) = { OPERATION("TOP"), .say = top_say, .hear = top_heard, .multiline = true },
    ROW(RETR) = { OPERATION("RETR"), .say = retr_say, .hear = retr_heard, .multiline = true },
    ROW(NO_RETR) = { .name = "RETR", .stage = STAGE_MAILBOX, .decide = no_retr },
    ROW(SECOND) = { .name = "second session",
                    .stage = STAGE_MAILBOX,
                    .pause = until_resumed,
                    .hear = second_heard },
    ROW(NOOP) = { OPERATION("NOOP"), .line = "NOOP", .then = STEP_GOODBYE,
                  .otherwise = STEP_GOODBYE },
};
_Static_assert(sizeof steps / sizeof *steps == STEP_END - STEP_TASK, "a step without a row");

const struct dialogue_task exercise_pop3_task = {
    .name = "exercise-pop3",
    .steps = steps,
    .step_count = STEP_END - STEP_TASK,
};

/* ---- a further session ---- */

enum again { AGAIN_STAT = STEP_TASK, AGAIN_UIDL, AGAIN_END };

static int again_stat_heard(struct dialogue *d, const struct reply *reply)
{
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, STEP_GOODBYE);
    return state_of(d)->uid[0] ? AGAIN_UIDL : STEP_GOODBYE;
}

static int again_uidl_heard(struct dialogue *d, const struct reply *reply)
{
    const struct exercise_pop3 *x = state_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, STEP_GOODBYE);
    struct bytes rest = pop3_behind_ok(reply);
    text_take_number(&rest);
    struct bytes uid = text_trim(rest);
    if (uid.size == strlen(x->uid) && memcmp(uid.data, x->uid, uid.size) == 0)
        return STEP_GOODBYE;
    return dialogue_reject(
        d, failure_make(FAILURE_WRONG_RESULT, "the message has another unique id than before"),
        STEP_GOODBYE);
}

static const struct dialogue_step again_steps[] = {
    ROW(AGAIN_STAT) = { OPERATION("STAT"), .line = "STAT", .hear = again_stat_heard },
    ROW(AGAIN_UIDL) = { OPERATION("UIDL"), .say = uidl_one_say, .hear = again_uidl_heard },
};
_Static_assert(sizeof again_steps / sizeof *again_steps == AGAIN_END - STEP_TASK,
               "a step without a row");

const struct dialogue_task exercise_pop3_again_task = {
    .name = "exercise-pop3-again",
    .steps = again_steps,
    .step_count = AGAIN_END - STEP_TASK,
};

/* ---- over IMAP: a message that is read already ---- */

enum choose { CHOOSE_EXAMINE = STEP_TASK, CHOOSE_SEARCH, CHOOSE_FETCH, CHOOSE_END };

static void examine_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "EXAMINE INBOX");
}

static void choose_search_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "SEARCH SEEN SMALLER %d", POP3_WHOLE_LIMIT - 1);
}

static int choose_search_heard(struct dialogue *d, const struct reply *reply)
{
    uint32_t number;
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, STEP_GOODBYE);
    if (!imap_found(reply->text, &number, 1))
        return STEP_GOODBYE;
    state_of(d)->seen = number;
    return CHOOSE_FETCH;
}

static void choose_fetch_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "FETCH %" PRId64 " (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])",
                 state_of(d)->seen);
}

static int choose_fetch_heard(struct dialogue *d, const struct reply *reply)
{
    if (reply->kind == REPLY_OK)
        take_message_id(state_of(d)->seen_id, imap_literal(reply->text));
    return reply->kind == REPLY_OK ? STEP_GOODBYE : mail_refused(mail_of(d), reply, STEP_GOODBYE);
}

static const struct dialogue_step choose_steps[] = {
    ROW(CHOOSE_EXAMINE) = { OPERATION("EXAMINE"), .say = examine_say, .then = CHOOSE_SEARCH,
                            .otherwise = STEP_GOODBYE },
    ROW(CHOOSE_SEARCH) = { OPERATION("SEARCH read"), .say = choose_search_say,
                           .hear = choose_search_heard },
    ROW(CHOOSE_FETCH) = { OPERATION("FETCH"), .say = choose_fetch_say, .hear = choose_fetch_heard },
};
_Static_assert(sizeof choose_steps / sizeof *choose_steps == CHOOSE_END - STEP_TASK,
               "a step without a row");

const struct dialogue_task exercise_pop3_choose_task = {
    .name = "exercise-pop3-choose",
    .steps = choose_steps,
    .step_count = CHOOSE_END - STEP_TASK,
};

/* ---- the same message over IMAP ---- */

enum over_imap { OVER_EXAMINE = STEP_TASK, OVER_SEARCH, OVER_END };

static void search_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "SEARCH HEADER Message-ID \"%s\"", state_of(d)->message_id);
}

static int search_heard(struct dialogue *d, const struct reply *reply)
{
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, STEP_GOODBYE);
    if (imap_found_any(reply->text))
        return STEP_GOODBYE;
    return dialogue_reject(
        d, failure_make(FAILURE_WRONG_RESULT, "the message that POP3 read is not in the inbox"),
        STEP_GOODBYE);
}

static const struct dialogue_step over_imap_steps[] = {
    ROW(OVER_EXAMINE) = { OPERATION("EXAMINE"), .say = examine_say, .then = OVER_SEARCH,
                          .otherwise = STEP_GOODBYE },
    ROW(OVER_SEARCH) = { OPERATION("SEARCH header"), .say = search_say, .hear = search_heard },
};
_Static_assert(sizeof over_imap_steps / sizeof *over_imap_steps == OVER_END - STEP_TASK,
               "a step without a row");

const struct dialogue_task exercise_pop3_over_imap_task = {
    .name = "exercise-pop3-over-imap",
    .steps = over_imap_steps,
    .step_count = OVER_END - STEP_TASK,
};
