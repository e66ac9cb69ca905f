#include "engine/walk.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/connect.h"
#include "engine/dial.h"
#include "engine/segments.h"
#include "engine/session.h"
#include "engine/sniff.h"

#include <stdlib.h>
#include <string.h>

enum { SNIFF_MS = 10000, NS_PER_MS = 1000000 };

struct walk {
    const struct walk_shared *shared;
    struct endpoint *endpoint;
    struct attempt *attempt;
    struct step *resolve, *connect, *ask; /* ask: the proxy */
    int questions;                        /* open ones */
    struct dial dial;
    struct failure resolve_failure;
    struct connector *connector;
    struct proxy *proxy;
    struct address *reached; /* the address that was connected to */
    struct session *session;
    struct sniff *sniff;
    struct segments *segments; /* a second connection with small packets */
    struct loop_timer
        *grace; /* for addresses that still have not answered when the dialogue is over */
    struct net_address chosen;
    struct net_address found[DOORS_ADDRESSES]; /* where to connect, once there is room */
    size_t found_count;
    struct doors_request door;
    bool waits; /* for room */
    char ehlo[DIAL_EHLO_SIZE];
    bool expected; /* the gate waits for its login, and it has no session yet that could ask */
    bool talked, settled;
};

static int64_t elapsed(const struct walk *w)
{
    return clock_mono_ns() - w->shared->started_ns;
}

static int capped(const struct walk *w, int ms)
{
    return dial_capped(w->shared->options, ms);
}

static struct step *begin_step(struct walk *w, const char *name, enum stage stage, int budget_ms)
{
    struct step *step = trace_add_step(w->shared->trace, w->attempt, name, stage);
    step->status = STATUS_CUT;
    step->start_ns = elapsed(w);
    step->duration_ns = -1;
    step->budget_ms = budget_ms;
    return step;
}

static void end_step(struct walk *w, struct step *step, enum status status, struct failure failure)
{
    step->status = status;
    step->error = failure;
    step->duration_ns = elapsed(w) - step->start_ns;
}

/* ---- the end ---- */

/* No session will ever ask for the login that was announced, or for the message. */
static void unexpect(struct walk *w)
{
    if (w->expected)
        gate_unexpect(w->shared->gate, w->endpoint->service);
    w->expected = false;
    outbox_give_up(w->shared->outbox, w->endpoint);
}

/* RFC 5321 section 4.2.1: 421 is "service not available"; RFC 3463 section 3.8: 4.7.x, for now and
 * for reasons of policy. Both are what a server says to whoever comes too often. */
static bool is_turned_away(const struct walk *w)
{
    for (const struct step *s = w->attempt->steps; s; s = s->next) {
        if (s->status != STATUS_FAIL || w->endpoint->service != SERVICE_SMTP)
            continue;
        if (text_starts_fold(s->reply, "421") || (s->reply.size > 8 && s->reply.data[0] == '4' &&
                                                  memcmp(s->reply.data + 4, "4.7.", 4) == 0))
            return true;
    }
    return false;
}

static void leave_door(struct walk *w)
{
    struct doors *doors = w->shared->options->doors;
    if (!doors)
        return;
    doors_leave(doors, &w->door, w->reached ? w->reached->text : NULL, is_turned_away(w));
    if (w->waits)
        w->shared->goes_on(w->shared->arg);
    w->waits = false;
}

static void end_if_done(struct walk *w)
{
    if (!walk_ended(w))
        return;
    leave_door(w);
    w->shared->ended(w->shared->arg);
}

static void grace_over(void *arg)
{
    struct walk *w = arg;
    loop_timer_stop(&w->grace);
    connector_give_up(w->connector);
}

static void talk_over(struct walk *w)
{
    w->talked = true;
    if (!w->settled) {
        int64_t waited_ms = (elapsed(w) - w->connect->start_ns) / NS_PER_MS;
        int64_t left = CONNECTOR_SILENCE_MS + 50 - waited_ms;
        w->grace = loop_timer_start(w->shared->loop, left > 0 ? left : 0, grace_over, w);
    }
    end_if_done(w);
}

/* ---- the dialogue ---- */

static void end_talk(void *arg)
{
    struct walk *w = arg;
    segments_close(&w->segments);
    talk_over(w);
}

static void session_done(void *arg)
{
    struct walk *w = arg;
    session_close(&w->session);
    sniff_close(&w->sniff);
    if (!segments_awaited(w->segments))
        end_talk(w);
}

/* What a proxy's own connection loses is not seen from here. */
static void stalled(void *arg)
{
    struct walk *w = arg;
    if (!w->dial.via)
        w->segments = segments_start(w->session, &w->chosen, w->shared->source, end_talk, w);
}

static void sniffed(void *arg, enum peer_protocol peer)
{
    struct walk *w = arg;
    sniff_close(&w->sniff);
    if (peer != PEER_UNKNOWN && w->session)
        session_fail(w->session,
                     failure_make(FAILURE_PROTOCOL_MISMATCH, "%s", peer_protocol_name(peer)));
}

static void silent(void *arg)
{
    struct walk *w = arg;
    struct sniff_options options = {
        .loop = w->shared->loop,
        .trace = w->shared->trace,
        .started_ns = w->shared->started_ns,
        .endpoint = w->endpoint,
        .address = w->chosen,
        .proxy = w->dial.via,
        .host = w->dial.to_host,
        .port = w->dial.to_port,
        .source = w->shared->source,
        .budget_ms = capped(w, SNIFF_MS),
        .done = sniffed,
        .arg = w,
    };
    w->sniff = sniff_start(&options);
}

static void talk(struct walk *w, int fd)
{
    const char *ehlo = dial_ehlo(w->shared, w->reached->local, w->ehlo);
    struct session_options options = dial_session(w->shared, w->endpoint, w->attempt, ehlo);
    options.expected = w->expected;
    options.wish.submission = outbox_submission(w->shared->outbox, w->endpoint);
    options.outbox = w->shared->outbox;
    options.silent = silent;
    options.stalled = stalled;
    options.done = session_done;
    options.arg = w;
    w->expected = false; /* the session's from now on */
    w->session = session_start(&options, fd);
}

/* ---- through a proxy ---- */

static void proxy_answered(void *arg, const struct proxy_talk *answer)
{
    struct walk *w = arg;
    bool open = answer->state == PROXY_OPEN;
    w->attempt->proxy->heard = answer->heard;
    w->ask->reply = arena_copy_bytes(&w->shared->trace->arena, buffer_bytes(&answer->words));
    end_step(w, w->ask, open ? STATUS_OK : STATUS_FAIL, answer->failure);
    int fd = open ? proxy_take(w->proxy) : -1;
    proxy_close(&w->proxy);
    if (open) {
        talk(w, fd);
        return;
    }
    unexpect(w);
    talk_over(w);
}

static void ask_proxy(struct walk *w, int fd)
{
    struct proxy_options options = {
        .loop = w->shared->loop,
        .settings = w->dial.via,
        .host = w->dial.to_host,
        .port = w->dial.to_port,
        .budget_ms = capped(w, DIAL_PROXY_MS),
        .done = proxy_answered,
        .arg = w,
    };
    w->ask = begin_step(w, "proxy", STAGE_CONNECT, options.budget_ms);
    w->proxy = proxy_start(&options, fd);
}

static void won(void *arg, int fd, struct address *address)
{
    struct walk *w = arg;
    end_step(w, w->connect, STATUS_OK, (struct failure) { 0 });
    w->connect->duration_ns = address->connect_ns;
    w->reached = address;
    net_address_parse(&w->chosen, address->text, w->dial.port);
    if (w->dial.via) {
        ask_proxy(w, fd);
        return;
    }
    w->attempt->address = address->text;
    talk(w, fd);
}

/* The list that the addresses connected to belong to. */
static struct address **addresses(struct walk *w)
{
    return w->dial.via ? &w->attempt->proxy->addresses : &w->endpoint->addresses;
}

/* No fault of the mail server's, and none of its ports. */
static struct failure blame_proxy(const struct walk *w, struct failure failure)
{
    const char *why = failure.text[0] ? failure.text : failure_name(failure.kind);
    struct failure blamed = failure_make(FAILURE_PROXY_UNREACHABLE, "%s", why);
    blamed.system = failure.system;
    return w->dial.via ? blamed : failure;
}

/* ---- connecting ---- */

/* What most says why nothing could be reached: an answer before silence, silence before this
 * machine's own words. */
static struct failure worst(const struct address *all)
{
    static const enum failure_kind order[] = {
        FAILURE_CONNECTION_REFUSED,
        FAILURE_PROHIBITED,
        FAILURE_CONNECTION_RESET,
        FAILURE_HOST_UNREACHABLE,
        FAILURE_TIMED_OUT,
        FAILURE_NETWORK_UNREACHABLE,
        FAILURE_SYSTEM,
        FAILURE_ADDRESS_NOT_AVAILABLE,
    };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        for (const struct address *a = all; a; a = a->next)
            if (a->error.kind == order[i] &&
                (a->status == STATUS_FAIL || i + 3 >= sizeof order / sizeof *order))
                return a->error;
    return failure_make(FAILURE_TIMED_OUT, "no address answered");
}

static void lost(void *arg)
{
    struct walk *w = arg;
    end_step(w, w->connect, STATUS_FAIL, blame_proxy(w, worst(*addresses(w))));
    w->talked = true; /* settled() follows, and ends the walk */
    unexpect(w);
}

static void settled(void *arg)
{
    struct walk *w = arg;
    w->settled = true;
    end_if_done(w);
}

static void begin_connecting(struct walk *w)
{
    const struct walk_shared *shared = w->shared;
    int budget_ms = capped(w, DIAL_CONNECT_MS);
    struct connector_options options = {
        .loop = shared->loop,
        .trace = shared->trace,
        .addresses = addresses(w),
        .started_ns = shared->started_ns,
        .budget_ms = budget_ms,
        .source = shared->source,
        .won = won,
        .lost = lost,
        .settled = settled,
        .arg = w,
    };
    if (w->connector)
        return;
    w->connect = begin_step(w, "connect", STAGE_CONNECT, budget_ms);
    w->connector = connector_new(&options);
}

static void note_address(struct walk *w, const struct net_address *address)
{
    if (w->shared->options->doors) {
        if (w->found_count < DOORS_ADDRESSES)
            w->found[w->found_count++] = *address;
        return;
    }
    begin_connecting(w);
    connector_add(w->connector, address);
}

static void door_open(void *arg)
{
    struct walk *w = arg;
    if (w->waits)
        w->shared->goes_on(w->shared->arg);
    w->waits = false;
    begin_connecting(w);
    for (size_t i = 0; i < w->found_count; i++)
        connector_add(w->connector, &w->found[i]);
    connector_complete(w->connector);
}

/* Every address is known. Alone, the walk has been connecting since the first one came. */
static void all_noted(struct walk *w)
{
    char texts[DOORS_ADDRESSES][EVIDENCE_ADDRESS_SIZE];
    const char *addresses[DOORS_ADDRESSES];
    if (!w->shared->options->doors) {
        connector_complete(w->connector);
        return;
    }
    for (size_t i = 0; i < w->found_count; i++)
        addresses[i] = net_address_text(&w->found[i], texts[i]);
    w->door.granted = door_open;
    w->door.arg = w;
    doors_ask(w->shared->options->doors, &w->door, addresses, w->found_count);
    w->waits = w->door.waiting;
    if (w->waits)
        w->shared->waits(w->shared->arg);
}

/* ---- resolving ---- */

/* Both families failed, maybe differently: a server that could not answer says more than an absent
 * record. */
static struct failure graver(struct failure a, struct failure b)
{
    static const enum failure_kind order[] = {
        FAILURE_HOST_NOT_FOUND, FAILURE_SERVER_FAILURE,     FAILURE_QUERY_REFUSED,
        FAILURE_TIMED_OUT,      FAILURE_CONNECTION_REFUSED, FAILURE_BAD_ANSWER,
        FAILURE_NO_ADDRESS,
    };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (a.kind == order[i])
            return a;
        if (b.kind == order[i])
            return b;
    }
    return a.kind != FAILURE_NONE ? a : b;
}

static void resolved(void *arg, const struct resolution *resolution)
{
    struct walk *w = arg;
    struct net_address address;
    int family = w->shared->options->family;
    w->questions--;
    for (size_t i = 0; i < resolution->answer.count; i++)
        if (net_address_parse(&address, resolution->answer.records[i].text, w->dial.port) &&
            (!family || net_address_family(&address) == family))
            note_address(w, &address);
    if (!resolution->answer.count && resolution->lookup)
        w->resolve_failure = graver(w->resolve_failure, resolution->lookup->error);
    if (w->questions)
        return;
    if (w->connector || w->found_count) {
        end_step(w, w->resolve, STATUS_OK, (struct failure) { 0 });
        all_noted(w);
        return;
    }
    struct failure failure = w->resolve_failure.kind
                                 ? w->resolve_failure
                                 : failure_make(FAILURE_NO_ADDRESS, "no usable address");
    end_step(w, w->resolve, STATUS_FAIL, blame_proxy(w, failure));
    w->talked = w->settled = true;
    unexpect(w);
    end_if_done(w);
}

static void resolve(struct walk *w, const char *host)
{
    int family = w->shared->options->family;
    /* The proxy's name is a part of the way to the server, which resolves its own. */
    w->resolve = w->dial.via ? begin_step(w, "resolve proxy", STAGE_CONNECT, capped(w, 5000))
                             : begin_step(w, "resolve", STAGE_RESOLVE, capped(w, 5000));
    w->questions = family ? 1 : 2;
    if (family != 4)
        resolver_ask(w->shared->resolver, host, DNS_AAAA, resolved, w);
    if (family != 6)
        resolver_ask(w->shared->resolver, host, DNS_A, resolved, w);
}

struct walk *walk_start(const struct walk_shared *shared, struct endpoint *endpoint, bool expected)
{
    struct walk *w = memory_new(sizeof *w);
    struct net_address numeric;
    w->shared = shared;
    w->endpoint = endpoint;
    w->expected = expected;
    w->attempt = trace_add_attempt(shared->trace, endpoint, PURPOSE_MAIN);
    w->attempt->start_ns = elapsed(w);
    w->dial = dial_to(shared->options, endpoint);
    dial_note(&w->dial, shared->trace, w->attempt);
    if (net_address_parse(&numeric, w->dial.host, w->dial.port)) {
        note_address(w, &numeric);
        all_noted(w);
    } else {
        resolve(w, w->dial.host);
    }
    return w;
}

bool walk_ended(const struct walk *w)
{
    return w->talked && w->settled;
}

struct endpoint *walk_endpoint(const struct walk *w)
{
    return w->endpoint;
}

int walk_port(const struct walk *w)
{
    return w->dial.to_port;
}

void walk_close(struct walk **walk)
{
    struct walk *w = *walk;
    if (!w)
        return;
    *walk = NULL;
    struct step *open[] = { w->resolve, w->connect, w->ask };
    if (w->proxy)
        w->attempt->proxy->heard = proxy_heard(w->proxy);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (open[i] && open[i]->duration_ns < 0)
            end_step(w, open[i], STATUS_CUT, failure_make(FAILURE_CANCELLED, "not waited for"));
    loop_timer_stop(&w->grace);
    session_close(&w->session);
    sniff_close(&w->sniff);
    segments_close(&w->segments);
    proxy_close(&w->proxy);
    connector_close(&w->connector);
    leave_door(w);
    free(w);
}
