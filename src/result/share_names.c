#include "result/share_private.h"

#include "base/idna.h"
#include "base/text.h"
#include "providers/provider.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

static char *fold(struct arena *arena, const char *key, size_t size)
{
    char *folded = arena_new(arena, size + 1);
    for (size_t i = 0; i < size; i++)
        folded[i] = text_lower(key[i]);
    return folded;
}

/* FNV-1a over the folded bytes. */
static size_t bucket_of(const char *key, size_t size)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text_lower(key[i])) * 16777619U;
    return hash % SHARE_BUCKETS;
}

static bool is_key(const struct share_entry *entry, const char *key, size_t size)
{
    return strlen(entry->key) == size && text_starts_fold((struct bytes) { key, size }, entry->key);
}

struct share_entry *share_find(const struct share *share, enum share_kind kind, const char *key,
                               size_t size)
{
    for (struct share_entry *e = share->buckets[bucket_of(key, size)]; e; e = e->next)
        if (e->kind == kind && is_key(e, key, size))
            return e;
    return NULL;
}

static bool is_taken(const struct share *share, const char *name)
{
    size_t size = strlen(name);
    for (struct share_entry *e = share->buckets[bucket_of(name, size)]; e; e = e->next)
        if (is_key(e, name, size))
            return true;
    return false;
}

static struct share_entry *add(struct share *share, enum share_kind kind, const char *key,
                               size_t size)
{
    struct share_entry *entry = arena_new(&share->arena, sizeof *entry);
    size_t bucket = bucket_of(key, size);
    entry->kind = kind;
    entry->key = fold(&share->arena, key, size);
    entry->next = share->buckets[bucket];
    share->buckets[bucket] = entry;
    if (share->last)
        share->last->next_made = entry;
    else
        share->first = entry;
    share->last = entry;
    return entry;
}

/* ---- what stands for what ---- */

static bool is_private(int family, const unsigned char *a)
{
    if (family == AF_INET6) /* RFC 4193, RFC 4291 section 2.5.6 */
        return (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
    return a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
           (a[0] == 169 && a[1] == 254) || (a[0] == 100 && (a[1] & 0xc0) == 64);
}

static const char *make_address(struct share *share, const char *key, int number)
{
    unsigned char bytes[16];
    if (inet_pton(AF_INET6, key, bytes) == 1)
        return arena_format(&share->arena, "2001:db8:%s%x",
                            is_private(AF_INET6, bytes) ? "1::" : ":", number);
    bool private = inet_pton(AF_INET, key, bytes) == 1 && is_private(AF_INET, bytes);
    if (number < 255)
        return arena_format(&share->arena, "%s.%d", private ? "192.0.2" : "203.0.113", number);
    return arena_format(&share->arena, "198.%d.%d.%d", private ? 18 : 19, number >> 8 & 255,
                        number & 255);
}

/* An id keeps its form: who reads it must still see what kind it is of. */
static const char *make_id(struct share *share, const char *key, int number)
{
    size_t size = strlen(key);
    bool hex = strspn(key, "0123456789abcdef") == size;
    if (size == 36 && strspn(key, "0123456789abcdef-") == size)
        return arena_format(&share->arena, "00000000-0000-0000-0000-%012d", number);
    return hex && size >= 12 ? arena_format(&share->arena, "%0*d", (int)size, number)
                             : arena_format(&share->arena, "id%d", number);
}

static const char *parent_of(const struct share *share, const char *host)
{
    for (const char *dot = strchr(host, '.'); dot; dot = strchr(dot + 1, '.')) {
        struct share_entry *domain = share_find(share, SHARE_DOMAIN, dot + 1, strlen(dot + 1));
        if (domain && domain->value)
            return domain->value;
    }
    return NULL;
}

static const char *make_host(struct share *share, const char *key, int number)
{
    const char *parent = parent_of(share, key);
    const struct provider *provider = provider_by_host(key);
    provider = provider ? provider : provider_by_mx(key);
    if (parent)
        return arena_format(&share->arena, "host%d.%s", number, parent);
    return provider ? arena_format(&share->arena, "host%d.%s.example", number, provider->id)
                    : arena_format(&share->arena, "host%d.example", number);
}

static const char *make_name(struct share *share, const struct share_entry *entry, int number)
{
    switch (entry->kind) {
    case SHARE_DOMAIN:
        return arena_format(&share->arena, "domain%d.example", number);
    case SHARE_HOST:
        return make_host(share, entry->key, number);
    case SHARE_USER:
        return arena_format(&share->arena, "user%d", number);
    case SHARE_ADDRESS:
        return make_address(share, entry->key, number);
    case SHARE_ID:
        return make_id(share, entry->key, number);
    default:
        return arena_format(&share->arena, "name%d", number);
    }
}

/* What stands for a name is no name of the result itself, and stays what it is when it is met
 * again: two lists of a result may be one in memory. */
static void settle(struct share *share, struct share_entry *entry)
{
    if (entry->value)
        return;
    const char *name;
    do
        name = make_name(share, entry, ++share->made[entry->kind]);
    while (is_taken(share, name));
    entry->value = name;
    add(share, entry->kind, name, strlen(name))->value = name;
}

void share_settle(struct share *share)
{
    share->collecting = false;
    for (int kind = 0; kind < SHARE_KIND_COUNT; kind++)
        for (struct share_entry *e = share->first; e; e = e->next_made)
            if ((int)e->kind == kind)
                settle(share, e);
}

struct share_entry *share_note(struct share *share, enum share_kind kind, const char *key,
                               size_t size)
{
    struct share_entry *entry = share_find(share, kind, key, size);
    if (!entry)
        entry = add(share, kind, key, size);
    if (!share->collecting)
        settle(share, entry);
    return entry;
}

/* ---- hosts and domains ---- */

/* Pages that replies point to, and what no name of anybody's is. */
static bool is_public_page(const char *name)
{
    static const char *const pages[] = {
        "localhost",
        "aka.ms",
        "go.microsoft.com",
        "learn.microsoft.com",
        "docs.microsoft.com",
        "support.microsoft.com",
        "support.google.com",
        "mail.google.com",
        "accounts.google.com",
        "myaccount.google.com",
        "login.microsoftonline.com",
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(name, pages[i]) == 0)
            return true;
    return false;
}

static bool is_listed(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* One that a provider's documents name, for all its customers. What stands below such a name is a
 * front end's or a tenant's. */
static bool is_everybodys(const char *name)
{
    if (is_public_page(name))
        return true;
    for (size_t i = 0; i < provider_count; i++) {
        const struct provider *provider = &providers[i];
        if (is_listed(provider->host_suffixes, name) || is_listed(provider->domains, name))
            return true;
        for (size_t k = 0; k < provider->endpoint_count; k++)
            if (strcmp(provider->endpoints[k].host, name) == 0)
                return true;
    }
    return false;
}

/* As the DNS knows it, so that both forms of an international name are one. */
static char *canonical(struct arena *arena, const char *name, size_t size)
{
    const char *why;
    char *copy = fold(arena, name, size);
    char *ascii = idna_to_ascii(copy, &why);
    char *kept = arena_copy(arena, ascii ? ascii : copy);
    free(ascii);
    return kept;
}

const char *share_host(struct share *share, const char *name, size_t size, bool make)
{
    char *key = canonical(&share->arena, name, size);
    size_t length = strlen(key);
    if (is_everybodys(key))
        return key;
    struct share_entry *entry = share_find(share, SHARE_DOMAIN, key, length);
    entry = entry ? entry : share_find(share, SHARE_HOST, key, length);
    if (!entry && make)
        entry = share_note(share, SHARE_HOST, key, length);
    return entry ? (entry->value ? entry->value : "") : NULL;
}

const char *share_domain(struct share *share, const char *name, size_t size)
{
    char *key = canonical(&share->arena, name, size);
    if (is_everybodys(key))
        return key;
    struct share_entry *entry = share_find(share, SHARE_HOST, key, strlen(key));
    if (!entry || !entry->value) /* a host that was named before is one of a domain's names */
        entry = share_note(share, SHARE_DOMAIN, key, strlen(key));
    return entry->value ? entry->value : "";
}

/* ---- words to look for ---- */

static bool is_common(const char *word, size_t size)
{
    static const char *const words[] = {
        "abuse",  "account", "admin",      "administrator", "anonymous", "com",     "contact",
        "domain", "example", "host",       "imap",          "info",      "local",   "localhost",
        "mail",   "mailbox", "mailer",     "microsoft",     "name",      "noreply", "office",
        "pop",    "pop3",    "postmaster", "root",          "sales",     "secret",  "send",
        "server", "smtp",    "support",    "test",          "user",      "users",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == size && text_starts_fold((struct bytes) { word, size }, words[i]))
            return true;
    return false;
}

void share_watch(struct share *share, const char *text, size_t size,
                 const struct share_entry *entry, bool own)
{
    if (size < 2 || is_common(text, size))
        return;
    own = own && size > 2; /* "no" may be a user, and is a word */
    for (size_t i = 0; i < share->word_count; i++)
        if (share->words[i].size == size &&
            text_starts_fold((struct bytes) { text, size }, share->words[i].text)) {
            share->words[i].own = share->words[i].own || own;
            return;
        }
    if (!own && share->word_count >= SHARE_WORD_LIMIT)
        return;
    if (share->word_count == share->word_capacity) {
        size_t capacity = share->word_capacity ? share->word_capacity * 2 : 64;
        struct share_word *words = arena_new(&share->arena, capacity * sizeof *words);
        if (share->word_count)
            memcpy(words, share->words, share->word_count * sizeof *words);
        share->words = words;
        share->word_capacity = capacity;
    }
    share->words[share->word_count++] =
        (struct share_word) { fold(&share->arena, text, size), size, entry, own };
}
