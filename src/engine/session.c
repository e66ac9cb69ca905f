#include "engine/session.h"

#include "base/clock.h"
#include "base/memory.h"
#include "engine/session_log.h"
#include "net/evidence.h"
#include "net/tls.h"
#include "probes/recognise.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SILENCE_MS = 3000, /* then a silent greeting is asked whether it wants TLS (DESIGN section 3) */
    WIRE_LIMIT = 1 << 20, /* bytes waiting to be written */
    READ_SIZE = 16 * 1024,
    READS_A_TURN = 8, /* a flood must not starve the other dialogues */
    NS_PER_S = 1000000000,
};

struct session {
    struct session_options options;
    struct mail *mail;
    struct dialogue *dialogue; /* of mail */
    struct session_log log;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *patience, *silence, *turn;
    struct buffer wire; /* to be written, before TLS; tls_out() after */
    struct tls *tls;
    bool tls_up;
    bool described; /* the certificate was judged */
    struct trust_waiter trust_waiter;
    struct gate_request request;
    enum { LOGIN_IDLE, LOGIN_ASKED, LOGIN_GRANTED, LOGIN_REPORTED } login;
    bool inside; /* an accepted login that the gate must hear the end of */
    bool pumping, again, ended, delivered;
};

static void pump(struct session *s);

static int64_t elapsed(const struct session *s)
{
    return clock_mono_ns() - s->options.started_ns;
}

/* ---- TLS ---- */

static void describe(struct session *s)
{
    struct attempt *attempt = s->options.attempt;
    struct trace *trace = s->options.trace;
    if (!s->tls || s->described)
        return;
    s->described = true;
    if (!attempt->tls)
        attempt->tls = arena_new(&trace->arena, sizeof *attempt->tls);
    tls_describe(s->tls, trust_store(s->options.trust), trace->started_real_ns / NS_PER_S,
                 &trace->arena, attempt->tls);
}

static void trust_came(void *arg)
{
    struct session *s = arg;
    describe(s);
    pump(s);
}

/* True when the certificate has been judged; otherwise pump() runs again once it is. */
static bool certificate_judged(struct session *s)
{
    if (!s->tls || s->described)
        return true;
    if (trust_ready(s->options.trust)) {
        describe(s);
        return true;
    }
    if (!s->trust_waiter.waiting) {
        s->trust_waiter.ready = trust_came;
        s->trust_waiter.arg = s;
        trust_wait(s->options.trust, &s->trust_waiter);
    }
    return false;
}

/* Plain text where a TLS record was due. On a port that greeted in clear and agreed to STARTTLS it
 * was injected behind the reply, only a moment later than drained() looked; elsewhere it tells what
 * answers here. */
static void name_the_stranger(struct session *s, struct failure *failure)
{
    struct bytes first = tls_first_bytes(s->tls);
    enum peer_protocol peer = recognise(first);
    if (failure->kind != FAILURE_PROTOCOL_MISMATCH && (peer == PEER_UNKNOWN || peer == PEER_TLS))
        return;
    if (s->options.endpoint->security == SECURITY_STARTTLS)
        *failure =
            failure_make(FAILURE_PLAINTEXT_INJECTED, "plain text behind the reply to STARTTLS");
    else
        *failure = failure_make(FAILURE_PROTOCOL_MISMATCH, "%s", peer_protocol_name(peer));
    session_log_note(&s->log, elapsed(s), first);
}

static void shake_hands(struct session *s)
{
    struct failure failure = { 0 };
    switch (tls_handshake(s->tls, &failure)) {
    case TLS_WANTS_MORE:
        return;
    case TLS_READY:
        s->tls_up = true;
        if (trust_ready(s->options.trust))
            describe(s);
        dialogue_event(s->dialogue, DIALOGUE_TLS_UP);
        s->again = true;
        return;
    case TLS_FAILED:
        name_the_stranger(s, &failure);
        describe(s);
        dialogue_fail(s->dialogue, failure);
        s->again = true;
        return;
    }
}

/* What the server sent behind its STARTTLS reply, in clear, must not be taken for what it says
 * inside TLS: whether it shares a segment with the reply is chance, so the socket is drained once
 * before ClientHello (CVE-2011-0411's kind). */
static bool drained(struct session *s)
{
    char data[READ_SIZE];
    struct failure failure = { 0 };
    int64_t arrived = 0;
    ssize_t n = evidence_read(s->fd, data, sizeof data, &arrived, &failure);
    if (n <= 0)
        return true; /* an end or an error is met again by the handshake */
    dialogue_injected(s->dialogue, (struct bytes) { data, (size_t)n });
    s->again = true;
    return false;
}

static void begin_tls(struct session *s)
{
    bool upgrade = s->options.endpoint->security == SECURITY_STARTTLS;
    if (s->tls || (upgrade && !drained(s)))
        return;
    s->tls = tls_new(s->options.endpoint->host);
    shake_hands(s);
}

/* ---- the credential gate ---- */

static void gate_answered(struct gate_request *request, enum login_block block,
                          struct bytes earlier)
{
    struct session *s = request->arg;
    s->login = block == BLOCK_NONE ? LOGIN_GRANTED : LOGIN_REPORTED;
    s->options.attempt->auth.held_by = block;
    if (block != BLOCK_NONE) {
        s->options.attempt->auth.outcome =
            block == BLOCK_NO_CREDENTIAL ? LOGIN_NOT_TRIED : LOGIN_HELD_BACK;
        session_log_earlier(&s->log, earlier);
    }
    dialogue_permit(s->dialogue, block == BLOCK_NONE ? NULL : login_block_name(block));
    pump(s);
}

static void ask_gate(struct session *s)
{
    if (s->login != LOGIN_IDLE || !certificate_judged(s))
        return;
    const struct tls_facts *tls = s->options.attempt->tls;
    s->login = LOGIN_ASKED;
    s->request = (struct gate_request) {
        .service = s->options.endpoint->service,
        .endpoint = s->options.endpoint->id,
        .verified = s->tls_up && tls && tls->verified,
        .guessed = s->options.endpoint->guessed,
        .expected = s->options.expected,
        .answer = gate_answered,
        .arg = s,
    };
    gate_ask(s->options.gate, &s->request);
}

static void report_login(struct session *s, enum login_outcome outcome, struct bytes reply)
{
    s->login = LOGIN_REPORTED;
    s->inside = outcome == LOGIN_ACCEPTED;
    s->options.attempt->auth.outcome = outcome;
    gate_report(s->options.gate, &s->request, outcome, reply);
}

/* A login that was granted has ended one way or the other: the gate must know before anybody else
 * may try. */
static void judge_login(struct session *s, const struct dialogue_row *row)
{
    if (s->login != LOGIN_GRANTED || row->kind != ROW_LEAVE || row->step->stage != STAGE_LOGIN)
        return;
    const struct mail_facts *facts = mail_facts(s->mail);
    if (facts->login_done) {
        report_login(s, LOGIN_ACCEPTED, facts->login_reply);
        return;
    }
    if (row->outcome == OUTCOME_OK)
        return; /* one exchange of several */
    struct bytes reply = facts->login_reply.size ? facts->login_reply : row->line;
    if (!facts->login_sent)
        report_login(s, LOGIN_UNJUDGED, reply);
    else if (row->failure.kind == FAILURE_REFUSED)
        report_login(
            s,
            s->options.judge_login(s->options.endpoint->service, reply, s->options.provider_family),
            reply);
    else
        report_login(s, LOGIN_JUDGED,
                     reply); /* lost after sending: nobody knows what was counted */
}

/* ---- the pump ---- */

static void patience_over(void *arg)
{
    struct session *s = arg;
    loop_timer_stop(&s->patience);
    dialogue_event(s->dialogue, DIALOGUE_TIMEOUT);
    pump(s);
}

/* From entering the step, never from a byte: a server that dribbles must time out too. */
static void set_patience(struct session *s)
{
    int ms = s->dialogue->patience_ms;
    if (s->options.timeout_ms && ms > s->options.timeout_ms)
        ms = s->options.timeout_ms;
    loop_timer_stop(&s->patience);
    s->patience = loop_timer_start(s->options.loop, ms, patience_over, s);
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
        session_log_row(&s->log, &row, elapsed(s));
        if (row.kind == ROW_HEARD)
            loop_timer_stop(&s->silence);
        moved = moved || row.kind == ROW_ENTER || row.kind == ROW_LEAVE;
        judge_login(s, &row);
    }
    if (!moved)
        return;
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

static void meet_need(struct session *s)
{
    switch (s->dialogue->need) {
    case DIALOGUE_NEEDS_REPLY:
        return;
    case DIALOGUE_NEEDS_TLS:
        begin_tls(s);
        return;
    case DIALOGUE_NEEDS_PERMIT:
        ask_gate(s);
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

/* The end, once: the last words are sent, the facts copied, the owner told at the next turn. */
static void finish(struct session *s)
{
    if (s->delivered)
        return;
    s->delivered = true;
    if (s->login == LOGIN_IDLE && s->options.expected) {
        s->options.expected = false;
        gate_unexpect(s->options.gate, s->options.endpoint->service);
    }
    loop_timer_stop(&s->patience);
    loop_timer_stop(&s->silence);
    if (s->tls_up) {
        tls_close(s->tls);
        flush(s);
    }
    loop_watch_stop(&s->watch);
    session_log_facts(&s->log, mail_facts(s->mail));
    if (certificate_judged(s))
        s->turn = loop_timer_start(s->options.loop, 0, deliver, s);
    else
        s->delivered = false; /* trust_came() pumps again */
}

static void pump(struct session *s)
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
    char data[READ_SIZE];
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
        shake_hands(s);
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
    char data[READ_SIZE];
    struct failure failure = { 0 };
    int64_t arrived_ns = 0;
    ssize_t n = evidence_read(s->fd, data, sizeof data, &arrived_ns, &failure);
    if (n == -1)
        return false;
    session_log_arrival(&s->log,
                        n >= 0 && arrived_ns ? arrived_ns - s->options.started_ns : elapsed(s));
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
    pump(s);
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
    pump(s);
    return s;
}

void session_fail(struct session *s, struct failure failure)
{
    if (s->ended)
        return;
    dialogue_fail(s->dialogue, failure);
    pump(s);
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
        describe(s);
        session_log_facts(&s->log, mail_facts(s->mail));
    }
    session_log_cut(&s->log, elapsed(s));
    loop_timer_stop(&s->patience);
    loop_timer_stop(&s->silence);
    loop_timer_stop(&s->turn);
    loop_watch_stop(&s->watch);
    trust_forget(s->options.trust, &s->trust_waiter);
    if (s->login == LOGIN_IDLE && s->options.expected)
        gate_unexpect(s->options.gate, s->options.endpoint->service);
    if (s->inside)
        gate_leave(s->options.gate, &s->request);
    else
        gate_withdraw(s->options.gate, &s->request);
    close(s->fd);
    tls_free(s->tls);
    buffer_done(&s->wire);
    session_log_done(&s->log);
    mail_free(s->mail);
    free(s);
}
