#include "engine/path.h"

#include "base/clock.h"
#include "base/memory.h"
#include "engine/path_walk.h"
#include "net/hops.h"

#include <stdlib.h>
#include <string.h>

enum { WALKS = 3, NS_PER_S = 1000000000 };

static const int64_t walk_ns = (int64_t)7 * NS_PER_S; /* the longest that one takes */
/* Between two walks, since the routers near this machine are asked by each. */
enum { PAUSE_MS = 1000 };

struct paths {
    struct paths_options options;
    struct path_walk_options walks[WALKS];
    size_t count, next;
    struct path_walk *walk;
    struct loop_timer *pause;
};

/* ---- which ---- */

/* Nothing lies between this machine and itself. */
static bool is_loopback(const struct address *a)
{
    return strncmp(a->text, "127.", 4) == 0 || strcmp(a->text, "::1") == 0;
}

static bool is_mute(enum failure_kind kind)
{
    return kind == FAILURE_TIMED_OUT || kind == FAILURE_CONNECTION_RESET ||
           kind == FAILURE_CONNECTION_CLOSED;
}

/* Did somebody out there, or nobody, answer? What this machine said at once needs no walk. */
static bool is_blocked(const struct address *a)
{
    switch (a->error.kind) {
    case FAILURE_TIMED_OUT:
    case FAILURE_CONNECTION_REFUSED:
    case FAILURE_CONNECTION_RESET:
    case FAILURE_HOST_UNREACHABLE:
    case FAILURE_NETWORK_UNREACHABLE:
    case FAILURE_PROHIBITED:
        return a->status == STATUS_FAIL && a->connect_ns > 0;
    default:
        return false;
    }
}

/* The connection stood, but not a word of the protocol came: it may not be the server's. */
static bool is_hollow(const struct endpoint *e, const struct address *a)
{
    const struct attempt *attempt = endpoint_attempt(e, PURPOSE_MAIN);
    const struct step *step = attempt ? attempt_failed_step(attempt) : NULL;
    if (!step || a->status != STATUS_OK || strcmp(attempt->address, a->text) != 0)
        return false;
    bool first = step->stage == STAGE_GREETING ||
                 (step->stage == STAGE_TLS && e->security == SECURITY_IMPLICIT);
    return first && step->reply.size == 0 && is_mute(step->error.kind);
}

static bool is_reached(const struct endpoint *e)
{
    for (const struct address *a = e->addresses; a; a = a->next)
        if (a->status == STATUS_OK && !is_hollow(e, a))
            return true;
    return false;
}

/* Is there another endpoint for the same need that was reached? Then this one is not needed. */
static bool is_replaced(const struct paths_options *o, const struct path_target *target)
{
    const struct endpoint *e = target->endpoint;
    if ((e->needs & NEED_ENDPOINT) || e->expectation == EXPECT_OFFERED)
        return false;
    for (size_t i = 0; i < o->target_count; i++) {
        const struct endpoint *other = o->targets[i].endpoint;
        if (other != e && (other->needs & e->needs) && is_reached(other))
            return true;
    }
    return false;
}

static bool is_wanted(const struct paths_options *o, const struct path_target *target,
                      const struct address *a)
{
    const struct endpoint *e = target->endpoint;
    if (!target->required || is_loopback(a))
        return false;
    if (is_blocked(a) || is_hollow(e, a))
        return !is_replaced(o, target);
    return o->always && a->status == STATUS_OK;
}

/* ---- with what to compare ---- */

static void add_control(struct path_walk_options *walk, int port)
{
    size_t i = 0;
    while (i < PATH_CONTROLS && walk->controls[i] && walk->controls[i] != port)
        i++;
    if (i < PATH_CONTROLS)
        walk->controls[i] = port;
}

/* What the run knows of that port of that address: 1 open, -1 not, 0 nothing. */
static int known(const struct paths_options *o, const char *address, int port)
{
    for (size_t i = 0; i < o->target_count; i++) {
        const struct endpoint *e = o->targets[i].endpoint;
        for (const struct address *a = e->addresses; a && o->targets[i].port == port; a = a->next)
            if (strcmp(a->text, address) == 0 && !is_hollow(e, a))
                return a->status == STATUS_OK ? 1 : a->status == STATUS_FAIL ? -1 : 0;
    }
    return 0;
}

static void choose_controls(const struct paths_options *o, struct path_walk_options *walk, int port)
{
    static const int usual[] = { 993, 995, 143, 443 };
    const char *address = walk->address->text;
    for (size_t i = 0; i < o->target_count && !walk->control_known; i++) {
        int other = o->targets[i].port;
        walk->control_known = other != port && known(o, address, other) == 1;
        if (walk->control_known)
            add_control(walk, other);
    }
    for (size_t i = 0; i < sizeof usual / sizeof *usual && !walk->control_known; i++)
        if (usual[i] != port && known(o, address, usual[i]) == 0)
            add_control(walk, usual[i]);
    for (size_t i = 0; i < o->target_count && !walk->control_known; i++) {
        const struct endpoint *e = o->targets[i].endpoint;
        for (const struct address *a = e->addresses; a && !walk->sibling.size; a = a->next)
            if (a->status == STATUS_OK && a->family == walk->address->family && !is_loopback(a) &&
                strcmp(a->text, address) != 0 && !is_hollow(e, a))
                net_address_parse(&walk->sibling, a->text, o->targets[i].port);
    }
}

static bool is_chosen(const struct paths *p, const struct address *a)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->walks[i].address->text, a->text) == 0)
            return true;
    return false;
}

static void walk_over(void *arg);

static void choose(struct paths *p, const struct path_target *target, struct address *a,
                   bool failing)
{
    const struct paths_options *o = &p->options;
    bool fails = is_blocked(a) || is_hollow(target->endpoint, a);
    if (p->count == WALKS || fails != failing || !is_wanted(o, target, a) || is_chosen(p, a))
        return;
    struct path_walk_options *walk = &p->walks[p->count];
    *walk = (struct path_walk_options) {
        .loop = o->loop,
        .trace = o->trace,
        .started_ns = o->started_ns,
        .source = o->source,
        .address = a,
        .try_closed = a->status == STATUS_OK,
        .done = walk_over,
        .arg = p,
    };
    if (!net_address_parse(&walk->peer, a->text, target->port) ||
        !path_limits_take(o->limits, a->text, target->port, clock_mono_ns()))
        return;
    choose_controls(o, walk, target->port);
    p->count++;
}

/* ---- one after the other ---- */

static void begin(void *arg)
{
    struct paths *p = arg;
    loop_timer_stop(&p->pause);
    bool late = p->options.until_ns && clock_mono_ns() + walk_ns > p->options.until_ns;
    if (p->next == p->count || late) {
        p->options.done(p->options.arg);
        return;
    }
    if (path_limits_enter(p->options.limits))
        p->walk = path_walk_start(&p->walks[p->next++]);
    else
        p->pause = loop_timer_start(p->options.loop, PAUSE_MS, begin, p);
}

static void end_walk(struct paths *p)
{
    if (p->walk)
        path_limits_leave(p->options.limits);
    path_walk_close(&p->walk);
}

static void walk_over(void *arg)
{
    struct paths *p = arg;
    end_walk(p);
    p->pause = loop_timer_start(p->options.loop, p->next < p->count ? PAUSE_MS : 0, begin, p);
}

struct paths *paths_start(const struct paths_options *options)
{
    struct paths *p = memory_new(sizeof *p);
    p->options = *options;
    for (int failing = 1; failing >= 0 && hops_supported(); failing--)
        for (size_t i = 0; i < options->target_count; i++)
            for (struct address *a = options->targets[i].endpoint->addresses; a; a = a->next)
                choose(p, &options->targets[i], a, failing);
    p->options.targets = NULL;
    if (!p->count) {
        free(p);
        return NULL;
    }
    p->pause = loop_timer_start(options->loop, 0, begin, p);
    return p;
}

void paths_close(struct paths **paths)
{
    struct paths *p = *paths;
    if (!p)
        return;
    *paths = NULL;
    loop_timer_stop(&p->pause);
    end_walk(p);
    free(p);
}
