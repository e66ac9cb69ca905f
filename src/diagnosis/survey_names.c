/* Lookups to findings: one per name, and only for names that matter. */
#include "diagnosis/survey.h"

#include "base/text.h"
#include "providers/provider.h"

#include <string.h>

enum { ALIASES_SHOWN = 8 };

static bool is_address_type(const struct lookup *lookup)
{
    return !lookup->beside && (strcmp(lookup->type, "A") == 0 || strcmp(lookup->type, "AAAA") == 0);
}

/* Did an address of HOST come, from wherever? */
static bool has_address(const struct trace *trace, const char *host)
{
    for (const struct lookup *l = trace->lookups; l; l = l->next)
        if (is_address_type(l) && l->answers.count && text_equal_fold(l->name, host))
            return true;
    return false;
}

const char *survey_one_family(const struct survey *survey, const char *host)
{
    bool asked[2] = { false, false }, found[2] = { false, false };
    for (const struct lookup *l = survey->trace->lookups; l; l = l->next) {
        if (!is_address_type(l) || !text_equal_fold(l->name, host))
            continue;
        int six = strcmp(l->type, "AAAA") == 0;
        asked[six] = true;
        found[six] = found[six] || l->answers.count;
    }
    bool no_four = !asked[0] || found[0], no_six = !asked[1] || found[1];
    if (no_four == no_six)
        return NULL;
    /* What was asked in vain, where of the other family something is known, or nothing was asked.
     */
    return no_four ? "IPv6" : "IPv4";
}

static bool failed(const struct lookup *lookup)
{
    return lookup->error.kind != FAILURE_NONE && lookup->error.kind != FAILURE_CANCELLED;
}

/* Which of two failures says more about a name: that it does not exist, then that the asking went
 * wrong; that one record type is absent only when nothing else happened. */
static int weight(const struct lookup *lookup)
{
    static const enum failure_kind order[] = {
        FAILURE_HOST_NOT_FOUND, FAILURE_SERVER_FAILURE, FAILURE_QUERY_REFUSED,
        FAILURE_TIMED_OUT,      FAILURE_BAD_ANSWER,     FAILURE_NO_ADDRESS,
    };
    int rank = 0;
    while (rank < (int)(sizeof order / sizeof *order) && lookup->error.kind != order[rank])
        rank++;
    /* What is not listed is trouble on the way to the name server: before an absent record. */
    return rank == (int)(sizeof order / sizeof *order) ? 4 : rank;
}

/* A question that one name server failed and the next one answered is no fault. */
static bool answered_elsewhere(const struct trace *trace, const struct lookup *lookup)
{
    for (const struct lookup *l = trace->lookups; l; l = l->next)
        if (l != lookup && !l->beside && l->rcode && strcmp(l->type, lookup->type) == 0 &&
            text_equal_fold(l->name, lookup->name) &&
            (l->answers.count || l->error.kind == FAILURE_NO_ADDRESS ||
             (l->error.kind == FAILURE_HOST_NOT_FOUND &&
              lookup->error.kind != FAILURE_HOST_NOT_FOUND)))
            return lookup->error.kind != FAILURE_NO_ADDRESS &&
                   lookup->error.kind != FAILURE_HOST_NOT_FOUND;
    return false;
}

static const struct lookup *telling(const struct trace *trace, const char *name, bool any_type)
{
    const struct lookup *best = NULL;
    for (const struct lookup *l = trace->lookups; l; l = l->next)
        if (failed(l) && !l->beside && text_equal_fold(l->name, name) &&
            (any_type || is_address_type(l)))
            if (!answered_elsewhere(trace, l) && (!best || weight(l) < weight(best)))
                best = l;
    return best;
}

/* The name server answered well: the aliases that it gave lead nowhere. */
static bool is_alias_loop(const struct lookup *lookup)
{
    return lookup->error.kind == FAILURE_BAD_ANSWER && lookup->cname.count && lookup->rcode &&
           strcmp(lookup->rcode, "NOERROR") == 0;
}

static const char *alias_words(struct arena *arena, const struct lookup *lookup)
{
    const char *words = lookup->name;
    for (size_t i = 0; i < lookup->cname.count && i < ALIASES_SHOWN; i++)
        words = arena_format(arena, "%s -> %s", words, lookup->cname.items[i]);
    return words;
}

static void add_evidence(struct survey *survey, struct finding *finding,
                         const struct lookup *lookup)
{
    const char *what = survey_failure_words(survey->arena, &lookup->error, lookup->duration_ns);
    struct bytes line = text_bytes(what);
    if (lookup->source == LOOKUP_HOSTS && lookup->error.kind == FAILURE_NO_ADDRESS)
        line = text_bytes(arena_format(survey->arena, "%s has the name, with %s addresses only",
                                       lookup->server,
                                       strcmp(lookup->type, "A") == 0 ? "IPv6" : "IPv4"));
    else if (lookup->rcode)
        line = text_bytes(arena_format(
            survey->arena,
            lookup->error.kind == FAILURE_NO_ADDRESS ? "%s, no record, from %s" : "%s from %s",
            lookup->rcode, lookup->server));
    else if (lookup->server && *lookup->server)
        line = text_bytes(arena_format(survey->arena, "%s from %s", what, lookup->server));
    if (is_alias_loop(lookup))
        line = text_bytes(arena_format(survey->arena, "the aliases lead in a circle: %s (from %s)",
                                       alias_words(survey->arena, lookup), lookup->server));
    if (lookup->error.kind == FAILURE_HOST_NOT_FOUND && lookup->rcode && !lookup->zone)
        line = text_bytes(arena_format(survey->arena, "%.*s, which names no zone that would know",
                                       (int)line.size, line.data));
    const char *more = survey_ede_words(lookup->ede);
    if (more)
        line = text_bytes(arena_format(survey->arena, "%.*s, it adds: %s (%d)", (int)line.size,
                                       line.data, more, lookup->ede));
    const char *step = arena_format(survey->arena, "%s %s", lookup->name, lookup->type);
    survey_evidence(survey, finding, NULL, NULL, step, lookup->start_ns + lookup->duration_ns,
                    line);
}

/* Is HOST one that its provider documents? Then nobody has mistyped it. */
static bool is_documented(const char *host)
{
    const struct provider *provider = provider_by_host(host);
    for (size_t i = 0; provider && i < provider->endpoint_count; i++)
        if (text_equal_fold(provider->endpoints[i].host, host))
            return true;
    return false;
}

/* Did an answer to the same question about LOOKUP's name say which zone has no such name? Filters,
 * and networks without a way out, deny names out of nothing; so do some caches. */
static bool is_denied_by_a_zone(const struct trace *trace, const struct lookup *lookup)
{
    for (const struct lookup *l = trace->lookups; l; l = l->next)
        if (l->zone && l->error.kind == lookup->error.kind &&
            text_equal_fold(l->name, lookup->name))
            return true;
    return false;
}

static struct classified meaning_of(const struct survey *survey, const struct lookup *lookup)
{
    if (survey_dns_blocker(lookup))
        return classify_event("resolve.blocked");
    if (lookup->error.kind == FAILURE_NO_ADDRESS && is_address_type(lookup) &&
        survey_one_family(survey, lookup->name))
        return classify_event("resolve.one_family");
    if (is_alias_loop(lookup))
        return classify_event("resolve.alias_loop");
    bool missing =
        lookup->error.kind == FAILURE_HOST_NOT_FOUND || lookup->error.kind == FAILURE_NO_ADDRESS;
    if (missing && is_documented(lookup->name))
        return classify_event("resolve.documented_name_missing");
    if (lookup->error.kind == FAILURE_HOST_NOT_FOUND && !is_denied_by_a_zone(survey->trace, lookup))
        return classify_event("resolve.denied_by_no_zone");
    return survey_event(STAGE_RESOLVE, lookup->error.kind);
}

/* The finding on NAME, with every lookup of it that failed in the same way as LOOKUP. */
static struct finding *add(struct survey *survey, const struct lookup *lookup,
                           const struct endpoint *endpoint)
{
    struct values values = survey_values(survey, endpoint);
    values_set(&values, "host", lookup->name);
    values_set(&values, "resolver", lookup->server);
    values_set(&values, "sender", survey_dns_blocker(lookup));
    values_set(&values, "family", survey_one_family(survey, lookup->name));
    if (!survey->trace->target.domain)
        values_set(&values, "domain", lookup->name);
    struct finding *finding = survey_add(survey, meaning_of(survey, lookup), NULL, NULL, &values);
    for (const struct lookup *l = survey->trace->lookups; finding && l; l = l->next)
        if (failed(l) && !l->beside && l->error.kind == lookup->error.kind &&
            text_equal_fold(l->name, lookup->name))
            add_evidence(survey, finding, l);
    return finding;
}

/* A name with an address whose other family could not be asked for: clients wait for that answer
 * and are slow, or give up. An absent record is healthy. */
static void add_half(struct survey *survey, const struct endpoint *endpoint)
{
    const struct lookup *lookup = telling(survey->trace, endpoint->host, false);
    if (!lookup || lookup->error.kind == FAILURE_NO_ADDRESS)
        return;
    struct finding *finding = add(survey, lookup, endpoint);
    if (finding)
        finding->severity = SEVERITY_WARNING;
}

bool survey_name_failed(const struct survey *survey, const char *host)
{
    return !has_address(survey->trace, host) && telling(survey->trace, host, false);
}

/* Nothing was planned: what the domain itself, or the host, answered tells why. */
static void add_unplanned(struct survey *survey)
{
    const struct target_facts *target = &survey->trace->target;
    const char *name = target->domain ? target->domain : target->input;
    const struct lookup *lookup = name ? telling(survey->trace, name, true) : NULL;
    for (const struct lookup *l = survey->trace->lookups; l && !lookup; l = l->next)
        if (failed(l))
            lookup = l;
    if (lookup)
        add(survey, lookup, NULL);
}

/* Nobody may use a port between servers of a host that a mail domain's MX names to sign in: where
 * only that is known, the domain keeps to itself which servers its mailboxes use. */
static void add_unpublished(struct survey *survey)
{
    const char *domain = survey->trace->target.domain;
    const unsigned persons = NEED_SEND | NEED_READ | NEED_IMAP | NEED_POP;
    const struct lookup *mx = NULL;
    if (!domain || !(survey->trace->target.needs & persons))
        return;
    for (const struct endpoint *e = survey->trace->endpoints; e; e = e->next)
        if (!e->transfer || !e->guessed)
            return;
    for (const struct lookup *l = survey->trace->lookups; l; l = l->next)
        if (!l->beside && strcmp(l->type, "MX") == 0 && l->answers.count &&
            text_equal_fold(l->name, domain))
            mx = l;
    if (!mx)
        return;
    struct values values = survey_values(survey, NULL);
    struct finding *finding =
        survey_add(survey, classify_event("resolve.unpublished"), NULL, NULL, &values);
    const char *line = arena_format(survey->arena,
                                    "%s from %s; no SRV record, and none of the "
                                    "customary names has an address",
                                    mx->answers.items[0], mx->server);
    survey_evidence(survey, finding, NULL, NULL, arena_format(survey->arena, "%s MX", domain),
                    mx->start_ns + mx->duration_ns, text_bytes(line));
}

/* Most hosts have several ports: their name is looked at once. */
static bool is_repeated(const struct trace *trace, const struct endpoint *endpoint)
{
    for (const struct endpoint *e = trace->endpoints; e != endpoint; e = e->next)
        if (text_equal_fold(e->host, endpoint->host))
            return true;
    return false;
}

void survey_names(struct survey *survey)
{
    survey_dns_transport(survey);
    if (!survey->trace->endpoints) {
        add_unplanned(survey);
        return;
    }
    add_unpublished(survey);
    /* Through a proxy nothing depends on what the name servers here know of a host. */
    if (survey->trace->from.proxy)
        return;
    for (const struct endpoint *e = survey->trace->endpoints; e; e = e->next) {
        if (is_repeated(survey->trace, e))
            continue;
        survey_resolvers(survey, e);
        const struct lookup *lookup = telling(survey->trace, e->host, false);
        if (lookup && has_address(survey->trace, e->host))
            add_half(survey, e);
        else if (lookup)
            add(survey, lookup, e);
    }
}
