#include "providers/provider.h"

#include "base/text.h"

#include <string.h>

const struct provider *provider_find(const char *id)
{
    for (size_t i = 0; i < provider_count; i++)
        if (strcmp(providers[i].id, id) == 0)
            return &providers[i];
    return NULL;
}

const struct provider_route *provider_route_find(const char *id)
{
    for (size_t i = 0; i < provider_route_count; i++)
        if (strcmp(provider_routes[i].id, id) == 0)
            return &provider_routes[i];
    return NULL;
}

/* How much of HOST the best of NAMES covers: 0 when none does. An exact name beats every suffix. */
static size_t coverage(const char *const *names, const char *host)
{
    size_t best = 0, size = strlen(host);
    if (size && host[size - 1] == '.')
        size--;
    for (; *names; names++) {
        size_t length = strlen(*names);
        bool suffix = **names == '.';
        if (suffix ? length >= size : length != size)
            continue;
        if (!text_starts_fold((struct bytes) { host + size - length, length }, *names))
            continue;
        size_t weight = suffix ? length : length + 1;
        best = weight > best ? weight : best;
    }
    return best;
}

static const struct provider *
find_by(const char *const *(*names_of)(const struct provider *provider), const char *host)
{
    const struct provider *found = NULL;
    size_t best = 0;
    for (size_t i = 0; i < provider_count; i++) {
        size_t covered = coverage(names_of(&providers[i]), host);
        if (covered > best) {
            best = covered;
            found = &providers[i];
        }
    }
    return found;
}

static const char *const *mx_suffixes(const struct provider *provider)
{
    return provider->mx_suffixes;
}

static const char *const *host_suffixes(const struct provider *provider)
{
    return provider->host_suffixes;
}

static const char *const *domains(const struct provider *provider)
{
    return provider->domains;
}

const struct provider *provider_by_mx(const char *mx_host)
{
    return find_by(mx_suffixes, mx_host);
}

const struct provider *provider_by_host(const char *host)
{
    return find_by(host_suffixes, host);
}

const struct provider *provider_by_domain(const char *domain)
{
    return find_by(domains, domain);
}
