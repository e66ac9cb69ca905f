#include "engine/opinions.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/evidence.h"
#include "net/system_names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER_LIMIT = 8, HOST_LIMIT = 32 };

/* One name, asked of the system. */
struct inquest {
    struct opinions *opinions;
    struct lookup *row;
    struct system_names *names;
};

struct opinions {
    struct opinions_options options;
    struct resolver *resolvers[SERVER_LIMIT];
    size_t resolver_count;
    struct inquest inquests[HOST_LIMIT];
    size_t inquest_count;
    size_t open;     /* answers that the run waits for */
    bool suspicious; /* the name that cannot exist was asked */
};

static int64_t elapsed(const struct opinions *o)
{
    return clock_mono_ns() - o->options.started_ns;
}

/* ---- further name servers ---- */

static void answered(void *arg, const struct resolution *resolution)
{
    struct opinions *o = arg;
    (void)resolution;
    o->open--;
    if (o->open == 0)
        o->options.done(o->options.arg);
}

static void ask(struct opinions *o, struct resolver *resolver, const char *name, enum dns_type type)
{
    o->open++;
    resolver_ask(resolver, name, type, answered, o);
}

/* ---- a name that cannot exist ---- */

/* Where every address of a provider's server is private, or none at all, a name server may answer
 * so for everything: a name below "invalid" (RFC 6761 section 6.4) tells. Healthy names are never
 * followed by it. */
static bool looks_false(const char *text)
{
    static const char *const starts[] = { "0.", "10.", "127.", "192.168.", "169.254.", "172.16." };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(text, starts[i], strlen(starts[i])) == 0)
            return true;
    return strcmp(text, "::") == 0 || strcmp(text, "::1") == 0;
}

/* Private addresses are nothing strange for a server of one's own. */
static bool is_documented(const struct trace *trace, const char *host)
{
    for (const struct endpoint *e = trace->endpoints; e; e = e->next)
        if (e->expectation != EXPECT_UNKNOWN && text_equal_fold(e->host, host))
            return true;
    return false;
}

static void heard(void *arg, const struct resolution *resolution)
{
    struct opinions *o = arg;
    const struct lookup *lookup = resolution->lookup;
    bool doubtful = lookup && lookup->source == LOOKUP_DNS && resolution->answer.count > 0 &&
                    is_documented(o->options.trace, lookup->name);
    for (size_t i = 0; i < resolution->answer.count; i++)
        doubtful = doubtful && looks_false(resolution->answer.records[i].text);
    if (!doubtful || o->suspicious)
        return;
    uint64_t number;
    crypto_random(&number, sizeof number);
    o->suspicious = true;
    ask(o, o->options.resolver,
        arena_format(&o->options.trace->arena, "maildoctor-%016" PRIx64 ".invalid", number), DNS_A);
}

/* ---- the system ---- */

static void system_answered(void *arg, const struct system_answer *answer)
{
    struct inquest *inquest = arg;
    struct opinions *o = inquest->opinions;
    struct arena *arena = &o->options.trace->arena;
    struct lookup *row = inquest->row;
    row->error = answer->failure;
    for (size_t i = 0; i < answer->count; i++)
        strings_add(&row->answers, arena, arena_copy(arena, answer->addresses[i]));
    row->duration_ns = elapsed(o) - row->start_ns;
    system_names_stop(&inquest->names);
}

static void ask_system(struct opinions *o, const char *host)
{
    if (o->inquest_count == HOST_LIMIT)
        return;
    struct inquest *inquest = &o->inquests[o->inquest_count];
    inquest->opinions = o;
    inquest->names =
        system_names_start(o->options.loop, host, o->options.family, system_answered, inquest);
    if (!inquest->names)
        return;
    o->inquest_count++;
    struct lookup *row = trace_add_lookup(o->options.trace);
    row->name = host;
    row->type = o->options.family == 4 ? "A" : o->options.family == 6 ? "AAAA" : "A/AAAA";
    row->server = "this system";
    row->source = LOOKUP_GETADDRINFO;
    row->beside = true;
    row->start_ns = elapsed(o);
    row->error = failure_make(FAILURE_CANCELLED, "not waited for");
    inquest->row = row;
}

/* ---- the names ---- */

/* Each host once, and no addresses. */
static bool is_to_ask(const struct trace *trace, const struct endpoint *endpoint)
{
    struct net_address address;
    for (const struct endpoint *e = trace->endpoints; e != endpoint; e = e->next)
        if (text_equal_fold(e->host, endpoint->host))
            return false;
    return !net_address_parse(&address, endpoint->host, 0);
}

static bool was_asked(const struct trace *trace, const char *host)
{
    for (const struct lookup *l = trace->lookups; l; l = l->next)
        if (!l->beside && text_equal_fold(l->name, host) &&
            (strcmp(l->type, "A") == 0 || strcmp(l->type, "AAAA") == 0))
            return true;
    return false;
}

static void ask_all(struct opinions *o, const char *host)
{
    int family = o->options.family;
    for (size_t i = 0; i < o->resolver_count; i++) {
        if (family != 4)
            ask(o, o->resolvers[i], host, DNS_AAAA);
        if (family != 6)
            ask(o, o->resolvers[i], host, DNS_A);
    }
    /* The run's own answer, once it is there: this question is not sent again. */
    if (family != 6)
        resolver_ask(o->options.resolver, host, DNS_A, heard, o);
    if (o->options.system)
        ask_system(o, host);
}

struct opinions *opinions_new(const struct opinions_options *options, char **ret_error)
{
    struct opinions *o = memory_new(sizeof *o);
    o->options = *options;
    for (size_t i = 0; i < options->server_count && i < SERVER_LIMIT; i++) {
        struct resolver_options server = {
            .server = options->servers[i],
            .beside = true,
            .source = options->source,
            .budget_ms = options->budget_ms,
        };
        o->resolvers[i] =
            resolver_new(options->loop, &server, options->trace, options->started_ns, ret_error);
        if (!o->resolvers[i]) {
            opinions_close(&o);
            return NULL;
        }
        o->resolver_count++;
    }
    return o;
}

void opinions_begin(struct opinions *o)
{
    const struct trace *trace = o->options.trace;
    for (const struct endpoint *e = trace->endpoints; e; e = e->next)
        if (is_to_ask(trace, e) && was_asked(trace, e->host))
            ask_all(o, e->host);
}

bool opinions_wanted(const struct opinions *o)
{
    return o && o->open > 0;
}

void opinions_close(struct opinions **opinions)
{
    struct opinions *o = *opinions;
    *opinions = NULL;
    if (!o)
        return;
    for (size_t i = 0; i < o->resolver_count; i++)
        resolver_free(o->resolvers[i]);
    for (size_t i = 0; i < o->inquest_count; i++)
        system_names_stop(&o->inquests[i].names);
    free(o);
}
