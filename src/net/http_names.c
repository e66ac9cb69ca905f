#include "net/http_names.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/evidence.h"
#include "net/resolver.h"

#include <stdlib.h>

enum { FAMILIES = 2 };

/* One name that is looked up. */
struct search {
    struct search *next;
    struct http_names *names;
    http_names_function *function;
    void *arg;
    const char *host;
    const char *found[FAMILIES]; /* IPv4 first; NULL: none */
    const char *trouble;
    int open;
};

struct http_names {
    struct resolver *resolver;
    struct trace *trace; /* of the lookups alone: an authority is no part of a mail server's way */
    struct net_address source;
    int family;
    struct search *searches;
};

bool http_is_numeric(const char *host)
{
    struct net_address address;
    return net_address_parse(&address, host, 0);
}

bool http_source_check(const char *source, char **ret_error)
{
    struct net_address address;
    struct failure failure;
    bool numeric = net_address_parse(&address, source, 0);
    if (numeric && net_address_is_own(&address, &failure))
        return true;
    *ret_error = numeric
                     ? memory_format("cannot connect from --source %s: %s", source, failure.text)
                     : memory_format("source address '%s' is not a numeric address", source);
    return false;
}

struct http_names *http_names_new(struct loop *loop, const char *server, const char *source,
                                  int family, char **ret_error)
{
    struct http_names *names = memory_new(sizeof *names);
    *names = (struct http_names) { .trace = trace_new(), .family = family };
    const struct resolver_options options = { .server = server,
                                              .source = source ? &names->source : NULL };
    if (source)
        net_address_parse(&names->source, source, 0);
    names->resolver = resolver_new(loop, &options, names->trace, clock_mono_ns(), ret_error);
    if (names->resolver)
        return names;
    http_names_free(names);
    return NULL;
}

void http_names_free(struct http_names *names)
{
    struct search *next;
    if (!names)
        return;
    resolver_free(names->resolver);
    for (struct search *search = names->searches; search; search = next) {
        next = search->next;
        free(search);
    }
    trace_free(names->trace);
    free(names);
}

static void conclude(struct search *search)
{
    struct arena *arena = &search->names->trace->arena;
    const char *addresses = search->found[0] ? search->found[0] : search->found[1];
    if (search->found[0] && search->found[1])
        addresses = arena_format(arena, "%s,%s", search->found[0], search->found[1]);
    struct search **link = &search->names->searches;
    while (*link != search)
        link = &(*link)->next;
    *link = search->next;
    search->function(search->arg, addresses, search->trouble);
    free(search);
}

static const char *why_not(const struct search *search, const struct lookup *lookup)
{
    struct arena *arena = &search->names->trace->arena;
    const char *server = lookup && lookup->server ? lookup->server : "the name server";
    if (!lookup || !lookup->rcode)
        return arena_format(arena, "%s gave no answer about %s%s%s", server, search->host,
                            lookup && *lookup->error.text ? ": " : "",
                            lookup ? lookup->error.text : "");
    return arena_format(arena, "%s knows no address of %s (%s)", server, search->host,
                        lookup->rcode);
}

static void take(struct search *search, int slot, const struct resolution *resolution)
{
    struct arena *arena = &search->names->trace->arena;
    for (size_t i = 0; i < resolution->answer.count; i++) {
        const char *text = resolution->answer.records[i].text, **found = &search->found[slot];
        *found = *found ? arena_format(arena, "%s,%s", *found, text) : text;
    }
    if (!resolution->answer.count && !search->trouble)
        search->trouble = why_not(search, resolution->lookup);
    if (--search->open == 0)
        conclude(search);
}

static void on_ipv4(void *arg, const struct resolution *resolution)
{
    take(arg, 0, resolution);
}

static void on_ipv6(void *arg, const struct resolution *resolution)
{
    take(arg, 1, resolution);
}

void http_names_ask(struct http_names *names, const char *host, http_names_function *function,
                    void *arg)
{
    struct search *search = memory_new(sizeof *search);
    *search = (struct search) {
        .next = names->searches,
        .names = names,
        .function = function,
        .arg = arg,
        .host = arena_copy(&names->trace->arena, host),
        .open = names->family ? 1 : FAMILIES,
    };
    names->searches = search;
    if (names->family != 6)
        resolver_ask(names->resolver, host, DNS_A, on_ipv4, search);
    if (names->family != 4)
        resolver_ask(names->resolver, host, DNS_AAAA, on_ipv6, search);
}
