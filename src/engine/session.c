#include "engine/session.h"

#include "base/clock.h"
#include "base/memory.h"
#include "engine/session_private.h"
#include "net/evidence.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HOLE_MS = 3000,    /* three retransmissions: then what is missing is not just late */
    SILENCE_MS = 3000, /* then a silent greeting is asked whether it wants TLS (DESIGN section 3) */
    WIRE_LIMIT = 1 << 20, /* bytes waiting to be written */
    READS_A_TURN = 8,     /* a flood must not starve the other dialogues */
};

int64_t session_elapsed(const struct session *s)
{
    return clock_mono_ns() - s->options.started_ns;
}

/* ---- the pump ---- */

static void patience_over(void *arg)
{
    struct session *s = arg;
    loop_timer_stop(&s->patience);
    dialogue_event(s->dialogue, DIALOGUE_TIMEOUT);
    session_pump(s);
}

static void look_for_holes(void *arg)
{
    struct session *s = arg;
    loop_timer_stop(&s->hole);
    if (s->told || s->ended || !evidence_has_holes(s->fd))
        return;
    s->stalled = s->told = true;
    s->options.stalled(s->options.arg);
}

/* From entering the step, never from a byte: a server that dribbles must time out too. */
static void set_patience(struct session *s)
{
    int ms = s->dialogue->patience_ms;
    if (s->options.timeout_ms && ms > s->options.timeout_ms)
        ms = s->options.timeout_ms;
    loop_timer_stop(&s->patience);
    s->patience = loop_timer_start(s->options.loop, ms, patience_over, s);
    loop_timer_stop(&s->hole);
    if (s->options.stalled && !s->told)
        s->hole = loop_timer_start(s->options.loop, HOLE_MS, look_for_holes, s);
    session_log_budget(&s->log, ms);
}

static void silence_heard(void *arg)
{
    struct session *s = arg;
    loop_timer_stop(&s->silence);
    s->options.silent(s->options.arg);
}

static void take_rows(struct session *s)
{
    struct dialogue_row row;
    bool moved = false;
    while (dialogue_row(s->dialogue, &row)) {
        session_log_row(&s->log, &row, session_elapsed(s));
        if (row.kind == ROW_HEARD)
            loop_timer_stop(&s->silence);
        moved = moved || row.kind == ROW_ENTER || row.kind == ROW_LEAVE;
        session_judge_login(s, &row);
        session_note_message(s, &row);
    }
    if (!moved)
        return;
    s->stalled = false;
    if (s->dialogue->need == DIALOGUE_NEEDS_REPLY || s->dialogue->need == DIALOGUE_NEEDS_TLS)
        set_patience(s);
    else
        loop_timer_stop(&s->patience); /* the gate's wait counts against the run's deadline only */
}

/* What the dialogue wants to say goes through TLS once that is up, else onto the wire as it is. */
static void collect_output(struct session *s)
{
    struct bytes out = buffer_bytes(&s->dialogue->out);
    if (!out.size)
        return;
    if (!s->tls_up)
        buffer_append(&s->wire, out.data, out.size);
    else if (!tls_write(s->tls, out))
        dialogue_fail(s->dialogue, failure_make(FAILURE_TLS_HANDSHAKE, "TLS could not send"));
    buffer_consume(&s->dialogue->out, out.size);
}

static void pause_over(void *arg)
{
    session_resume(arg);
}

/* Nothing to say for a while; a goodbye of the server's, or its silence, ends it as any step. */
static void begin_pause(struct session *s)
{
    if (s->pausing)
        return;
    s->pausing = true;
    int ms = s->dialogue->pause_ms;
    if (ms >= 0)
        s->pause = loop_timer_start(s->options.loop, ms, pause_over, s);
    else if (s->options.paused)
        s->options.paused(s->options.arg);
    else
        session_resume(s);
}

static void meet_need(struct session *s)
{
    switch (s->dialogue->need) {
    case DIALOGUE_NEEDS_REPLY:
        return;
    case DIALOGUE_NEEDS_TLS:
        session_begin_tls(s);
        return;
    case DIALOGUE_NEEDS_PERMIT:
        if (mail_facts(s->mail)->mail_due)
            session_ask_outbox(s);
        else
            session_ask_gate(s);
        return;
    case DIALOGUE_NEEDS_PAUSE:
        begin_pause(s);
        return;
    case DIALOGUE_NEEDS_NOTHING:
        s->ended = true;
        return;
    }
}

static void flush(struct session *s)
{
    struct buffer *queues[] = { &s->wire, s->tls ? tls_out(s->tls) : NULL };
    bool blocked = false;
    for (size_t i = 0; i < 2 && !blocked && queues[i]; i++) {
        while (buffer_size(queues[i]) && !blocked) {
            struct failure failure = { 0 };
            struct bytes bytes = buffer_bytes(queues[i]);
            ssize_t n = evidence_write(s->fd, bytes.data, bytes.size, &failure);
            if (n >= 0)
                buffer_consume(queues[i], (size_t)n);
            else if (n == -1)
                blocked = true;
            else
                buffer_clear(
                    queues[i]); /* the read side tells why, with the peer's last words first */
        }
    }
    if (s->watch)
        loop_watch_change(s->watch, blocked ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

static void deliver(void *arg)
{
    struct session *s = arg;
    loop_timer_stop(&s->turn);
    s->options.done(s->options.arg);
}

/* What the kernel knows is evidence where the dialogue did not end as it should, and where it was
 * begun to be compared. */
static void note_tcp(struct session *s)
{
    struct attempt *attempt = s->options.attempt;
    struct tcp_facts facts;
    if (attempt->purpose == PURPOSE_MAIN && !attempt_failed_step(attempt))
        return;
    if (evidence_tcp(s->fd, &facts)) {
        attempt->tcp = arena_new(&s->options.trace->arena, sizeof facts);
        *attempt->tcp = facts;
    }
}

/* The end, once: the last words are sent, the facts copied, the owner told at the next turn. */
static void finish(struct session *s)
{
    if (s->delivered)
        return;
    s->delivered = true;
    note_tcp(s);
    session_leave_gate(s);
    session_leave_outbox(s);
    loop_timer_stop(&s->patience);
    loop_timer_stop(&s->silence);
    loop_timer_stop(&s->hole);
    loop_timer_stop(&s->pause);
    if (s->tls_up) {
        tls_close(s->tls);
        flush(s);
    }
    loop_watch_stop(&s->watch);
    session_log_facts(&s->log, mail_facts(s->mail));
    if (session_certificate_judged(s))
        s->turn = loop_timer_start(s->options.loop, 0, deliver, s);
    else
        s->delivered = false; /* trust_came() pumps again */
}

void session_pump(struct session *s)
{
    s->again = true;
    if (s->pumping)
        return;
    s->pumping = true;
    while (s->again) {
        s->again = false;
        take_rows(s);
        collect_output(s);
        meet_need(s);
    }
    take_rows(s);
    s->pumping = false;
    if (!s->delivered)
        flush(s);
    if (s->ended)
        finish(s);
}

/* ---- the socket ---- */

static void read_plain_text(struct session *s)
{
    char data[SESSION_READ_SIZE];
    struct failure failure = { 0 };
    ssize_t n;
    while (!s->ended && (n = tls_read(s->tls, data, sizeof data, &failure)) != -1) {
        if (n > 0) {
            dialogue_bytes(s->dialogue, (struct bytes) { data, (size_t)n });
        } else if (n == 0) {
            dialogue_event(s->dialogue, DIALOGUE_EOF);
            break;
        } else {
            dialogue_fail(s->dialogue, failure);
            break;
        }
    }
    explicit_bzero(data, sizeof data);
}

static void ciphertext_came(struct session *s, struct bytes bytes)
{
    tls_feed(s->tls, bytes);
    if (!s->tls_up)
        session_shake_hands(s);
    if (s->tls_up)
        read_plain_text(s);
}

static void peer_closed(struct session *s)
{
    if (!s->tls) {
        dialogue_event(s->dialogue, DIALOGUE_EOF);
        return;
    }
    tls_feed_end(s->tls);
    ciphertext_came(s, (struct bytes) { 0 });
}

static void connection_failed(struct session *s, struct failure failure)
{
    if (failure.kind == FAILURE_CONNECTION_RESET)
        dialogue_event(s->dialogue, DIALOGUE_RESET);
    else
        dialogue_fail(s->dialogue, failure);
}

/* One read; false when there is nothing more for now. */
static bool read_once(struct session *s)
{
    char data[SESSION_READ_SIZE];
    struct failure failure = { 0 };
    int64_t arrived_ns = 0;
    ssize_t n = evidence_read(s->fd, data, sizeof data, &arrived_ns, &failure);
    if (n == -1)
        return false;
    session_log_arrival(&s->log, n >= 0 && arrived_ns ? arrived_ns - s->options.started_ns
                                                      : session_elapsed(s));
    struct bytes bytes = { data, n > 0 ? (size_t)n : 0 };
    if (n > 0)
        loop_timer_stop(&s->silence);
    if (n > 0 && s->tls)
        ciphertext_came(s, bytes);
    else if (n > 0)
        dialogue_bytes(s->dialogue, bytes);
    else if (n == 0)
        peer_closed(s);
    else
        connection_failed(s, failure);
    explicit_bzero(data, sizeof data);
    session_pump(s);
    session_log_arrival(&s->log, -1);
    return n > 0 && !s->ended;
}

static void socket_ready(void *arg, unsigned events)
{
    struct session *s = arg;
    if (events & LOOP_WRITE)
        flush(s);
    if (events & LOOP_READ)
        for (int i = 0; i < READS_A_TURN && read_once(s); i++)
            ;
}

/* ---- from outside ---- */

struct session *session_start(const struct session_options *options, int fd)
{
    struct session *s = memory_new(sizeof *s);
    static const enum mail_protocol protocols[] = {
        [SERVICE_SMTP] = MAIL_SMTP,
        [SERVICE_IMAP] = MAIL_IMAP,
        [SERVICE_POP3] = MAIL_POP3,
    };
    s->options = *options;
    s->fd = fd;
    s->mail = mail_new(protocols[options->endpoint->service], &s->options.wish);
    s->dialogue = mail_dialogue(s->mail);
    session_log_init(&s->log, options->trace, options->attempt);
    buffer_init(&s->wire, WIRE_LIMIT);
    s->watch = loop_watch_start(options->loop, fd, LOOP_READ, socket_ready, s);
    if (options->silent && options->endpoint->security != SECURITY_IMPLICIT)
        s->silence = loop_timer_start(options->loop, SILENCE_MS, silence_heard, s);
    dialogue_event(s->dialogue, DIALOGUE_OPEN);
    session_pump(s);
    return s;
}

void session_fail(struct session *s, struct failure failure)
{
    if (s->ended)
        return;
    dialogue_fail(s->dialogue, failure);
    session_pump(s);
}

void session_resume(struct session *s)
{
    if (s->ended || !s->pausing)
        return;
    s->pausing = false;
    loop_timer_stop(&s->pause);
    dialogue_event(s->dialogue, DIALOGUE_RESUME);
    session_pump(s);
}

const struct session_options *session_settings(const struct session *s)
{
    return &s->options;
}

bool session_is_stalled(const struct session *s)
{
    return s->stalled && !s->ended;
}

void session_close(struct session **session)
{
    struct session *s = *session;
    if (!s)
        return;
    *session = NULL;
    if (!s->ended) {
        dialogue_event(s->dialogue, DIALOGUE_CANCEL);
        s->pumping = true; /* no more than the rows: nothing is said any more */
        take_rows(s);
        /* A chain that nobody has judged yet is not shown: it would look like an untrusted one. */
        if (trust_ready(s->options.trust))
            session_describe(s);
        session_log_facts(&s->log, mail_facts(s->mail));
    }
    session_log_cut(&s->log, session_elapsed(s));
    loop_timer_stop(&s->patience);
    loop_timer_stop(&s->silence);
    loop_timer_stop(&s->hole);
    loop_timer_stop(&s->pause);
    loop_timer_stop(&s->turn);
    loop_watch_stop(&s->watch);
    trust_forget(s->options.trust, &s->trust_waiter);
    session_leave_gate(s);
    session_leave_outbox(s);
    close(s->fd);
    tls_free(s->tls);
    buffer_done(&s->wire);
    session_log_done(&s->log);
    mail_free(s->mail);
    free(s);
}
