#include "engine/legs.h"

#include "base/memory.h"

#include <stdlib.h>

struct leg {
    struct leg *next;
    struct walk *walk;
};

/* The port whose login is tried first: the first that the provider documents, or of 587, 993 and
 * 995 the one that the service has (RFC 8314 section 3.3, RFC 6409). */
static bool is_documented(const struct endpoint *e)
{
    bool usual = e->port == 587 || e->port == 993 || e->port == 995;
    if (e->guessed || e->transfer)
        return false;
    return e->expectation == EXPECT_OFFERED || (e->expectation == EXPECT_UNKNOWN && usual);
}

void legs_start(struct legs *legs, const struct walk_shared *shared)
{
    struct leg **link = &legs->first;
    bool announced[SERVICE_COUNT] = { false };
    legs->shared = shared;
    for (struct endpoint *e = shared->trace->endpoints; e; e = e->next) {
        struct leg *leg = memory_new(sizeof *leg);
        bool first = !announced[e->service] && is_documented(e);
        announced[e->service] = announced[e->service] || first;
        if (first)
            gate_expect(shared->gate, e->service);
        leg->walk = walk_start(shared, e, first);
        *link = leg;
        link = &leg->next;
    }
}

/* Whether anybody waits for this endpoint: not for what the provider calls optional or does not
 * offer, and not for transfer between servers, unless that is the very need. */
static bool is_awaited(const struct legs *legs, const struct endpoint *endpoint)
{
    unsigned needs = legs->shared->trace->target.needs;
    if (endpoint->needs & NEED_ENDPOINT)
        return true;
    if (endpoint->expectation == EXPECT_OPTIONAL || endpoint->expectation == EXPECT_NOT_OFFERED)
        return false;
    return (needs & NEED_ANY) || (needs & endpoint->needs);
}

bool legs_decided(const struct legs *legs)
{
    bool anybody = false, all = true;
    for (const struct leg *leg = legs->first; leg; leg = leg->next) {
        all = all && walk_ended(leg->walk);
        if (!is_awaited(legs, walk_endpoint(leg->walk)))
            continue;
        anybody = true;
        if (!walk_ended(leg->walk))
            return false;
    }
    return anybody || all;
}

struct paths *legs_walk_paths(const struct legs *legs, int64_t until_ns, loop_function *done,
                              void *arg)
{
    const struct walk_shared *shared = legs->shared;
    const struct run_options *o = shared->options;
    size_t count = 0;
    /* Behind a proxy there is nothing to see: it makes the connections. */
    if (o->proxy.kind != PROXY_NONE || (o->path_asked_only && !o->path))
        return NULL;
    for (const struct leg *leg = legs->first; leg; leg = leg->next)
        count++;
    struct path_target *targets = memory_new((count + 1) * sizeof *targets);
    count = 0;
    for (const struct leg *leg = legs->first; leg; leg = leg->next)
        targets[count++] = (struct path_target) {
            .endpoint = walk_endpoint(leg->walk),
            .port = walk_port(leg->walk),
            .required = is_awaited(legs, walk_endpoint(leg->walk)),
        };
    struct paths_options options = {
        .loop = shared->loop,
        .trace = shared->trace,
        .started_ns = shared->started_ns,
        .source = shared->source,
        .always = o->path,
        .limits = o->path_limits,
        .until_ns = until_ns,
        .targets = targets,
        .target_count = count,
        .done = done,
        .arg = arg,
    };
    struct paths *paths = paths_start(&options);
    free(targets);
    return paths;
}

void legs_close(struct legs *legs)
{
    while (legs->first) {
        struct leg *leg = legs->first;
        legs->first = leg->next;
        walk_close(&leg->walk);
        free(leg);
    }
}
