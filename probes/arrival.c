#include "probes/arrival.h"

#include "base/text.h"
#include "probes/bounce_gmime.h"
#include "probes/imap_command.h"
#include "probes/mail_header.h"
#include "probes/mail_state.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum step { LIST = STEP_TASK, SELECT, SEARCH, FETCH, STORE, EXPUNGE, WAIT, STEP_END };
enum { NAME_SIZE = 256, DAY_S = 86400 };

static struct arrival *state_of(struct dialogue *d)
{
    return mail_of(d)->wish.task_state;
}

void arrival_done(struct arrival *arrival)
{
    arena_done(&arrival->arena);
}

/* ---- the folders ---- */

/* The name at the end of a line of LIST, unquoted; false for one that is a literal or too long. */
static bool read_name(struct bytes line, char name[static NAME_SIZE])
{
    line = text_trim(line);
    bool quoted = line.size > 1 && line.data[line.size - 1] == '"';
    size_t size = 0, end = line.size - quoted;
    size_t start = end;
    while (start > 0 && line.data[start - 1] != (quoted ? '"' : ' '))
        start--;
    for (size_t i = start; i < end && size + 1 < NAME_SIZE; i++)
        if (line.data[i] != '\\' || !quoted)
            name[size++] = line.data[i];
    name[size] = '\0';
    /* What a name holds goes into a command of ours again. */
    return size > 0 && size + 1 < NAME_SIZE && !strpbrk(name, "\"\\\r\n{");
}

/* Its last part is one of WORDS, or the server marks it so (RFC 6154). */
static bool is_for(struct bytes line, const char *name, const char *mark, const char *const *words)
{
    const char *last = name;
    for (const char *p = name; *p; p++)
        if (*p == '/' || *p == '.')
            last = p + 1;
    if (text_find_fold(line, mark))
        return true;
    for (; *words; words++)
        if (text_equal_fold(last, *words))
            return true;
    return false;
}

static void read_folder(struct arrival *a, struct bytes line)
{
    static const char *const junk[] = { "Junk", "Junk Email", "Junk E-mail",
                                        "Spam", "Bulk Mail",  NULL };
    static const char *const sent[] = { "Sent", "Sent Items", "Sent Messages", "Sent Mail", NULL };
    char name[NAME_SIZE];
    if (!text_starts_fold(line, "* LIST ") || !read_name(line, name))
        return;
    if (!a->folders[ARRIVAL_JUNK] && is_for(line, name, "\\Junk", junk))
        a->folders[ARRIVAL_JUNK] = arena_copy(&a->arena, name);
    else if (!a->folders[ARRIVAL_SENT] && is_for(line, name, "\\Sent", sent))
        a->folders[ARRIVAL_SENT] = arena_copy(&a->arena, name);
}

static int first_folder(const struct arrival *a)
{
    return a->copy_only ? ARRIVAL_SENT : ARRIVAL_INBOX;
}

static void list_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "LIST \"\" \"*\"");
}

static int list_heard(struct dialogue *d, const struct reply *reply)
{
    struct arrival *a = state_of(d);
    struct bytes rest = reply->text, line;
    a->folders[ARRIVAL_INBOX] = "INBOX";
    a->at = first_folder(a);
    while (reply->kind == REPLY_OK && text_next_line(&rest, &line))
        read_folder(a, line);
    int next = a->folders[a->at] ? SELECT : STEP_GOODBYE;
    return reply->kind == REPLY_OK ? next : mail_refused(mail_of(d), reply, next);
}

/* ---- where next ---- */

bool arrival_is_known(const struct arrival *a)
{
    return a->copy_only ? a->removed || a->left : a->message.size || a->bounce.size;
}

/* The copy among what was sent is looked for last, once there is nothing to wait for. */
static int next_folder(struct arrival *a)
{
    for (a->at++; a->at < ARRIVAL_FOLDERS; a->at++) {
        bool last = arrival_is_known(a) || a->rounds <= 1 || a->stop;
        if (a->folders[a->at] && (a->at != ARRIVAL_SENT || last))
            return SELECT;
    }
    a->at = first_folder(a);
    if (!a->folders[a->at] || arrival_is_known(a) || a->stop || --a->rounds <= 0)
        return STEP_GOODBYE;
    return WAIT;
}

static int next_message(struct arrival *a)
{
    return ++a->uid < a->uid_count ? FETCH : next_folder(a);
}

static int pause(struct dialogue *d)
{
    return state_of(d)->pause_ms;
}

static int pause_over(struct dialogue *d, const struct reply *reply)
{
    (void)reply;
    (void)d;
    return SELECT;
}

/* ---- one folder ---- */

static void select_say(struct dialogue *d, struct buffer *out)
{
    struct arrival *a = state_of(d);
    imap_command(d, out, "SELECT \"%s\"", a->folders[a->at]);
}

static int select_heard(struct dialogue *d, const struct reply *reply)
{
    if (reply->kind == REPLY_OK)
        return SEARCH;
    struct arrival *a = state_of(d);
    a->folders[a->at] = a->at == ARRIVAL_INBOX ? "INBOX" : NULL;
    return mail_refused(mail_of(d), reply, next_folder(a));
}

/* SINCE goes by the day, in whatever zone the server has: so the day before (RFC 3501 section
 * 6.4.4). */
static void search_say(struct dialogue *d, struct buffer *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct arrival *a = state_of(d);
    struct tm tm = { 0 };
    time_t day = (time_t)(a->now_s - DAY_S);
    gmtime_r(&day, &tm);
    imap_command(d, out, "UID SEARCH SINCE %d-%.3s-%d TEXT \"%s\"", tm.tm_mday,
                 months + (size_t)tm.tm_mon * 3, tm.tm_year + 1900, a->run_id);
}

static int search_heard(struct dialogue *d, const struct reply *reply)
{
    struct arrival *a = state_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, next_folder(a));
    a->uid = 0;
    a->uid_count = imap_found(reply->text, a->uids, ARRIVAL_MESSAGES);
    return a->uid_count ? FETCH : next_folder(a);
}

/* ---- one message ---- */

static void fetch_say(struct dialogue *d, struct buffer *out)
{
    struct arrival *a = state_of(d);
    imap_command(d, out, "UID FETCH %" PRIu32 " (BODY.PEEK[]<0.%d>)", a->uids[a->uid],
                 BOUNCE_LIMIT);
}

/* Up to the empty line. */
static struct bytes header_of(struct bytes message)
{
    struct bytes rest = message, line;
    while (text_next_line(&rest, &line))
        if (!line.size)
            return (struct bytes) { message.data, message.size - rest.size };
    return message;
}

static bool is_ours(const struct arrival *a, struct bytes header)
{
    struct arena arena = { 0 };
    struct mail_field field;
    bool ours = false;
    while (!ours && mail_header_next(&header, &arena, &field)) /* Exchange folds long ids */
        ours = mail_field_is(&field, "Message-ID") &&
               text_find_fold(text_bytes(field.value), a->message_id);
    arena_done(&arena);
    return ours;
}

/* A delivery report, and about a message of this run. */
static bool read_report(struct arrival *a, struct bytes message, struct bounce *ret_bounce)
{
    return bounce_read(&a->arena, message, ret_bounce) &&
           (text_find_fold(ret_bounce->text, a->run_id) || text_find_fold(message, a->run_id));
}

bool arrival_take(struct arrival *a, struct bytes message)
{
    struct bytes header = header_of(message);
    if (is_ours(a, header)) {
        if (a->at != ARRIVAL_SENT && !a->message.size) {
            a->message = arena_copy_bytes(&a->arena, header);
            a->folder = a->folders[a->at];
            a->place = (enum arrival_place)a->at;
        }
        if (a->copy_only)
            a->folder = a->folders[a->at];
        return true;
    }
    struct bounce bounce;
    if (a->at == ARRIVAL_SENT || !read_report(a, message, &bounce))
        return false; /* somebody else's words about it */
    if (bounce.failed && !a->bounce.size)
        a->bounce = bounce.text;
    return true;
}

static int fetch_heard(struct dialogue *d, const struct reply *reply)
{
    struct arrival *a = state_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, next_message(a));
    return arrival_take(a, imap_literal(reply->text)) ? STORE : next_message(a);
}

static void store_say(struct dialogue *d, struct buffer *out)
{
    struct arrival *a = state_of(d);
    imap_command(d, out, "UID STORE %" PRIu32 " +FLAGS.SILENT (\\Deleted)", a->uids[a->uid]);
}

static int store_heard(struct dialogue *d, const struct reply *reply)
{
    struct arrival *a = state_of(d);
    if (reply->kind == REPLY_OK)
        return EXPUNGE;
    a->left++;
    return mail_refused(mail_of(d), reply, next_message(a));
}

/* Of this one message alone (RFC 4315): a plain EXPUNGE would remove others' marks as well. */
static void expunge_say(struct dialogue *d, struct buffer *out)
{
    struct arrival *a = state_of(d);
    imap_command(d, out, "UID EXPUNGE %" PRIu32, a->uids[a->uid]);
}

static int expunge_heard(struct dialogue *d, const struct reply *reply)
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
    ROW(LIST) = { OPERATION("LIST"), .say = list_say, .hear = list_heard },
    ROW(SELECT) = { OPERATION("SELECT"), .say = select_say, .hear = select_heard },
    ROW(SEARCH) = { OPERATION("SEARCH"), .say = search_say, .hear = search_heard },
    ROW(FETCH) = { OPERATION("FETCH"), .say = fetch_say, .hear = fetch_heard },
    ROW(STORE) = { OPERATION("STORE"), .say = store_say, .hear = store_heard },
    ROW(EXPUNGE) = { OPERATION("EXPUNGE"), .say = expunge_say, .hear = expunge_heard },
    ROW(WAIT) = { OPERATION("wait"), .pause = pause, .hear = pause_over },
};
_Static_assert(sizeof steps / sizeof *steps == STEP_END - STEP_TASK, "a step without a row");

const struct dialogue_task arrival_imap_task = {
    .name = "arrival",
    .steps = steps,
    .step_count = STEP_END - STEP_TASK,
};
