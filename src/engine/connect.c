#include "engine/connect.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    HEAD_START_MS =
        50, /* for the preferred family; RFC 8305 section 3 calls it the Resolution Delay */
    NS_PER_MS = 1000000,
};

/* One connect under way. */
struct racer {
    struct racer *next;
    struct connector *connector;
    struct address *address;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *timer;
};

struct connector {
    struct connector_options options;
    struct racer *racers;    /* those without a result, and the one that waits below */
    struct racer *favourite; /* IPv4, connected, waiting out the head start */
    struct loop_timer *head_start;
    struct loop_timer *turn; /* callbacks never run before connector_add() returns */
    int under_way;
    bool complete, decided, settled;
};

static int64_t elapsed(const struct connector *c)
{
    return clock_mono_ns() - c->options.started_ns;
}

struct connector *connector_new(const struct connector_options *options)
{
    struct connector *c = memory_new(sizeof *c);
    c->options = *options;
    return c;
}

static void racer_free(struct connector *c, struct racer *racer)
{
    struct racer **link = &c->racers;
    while (*link != racer)
        link = &(*link)->next;
    *link = racer->next;
    loop_watch_stop(&racer->watch);
    loop_timer_stop(&racer->timer);
    if (racer->fd >= 0)
        close(racer->fd);
    free(racer);
}

static bool preferred_pending(const struct connector *c)
{
    if (!c->complete)
        return true;
    for (const struct racer *r = c->racers; r; r = r->next)
        if (r->address->family == 6 && r->watch)
            return true;
    return false;
}

static void judge(void *arg);

static void judge_soon(struct connector *c)
{
    if (!c->turn)
        c->turn = loop_timer_start(c->options.loop, 0, judge, c);
}

static void win(struct connector *c, struct racer *racer)
{
    loop_timer_stop(&c->head_start);
    c->decided = true;
    c->favourite = NULL;
    int fd = racer->fd;
    racer->fd = -1;
    racer->address->chosen = true;
    struct address *address = racer->address;
    racer_free(c, racer);
    judge_soon(c); /* the others may all have their results already */
    c->options.won(c->options.arg, fd, address);
}

/* After each event: is there a winner, or nobody left? */
static void judge(void *arg)
{
    struct connector *c = arg;
    loop_timer_stop(&c->turn);
    if (!c->decided && c->favourite && (!preferred_pending(c) || !c->head_start)) {
        win(c, c->favourite);
        return; /* won() may have closed us */
    }
    if (!c->decided && c->complete && c->under_way == 0 && !c->favourite) {
        c->decided = true;
        c->turn = loop_timer_start(c->options.loop, 0, judge, c);
        c->options.lost(c->options.arg);
        return;
    }
    if (c->decided && c->complete && c->under_way == 0 && !c->settled) {
        c->settled = true;
        c->options.settled(c->options.arg);
    }
}

static void head_start_over(void *arg)
{
    struct connector *c = arg;
    loop_timer_stop(&c->head_start);
    judge(c);
}

static void racer_done(struct racer *racer)
{
    loop_watch_stop(&racer->watch);
    loop_timer_stop(&racer->timer);
    racer->connector->under_way--;
}

static void racer_connected(struct racer *racer)
{
    struct connector *c = racer->connector;
    struct address *a = racer->address;
    struct net_facts facts;
    evidence_facts(racer->fd, &facts);
    a->status = STATUS_OK;
    a->rtt_ns = facts.rtt_ns;
    a->local = facts.local[0] ? arena_copy(&c->options.trace->arena, facts.local) : NULL;
    if (c->decided) {
        racer_free(c, racer);
    } else if (a->family == 6) {
        struct racer *slower = c->favourite;
        c->favourite = NULL;
        if (slower)
            racer_free(c, slower);
        win(c, racer);
    } else if (c->favourite) {
        racer_free(c, racer);
    } else {
        c->favourite = racer;
        c->head_start = loop_timer_start(c->options.loop, HEAD_START_MS, head_start_over, c);
    }
}

static void note_icmp(struct connector *c, struct address *a, const struct net_icmp *icmp)
{
    if (!icmp->seen)
        return;
    a->icmp = arena_new(&c->options.trace->arena, sizeof *a->icmp);
    *a->icmp = (struct icmp) {
        .type = icmp->type,
        .code = icmp->code,
        .sender = arena_copy(&c->options.trace->arena, icmp->sender),
    };
}

static void note_tcp(struct racer *racer)
{
    struct arena *arena = &racer->connector->options.trace->arena;
    struct tcp_facts facts;
    if (evidence_tcp(racer->fd, &facts)) {
        racer->address->tcp = arena_new(arena, sizeof facts);
        *racer->address->tcp = facts;
    }
}

static void racer_ready(void *arg, unsigned events)
{
    struct racer *racer = arg;
    struct connector *c = racer->connector;
    struct address *a = racer->address;
    struct net_icmp icmp = { 0 };
    (void)events;
    a->connect_ns = elapsed(c) - a->start_ns;
    racer_done(racer);
    judge_soon(c);
    if (evidence_connected(racer->fd, &a->error, &icmp)) {
        racer_connected(racer);
    } else {
        a->status = STATUS_FAIL;
        note_icmp(c, a, &icmp);
        note_tcp(racer);
        racer_free(c, racer);
    }
}

static void racer_timed_out(void *arg)
{
    struct racer *racer = arg;
    struct connector *c = racer->connector;
    racer->address->status = STATUS_FAIL;
    racer->address->connect_ns = elapsed(c) - racer->address->start_ns;
    racer->address->error =
        failure_make(FAILURE_TIMED_OUT, "no answer in %d ms", c->options.budget_ms);
    note_tcp(racer);
    racer_done(racer);
    racer_free(c, racer);
    judge_soon(c);
}

void connector_add(struct connector *c, const struct net_address *address)
{
    char text[EVIDENCE_ADDRESS_SIZE];
    struct address *a = trace_link_address(c->options.trace, c->options.addresses);
    a->text = arena_copy(&c->options.trace->arena, net_address_text(address, text));
    a->family = net_address_family(address);
    a->rtt_ns = -1;
    a->connect_ns = -1;
    a->start_ns = elapsed(c);
    a->status = STATUS_CUT;
    judge_soon(c);
    int fd = evidence_connect(address, c->options.source, &a->error);
    if (fd < 0) {
        /* No route or no address of this family: nothing was tried, and nobody out there is to
         * blame. */
        bool no_family = a->family == 6 && (a->error.kind == FAILURE_NETWORK_UNREACHABLE ||
                                            a->error.kind == FAILURE_ADDRESS_NOT_AVAILABLE);
        a->status = no_family ? STATUS_SKIPPED : STATUS_FAIL;
        a->connect_ns = 0;
        return;
    }
    struct net_facts facts; /* where from: an ICMP error may come from this machine itself */
    evidence_facts(fd, &facts);
    a->local = facts.local[0] ? arena_copy(&c->options.trace->arena, facts.local) : NULL;
    struct racer *racer = memory_new(sizeof *racer);
    *racer = (struct racer) { .next = c->racers, .connector = c, .address = a, .fd = fd };
    c->racers = racer;
    c->under_way++;
    racer->watch = loop_watch_start(c->options.loop, fd, LOOP_WRITE, racer_ready, racer);
    racer->timer = loop_timer_start(c->options.loop, c->options.budget_ms, racer_timed_out, racer);
}

void connector_complete(struct connector *c)
{
    c->complete = true;
    judge_soon(c);
}

static void cut(struct connector *c, struct racer *racer)
{
    struct address *a = racer->address;
    int64_t waited = elapsed(c) - a->start_ns;
    bool silent = waited >= (int64_t)CONNECTOR_SILENCE_MS * NS_PER_MS;
    if (a->status != STATUS_CUT)
        return; /* connected, and only waiting for the other family */
    note_tcp(racer);
    a->connect_ns = waited;
    a->status = silent ? STATUS_FAIL : STATUS_CUT;
    a->error =
        silent ? failure_make(FAILURE_TIMED_OUT, "no answer in %d ms", (int)(waited / NS_PER_MS))
               : failure_make(FAILURE_CANCELLED, "not waited for");
}

void connector_give_up(struct connector *c)
{
    while (c->racers) {
        cut(c, c->racers);
        racer_free(c, c->racers);
    }
    c->favourite = NULL;
    c->under_way = 0;
    connector_complete(c);
}

void connector_close(struct connector **connector)
{
    struct connector *c = *connector;
    if (!c)
        return;
    *connector = NULL;
    loop_timer_stop(&c->turn);
    loop_timer_stop(&c->head_start);
    while (c->racers) {
        cut(c, c->racers);
        racer_free(c, c->racers);
    }
    free(c);
}
