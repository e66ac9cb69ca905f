#include "plan/discovery.h"

#include "base/idna.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    SMTP = 1 << SERVICE_SMTP,
    IMAP = 1 << SERVICE_IMAP,
    POP3 = 1 << SERVICE_POP3,
    HOSTS_PER_SERVICE = 2, /* SRV targets that are looked at, best priority first */
};

const struct discovery_service discovery_services[DISCOVERY_SERVICES] = {
    { "_submissions._tcp.", SERVICE_SMTP, SECURITY_IMPLICIT }, /* RFC 8314 section 5.1 */
    { "_submission._tcp.", SERVICE_SMTP, SECURITY_STARTTLS },  /* RFC 6186 section 3 */
    { "_imaps._tcp.", SERVICE_IMAP, SECURITY_IMPLICIT },
    { "_imap._tcp.", SERVICE_IMAP, SECURITY_STARTTLS },
    { "_pop3s._tcp.", SERVICE_POP3, SECURITY_IMPLICIT },
    { "_pop3._tcp.", SERVICE_POP3, SECURITY_STARTTLS },
};

const struct discovery_name discovery_names[DISCOVERY_NAMES] = {
    { "mail.", SMTP | IMAP | POP3 }, { "smtp.", SMTP }, { "imap.", IMAP }, { "pop.", POP3 },
    { "", SMTP | IMAP | POP3 },
};

const char *discovery_service_name(struct arena *arena, const char *domain, size_t i)
{
    return arena_format(arena, "%s%s", discovery_services[i].label, domain);
}

const char *discovery_name(struct arena *arena, const char *domain, size_t i)
{
    return arena_format(arena, "%s%s", discovery_names[i].prefix, domain);
}

/* ---- records ---- */

/* The record with the RANK-th lowest preference; NULL when there are fewer. Records of equal
 * preference keep their order. */
static const struct dns_record *by_preference(const struct dns_answer *answer, size_t rank)
{
    for (size_t i = 0; i < answer->count; i++) {
        size_t before = 0;
        for (size_t k = 0; k < answer->count; k++)
            before += answer->records[k].preference < answer->records[i].preference ||
                      (k < i && answer->records[k].preference == answer->records[i].preference);
        if (before == rank)
            return &answer->records[i];
    }
    return NULL;
}

/* A name server may put any bytes into a name: what is no host name is nobody's host. */
static const char *clean_host(struct arena *arena, const struct dns_record *record)
{
    const char *why;
    char *ascii = record->host && *record->host ? idna_to_ascii(record->host, &why) : NULL;
    const char *copy = arena_copy(arena, ascii);
    free(ascii);
    return copy;
}

static bool lies_below(const char *host, const char *domain)
{
    size_t size = strlen(host), length = strlen(domain);
    if (!text_ends_fold(host, domain))
        return false;
    return size == length || host[size - length - 1] == '.';
}

/* ---- whose mail it is ---- */

static const struct provider *provider_of_mx(const struct dns_answer *mx)
{
    const struct dns_record *record;
    for (size_t rank = 0; (record = by_preference(mx, rank)); rank++) {
        const struct provider *provider = record->host ? provider_by_mx(record->host) : NULL;
        if (provider)
            return provider;
    }
    return NULL;
}

static const struct provider *provider_of_srv(const struct dns_answer *srv)
{
    const struct dns_record *record = by_preference(srv, 0);
    return record && record->host ? provider_by_host(record->host) : NULL;
}

const struct provider *discovery_provider(const struct discovery *discovery)
{
    const struct provider *provider = provider_of_mx(&discovery->mx);
    for (size_t i = 0; !provider && i < DISCOVERY_SERVICES; i++)
        provider = provider_of_srv(&discovery->srv[i]);
    const struct strings *aliases = &discovery->autodiscover.cname;
    for (size_t i = 0; !provider && i < aliases->count; i++)
        if (text_equal_fold(aliases->items[i], "autodiscover.outlook.com"))
            provider = provider_find("microsoft365");
    return provider;
}

bool discovery_is_domain(const char *name, const struct dns_answer *mx)
{
    for (size_t i = 0; i < mx->count; i++) {
        const char *host = mx->records[i].host;
        if (host && *host && !text_equal_fold(host, name)) /* "": null MX, RFC 7505 */
            return true;
    }
    return false;
}

/* ---- endpoints ---- */

/* RFC 6186 section 6: a host outside the domain needs the user's consent, since whoever can forge
 * an answer chooses it. There is nobody to ask in the middle of a run, so no secret goes there;
 * naming the host as the target is the consent. */
static void add_srv(struct draft *draft, struct arena *arena, const struct discovery *discovery,
                    size_t i)
{
    const struct discovery_service *service = &discovery_services[i];
    const struct dns_record *record;
    for (size_t rank = 0;
         rank < HOSTS_PER_SERVICE && (record = by_preference(&discovery->srv[i], rank)); rank++) {
        const char *host = clean_host(arena, record);
        if (!host || record->port < 1 || record->port > 65535)
            continue;
        draft_add(draft, &(struct draft_endpoint) {
                             .host = host,
                             .port = record->port,
                             .service = service->service,
                             .security = service->security,
                             .expectation = EXPECT_OFFERED,
                             .guessed = !lies_below(host, discovery->domain),
                         });
    }
}

static bool has_address(const struct discovery *discovery, size_t i)
{
    return discovery->a[i].count + discovery->aaaa[i].count > 0;
}

static bool same_records(const struct dns_answer *a, const struct dns_answer *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        bool found = false;
        for (size_t k = 0; k < b->count && !found; k++)
            found = strcmp(a->records[i].text, b->records[k].text) == 0;
        if (!found)
            return false;
    }
    return true;
}

/* Does an earlier customary name for the same protocols lead to the same addresses? One server need
 * not be tested under each of its names. */
static bool seen_before(const struct discovery *discovery, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if ((discovery_names[i].services & ~discovery_names[k].services) == 0 &&
            has_address(discovery, k) && same_records(&discovery->a[i], &discovery->a[k]) &&
            same_records(&discovery->aaaa[i], &discovery->aaaa[k]))
            return true;
    return false;
}

void discovery_draft_mx(const struct discovery *discovery, struct arena *arena, struct draft *draft)
{
    const struct dns_record *first = by_preference(&discovery->mx, 0);
    const char *host = first ? clean_host(arena, first) : NULL;
    if (!host)
        return;
    draft_add(draft, &(struct draft_endpoint) { .host = host,
                                                .port = 25,
                                                .service = SERVICE_SMTP,
                                                .security = SECURITY_STARTTLS,
                                                .expectation = EXPECT_OFFERED,
                                                .guessed = true,
                                                .transfer = true });
}

void discovery_draft(const struct discovery *discovery, struct arena *arena, struct draft *draft)
{
    unsigned decided = 0; /* also by the target ".", which says that there is no such service */
    for (size_t i = 0; i < DISCOVERY_SERVICES; i++) {
        add_srv(draft, arena, discovery, i);
        if (discovery->srv[i].count)
            decided |= 1U << discovery_services[i].service;
    }
    for (size_t i = 0; i < DISCOVERY_NAMES; i++) {
        bool last_resort = *discovery_names[i].prefix == '\0';
        if (!has_address(discovery, i) || seen_before(discovery, i))
            continue;
        if (last_resort && (decided || draft->count))
            continue;
        draft_add_ports(draft, discovery_name(arena, discovery->domain, i),
                        discovery_names[i].services & ~decided, true);
        if (last_resort)
            discovery_draft_mx(discovery, arena, draft);
    }
    if (draft->count == 0)
        discovery_draft_mx(discovery, arena, draft);
}
