/* A session's TLS: begun where the dialogue wants it, and the certificate judged once the trust
 * store is there. */
#include "engine/session_private.h"

#include "net/evidence.h"
#include "probes/recognise.h"

enum { NS_PER_S = 1000000000, BINDING_LIMIT = 256 };

/* The ports of a host mostly show one certificate: to judge it costs about as much as to shake
 * hands. */
static bool is_described(const struct session *s, struct tls_facts *facts)
{
    struct trace *trace = s->options.trace;
    for (const struct endpoint *e = trace->endpoints; e; e = e->next)
        for (const struct attempt *a = e->attempts; a; a = a->next)
            if (a->tls && a->tls != facts && a->tls->trust_loaded &&
                tls_describe_again(s->tls, a->tls, &trace->arena, facts))
                return true;
    return false;
}

void session_describe(struct session *s)
{
    struct attempt *attempt = s->options.attempt;
    struct trace *trace = s->options.trace;
    if (!s->tls || s->described)
        return;
    s->described = true;
    if (!attempt->tls)
        attempt->tls = arena_new(&trace->arena, sizeof *attempt->tls);
    if (!is_described(s, attempt->tls))
        tls_describe(s->tls, trust_store(s->options.trust), trace->started_real_ns / NS_PER_S,
                     &trace->arena, attempt->tls);
}

static void trust_came(void *arg)
{
    struct session *s = arg;
    session_describe(s);
    session_pump(s);
}

/* True when the certificate has been judged; otherwise session_pump() runs again once it is. */
bool session_certificate_judged(struct session *s)
{
    if (!s->tls || s->described)
        return true;
    if (trust_ready(s->options.trust)) {
        session_describe(s);
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
    session_log_note(&s->log, session_elapsed(s), first);
}

static void bind_login(struct session *s)
{
    struct buffer data;
    buffer_init(&data, BINDING_LIMIT);
    const char *type = tls_channel_binding(s->tls, &data);
    mail_bind(s->mail, &(struct sasl_binding) { .type = type, .data = buffer_bytes(&data) });
    buffer_done(&data);
}

void session_shake_hands(struct session *s)
{
    struct failure failure = { 0 };
    switch (tls_handshake(s->tls, &failure)) {
    case TLS_WANTS_MORE:
        return;
    case TLS_READY:
        s->tls_up = true;
        if (trust_ready(s->options.trust))
            session_describe(s);
        bind_login(s);
        dialogue_event(s->dialogue, DIALOGUE_TLS_UP);
        s->again = true;
        return;
    case TLS_FAILED:
        /* What was shown is described in finish(), once the roots are there to judge it by. */
        name_the_stranger(s, &failure);
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
    char data[SESSION_READ_SIZE];
    struct failure failure = { 0 };
    int64_t arrived = 0;
    ssize_t n = evidence_read(s->fd, data, sizeof data, &arrived, &failure);
    if (n <= 0)
        return true; /* an end or an error is met again by the handshake */
    dialogue_injected(s->dialogue, (struct bytes) { data, (size_t)n });
    s->again = true;
    return false;
}

void session_begin_tls(struct session *s)
{
    bool upgrade = s->options.endpoint->security == SECURITY_STARTTLS;
    if (s->tls || (upgrade && !drained(s)))
        return;
    s->tls = tls_new(s->options.endpoint->host);
    session_shake_hands(s);
}
