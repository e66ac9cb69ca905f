#include "engine/sniff.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/tls.h"

#include <stdlib.h>
#include <unistd.h>

struct sniff {
    struct sniff_options options;
    struct attempt *attempt;
    struct step *step; /* connect, then the handshake */
    int fd;
    bool connected;
    struct proxy *proxy; /* while it is asked */
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct tls *tls;
    struct buffer first; /* the first bytes that came back */
    enum peer_protocol peer;
};

enum { FIRST_SIZE = 64, NS_PER_MS = 1000000 };

static int64_t elapsed(const struct sniff *s)
{
    return clock_mono_ns() - s->options.started_ns;
}

static void begin_step(struct sniff *s, const char *name, enum stage stage)
{
    s->step = trace_add_step(s->options.trace, s->attempt, name, stage);
    s->step->status = STATUS_CUT;
    s->step->start_ns = elapsed(s);
    s->step->duration_ns = -1;
    s->step->budget_ms = s->options.budget_ms;
}

static void end_step(struct sniff *s, enum status status, struct failure failure)
{
    s->step->status = status;
    s->step->error = failure;
    s->step->duration_ns = elapsed(s) - s->step->start_ns;
    if (s->peer != PEER_TLS) /* a TLS record holds no words */
        s->step->reply = arena_copy_bytes(&s->options.trace->arena, buffer_bytes(&s->first));
}

/* The greeting that was waited for, only late: packets get lost. */
static bool is_as_due(const struct sniff *s)
{
    static const enum peer_protocol due[SERVICE_COUNT] = {
        [SERVICE_SMTP] = PEER_SMTP,
        [SERVICE_IMAP] = PEER_IMAP,
        [SERVICE_POP3] = PEER_POP3,
    };
    const struct endpoint *e = s->options.endpoint;
    return e->security != SECURITY_IMPLICIT && s->peer == due[e->service];
}

static void deliver(void *arg)
{
    struct sniff *s = arg;
    loop_timer_stop(&s->timer);
    s->options.done(s->options.arg, is_as_due(s) ? PEER_UNKNOWN : s->peer);
}

/* The owner is told at the next turn, since this may run inside sniff_start(). */
static void finish(struct sniff *s, enum status status, struct failure failure)
{
    end_step(s, status, failure);
    loop_watch_stop(&s->watch);
    loop_timer_stop(&s->timer);
    proxy_close(&s->proxy);
    s->timer = loop_timer_start(s->options.loop, 0, deliver, s);
}

static void timed_out(void *arg)
{
    struct sniff *s = arg;
    loop_timer_stop(&s->timer);
    finish(s, STATUS_FAIL,
           failure_make(FAILURE_TIMED_OUT, "no answer in %d ms", s->options.budget_ms));
}

static void ready(void *arg, unsigned events);

static void offer_hello(struct sniff *s)
{
    struct failure failure = { 0 };
    s->connected = true;
    end_step(s, STATUS_OK, failure);
    begin_step(s, "TLS handshake", STAGE_TLS);
    s->tls = tls_new(s->options.endpoint->host);
    tls_handshake(s->tls, &failure);
    struct bytes hello = buffer_bytes(tls_out(s->tls));
    evidence_write(s->fd, hello.data, hello.size,
                   &failure); /* 400 bytes into an empty socket: whole, or failed */
    loop_watch_change(s->watch, LOOP_READ);
}

static void proxy_answered(void *arg, const struct proxy_talk *answer)
{
    struct sniff *s = arg;
    struct failure failure = answer->failure;
    bool open = answer->state == PROXY_OPEN;
    s->fd = open ? proxy_take(s->proxy) : -1;
    proxy_close(&s->proxy);
    if (!open) {
        finish(s, STATUS_FAIL, failure);
        return;
    }
    s->watch = loop_watch_start(s->options.loop, s->fd, LOOP_READ, ready, s);
    offer_hello(s);
}

/* The proxy has the descriptor until it answered; our own timer is over both. */
static void ask_proxy(struct sniff *s)
{
    struct proxy_options options = {
        .loop = s->options.loop,
        .settings = s->options.proxy,
        .host = s->options.host,
        .port = s->options.port,
        .budget_ms = s->options.budget_ms,
        .done = proxy_answered,
        .arg = s,
    };
    loop_watch_stop(&s->watch);
    int fd = s->fd;
    s->fd = -1;
    s->proxy = proxy_start(&options, fd);
}

static void listen_once(struct sniff *s)
{
    char data[FIRST_SIZE];
    struct failure failure = { 0 };
    int64_t arrived;
    ssize_t n = evidence_read(s->fd, data, sizeof data, &arrived, &failure);
    if (n == -1)
        return;
    if (n > 0)
        buffer_append(&s->first, data, (size_t)n);
    s->peer = recognise(buffer_bytes(&s->first));
    if (n == 0)
        failure = failure_make(FAILURE_CONNECTION_CLOSED, "after ClientHello");
    else if (s->peer != PEER_UNKNOWN && s->peer != PEER_TLS)
        failure = failure_make(FAILURE_PROTOCOL_MISMATCH, "%s", peer_protocol_name(s->peer));
    finish(s, failure.kind == FAILURE_NONE ? STATUS_OK : STATUS_FAIL, failure);
}

static void ready(void *arg, unsigned events)
{
    struct sniff *s = arg;
    struct failure failure = { 0 };
    struct net_icmp icmp = { 0 };
    (void)events;
    if (s->connected)
        listen_once(s);
    else if (!evidence_connected(s->fd, &failure, &icmp))
        finish(s, STATUS_FAIL, failure);
    else if (s->options.proxy)
        ask_proxy(s);
    else
        offer_hello(s);
}

struct sniff *sniff_start(const struct sniff_options *options)
{
    struct sniff *s = memory_new(sizeof *s);
    struct failure failure = { 0 };
    char text[EVIDENCE_ADDRESS_SIZE];
    s->options = *options;
    buffer_init(&s->first, FIRST_SIZE);
    s->attempt = trace_add_attempt(options->trace, options->endpoint, PURPOSE_SNIFF);
    if (!options->proxy) /* it hides the address */
        s->attempt->address =
            arena_copy(&options->trace->arena, net_address_text(&options->address, text));
    s->attempt->start_ns = elapsed(s);
    begin_step(s, "connect", STAGE_CONNECT);
    s->fd = evidence_connect(&options->address, options->source, &failure);
    if (s->fd < 0) {
        finish(s, STATUS_FAIL, failure);
        return s;
    }
    s->watch = loop_watch_start(options->loop, s->fd, LOOP_WRITE, ready, s);
    s->timer = loop_timer_start(options->loop, options->budget_ms, timed_out, s);
    return s;
}

void sniff_close(struct sniff **sniff)
{
    struct sniff *s = *sniff;
    if (!s)
        return;
    *sniff = NULL;
    if (s->step->duration_ns < 0)
        end_step(s, STATUS_CUT, failure_make(FAILURE_CANCELLED, "not waited for"));
    loop_watch_stop(&s->watch);
    loop_timer_stop(&s->timer);
    proxy_close(&s->proxy);
    if (s->fd >= 0)
        close(s->fd);
    tls_free(s->tls);
    buffer_done(&s->first);
    free(s);
}
