/* What the name servers say of a mail domain, and what follows from it. No network: the answers are
 * given. */
#ifndef PLAN_DISCOVERY_H
#define PLAN_DISCOVERY_H

#include "plan/draft.h"
#include "probes/dns_message.h"

enum { DISCOVERY_SERVICES = 6, DISCOVERY_NAMES = 5 };

/* The services of RFC 6186 and RFC 8314: "_submissions._tcp", ... */
struct discovery_service {
    const char *label;
    enum service service;
    enum security security;
};
extern const struct discovery_service discovery_services[DISCOVERY_SERVICES];

/* Names that are customary: "mail." and its like, for which protocols (bits 1 << service); "" is
 * the domain itself, the last resort. */
struct discovery_name {
    const char *prefix;
    unsigned services;
};
extern const struct discovery_name discovery_names[DISCOVERY_NAMES];

/* Answers of the domain's name servers; one that was not asked is all zero. */
struct discovery {
    const char *domain;
    struct dns_answer mx;
    struct dns_answer srv[DISCOVERY_SERVICES];
    struct dns_answer a[DISCOVERY_NAMES], aaaa[DISCOVERY_NAMES];
    struct dns_answer autodiscover; /* A of autodiscover.DOMAIN */
};

/* The name of question I, in ARENA. */
const char *discovery_service_name(struct arena *arena, const char *domain, size_t i);
const char *discovery_name(struct arena *arena, const char *domain, size_t i);

/* Whose mail it is: by the MX in the order of preference, the hosts of the SRV records, the alias
 * that Microsoft has a tenant set at autodiscover (a filtering service may hold the MX). NULL when
 * nobody's that is known. */
const struct provider *discovery_provider(const struct discovery *discovery);

/* Is NAME a mail domain, going by its MX? One whose only MX is itself is a host. */
bool discovery_is_domain(const char *name, const struct dns_answer *mx);

/* The endpoints of a domain that is nobody's: SRV records, else the customary names that exist,
 * else the domain's own name; the MX where nothing better is known. */
void discovery_draft(const struct discovery *discovery, struct arena *arena, struct draft *draft);

/* The domain's first MX as a place to hand mail to. */
void discovery_draft_mx(const struct discovery *discovery, struct arena *arena,
                        struct draft *draft);

#endif
