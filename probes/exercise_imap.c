/* The operations of an IMAP mailbox, tried in folders of our own: RFC 3501, IDLE (RFC 2177).
 *
 *     CAPABILITY [- NAMESPACE] - LIST [- DELETE what killed runs left] - CREATE - RENAME - APPEND
 *     - SELECT - STORE - FETCH - SEARCH... - COPY - (another client does its part) - FETCH
 *     - IDLE or NOOP after a while - STATUS - CLOSE - DELETE - LIST
 *
 * Whatever stops it, the last three come: the folders go, and it is looked whether they are gone.
 */
#include "base/text.h"
#include "probes/exercise_folder.h"
#include "probes/exercise_message.h"
#include "probes/imap_command.h"
#include "probes/mail_state.h"

#include <string.h>

enum step {
    CAPABILITY = STEP_TASK,
    NAMESPACE,
    LEFTOVERS,
    SWEEP,
    CREATE,
    RENAME,
    APPEND,
    SELECT,
    STORE,
    FETCH,
    SEARCH_SUBJECT,
    SEARCH_FROM,
    SEARCH_DATE,
    SEARCH_TEXT,
    SEARCH_HEADER,
    SEARCH_FLAG,
    SEARCH_NOTHING,
    CREATE_TARGET,
    COPY,
    COUNT_COPY,
    SECOND,
    FETCH_AGAIN,
    IDLE,
    IDLE_HOLD,
    IDLE_END,
    HOLD,
    NOOP,
    COUNT,
    CLOSE,
    DELETE,
    VERIFY,
    STEP_END
};

/* ---- where to ---- */

static struct exercise_imap *state_of(struct dialogue *d)
{
    return mail_of(d)->wish.task_state;
}

/* The way out: the folder is left, what was made goes, and it is looked whether it is gone. */
static int clean_up(const struct exercise_imap *x)
{
    return x->selected ? CLOSE : x->made.count ? DELETE : STEP_GOODBYE;
}

static int go_on(struct dialogue *d, int next)
{
    const struct exercise_imap *x = state_of(d);
    return x->stop ? clean_up(x) : next;
}

/* A refusal says that this operation does not work; the others are tried all the same. */
static int done_or_refused(struct dialogue *d, const struct reply *reply, int next)
{
    next = go_on(d, next);
    return reply->kind == REPLY_OK ? next : mail_refused(mail_of(d), reply, next);
}

static int wrong(struct dialogue *d, const char *what, int next)
{
    return dialogue_reject(d, failure_make(FAILURE_WRONG_RESULT, "%s", what), go_on(d, next));
}

/* An operation that was agreed to, and whose result is as it must be when GOOD. */
static int judge(struct dialogue *d, const struct reply *reply, bool good, const char *what,
                 int next)
{
    if (reply->kind != REPLY_OK || good)
        return done_or_refused(d, reply, next);
    return wrong(d, what, next);
}

/* ---- finding out ---- */

static void capability_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "CAPABILITY");
}

static int capability_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    x->idle = text_find_fold(reply->text, " IDLE");
    x->namespaces = text_find_fold(reply->text, " NAMESPACE");
    return done_or_refused(d, reply, x->namespaces ? NAMESPACE : LEFTOVERS);
}

static void namespace_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "NAMESPACE");
}

static int namespace_heard(struct dialogue *d, const struct reply *reply)
{
    exercise_read_namespace(state_of(d), reply->text);
    return done_or_refused(d, reply, LEFTOVERS);
}

static void list_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "LIST \"\" \"%smaildoctor-exercise-*\"", state_of(d)->prefix);
}

static int leftovers_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    exercise_read_list(x, reply->text, &x->made); /* of this id there is none yet */
    return done_or_refused(d, reply, x->stale.count ? SWEEP : CREATE);
}

static void sweep_say(struct dialogue *d, struct buffer *out)
{
    struct exercise_imap *x = state_of(d);
    imap_command(d, out, "DELETE \"%s\"", x->stale.items[x->sweeping]);
}

static int sweep_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    if (reply->kind == REPLY_OK)
        strings_add(&x->swept, &x->arena, x->stale.items[x->sweeping]);
    else
        x->refused = true;
    if (++x->sweeping < x->stale.count && !x->stop)
        return SWEEP;
    bool refused = x->refused;
    x->refused = false;
    return refused ? dialogue_refuse(d, go_on(d, CREATE)) : go_on(d, CREATE);
}

/* ---- folders ---- */

/* A name is kept from before it is asked for: the answer may never come. */
static void keep(struct exercise_imap *x, const char *name)
{
    strings_add(&x->made, &x->arena, name);
}

static void forget(struct exercise_imap *x, const char *name)
{
    for (size_t i = 0; i < x->made.count; i++)
        if (strcmp(x->made.items[i], name) == 0)
            x->made.items[i] = x->made.items[--x->made.count];
}

static void create_say(struct dialogue *d, struct buffer *out)
{
    struct exercise_imap *x = state_of(d);
    const char *name = exercise_folder(x, "-a");
    keep(x, name);
    imap_command(d, out, "CREATE \"%s\"", name);
}

static int create_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    if (reply->kind == REPLY_OK)
        return go_on(d, RENAME);
    x->made.count = 0;
    return mail_refused(mail_of(d), reply, STEP_GOODBYE);
}

static void rename_say(struct dialogue *d, struct buffer *out)
{
    struct exercise_imap *x = state_of(d);
    const char *from = exercise_folder(x, "-a"), *to = exercise_folder(x, "");
    keep(x, to);
    imap_command(d, out, "RENAME \"%s\" \"%s\"", from, to);
}

static int rename_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    const char *from = exercise_folder(x, "-a"), *to = exercise_folder(x, "");
    bool renamed = reply->kind == REPLY_OK;
    forget(x, renamed ? from : to);
    x->folder = renamed ? to : from;
    return done_or_refused(d, reply, APPEND);
}

/* ---- messages ---- */

/* RFC 3501 section 6.3.11: the message is a literal, which the server asks for with "+". */
static void append_say(struct dialogue *d, struct buffer *out)
{
    struct exercise_imap *x = state_of(d);
    const char *message = exercise_message(x);
    if (x->literal)
        buffer_format(out, "%s\r\n", message);
    else
        imap_command(d, out, "APPEND \"%s\" (\\Seen) {%zu}", x->folder, strlen(message));
}

static int append_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    if (reply->kind == REPLY_MORE && !x->literal) {
        x->literal = true;
        return APPEND;
    }
    if (reply->kind == REPLY_OK)
        return go_on(d, SELECT);
    return mail_refused(mail_of(d), reply, clean_up(x));
}

static void select_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "SELECT \"%s\"", state_of(d)->folder);
}

static int select_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, clean_up(x));
    x->selected = true;
    if (text_find_fold(reply->text, "* 1 EXISTS"))
        return go_on(d, STORE);
    return wrong(d, "the message that was appended is not in the folder", CLOSE);
}

static void store_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "STORE 1 +FLAGS (\\Flagged)");
}

static void fetch_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "FETCH 1 (FLAGS)");
}

static int fetch_heard(struct dialogue *d, const struct reply *reply)
{
    bool flagged = imap_line_has(reply->text, " FETCH ", "\\Flagged");
    return judge(d, reply, flagged, "the flag that was set is not there", SEARCH_SUBJECT);
}

/* ---- searching ---- */

static enum exercise_search criterion(const struct dialogue *d)
{
    long row = dialogue_awaited(d) - exercise_imap_task.steps;
    return (enum exercise_search)(row + STEP_TASK - SEARCH_SUBJECT);
}

static void search_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "SEARCH %s", exercise_search(state_of(d), criterion(d)));
}

static int search_heard(struct dialogue *d, const struct reply *reply)
{
    return judge(d, reply, imap_found_any(reply->text), "the search does not find the message",
                 SEARCH_SUBJECT + (int)criterion(d) + 1);
}

static int search_nothing_heard(struct dialogue *d, const struct reply *reply)
{
    return judge(d, reply, !imap_found_any(reply->text), "the search finds what is not there",
                 CREATE_TARGET);
}

/* ---- copying ---- */

static void create_target_say(struct dialogue *d, struct buffer *out)
{
    struct exercise_imap *x = state_of(d);
    const char *name = exercise_folder(x, "-b");
    keep(x, name);
    imap_command(d, out, "CREATE \"%s\"", name);
}

static int create_target_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    if (reply->kind != REPLY_OK)
        forget(x, exercise_folder(x, "-b"));
    return done_or_refused(d, reply, reply->kind == REPLY_OK ? COPY : SECOND);
}

static void copy_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "COPY 1 \"%s\"", exercise_folder(state_of(d), "-b"));
}

static int copy_heard(struct dialogue *d, const struct reply *reply)
{
    return done_or_refused(d, reply, reply->kind == REPLY_OK ? COUNT_COPY : SECOND);
}

static void count_copy_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "STATUS \"%s\" (MESSAGES)", exercise_folder(state_of(d), "-b"));
}

static int count_copy_heard(struct dialogue *d, const struct reply *reply)
{
    bool copied = imap_line_has(reply->text, "* STATUS ", "(MESSAGES 1)");
    return judge(d, reply, copied, "the copy is not in the other folder", SECOND);
}

/* ---- another client, and time ---- */

static int until_resumed(struct dialogue *d)
{
    (void)d;
    return -1;
}

static int second_heard(struct dialogue *d, const struct reply *reply)
{
    const struct exercise_imap *x = state_of(d);
    (void)reply;
    int next = x->idle ? IDLE : HOLD;
    if (x->second == EXERCISE_YES)
        return go_on(d, FETCH_AGAIN);
    return dialogue_skip(d, "second-client", go_on(d, next));
}

static int fetch_again_heard(struct dialogue *d, const struct reply *reply)
{
    const struct exercise_imap *x = state_of(d);
    bool seen = imap_line_has(reply->text, " FETCH ", "\\Answered");
    return judge(d, reply, seen, "the change that another client made is not seen",
                 x->idle ? IDLE : HOLD);
}

static void idle_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "IDLE");
}

static int idle_heard(struct dialogue *d, const struct reply *reply)
{
    if (reply->kind == REPLY_MORE)
        return IDLE_HOLD; /* also when all is to end: only DONE leads out of IDLE */
    return mail_refused(mail_of(d), reply, go_on(d, HOLD));
}

static int hold_ms(struct dialogue *d)
{
    const struct exercise_imap *x = state_of(d);
    return x->stop ? 0 : x->hold_ms;
}

static int hold_heard(struct dialogue *d, const struct reply *reply)
{
    (void)reply;
    return go_on(d, NOOP);
}

static int open_still_heard(struct dialogue *d, const struct reply *reply)
{
    return done_or_refused(d, reply, COUNT);
}

static void noop_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "NOOP");
}

static void count_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "SEARCH ALL");
}

static int count_heard(struct dialogue *d, const struct reply *reply)
{
    return judge(d, reply, imap_found_any(reply->text), "the message is no longer there", CLOSE);
}

/* ---- cleaning up ---- */

static void close_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "CLOSE");
}

static int close_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    x->selected = false;
    return done_or_refused(d, reply, DELETE);
}

static void delete_say(struct dialogue *d, struct buffer *out)
{
    struct exercise_imap *x = state_of(d);
    imap_command(d, out, "DELETE \"%s\"", x->made.items[x->deleting]);
}

/* A session that is there only to clean up does not know which of the names stand: for it the
 * list that follows decides. */
static int delete_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    x->refused = x->refused || reply->kind != REPLY_OK;
    if (++x->deleting < x->made.count)
        return DELETE;
    return x->refused && !x->stop ? dialogue_refuse(d, VERIFY) : VERIFY;
}

static int verify_heard(struct dialogue *d, const struct reply *reply)
{
    struct exercise_imap *x = state_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, STEP_GOODBYE);
    x->made = (struct strings) { 0 };
    exercise_read_list(x, reply->text, &x->made);
    if (!x->made.count || x->refused)
        return STEP_GOODBYE;
    return dialogue_reject(
        d, failure_make(FAILURE_WRONG_RESULT, "folders that were deleted are still there"),
        STEP_GOODBYE);
}

/* ---- the table ---- */

#define OPERATION(title) .name = title, .stage = STAGE_MAILBOX, .patience_ms = PATIENCE_MS
#define ROW(step) [step - STEP_TASK]
static const struct dialogue_step steps[] = {
    ROW(CAPABILITY) = { OPERATION("CAPABILITY"), .say = capability_say, .hear = capability_heard },
    ROW(NAMESPACE) = { OPERATION("NAMESPACE"), .say = namespace_say, .hear = namespace_heard },
    ROW(LEFTOVERS) = { OPERATION("LIST"), .say = list_say, .hear = leftovers_heard },
    ROW(SWEEP) = { OPERATION("DELETE leftovers"), .say = sweep_say, .hear = sweep_heard },
    ROW(CREATE) = { OPERATION("CREATE"), .say = create_say, .hear = create_heard },
    ROW(RENAME) = { OPERATION("RENAME"), .say = rename_say, .hear = rename_heard },
    ROW(APPEND) = { OPERATION("APPEND"), .say = append_say, .hear = append_heard },
    ROW(SELECT) = { OPERATION("SELECT"), .say = select_say, .hear = select_heard },
    ROW(STORE) = { OPERATION("STORE"), .say = store_say, .then = FETCH, .otherwise = FETCH },
    ROW(FETCH) = { OPERATION("FETCH"), .say = fetch_say, .hear = fetch_heard },
    ROW(SEARCH_SUBJECT) = { OPERATION("SEARCH subject"), .say = search_say, .hear = search_heard },
    ROW(SEARCH_FROM) = { OPERATION("SEARCH from"), .say = search_say, .hear = search_heard },
    ROW(SEARCH_DATE) = { OPERATION("SEARCH date"), .say = search_say, .hear = search_heard },
    ROW(SEARCH_TEXT) = { OPERATION("SEARCH text"), .say = search_say, .hear = search_heard },
    ROW(SEARCH_HEADER) = { OPERATION("SEARCH header"), .say = search_say, .hear = search_heard },
    ROW(SEARCH_FLAG) = { OPERATION("SEARCH flag"), .say = search_say, .hear = search_heard },
    ROW(SEARCH_NOTHING) = { OPERATION("SEARCH nothing"), .say = search_say,
                            .hear = search_nothing_heard },
    ROW(CREATE_TARGET) = { OPERATION("CREATE second"), .say = create_target_say,
                           .hear = create_target_heard },
    ROW(COPY) = { OPERATION("COPY"), .say = copy_say, .hear = copy_heard },
    ROW(COUNT_COPY) = { OPERATION("STATUS"), .say = count_copy_say, .hear = count_copy_heard },
    ROW(SECOND) = { .name = "second client",
                    .stage = STAGE_MAILBOX,
                    .pause = until_resumed,
                    .hear = second_heard },
    ROW(FETCH_AGAIN) = { OPERATION("FETCH change"), .say = fetch_say, .hear = fetch_again_heard },
    ROW(IDLE) = { OPERATION("IDLE"), .say = idle_say, .hear = idle_heard },
    ROW(IDLE_HOLD) = { .name = "stay open",
                       .stage = STAGE_MAILBOX,
                       .pause = hold_ms,
                       .then = IDLE_END },
    ROW(IDLE_END) = { OPERATION("DONE"), .line = "DONE", .hear = open_still_heard },
    ROW(HOLD) = { .name = "stay open",
                  .stage = STAGE_MAILBOX,
                  .pause = hold_ms,
                  .hear = hold_heard },
    ROW(NOOP) = { OPERATION("NOOP"), .say = noop_say, .hear = open_still_heard },
    ROW(COUNT) = { OPERATION("SEARCH all"), .say = count_say, .hear = count_heard },
    ROW(CLOSE) = { OPERATION("CLOSE"), .say = close_say, .hear = close_heard },
    ROW(DELETE) = { OPERATION("DELETE"), .say = delete_say, .hear = delete_heard },
    ROW(VERIFY) = { OPERATION("LIST after"), .say = list_say, .hear = verify_heard },
};
_Static_assert(sizeof steps / sizeof *steps == STEP_END - STEP_TASK, "a step without a row");

const struct dialogue_task exercise_imap_task = {
    .name = "exercise-imap",
    .steps = steps,
    .step_count = STEP_END - STEP_TASK,
};

void exercise_imap_done(struct exercise_imap *exercise)
{
    arena_done(&exercise->arena);
}
