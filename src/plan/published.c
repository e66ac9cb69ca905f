#include "plan/published.h"

#include "providers/provider.h"
#include "result/published.h"

static bool concerns_any(const struct published *published, const struct trace *trace)
{
    for (const struct endpoint *e = trace->endpoints; e; e = e->next)
        if (published_concerns(published, e->host, e->port))
            return true;
    return false;
}

static void note(struct trace *trace, const struct published *published)
{
    struct arena *arena = &trace->arena;
    if (!concerns_any(published, trace))
        return;
    struct published *kept = trace_add_published(trace);
    kept->source = arena_copy(arena, published->source);
    kept->date = arena_copy(arena, published->date);
    kept->tcp_ports = arena_copy(arena, published->tcp_ports);
    for (size_t i = 0; i < published->hosts.count; i++)
        strings_add(&kept->hosts, arena, arena_copy(arena, published->hosts.items[i]));
    for (size_t i = 0; i < published->ranges.count; i++)
        strings_add(&kept->ranges, arena, arena_copy(arena, published->ranges.items[i]));
}

static void note_table(struct trace *trace, const struct provider_published *table)
{
    struct arena arena = { 0 };
    struct published published = {
        .source = table->source,
        .date = table->date,
        .tcp_ports = table->tcp_ports,
    };
    for (size_t i = 0; table->hosts[i]; i++)
        strings_add(&published.hosts, &arena, table->hosts[i]);
    for (size_t i = 0; table->ranges[i]; i++)
        strings_add(&published.ranges, &arena, table->ranges[i]);
    note(trace, &published);
    arena_done(&arena);
}

void published_note(struct trace *trace, const struct published *given)
{
    for (const struct published *p = given; p; p = p->next)
        note(trace, p);
    for (size_t i = 0; i < provider_count && !given; i++)
        for (size_t k = 0; k < providers[i].published_count; k++)
            note_table(trace, &providers[i].published[k]);
}
