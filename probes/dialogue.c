/* The dialogue engine. How it moves, in prose:
 *
 *     enter(step) -> ENTER, says its line -> need REPLY -> a whole reply -> HEARD, hear() or .then
 *                                                            -> LEAVE, enter(next)
 *                    .tls    -> need TLS    -> TLS_UP    -> the same with a reply without words
 *                    .permit -> need PERMIT -> permitted -> ENTER, says its line
 *                    .pause  -> ENTER, need PAUSE -> RESUME -> the same
 *                    .decide -> ENTER, LEAVE, enter(next)
 *
 * A step whose replies all lead to the same row may have that one said behind it (.ahead): then
 * two steps are open, `awaited` is the older, and replies belong to the open steps in order (RFC
 * 2920 section 3.1, RFC 3501 section 5.5, RFC 2449 section 6.6). As both replies of the older step
 * lead to the same row, the open steps are the chain of .then from `awaited` to `at`. */
#include "probes/dialogue.h"

#include "probes/dialogue_log.h"
#include "probes/dialogue_private.h"

#include <assert.h>
#include <string.h>

void dialogue_init(struct dialogue *d, const struct protocol *protocol,
                   const struct secret *password, const struct secret *token)
{
    *d = (struct dialogue) {
        .protocol = protocol,
        .need = DIALOGUE_NEEDS_NOTHING,
        .at = STEP_DONE,
        .awaited = STEP_DONE,
        .log = dialogue_log_new(),
        .secrets = { password, token },
    };
    buffer_init(&d->out, DIALOGUE_OUT_LIMIT);
    buffer_init(&d->in, DIALOGUE_REPLY_LIMIT);
    buffer_init(&d->note, DIALOGUE_REPLY_LIMIT);
}

void dialogue_done(struct dialogue *d)
{
    buffer_done(&d->out);
    buffer_done(&d->in);
    buffer_done(&d->note);
    dialogue_log_free(d->log);
    d->log = NULL;
}

bool dialogue_row(struct dialogue *d, struct dialogue_row *ret_row)
{
    return dialogue_log_take(d->log, ret_row);
}

const struct dialogue_step *dialogue_step_of(const struct dialogue *d, int index)
{
    if (index >= STEP_TASK) {
        assert(d->task && index - STEP_TASK < d->task->step_count);
        return &d->task->steps[index - STEP_TASK];
    }
    assert(index >= 0 && index < d->protocol->step_count);
    return &d->protocol->steps[index];
}

const struct dialogue_step *dialogue_awaited(const struct dialogue *d)
{
    return dialogue_step_of(d, d->awaited);
}

void dialogue_add_row(struct dialogue *d, enum dialogue_row_kind kind, int index, struct bytes line)
{
    struct dialogue_row row = { .kind = kind, .step = dialogue_step_of(d, index) };
    dialogue_log_add(d->log, &row, (struct bytes) { 0 }, line);
}

/* ---- ending a step ---- */

static void finish(struct dialogue *d)
{
    d->need = DIALOGUE_NEEDS_NOTHING;
    d->patience_ms = 0;
    d->open = 0;
    buffer_clear(&d->in);
    buffer_clear(&d->note);
}

/* LEAVE with the reply's words, the note in front. */
static void leave(struct dialogue *d, int index, enum dialogue_outcome outcome, struct bytes text)
{
    const struct dialogue_step *step = dialogue_step_of(d, index);
    /* Nobody's mail fails because a goodbye was not answered. */
    if (step->stage == STAGE_GOODBYE && outcome == OUTCOME_FAILED)
        outcome = d->why.kind == FAILURE_REFUSED || d->why.kind == FAILURE_CONNECTION_CLOSED
                      ? OUTCOME_OK
                      : OUTCOME_CUT;
    if (outcome == OUTCOME_OK)
        d->why = (struct failure) { 0 };
    if (outcome == OUTCOME_FAILED)
        d->failed = true;
    struct dialogue_row row = { .kind = ROW_LEAVE,
                                .step = step,
                                .outcome = outcome,
                                .failure = d->why,
                                .blocked_by = d->why_blocked };
    text = dialogue_without_line_end(text);
    if (buffer_size(&d->note) && text.size)
        buffer_append(&d->note, "\r\n", 2);
    dialogue_log_add(d->log, &row, buffer_bytes(&d->note), text);
    buffer_clear(&d->note);
    d->why = (struct failure) { 0 };
    d->why_blocked = NULL;
}

/* The outcome follows from what the protocol said of the step before it named the next one. */
static void leave_for(struct dialogue *d, int index, int next, struct bytes text)
{
    enum dialogue_outcome outcome = OUTCOME_OK;
    if (next == STEP_FAILED && d->why.kind == FAILURE_NONE)
        d->why.kind = FAILURE_REFUSED;
    if (d->why_blocked)
        outcome = OUTCOME_SKIPPED;
    else if (d->why.kind != FAILURE_NONE)
        outcome = OUTCOME_FAILED;
    leave(d, index, outcome, text);
}

int dialogue_refuse(struct dialogue *d, int next)
{
    d->why = (struct failure) { .kind = FAILURE_REFUSED };
    return next;
}

int dialogue_reject(struct dialogue *d, struct failure failure, int next)
{
    d->why = failure;
    return next;
}

int dialogue_skip(struct dialogue *d, const char *blocked_by, int next)
{
    d->why_blocked = blocked_by;
    return next;
}

/* ---- beginning a step ---- */

static bool may_go_ahead(struct dialogue *d, const struct dialogue_step *step)
{
    bool leads_on = step->hear || step->then == step->otherwise;
    return leads_on && step->then > 0 && dialogue_step_of(d, step->then)->ahead &&
           (!d->protocol->pipelines || d->protocol->pipelines(d));
}

static void say_with_followers(struct dialogue *d, int index)
{
    d->need = DIALOGUE_NEEDS_REPLY;
    d->patience_ms = dialogue_step_of(d, index)->patience_ms;
    d->at = d->awaited = index;
    d->open = 1;
    dialogue_say(d, index);
    while (may_go_ahead(d, dialogue_step_of(d, d->at))) {
        d->at = dialogue_step_of(d, d->at)->then;
        d->open++;
        dialogue_add_row(d, ROW_ENTER, d->at, (struct bytes) { 0 });
        dialogue_say(d, d->at);
    }
}

static void heard_so_far(struct dialogue *d, struct bytes text)
{
    if (text.size)
        dialogue_add_row(d, ROW_HEARD, d->awaited, text);
}

static void fail_open_steps(struct dialogue *d, struct failure failure,
                            enum dialogue_outcome outcome, size_t shown);

/* Bytes that came in clear behind the STARTTLS reply would be taken for what the server says inside
 * TLS (the response side of CVE-2011-0411): a finding, and never fed on. */
static void begin_tls(struct dialogue *d, int index)
{
    d->at = d->awaited = index;
    d->open = 1;
    d->need = DIALOGUE_NEEDS_TLS;
    d->patience_ms = dialogue_step_of(d, index)->patience_ms;
    if (buffer_size(&d->in))
        fail_open_steps(
            d, failure_make(FAILURE_PLAINTEXT_INJECTED, "plain text behind the reply to STARTTLS"),
            OUTCOME_FAILED, buffer_size(&d->in));
}

/* What comes meanwhile is kept, and heard behind what is said next: RFC 2177 has a server speak
 * during IDLE as it likes. */
static void begin_pause(struct dialogue *d, int index)
{
    d->at = d->awaited = index;
    d->open = 1;
    d->need = DIALOGUE_NEEDS_PAUSE;
    d->patience_ms = 0;
    d->pause_ms = dialogue_step_of(d, index)->pause(d);
}

static void begin(struct dialogue *d, int index)
{
    const struct dialogue_step *step = dialogue_step_of(d, index);
    if (step->tls)
        begin_tls(d, index);
    else if (step->pause)
        begin_pause(d, index);
    else
        say_with_followers(d, index);
}

static void enter(struct dialogue *d, int next)
{
    if (next == STEP_GOODBYE)
        next = d->protocol->goodbye;
    while (next >= 0) {
        const struct dialogue_step *step = dialogue_step_of(d, next);
        if (step->permit) {
            d->at = next;
            d->open = 0;
            d->need = DIALOGUE_NEEDS_PERMIT;
            d->patience_ms = 0;
            return;
        }
        dialogue_add_row(d, ROW_ENTER, next, (struct bytes) { 0 });
        if (!step->decide) {
            begin(d, next);
            return;
        }
        int after = step->decide(d);
        assert(after != next && after != STEP_STAY);
        leave_for(d, next, after, (struct bytes) { 0 });
        next = after == STEP_GOODBYE ? d->protocol->goodbye : after;
    }
    finish(d);
}

/* ---- the end of a dialogue that did not end by itself ---- */

/* The oldest open step ends so, with the first SHOWN bytes of what was heard; those said behind it
 * were cut off. */
static void fail_open_steps(struct dialogue *d, struct failure failure,
                            enum dialogue_outcome outcome, size_t shown)
{
    if (d->need == DIALOGUE_NEEDS_NOTHING)
        return;
    if (d->open == 0) { /* the permission never came: the step begins and ends now */
        dialogue_add_row(d, ROW_ENTER, d->at, (struct bytes) { 0 });
        d->awaited = d->at;
    }
    dialogue_scrub(d, &d->in, buffer_size(&d->in));
    for (size_t i = 0; i < sizeof d->secrets / sizeof *d->secrets && shown; i++)
        secret_scrub_cut(d->secrets[i], d->in.space + d->in.start, shown);
    struct bytes text = buffer_bytes(&d->in);
    text.size = shown;
    heard_so_far(d, text);
    d->why = failure;
    leave(d, d->awaited, outcome, text);
    for (int index = d->awaited; index != d->at;) {
        index = dialogue_step_of(d, index)->then;
        d->why = failure;
        leave(d, index, OUTCOME_CUT, (struct bytes) { 0 });
    }
    finish(d);
}

/* The connection or the driver ended the dialogue: what was heard until then may still tell why. */
static void lose(struct dialogue *d, struct failure failure, enum dialogue_outcome outcome)
{
    enum peer_protocol peer = dialogue_stranger(d, buffer_bytes(&d->in));
    if (peer != PEER_UNKNOWN && outcome == OUTCOME_FAILED)
        failure = dialogue_mismatch(peer);
    fail_open_steps(d, failure, outcome, buffer_size(&d->in));
}

static void malformed(struct dialogue *d, size_t shown)
{
    enum peer_protocol peer = dialogue_stranger(d, buffer_bytes(&d->in));
    struct failure failure = d->why;
    if (peer != PEER_UNKNOWN)
        failure = dialogue_mismatch(peer);
    else if (failure.kind == FAILURE_NONE)
        failure = failure_make(FAILURE_PROTOCOL_VIOLATION, "no reply of the protocol");
    fail_open_steps(d, failure, OUTCOME_FAILED, shown);
}

void dialogue_fail(struct dialogue *d, struct failure failure)
{
    fail_open_steps(d, failure, OUTCOME_FAILED, buffer_size(&d->in));
}

/* ---- replies ---- */

static int lead(struct dialogue *d, const struct dialogue_step *step, const struct reply *reply)
{
    if (step->hear)
        return step->hear(d, reply);
    if (reply->kind == REPLY_OK)
        return step->then;
    int otherwise = step->otherwise ? step->otherwise : STEP_FAILED;
    if (reply->kind == REPLY_MORE)
        return dialogue_reject(
            d, failure_make(FAILURE_PROTOCOL_VIOLATION, "asks for more where nothing follows"),
            otherwise);
    return dialogue_refuse(d, otherwise);
}

/* Moves on from the oldest open step. A step said ahead is already entered. One that was refused
 * and comes again (the next folder) is another one; else it goes on. */
static void move_on(struct dialogue *d, int next, struct bytes text)
{
    int index = d->awaited;
    assert(d->open == 1 || (next != STEP_STAY && next != index));
    if (next == STEP_STAY || (next == index && d->why.kind == FAILURE_NONE)) {
        assert(d->why.kind == FAILURE_NONE);
        buffer_consume(&d->in, text.size);
        if (next == index)
            dialogue_say(d, index);
        return;
    }
    leave_for(d, index, next, text);
    buffer_consume(&d->in, text.size);
    if (d->open > 1) {
        assert(next == dialogue_step_of(d, index)->then);
        d->open--;
        d->awaited = next;
        d->patience_ms = dialogue_step_of(d, next)->patience_ms;
        return;
    }
    enter(d, next);
}

/* TEXT is at the front of d->in. */
static void hear(struct dialogue *d, struct reply *reply, size_t size)
{
    enum peer_protocol peer = dialogue_stranger(d, buffer_bytes(&d->in));
    if (peer != PEER_UNKNOWN) { /* FTP greets with SMTP's 220 */
        fail_open_steps(d, dialogue_mismatch(peer), OUTCOME_FAILED, size);
        return;
    }
    dialogue_scrub(d, &d->in, size);
    reply->text = (struct bytes) { buffer_bytes(&d->in).data, size };
    heard_so_far(d, reply->text);
    d->scanned = 0;
    move_on(d, lead(d, dialogue_step_of(d, d->awaited), reply), reply->text);
}

static void take_replies(struct dialogue *d)
{
    while (d->need == DIALOGUE_NEEDS_REPLY && buffer_size(&d->in)) {
        struct reply reply = { 0 };
        struct bytes pending = buffer_bytes(&d->in);
        long size = d->protocol->frame(d, pending, &reply);
        if (size < 0) {
            malformed(d, reply.text.size);
        } else if (size > 0) {
            hear(d, &reply, (size_t)size);
        } else {
            if (dialogue_hears_alert(d, pending))
                malformed(d, DIALOGUE_ALERT_SIZE);
            return;
        }
    }
}

/* A reply ends with a line end, and a line is judged once it is DIALOGUE_LINE_SHOWN bytes long:
 * between the two the frame has nothing to say, and a line that dribbles in is not searched again
 * and again. */
static bool decides_nothing(const struct dialogue *d, struct bytes slice)
{
    return buffer_size(&d->in) >= d->scanned + DIALOGUE_LINE_SHOWN &&
           !memchr(slice.data, '\n', slice.size);
}

void dialogue_bytes(struct dialogue *d, struct bytes bytes)
{
    if (d->need == DIALOGUE_NEEDS_TLS) {
        dialogue_injected(d, bytes);
        return;
    }
    while (bytes.size && d->need != DIALOGUE_NEEDS_NOTHING) {
        size_t room = DIALOGUE_REPLY_LIMIT - buffer_size(&d->in);
        if (room == 0) {
            lose(d,
                 failure_make(FAILURE_REPLY_TOO_LONG, "a reply of more than %d bytes",
                              DIALOGUE_REPLY_LIMIT),
                 OUTCOME_FAILED);
            return;
        }
        struct bytes slice = { bytes.data, bytes.size < room ? bytes.size : room };
        bool skip = decides_nothing(d, slice);
        buffer_append(&d->in, slice.data, slice.size);
        bytes.data += slice.size;
        bytes.size -= slice.size;
        if (!skip)
            take_replies(d);
        if (d->need == DIALOGUE_NEEDS_TLS && bytes.size)
            dialogue_injected(d, bytes);
    }
}

void dialogue_injected(struct dialogue *d, struct bytes bytes)
{
    if (d->need != DIALOGUE_NEEDS_TLS || !bytes.size)
        return;
    size_t room = DIALOGUE_REPLY_LIMIT - buffer_size(&d->in);
    buffer_append(&d->in, bytes.data, bytes.size < room ? bytes.size : room);
    begin_tls(d, d->awaited);
}

/* ---- events ---- */

void dialogue_permit(struct dialogue *d, const char *blocked_by)
{
    if (d->need != DIALOGUE_NEEDS_PERMIT)
        return;
    int index = d->at;
    dialogue_add_row(d, ROW_ENTER, index, (struct bytes) { 0 });
    if (!blocked_by) {
        say_with_followers(d, index);
        take_replies(d); /* what the server said meanwhile, a 421 for instance */
        return;
    }
    d->why = (struct failure) { .kind = FAILURE_HELD_BACK };
    d->why_blocked = blocked_by;
    leave(d, index, OUTCOME_SKIPPED, (struct bytes) { 0 });
    enter(d, d->protocol->held_back(d));
}

static void open_dialogue(struct dialogue *d)
{
    if (d->at != STEP_DONE || d->need != DIALOGUE_NEEDS_NOTHING)
        return;
    enter(d, d->protocol->open ? d->protocol->open(d) : STEP_OPENING);
}

static void tls_is_up(struct dialogue *d)
{
    if (d->need != DIALOGUE_NEEDS_TLS)
        return;
    struct reply reply = { .kind = REPLY_OK };
    d->tls = true;
    move_on(d, lead(d, dialogue_step_of(d, d->awaited), &reply), reply.text);
}

static void resume(struct dialogue *d)
{
    if (d->need != DIALOGUE_NEEDS_PAUSE)
        return;
    struct reply reply = { .kind = REPLY_OK };
    move_on(d, lead(d, dialogue_step_of(d, d->awaited), &reply), reply.text);
    take_replies(d); /* what the server said meanwhile */
}

static struct failure lost_in(const struct dialogue *d, enum failure_kind kind, const char *what)
{
    int index = d->open ? d->awaited : d->at;
    return failure_make(kind, "%s in %s", what, dialogue_step_of(d, index)->name);
}

void dialogue_event(struct dialogue *d, enum dialogue_event event)
{
    if (event == DIALOGUE_OPEN) {
        open_dialogue(d);
        return;
    }
    if (d->need == DIALOGUE_NEEDS_NOTHING)
        return;
    switch (event) {
    case DIALOGUE_OPEN:
        return;
    case DIALOGUE_TLS_UP:
        tls_is_up(d);
        return;
    case DIALOGUE_RESUME:
        resume(d);
        return;
    case DIALOGUE_EOF:
        lose(d, lost_in(d, FAILURE_CONNECTION_CLOSED, "connection closed"), OUTCOME_FAILED);
        return;
    case DIALOGUE_RESET:
        lose(d, lost_in(d, FAILURE_CONNECTION_RESET, "connection reset"), OUTCOME_FAILED);
        return;
    case DIALOGUE_TIMEOUT:
        lose(d, lost_in(d, FAILURE_TIMED_OUT, "no reply"), OUTCOME_FAILED);
        return;
    case DIALOGUE_CANCEL:
        lose(d, lost_in(d, FAILURE_CANCELLED, "cancelled"), OUTCOME_CUT);
        return;
    }
}
