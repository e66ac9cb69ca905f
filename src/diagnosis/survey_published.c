/* What the provider publishes for firewalls: what to allow, and addresses that are not on its list.
 */
#include "diagnosis/survey.h"

#include "base/buffer.h"
#include "base/text.h"
#include "result/published.h"

#include <string.h>

enum { RANGES_SHOWN = 100, WORDS_LIMIT = 64 * 1024 };

static void append_list(struct buffer *out, const struct strings *list)
{
    size_t shown = list->count < RANGES_SHOWN ? list->count : RANGES_SHOWN;
    for (size_t i = 0; i < shown; i++)
        buffer_format(out, "%s%s", i ? ", " : "", list->items[i]);
    if (shown < list->count)
        buffer_format(out, " and %zu more", list->count - shown);
}

/* "the list of 2026-08-14 (Microsoft 365 URLs ...)" */
static const char *list_words(struct arena *arena, const struct published *published)
{
    if (!published->date)
        return arena_format(arena, "the list of %s", published->source);
    return arena_format(arena, "the list of %s (%s)", published->date, published->source);
}

static const struct published *find(const struct trace *trace, const char *host, int port)
{
    const struct published *p = trace->published;
    while (p && !published_concerns(p, host, port))
        p = p->next;
    return p;
}

void survey_allow(const struct survey *survey, struct values *values,
                  const struct endpoint *endpoint)
{
    struct arena *arena = survey->arena;
    struct buffer words;
    buffer_init(&words, WORDS_LIMIT);
    /* Two clouds may share the names of their MX: either may be meant. */
    for (const struct published *p = survey->trace->published; p; p = p->next) {
        if (!published_concerns(p, endpoint->host, endpoint->port))
            continue;
        buffer_format(&words, "%sTCP %s to ", buffer_size(&words) ? "; or " : "", p->tcp_ports);
        append_list(&words, &p->hosts);
        buffer_append_text(&words, ", by address ");
        append_list(&words, &p->ranges);
        buffer_format(&words, "; after %s", list_words(arena, p));
    }
    if (buffer_size(&words))
        values_set(values, "allow", arena_copy_bytes(arena, buffer_bytes(&words)).data);
    buffer_done(&words);
}

static bool is_listed(const struct trace *trace, const char *host, const char *address)
{
    for (const struct published *p = trace->published; p; p = p->next)
        if (published_concerns(p, host, 0) && published_holds(p, address))
            return true;
    return false;
}

/* The first endpoint of that host stands for it. */
static const struct endpoint *endpoint_of(const struct trace *trace, const char *host)
{
    const struct endpoint *e = trace->endpoints;
    while (e && !text_equal_fold(e->host, host))
        e = e->next;
    return e;
}

static bool is_address(const struct lookup *lookup)
{
    return !lookup->beside && (strcmp(lookup->type, "A") == 0 || strcmp(lookup->type, "AAAA") == 0);
}

static void add_unlisted(struct survey *survey, const struct lookup *lookup, const char *address)
{
    const struct endpoint *endpoint = endpoint_of(survey->trace, lookup->name);
    const struct published *p = find(survey->trace, lookup->name, 0);
    if (!endpoint || !p || survey_special_address(address) ||
        is_listed(survey->trace, lookup->name, address))
        return;
    struct values values = survey_values(survey, endpoint);
    values_set(&values, "outside", address);
    values_set(&values, "published", list_words(survey->arena, p));
    struct finding *finding =
        survey_add(survey, classify_event("resolve.address_unlisted"), endpoint, NULL, &values);
    survey_evidence(survey, finding, endpoint, address, "resolve",
                    lookup->start_ns + lookup->duration_ns,
                    text_bytes(arena_format(survey->arena, "%s from %s", address, lookup->server)));
}

void survey_published(struct survey *survey)
{
    for (const struct lookup *l = survey->trace->lookups; l && survey->trace->published;
         l = l->next)
        for (size_t i = 0; is_address(l) && i < l->answers.count; i++)
            add_unlisted(survey, l, l->answers.items[i]);
}
