#include "plan/draft.h"

#include "base/text.h"
#include "plan/plan.h"

#include <string.h>

void draft_add(struct draft *draft, const struct draft_endpoint *endpoint)
{
    if (draft->count == DRAFT_LIMIT)
        return;
    for (size_t i = 0; i < draft->count; i++)
        if (draft->items[i].port == endpoint->port &&
            text_equal_fold(draft->items[i].host, endpoint->host))
            return;
    draft->items[draft->count++] = *endpoint;
}

/* The generator lets no other words into the table. */
static struct draft_endpoint from_document(const struct provider_endpoint *documented)
{
    return (struct draft_endpoint) {
        .host = documented->host,
        .port = documented->port,
        .service = (enum service)service_parse(documented->service),
        .security = (enum security)security_parse(documented->security),
        .expectation = (enum expectation)expectation_parse(documented->expectation),
        .transfer = documented->transfer,
    };
}

size_t draft_add_provider(struct draft *draft, const struct provider *provider, const char *host)
{
    size_t added = 0;
    for (size_t i = 0; i < provider->endpoint_count; i++) {
        if (host && !text_equal_fold(provider->endpoints[i].host, host))
            continue;
        struct draft_endpoint endpoint = from_document(&provider->endpoints[i]);
        draft_add(draft, &endpoint);
        added++;
    }
    return added;
}

void draft_add_ports(struct draft *draft, const char *host, unsigned services, bool guessed)
{
    for (size_t i = 0; i < port_use_count; i++) {
        const struct port_use *use = &port_uses[i];
        if (!(services & 1U << use->service))
            continue;
        draft_add(draft, &(struct draft_endpoint) { .host = host,
                                                    .port = use->port,
                                                    .service = use->service,
                                                    .security = use->security,
                                                    .expectation = EXPECT_UNKNOWN,
                                                    .guessed = guessed,
                                                    .transfer = use->transfer });
    }
}

void draft_add_one(struct draft *draft, const struct provider *provider,
                   const struct draft_endpoint *endpoint)
{
    for (size_t i = 0; i < provider->endpoint_count; i++) {
        struct draft_endpoint documented = from_document(&provider->endpoints[i]);
        if (text_equal_fold(documented.host, endpoint->host) && documented.port == endpoint->port &&
            documented.service == endpoint->service && documented.security == endpoint->security) {
            draft_add(draft, &documented);
            return;
        }
    }
    draft_add(draft, endpoint);
}

/* PORT on every host of FROM that serves USE's protocol, or on every host at all. */
static void add_port_everywhere(struct draft *draft, const struct draft *from,
                                const struct port_use *use, bool same_service, bool generic)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct draft_endpoint *item = &from->items[i];
        if (same_service && item->service != use->service)
            continue;
        draft_add(draft, &(struct draft_endpoint) { .host = item->host,
                                                    .port = use->port,
                                                    .service = use->service,
                                                    .security = use->security,
                                                    .expectation = EXPECT_UNKNOWN,
                                                    .guessed = item->guessed,
                                                    .transfer = use->transfer && generic });
    }
}

void draft_keep_ports(struct draft *draft, const int *ports, size_t count, bool generic)
{
    const struct draft from = *draft;
    draft->count = 0;
    for (size_t p = 0; p < count; p++) {
        size_t before = draft->count;
        for (size_t i = 0; i < from.count; i++)
            if (from.items[i].port == ports[p])
                draft_add(draft, &from.items[i]);
        const struct port_use *use = port_use_assume(ports[p]);
        if (draft->count == before)
            add_port_everywhere(draft, &from, use, true, generic);
        if (draft->count == before)
            add_port_everywhere(draft, &from, use, false, generic);
    }
}

static bool is_on_route(const struct draft_endpoint *item, const struct provider_route *route)
{
    return item->service == SERVICE_SMTP && item->port == route->port &&
           item->transfer == !route->login;
}

void draft_keep_route(struct draft *draft, const struct provider_route *route)
{
    size_t kept = 0;
    for (size_t i = 0; i < draft->count; i++)
        if (is_on_route(&draft->items[i], route))
            draft->items[kept++] = draft->items[i];
    draft->count = kept;
}

void draft_keep_services(struct draft *draft, unsigned services)
{
    size_t kept = 0;
    for (size_t i = 0; i < draft->count; i++)
        if (services >> draft->items[i].service & 1)
            draft->items[kept++] = draft->items[i];
    draft->count = kept;
}

/* Port 25 between servers serves nobody's wish to send from a mail client. */
unsigned draft_serves(const struct draft_endpoint *item)
{
    static const unsigned by_service[SERVICE_COUNT] = {
        [SERVICE_SMTP] = NEED_SEND,
        [SERVICE_IMAP] = NEED_READ | NEED_IMAP,
        [SERVICE_POP3] = NEED_READ | NEED_POP,
    };
    return item->transfer ? (unsigned)NEED_RELAY : by_service[item->service];
}

/* NEEDS is the target's. What the provider does not offer serves none at all, yet a port that the
 * user named is a need. */
static unsigned needs_met(const struct draft_endpoint *item, unsigned needs)
{
    unsigned met = needs & NEED_ENDPOINT;
    if (item->expectation != EXPECT_NOT_OFFERED)
        met |= draft_serves(item);
    /* "Whatever it turns out to offer": a port that nobody is told to use is not waited for. */
    if (item->expectation == EXPECT_OFFERED || item->expectation == EXPECT_UNKNOWN)
        met |= needs & NEED_ANY;
    return met;
}

const char *draft_id(struct arena *arena, const char *host, int port)
{
    return arena_format(arena, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
}

void draft_write(const struct draft *draft, struct trace *trace, unsigned needs)
{
    for (size_t i = 0; i < draft->count; i++) {
        const struct draft_endpoint *item = &draft->items[i];
        struct endpoint *endpoint = trace_add_endpoint(trace);
        endpoint->host = arena_copy(&trace->arena, item->host);
        endpoint->port = item->port;
        endpoint->id = draft_id(&trace->arena, item->host, item->port);
        endpoint->service = item->service;
        endpoint->security = item->security;
        endpoint->expectation = item->expectation;
        endpoint->guessed = item->guessed;
        endpoint->transfer = item->transfer;
        endpoint->needs = needs_met(item, needs);
        endpoint->status = STATUS_SKIPPED;
    }
}
