/* The endpoints of a plan while it is made: data without network, so that every decision of
 * planning can be tested as a table. */
#ifndef PLAN_DRAFT_H
#define PLAN_DRAFT_H

#include "providers/provider.h"
#include "result/trace.h"

enum { DRAFT_LIMIT = 48 }; /* endpoints of one plan; name servers can name any number */

struct draft_endpoint {
    const char *host;
    int port;
    enum service service;
    enum security security;
    enum expectation expectation;
    bool guessed, transfer; /* as in struct endpoint */
};

struct draft {
    struct draft_endpoint items[DRAFT_LIMIT];
    size_t count;
};

/* Ignored when host and port are there already, or the draft is full. Strings are kept, not copied.
 */
void draft_add(struct draft *draft, const struct draft_endpoint *endpoint);

/* The documented endpoints of PROVIDER; only those of HOST unless it is NULL. How many there were.
 */
size_t draft_add_provider(struct draft *draft, const struct provider *provider, const char *host);

/* Those of the seven ports whose service is in SERVICES (a set of bits 1 << service), expectation
 * unknown. */
void draft_add_ports(struct draft *draft, const char *host, unsigned services, bool guessed);
enum { DRAFT_EVERY_SERVICE = (1 << SERVICE_COUNT) - 1 };

/* One port of HOST as PROVIDER documents it, else with expectation unknown. TRANSFER is taken where
 * no document says that it is submission. */
void draft_add_one(struct draft *draft, const struct provider *provider,
                   const struct draft_endpoint *endpoint);

/* Only PORTS stay. One that nobody named is tried on the hosts that serve the same protocol, else
 * on every host. GENERIC: port 25 is then for transfer. Each port is one that port_use_assume()
 * knows.
 */
void draft_keep_ports(struct draft *draft, const int *ports, size_t count, bool generic);

/* Only SERVICES stay, a set of bits 1 << service. */
void draft_keep_services(struct draft *draft, unsigned services);

/* Only what ROUTE is about stays: its host, or its port of the provider's hosts, or the MX. */
void draft_keep_route(struct draft *draft, const struct provider_route *route);

/* Which needs of a mail client or server ITEM serves by its protocol and port. */
unsigned draft_serves(const struct draft_endpoint *item);

/* Makes the trace's endpoints, with the needs (NEEDS: the target's) that each can meet. */
void draft_write(const struct draft *draft, struct trace *trace, unsigned needs);

/* "host:587", "[2001:db8::1]:587". */
const char *draft_id(struct arena *arena, const char *host, int port);

#endif
