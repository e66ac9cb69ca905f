#include "world.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct pending {
    struct resolution resolution;
    struct loop_timer *timer;
    resolver_function *function;
    void *arg;
};

static void answer(void *arg)
{
    struct pending *pending = arg;
    loop_timer_stop(&pending->timer);
    pending->function(pending->arg, &pending->resolution);
}

static void read_record(struct arena *arena, struct dns_record *record, enum dns_type type,
                        const char *text)
{
    char host[300] = "";
    record->text = text;
    if (type == DNS_MX)
        sscanf(text, "%d %299s", &record->preference, host);
    if (type == DNS_SRV)
        sscanf(text, "%d %d %d %299s", &record->preference, &record->weight, &record->port, host);
    record->host = strcmp(host, ".") == 0 ? "" : arena_copy(arena, host);
}

static const char *type_word(enum dns_type type)
{
    return type == DNS_A ? "A" : type == DNS_AAAA ? "AAAA" : type == DNS_MX ? "MX" : "SRV";
}

void resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
                  resolver_function *function, void *arg)
{
    struct arena *arena = &resolver->trace->arena;
    struct pending *pending = arena_new(arena, sizeof *pending);
    struct dns_answer *got = &pending->resolution.answer;
    struct lookup *lookup = trace_add_lookup(resolver->trace);
    bool exists = false;
    resolver->asked++;
    lookup->name = arena_copy(arena, name);
    lookup->type = type_word(type);
    got->records = arena_new(arena, RECORD_LIMIT * sizeof *got->records);
    for (const struct record *r = resolver->records; r->name; r++) {
        if (!text_equal_fold(r->name, name))
            continue;
        exists = true;
        if (!r->text)
            lookup->error.kind = r->kind;
        else if (strcmp(r->type, "CNAME") == 0)
            strings_add(&got->cname, arena, r->text);
        else if (strcmp(r->type, lookup->type) == 0)
            read_record(arena, &got->records[got->count++], type, r->text);
    }
    if (lookup->error.kind == FAILURE_NONE && got->count == 0)
        lookup->error.kind = exists ? FAILURE_NO_ADDRESS : FAILURE_HOST_NOT_FOUND;
    pending->resolution.lookup = lookup;
    pending->function = function;
    pending->arg = arg;
    pending->timer = loop_timer_start(resolver->loop, 0, answer, pending);
}

void planned(void *arg, const struct plan *plan)
{
    struct shown *shown = arg;
    shown->plan = plan;
    shown->calls++;
    loop_stop(shown->loop);
}

static void show_needs(struct buffer *out, unsigned needs, const char *between)
{
    bool first = true;
    for (unsigned bit = 1; bit <= NEED_ANY; bit *= 2)
        if (needs & bit) {
            buffer_format(out, "%s%s", first && *between == ',' ? "" : between,
                          need_name((enum need)bit));
            first = false;
        }
}

void show_plan(struct buffer *out, const struct trace *trace, int asked)
{
    buffer_format(out, "%s %s ", trace->target.provider,
                  trace->target.cloud ? trace->target.cloud : "-");
    show_needs(out, trace->target.needs, ",");
    buffer_format(out, " asked=%d\n", asked);
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        buffer_format(out, "%s %s %s %s%s%s", e->id, service_name(e->service),
                      security_name(e->security), expectation_name(e->expectation),
                      e->guessed ? " guessed" : "", e->transfer ? " transfer" : "");
        show_needs(out, e->needs, " ");
        buffer_append_text(out, "\n");
    }
    buffer_append(out, "", 1);
}
