#include "result/share.h"

#include "base/text.h"
#include "result/json.h"
#include "result/json_shape.h"
#include "result/share_private.h"

#include <stdint.h>
#include <string.h>

/* What holds the visit of one result together. */
struct visit {
    struct share *share;
    struct arena *arena; /* of the result: what replaces lives there */
};

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* Words that look like ids, and are none. */
static enum share_how how_to_read(const struct shape_field *field)
{
    static const char *const plain[] = { "cipher",  "group",   "key",      "kernel",    "mechanism",
                                         "offered", "os",      "problems", "signature", "transport",
                                         "type",    "version", NULL };
    if (field->kind == SHAPE_WORDS || field->kind == SHAPE_WORD_LIST || field->kind == SHAPE_CHARS)
        return SHARE_OWN;
    return is_one_of(field->name, plain) ? SHARE_PLAIN : SHARE_PEER;
}

static bool is_distinguished(const struct shape_field *field)
{
    static const char *const names[] = { "subject", "issuer", "common_name", "added_root", NULL };
    return field->kind == SHAPE_PEER && is_one_of(field->name, names);
}

/* A field that is a name from its start to its end, whatever it looks like. */
static struct share_entry *whole_name(struct share *share, const struct shape_field *field,
                                      struct bytes text)
{
    static const struct {
        const char *field;
        enum share_kind kind;
    } rows[] = { { "host", SHARE_HOST }, { "user", SHARE_USER }, { "session_id", SHARE_ID } };
    for (size_t i = 0; i < text.size; i++)
        if (strchr(".:@", text.data[i]))
            return NULL; /* the scanner knows what it is */
    for (size_t i = 0; i < sizeof rows / sizeof *rows && text.size; i++)
        if (field->kind == SHAPE_PEER && strcmp(field->name, rows[i].field) == 0 &&
            !text_equal_fold(text.data, "localhost"))
            return share_note(share, rows[i].kind, text.data, text.size);
    return NULL;
}

static void visit_text(void *arg, const struct shape_field *field, struct bytes *text)
{
    const struct visit *visit = arg;
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    const struct share_entry *whole = whole_name(visit->share, field, *text);
    if (whole)
        buffer_append_text(&out, whole->value ? whole->value : "");
    else if (is_distinguished(field))
        share_distinguished(visit->share, &out, *text);
    else
        share_text(visit->share, &out, *text, how_to_read(field));
    struct bytes now = buffer_bytes(&out);
    bool same =
        now.size == text->size && memcmp(now.data ? now.data : "", text->data, now.size) == 0;
    if (!visit->share->collecting && !same)
        *text = arena_copy_bytes(visit->arena, now);
    buffer_done(&out);
}

static void visit_result(struct share *share, struct result *result)
{
    struct visit visit = { share, &result->trace->arena };
    result_visit(result, visit_text, &visit);
}

/* ---- names that no pattern shows ---- */

static void watch_name(struct share *share, enum share_kind kind, const char *text, size_t size)
{
    if (size)
        share_watch(share, text, size, share_note(share, kind, text, size), true);
}

/* "ana.lopez+crm" is also ana, lopez and crm. */
static void watch_parts(struct share *share, const char *text, size_t size)
{
    for (size_t start = 0; start < size;) {
        size_t end = start;
        while (end < size && !strchr(".+-_", text[end]))
            end++;
        if (end - start >= 3 && end - start < size)
            watch_name(share, SHARE_NAME, text + start, end - start);
        start = end + 1;
    }
}

static void watch_user(struct share *share, const char *user)
{
    const char *at = user ? strchr(user, '@') : NULL;
    size_t size = at ? (size_t)(at - user) : user ? strlen(user) : 0;
    watch_name(share, SHARE_USER, user, size);
    watch_parts(share, user, size);
}

/* The label that a tenant is known by: "contoso" of contoso.com, of contoso.co.uk, and of
 * contoso.onmicrosoft.com. */
static void watch_tenant(struct share *share, const char *domain)
{
    const char *end = domain + strlen(domain), *start = domain;
    for (int labels = 0; end > domain; labels++) {
        start = end;
        while (start > domain && start[-1] != '.')
            start--;
        bool suffix = labels == 0 || (labels == 1 && start > domain && end - start <= 3);
        bool of_tenants =
            labels == 1 && start > domain && text_starts_fold(text_bytes(start), "onmicrosoft.");
        if (!suffix && !of_tenants)
            break;
        end = start > domain ? start - 1 : domain;
    }
    if (end > start)
        watch_name(share, SHARE_NAME, start, (size_t)(end - start));
    watch_parts(share, start, (size_t)(end - start));
}

/* A name without a dot, as of a machine in its own network. */
static void watch_machine(struct share *share, const char *name)
{
    size_t size = name ? strlen(name) : 0;
    if (!size || strchr(name, ':') || strspn(name, "0123456789.") == size)
        return;
    if (strchr(name, '.'))
        share_watch(share, name, strcspn(name, "."),
                    share_note(share, SHARE_NAME, name, strcspn(name, ".")), true);
    else if (!text_equal_fold(name, "localhost"))
        watch_name(share, SHARE_HOST, name, size);
}

/* The user and the host of "socks5h://ana@proxy:1080". */
static void watch_proxy(struct share *share, struct arena *arena, const char *url)
{
    const char *rest = url ? strstr(url, "://") : NULL;
    if (!rest)
        return;
    rest += strlen("://");
    const char *at = strrchr(rest, '@');
    if (at)
        watch_name(share, SHARE_USER, rest, (size_t)(at - rest));
    rest = at ? at + 1 : rest;
    watch_machine(share, arena_format(arena, "%.*s", (int)strcspn(rest, ":/"), rest));
}

static void watch_sessions(struct share *share, const struct endpoint *endpoint)
{
    for (const struct attempt *a = endpoint->attempts; a; a = a->next)
        if (a->session_id)
            watch_name(share, SHARE_ID, a->session_id, strlen(a->session_id));
}

static void watch(struct share *share, const struct result *result)
{
    const struct trace *trace = result->trace;
    watch_user(share, trace->target.address);
    watch_user(share, trace->target.user);
    watch_user(share, trace->target.mailbox);
    if (trace->target.domain) /* as typed: the table has it as the DNS does */
        watch_tenant(share, trace->target.domain);
    if (trace->from.host)
        watch_machine(share, trace->from.host);
    watch_proxy(share, &share->arena, trace->from.proxy);
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        if (e->host && !strchr(e->host, '.'))
            watch_machine(share, e->host);
        watch_sessions(share, e);
    }
}

static void collect(struct share *share, struct result *result)
{
    const struct target_facts *target = &result->trace->target;
    if (target->domain)
        share_domain(share, target->domain, strlen(target->domain));
    visit_result(share, result);
    watch(share, result);
}

void share_results(struct result *const *results, size_t count)
{
    struct share share = { .collecting = true };
    for (size_t i = 0; i < count; i++)
        for (struct result *r = results[i]; r; r = r->recipient)
            collect(&share, r);
    struct share_entry *last = share.last;
    for (struct share_entry *e = share.first; e; e = e == last ? NULL : e->next_made)
        if (e->kind == SHARE_DOMAIN)
            watch_tenant(&share, e->key);
        else if (e->kind == SHARE_USER)
            share_watch(&share, e->key, strlen(e->key), e, false);
    share_settle(&share);
    for (size_t i = 0; i < count; i++)
        for (struct result *r = results[i]; r; r = r->recipient)
            visit_result(&share, r);
    arena_done(&share.arena);
}
