#include "engine/path_walk.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/hops.h"
#include "result/path.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WINDOW = 4,    /* hops at once: beyond the server each is a connection it logs */
    FARTHEST = 30, /* hops; as traceroute */
    PROBES = 16,   /* in one volley */
    FULL_LIFE = 64,
    PATIENCE_MS = 950, /* less than the second after which TCP sends its SYN again */
    /* An IPv6 error that arrives while connect() runs is lost on links without delay: the answer to
     * the second SYN is waited for (measured). */
    PATIENCE_V6_MS = 1200,
    PAUSE_MS = 250, /* with the patience, more than a second between two probes of one router */
    LOOKED_AGAIN = 6,
    WHOLE_WAY = 4, /* connects without a limit that must stay silent, too: packets get lost */
    NS_PER_MS = 1000000,
};

/* IANA has reserved these for good: whoever accepts them accepts everything. */
static const int closed_ports[] = { 1023, 49151 };

enum side { SIDE_PORT, SIDE_CONTROL, SIDE_COUNT };

/* One connect of a volley. */
struct probe {
    struct path_walk *walk;
    struct net_address peer;
    int ttl, fd;
    struct loop_watch *watch;
    int64_t start_ns;
    struct hops_reply reply;
    int64_t took_ns; /* -1: no answer */
};

struct way {
    struct hop **hops; /* where the list begins */
    struct net_address peer;
    int next; /* the next TTL */
    int end;  /* where it was answered; 0 not yet */
    bool over;
};

struct path_walk {
    struct path_walk_options options;
    struct path_facts *facts;
    struct probe probes[PROBES];
    size_t count, open;
    struct loop_timer *patience, *pause;
    void (*volley_over)(struct path_walk *walk);
    void (*after_pause)(struct path_walk *walk);
    struct way ways[SIDE_COUNT];
    struct net_address fixed_source;
    struct path_break found;
    size_t confirming;
};

/* ---- volleys ---- */

static void probe_end(struct probe *probe)
{
    loop_watch_stop(&probe->watch);
    if (probe->fd >= 0)
        close(probe->fd);
    probe->fd = -1;
}

static void end_volley(struct path_walk *w)
{
    loop_timer_stop(&w->patience);
    for (size_t i = 0; i < w->count; i++)
        probe_end(&w->probes[i]);
    w->facts->duration_ns = clock_mono_ns() - w->options.started_ns - w->facts->start_ns;
    w->volley_over(w);
}

static void out_of_patience(void *arg)
{
    end_volley(arg);
}

static void probe_ready(void *arg, unsigned events)
{
    struct probe *probe = arg;
    struct path_walk *w = probe->walk;
    (void)events;
    probe->reply = hops_read(probe->fd);
    if (probe->reply.answer != HOPS_SILENT)
        probe->took_ns = clock_mono_ns() - probe->start_ns;
    probe_end(probe);
    if (--w->open == 0)
        end_volley(w);
}

static void begin_volley(struct path_walk *w, void (*over)(struct path_walk *walk))
{
    w->count = w->open = 0;
    w->volley_over = over;
}

static void add_probe(struct path_walk *w, const struct net_address *peer, int ttl,
                      const struct net_address *source)
{
    if (w->count == PROBES)
        return;
    struct probe *probe = &w->probes[w->count++];
    *probe = (struct probe) { .walk = w, .peer = *peer, .ttl = ttl, .took_ns = -1 };
    probe->start_ns = clock_mono_ns();
    probe->fd = hops_probe(peer, source, ttl);
    if (probe->fd < 0) {
        probe->reply.answer = HOPS_OURS;
        return;
    }
    w->facts->probes++;
    probe->watch = loop_watch_start(w->options.loop, probe->fd, LOOP_WRITE, probe_ready, probe);
    if (probe->watch)
        w->open++;
    else
        probe_end(probe);
}

/* Waits for the answers; with nothing to wait for, the volley is over at the next turn. */
static void fire(struct path_walk *w)
{
    int patience = net_address_family(&w->options.peer) == 6 ? PATIENCE_V6_MS : PATIENCE_MS;
    w->patience = loop_timer_start(w->options.loop, w->open ? patience : 0, out_of_patience, w);
}

static void pause_over(void *arg)
{
    struct path_walk *w = arg;
    loop_timer_stop(&w->pause);
    w->after_pause(w);
}

static void rest(struct path_walk *w, int ms, void (*after)(struct path_walk *walk))
{
    w->after_pause = after;
    w->pause = loop_timer_start(w->options.loop, ms, pause_over, w);
}

/* ---- what came back ---- */

static enum hop_answer answer_of(enum hops_answer answer)
{
    static const enum hop_answer answers[] = {
        [HOPS_SILENT] = HOP_SILENT, [HOPS_ROUTER] = HOP_ROUTER,           [HOPS_OPEN] = HOP_OPEN,
        [HOPS_RESET] = HOP_RESET,   [HOPS_UNREACHABLE] = HOP_UNREACHABLE, [HOPS_OURS] = HOP_SILENT,
    };
    return answers[answer];
}

static struct hop *hop_of(struct path_walk *w, struct hop **list, int ttl)
{
    while (*list && (*list)->ttl < ttl)
        list = &(*list)->next;
    if (*list && (*list)->ttl == ttl)
        return *list;
    struct hop *hop = arena_new(&w->options.trace->arena, sizeof *hop);
    *hop = (struct hop) { .next = *list, .ttl = ttl, .type = -1, .code = -1, .duration_ns = -1 };
    return *list = hop;
}

/* How far away the server is; 0 unknown. */
static int server_ttl(const struct path_walk *w)
{
    return w->facts->same_address ? w->ways[SIDE_CONTROL].end : 0;
}

/* How far silence is worth a second question: up to the server, or a little beyond the last sign of
 * life. */
static int last_of_interest(const struct path_walk *w)
{
    int last = 0;
    if (server_ttl(w))
        return server_ttl(w);
    if (w->ways[SIDE_PORT].end)
        return w->ways[SIDE_PORT].end;
    for (int side = 0; side < SIDE_COUNT; side++)
        for (const struct hop *h = *w->ways[side].hops; h; h = h->next)
            if (h->answer != HOP_SILENT && h->ttl > last)
                last = h->ttl;
    return last + 2;
}

static void record(struct path_walk *w, const struct probe *probe)
{
    bool port = net_address_port(&probe->peer) == net_address_port(&w->options.peer) &&
                memcmp(&probe->peer, &w->options.peer, sizeof probe->peer) == 0;
    struct way *way = &w->ways[port ? SIDE_PORT : SIDE_CONTROL];
    enum hop_answer answer = answer_of(probe->reply.answer);
    if (probe->ttl == FULL_LIFE && answer == HOP_SILENT)
        return;
    /* An answer to a packet of full life came from where the server is, as far as is known. */
    int ttl = probe->ttl == FULL_LIFE ? last_of_interest(w) : probe->ttl;
    struct hop *hop = hop_of(w, way->hops, ttl);
    if (hop->answer != HOP_SILENT || answer == HOP_SILENT)
        return;
    const struct net_icmp *icmp = &probe->reply.icmp;
    hop->answer = answer;
    hop->duration_ns = probe->took_ns;
    if (icmp->seen && icmp->sender[0])
        hop->sender = arena_copy(&w->options.trace->arena, icmp->sender);
    if (answer == HOP_UNREACHABLE) {
        hop->type = icmp->type;
        hop->code = icmp->code;
    }
    if (answer != HOP_ROUTER && (!way->end || ttl < way->end))
        way->end = ttl;
}

static void record_all(struct path_walk *w)
{
    for (size_t i = 0; i < w->count; i++)
        record(w, &w->probes[i]);
}

/* ---- the end: the decisive hops again ---- */

static void finish(struct path_walk *w)
{
    w->options.done(w->options.arg);
}

static bool same_answer(const struct hop *hop, const struct probe *probe)
{
    enum hop_answer answer = answer_of(probe->reply.answer);
    if (probe->reply.answer == HOPS_OURS)
        return false;
    if (!hop)
        return answer == HOP_SILENT;
    return hop->answer == answer &&
           (!hop->sender || strcmp(hop->sender, probe->reply.icmp.sender) == 0);
}

static void confirm_next(struct path_walk *w);

static void confirmed_one(struct path_walk *w)
{
    const struct probe *probe = &w->probes[0];
    const struct way *way = &w->ways[w->confirming == 2 ? SIDE_CONTROL : SIDE_PORT];
    if (!same_answer(path_hop(*way->hops, probe->ttl), probe)) {
        finish(w);
        return;
    }
    w->confirming++;
    confirm_next(w);
}

/* First the last hop that answered, then the first that did not, then that one for the control. */
static void confirm_next(struct path_walk *w)
{
    if (w->confirming == 0 && w->found.after.ttl == 0)
        w->confirming++;
    if (w->confirming == 3) {
        w->facts->confirmed = true;
        finish(w);
        return;
    }
    int ttl = w->confirming == 0 ? w->found.after.ttl : w->found.before.ttl;
    const struct way *way = &w->ways[w->confirming == 2 ? SIDE_CONTROL : SIDE_PORT];
    bool bound = w->fixed_source.size > 0;
    begin_volley(w, confirmed_one);
    add_probe(w, &way->peer, ttl, bound ? &w->fixed_source : w->options.source);
    if (!bound && w->open && !hops_source(w->probes[0].fd, &w->fixed_source))
        w->fixed_source.size = 0;
    fire(w);
}

static void confirm(struct path_walk *w)
{
    w->found = path_place(w->options.address);
    bool telling = w->found.kind != PATH_UNKNOWN && w->found.kind != PATH_OPEN;
    if (!telling || !w->facts->same_address || w->found.before.ttl == 0) {
        finish(w);
        return;
    }
    confirm_next(w);
}

/* ---- the second pass ---- */

static void looked_again(struct path_walk *w)
{
    record_all(w);
    confirm(w);
}

static void look_again(struct path_walk *w)
{
    int last = last_of_interest(w);
    begin_volley(w, looked_again);
    for (int side = 0; side < SIDE_COUNT; side++) {
        const struct way *way = &w->ways[side];
        int asked = 0;
        for (const struct hop *h = *way->hops; h && h->ttl <= last && asked < LOOKED_AGAIN;
             h = h->next) {
            if (h->answer != HOP_SILENT || (way->end && h->ttl > way->end))
                continue;
            add_probe(w, &way->peer, h->ttl, w->options.source);
            asked++;
        }
    }
    for (int i = 0; i < WHOLE_WAY && !w->ways[SIDE_PORT].end; i++)
        add_probe(w, &w->ways[SIDE_PORT].peer, FULL_LIFE, w->options.source);
    if (w->count)
        fire(w);
    else
        confirm(w);
}

static bool any_silent(const struct path_walk *w)
{
    for (int side = 0; side < SIDE_COUNT; side++)
        for (const struct hop *h = *w->ways[side].hops; h; h = h->next)
            if (h->answer == HOP_SILENT && (!w->ways[side].end || h->ttl < w->ways[side].end))
                return true;
    return false;
}

/* ---- the first pass ---- */

static void next_window(struct path_walk *w);

/* A whole window of silence: no more will come. */
static bool is_mute(const struct way *way)
{
    for (const struct hop *h = *way->hops; h; h = h->next)
        if (h->ttl >= way->next - WINDOW && h->answer != HOP_SILENT)
            return false;
    return true;
}

static void window_over(struct path_walk *w)
{
    record_all(w);
    for (int side = 0; side < SIDE_COUNT; side++) {
        struct way *way = &w->ways[side];
        way->over = way->over || way->end || way->next > FARTHEST || is_mute(way);
    }
    int server = server_ttl(w);
    if (server && w->ways[SIDE_PORT].next > server)
        w->ways[SIDE_PORT].over = true;
    next_window(w);
}

static void next_window(struct path_walk *w)
{
    int server = server_ttl(w);
    begin_volley(w, window_over);
    for (int side = 0; side < SIDE_COUNT; side++) {
        struct way *way = &w->ways[side];
        for (int i = 0; i < WINDOW && !way->over && way->next <= FARTHEST; i++) {
            if (side == SIDE_PORT && server && way->next > server)
                break;
            add_probe(w, &way->peer, way->next++, w->options.source);
        }
    }
    if (w->count)
        fire(w);
    else if (any_silent(w))
        rest(w, PAUSE_MS, look_again);
    else
        confirm(w);
}

static void set_control(struct path_walk *w, const struct net_address *control, bool same)
{
    char text[EVIDENCE_ADDRESS_SIZE];
    struct path_facts *facts = w->facts;
    facts->control = arena_copy(&w->options.trace->arena, net_address_text(control, text));
    facts->control_port = net_address_port(control);
    facts->same_address = same;
    w->ways[SIDE_CONTROL].peer = *control;
    w->ways[SIDE_CONTROL].over = false;
}

/* ---- the control ---- */

static struct net_address with_port(const struct net_address *address, int port)
{
    struct net_address other = *address;
    if (address->storage.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&other.storage)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&other.storage)->sin_port = htons((uint16_t)port);
    return other;
}

static bool is_open(const struct path_walk *w, int port)
{
    for (size_t i = 0; i < w->count; i++)
        if (net_address_port(&w->probes[i].peer) == port)
            return w->probes[i].reply.answer == HOPS_OPEN;
    return false;
}

static void control_found(struct path_walk *w)
{
    const struct path_walk_options *o = &w->options;
    w->facts->accepts_all = o->try_closed;
    for (size_t i = 0; i < sizeof closed_ports / sizeof *closed_ports; i++)
        w->facts->accepts_all = w->facts->accepts_all && is_open(w, closed_ports[i]);
    for (size_t i = 0; i < PATH_CONTROLS && !w->facts->control && o->controls[i]; i++) {
        if (!(i == 0 && o->control_known) && !is_open(w, o->controls[i]))
            continue;
        struct net_address control = with_port(&o->peer, o->controls[i]);
        set_control(w, &control, true);
    }
    if (!w->facts->control && o->sibling.size)
        set_control(w, &o->sibling, false);
    next_window(w);
}

static void find_control(struct path_walk *w)
{
    const struct path_walk_options *o = &w->options;
    begin_volley(w, control_found);
    for (size_t i = 0; i < PATH_CONTROLS && !o->control_known && o->controls[i]; i++) {
        struct net_address control = with_port(&o->peer, o->controls[i]);
        add_probe(w, &control, FULL_LIFE, o->source);
    }
    for (size_t i = 0; o->try_closed && i < sizeof closed_ports / sizeof *closed_ports; i++) {
        struct net_address closed = with_port(&o->peer, closed_ports[i]);
        add_probe(w, &closed, FULL_LIFE, o->source);
    }
    fire(w);
}

struct path_walk *path_walk_start(const struct path_walk_options *options)
{
    struct path_walk *w = memory_new(sizeof *w);
    w->options = *options;
    w->facts = arena_new(&options->trace->arena, sizeof *w->facts);
    w->facts->start_ns = clock_mono_ns() - options->started_ns;
    options->address->path = w->facts;
    w->ways[SIDE_PORT] =
        (struct way) { .hops = &options->address->hops, .peer = options->peer, .next = 1 };
    w->ways[SIDE_CONTROL] =
        (struct way) { .hops = &w->facts->control_hops, .next = 1, .over = true };
    find_control(w);
    return w;
}

void path_walk_close(struct path_walk **walk)
{
    struct path_walk *w = *walk;
    if (!w)
        return;
    *walk = NULL;
    loop_timer_stop(&w->patience);
    loop_timer_stop(&w->pause);
    for (size_t i = 0; i < w->count; i++)
        probe_end(&w->probes[i]);
    free(w);
}
