#include "report/changes.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/headline.h"
#include "report/page.h"
#include "report/wording.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *change_kind_name(enum change_kind kind)
{
    static const char *const names[] = {
        [CHANGE_TARGET] = "target",
        [CHANGE_VERDICT] = "verdict",
        [CHANGE_CLASS] = "class",
        [CHANGE_ENDPOINT] = "endpoint",
        [CHANGE_CERTIFICATE] = "certificate",
        [CHANGE_ADDRESS] = "address",
        [CHANGE_CAPABILITY] = "capability",
        [CHANGE_TIME] = "time",
    };
    return names[kind];
}

const char *change_way_name(enum change_way way)
{
    static const char *const names[] = {
        [CHANGE_WORSE] = "worse", [CHANGE_BETTER] = "better", [CHANGE_OTHER] = "other"
    };
    return names[way];
}

struct comparison {
    struct changes *changes;
    const struct result *before, *after;
};

static struct change *add(const struct comparison *c, enum change_kind kind, enum change_way way,
                          const char *subject, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static struct change *add(const struct comparison *c, enum change_kind kind, enum change_way way,
                          const char *subject, const char *format, ...)
{
    struct changes *changes = c->changes;
    struct change *change = arena_new(&changes->arena, sizeof *change);
    struct buffer words;
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&text, format, args);
    va_end(args);
    page_begin(&words);
    buffer_append(&words, text, size > 0 ? (size_t)size : 0);
    free(text);
    change->kind = kind;
    change->way = way;
    change->subject = arena_copy(&changes->arena, subject);
    change->words = arena_copy(&changes->arena, page_words(&words));
    buffer_done(&words);
    if (changes->last)
        changes->last->next = change;
    else
        changes->first = change;
    changes->last = change;
    changes->counts[way]++;
    return change;
}

/* ---- target and verdict ---- */

static void compare_targets(const struct comparison *c)
{
    const char *before = wording_target(c->before), *after = wording_target(c->after);
    if (wording_same(before, after))
        return;
    struct change *change = add(c, CHANGE_TARGET, CHANGE_OTHER, "",
                                "The earlier run was of another target: %s.", before);
    change->before = before;
    change->after = after;
}

static const char *state_of(struct arena *arena, const struct verdict *verdict)
{
    const char *status = verdict_status_name(verdict->status);
    return verdict->class_id ? arena_format(arena, "%s, %s", status, verdict->class_id) : status;
}

static int rank_of(enum verdict_status status)
{
    static const int ranks[] = {
        [VERDICT_OK] = 0, [VERDICT_WARNING] = 1, [VERDICT_UNKNOWN] = 1, [VERDICT_FAIL] = 2
    };
    return ranks[status];
}

static enum change_way way_of(int before, int after)
{
    return after > before ? CHANGE_WORSE : after < before ? CHANGE_BETTER : CHANGE_OTHER;
}

static void compare_verdicts(const struct comparison *c)
{
    const struct verdict *before = &c->before->verdict, *after = &c->after->verdict;
    struct buffer line;
    if (before->status == after->status && wording_same(before->class_id, after->class_id))
        return;
    page_begin(&line);
    headline_make(&line, c->before);
    struct bytes was = text_trim(buffer_bytes(&line));
    struct change *change =
        add(c, CHANGE_VERDICT, way_of(rank_of(before->status), rank_of(after->status)), "",
            "Then: %.*s", (int)was.size, was.size ? was.data : "");
    change->before = state_of(&c->changes->arena, before);
    change->after = state_of(&c->changes->arena, after);
    buffer_done(&line);
}

/* ---- classes ---- */

static const struct finding *find_class(const struct result *result, const char *class_id)
{
    for (const struct finding *f = result->findings; f; f = f->next)
        if (f->severity != SEVERITY_INFO && wording_same(f->class_id, class_id))
            return f;
    return NULL;
}

static void compare_classes(const struct comparison *c)
{
    for (const struct finding *f = c->after->findings; f; f = f->next)
        if (find_class(c->after, f->class_id) == f && !find_class(c->before, f->class_id))
            add(c, CHANGE_CLASS, CHANGE_WORSE, f->class_id, "New: %s (%s)",
                wording_or(f->title, ""), f->class_id)
                ->after = severity_name(f->severity);
    for (const struct finding *f = c->before->findings; f; f = f->next)
        if (find_class(c->before, f->class_id) == f && !find_class(c->after, f->class_id))
            add(c, CHANGE_CLASS, CHANGE_BETTER, f->class_id, "Gone: %s (%s)",
                wording_or(f->title, ""), f->class_id)
                ->before = severity_name(f->severity);
}

/* ---- endpoints ---- */

/* Only what was seen to its end can be worse or better. */
static enum change_way way_of_status(enum status before, enum status after)
{
    static const int ranks[] = { [STATUS_OK] = 0, [STATUS_WARNING] = 1, [STATUS_FAIL] = 2 };
    if (before > STATUS_FAIL || after > STATUS_FAIL)
        return CHANGE_OTHER;
    return way_of(ranks[before], ranks[after]);
}

static void compare_endpoints(const struct comparison *c)
{
    for (const struct endpoint *e = c->after->trace->endpoints; e; e = e->next) {
        const struct endpoint *was = wording_endpoint(c->before, e->id);
        if (!was)
            add(c, CHANGE_ENDPOINT, CHANGE_OTHER, e->id, "%s was not part of the earlier run.",
                e->id)
                ->after = status_name(e->status);
        else if (was->status != e->status) {
            struct change *change = add(c, CHANGE_ENDPOINT, way_of_status(was->status, e->status),
                                        e->id, "%s: %s then, %s now.", e->id,
                                        status_name(was->status), status_name(e->status));
            change->before = status_name(was->status);
            change->after = status_name(e->status);
        }
    }
    for (const struct endpoint *was = c->before->trace->endpoints; was; was = was->next)
        if (!wording_endpoint(c->after, was->id))
            add(c, CHANGE_ENDPOINT, CHANGE_OTHER, was->id, "%s was not part of this run.", was->id)
                ->before = status_name(was->status);
}

/* ---- certificates ---- */

static const struct tls_facts *tls_of(const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint ? endpoint_attempt(endpoint, PURPOSE_MAIN) : NULL;
    return attempt && attempt->tls && attempt->tls->version ? attempt->tls : NULL;
}

static const char *until(struct arena *arena, const struct certificate *certificate)
{
    struct tm tm;
    char day[32];
    time_t time = (time_t)certificate->not_after;
    if (!gmtime_r(&time, &tm) || !strftime(day, sizeof day, "%Y-%m-%d", &tm))
        return "?";
    return arena_copy(arena, day);
}

static void compare_trust(const struct comparison *c, const struct endpoint *endpoint,
                          const struct tls_facts *was, const struct tls_facts *now)
{
    if (was->verified == now->verified || !was->trust_loaded || !now->trust_loaded)
        return;
    struct change *change =
        add(c, CHANGE_CERTIFICATE, now->verified ? CHANGE_BETTER : CHANGE_WORSE, endpoint->id,
            now->verified ? "%s: its certificate is trusted now."
                          : "%s: its certificate is not trusted any more.",
            endpoint->id);
    change->before = was->verified ? "trusted" : "not trusted";
    change->after = now->verified ? "trusted" : "not trusted";
}

/* Was the same exchange of one certificate for another told of an endpoint before? Counts those
 * that show it as well. */
static bool is_told(const struct comparison *c, const struct endpoint *endpoint, int *ret_more)
{
    const struct tls_facts *now = tls_of(endpoint),
                           *was = tls_of(wording_endpoint(c->before, endpoint->id));
    bool behind = false;
    *ret_more = 0;
    for (const struct endpoint *e = c->after->trace->endpoints; e; e = e->next) {
        const struct tls_facts *other = tls_of(e),
                               *old = tls_of(wording_endpoint(c->before, e->id));
        behind = behind || e == endpoint;
        if (e == endpoint || !other || !old || !other->chain || !old->chain ||
            !wording_same(other->chain->sha256, now->chain->sha256) ||
            !wording_same(old->chain->sha256, was->chain->sha256))
            continue;
        if (!behind)
            return true;
        ++*ret_more;
    }
    return false;
}

/* A renewal keeps the names; who signed may change with it, and is told. */
static void compare_leaves(const struct comparison *c, const struct endpoint *endpoint,
                           const struct certificate *was, const struct certificate *now)
{
    struct arena *arena = &c->changes->arena;
    struct buffer more;
    int ports;
    if (!was || !now || wording_same(was->sha256, now->sha256) || is_told(c, endpoint, &ports))
        return;
    bool same = wording_same(was->subject, now->subject);
    page_begin(&more);
    if (!same)
        buffer_format(&more, " It is for %s, was for %s.", wording_or(now->subject, "?"),
                      wording_or(was->subject, "?"));
    if (!wording_same(was->issuer, now->issuer))
        buffer_format(&more, " Signed by %s, was by %s.", wording_or(now->issuer, "?"),
                      wording_or(was->issuer, "?"));
    if (ports)
        buffer_format(&more, " So it is on %d more port%s.", ports, ports > 1 ? "s" : "");
    struct change *change =
        add(c, CHANGE_CERTIFICATE, CHANGE_OTHER, endpoint->id,
            "%s: its certificate was %s, valid until %s, was %s.%s", endpoint->id,
            same && now->not_after > was->not_after ? "renewed" : "changed", until(arena, now),
            until(arena, was), page_words(&more));
    change->before = was->sha256;
    change->after = now->sha256;
    buffer_done(&more);
}

/* ---- capabilities ---- */

static bool holds(const struct strings *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal_fold(list->items[i], text))
            return true;
    return false;
}

/* What is in A and not in B: "X, Y"; NULL: nothing. */
static const char *missing(struct arena *arena, const struct strings *a, const struct strings *b)
{
    struct buffer line;
    page_begin(&line);
    for (size_t i = 0; i < a->count; i++)
        if (!holds(b, a->items[i]))
            buffer_format(&line, "%s%s", buffer_size(&line) ? ", " : "", a->items[i]);
    const char *words = buffer_size(&line) ? arena_copy(arena, page_words(&line)) : NULL;
    buffer_done(&line);
    return words;
}

static void compare_sets(const struct comparison *c, enum change_kind kind, const char *subject,
                         const char *what, const struct strings *was, const struct strings *now)
{
    const char *gone = missing(&c->changes->arena, was, now);
    const char *new = missing(&c->changes->arena, now, was);
    if (!gone && !new)
        return;
    struct change *change =
        add(c, kind, CHANGE_OTHER, subject, "%s: %s%s%s%s%s%s.", subject, what, new ? " new: " : "",
            new ? new : "", gone && new ? ";" : "", gone ? " gone: " : "", gone ? gone : "");
    change->before = gone;
    change->after = new;
}

static void compare_offers(const struct comparison *c, const struct endpoint *endpoint,
                           const struct attempt *was, const struct attempt *now)
{
    if (was->capabilities.after_seen && now->capabilities.after_seen)
        compare_sets(c, CHANGE_CAPABILITY, endpoint->id, "what it offers,",
                     &was->capabilities.after, &now->capabilities.after);
    const char *a = was->tls ? was->tls->version : NULL, *b = now->tls ? now->tls->version : NULL;
    if (!a || !b || strcmp(a, b) == 0)
        return;
    struct change *change = add(c, CHANGE_CAPABILITY, CHANGE_OTHER, endpoint->id, "%s: %s, was %s.",
                                endpoint->id, b, a);
    change->before = a;
    change->after = b;
}

/* ---- addresses ---- */

static void collect(struct strings *list, struct arena *arena, const struct result *result,
                    const char *host)
{
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next)
        for (const struct address *a = e->addresses; a; a = a->next)
            if (wording_same(e->host, host) && !holds(list, a->text))
                strings_add(list, arena, a->text);
}

static void compare_addresses(const struct comparison *c)
{
    const struct endpoint *first = c->after->trace->endpoints;
    for (const struct endpoint *e = first; e; e = e->next) {
        struct strings was = { 0 }, now = { 0 };
        bool seen = false;
        for (const struct endpoint *before = first; before != e; before = before->next)
            seen = seen || wording_same(before->host, e->host);
        if (seen)
            continue;
        collect(&was, &c->changes->arena, c->before, e->host);
        collect(&now, &c->changes->arena, c->after, e->host);
        if (was.count && now.count)
            compare_sets(c, CHANGE_ADDRESS, e->host, "addresses", &was, &now);
    }
}

/* ---- times ---- */

static int64_t took(const struct attempt *attempt, enum stage stage)
{
    int64_t sum = 0;
    for (const struct step *s = attempt->steps; s; s = s->next) {
        if (s->stage != stage)
            continue;
        if (s->status != STATUS_OK || s->duration_ns < 0)
            return -1;
        sum += s->duration_ns;
    }
    return sum ? sum : -1;
}

static void compare_times(const struct comparison *c, const struct endpoint *endpoint,
                          const struct attempt *was, const struct attempt *now)
{
    static const struct {
        enum stage stage;
        const char *name;
    } phases[] = {
        { STAGE_CONNECT, "connecting" },
        { STAGE_GREETING, "its greeting" },
        { STAGE_TLS, "TLS" },
        { STAGE_LOGIN, "the login" },
    };
    const int64_t plain_ns = 250000000;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        int64_t before = took(was, phases[i].stage), after = took(now, phases[i].stage);
        char then_text[DURATION_SIZE], now_text[DURATION_SIZE];
        if (before < 0 || after < 3 * before || after < before + plain_ns)
            continue;
        wording_duration(before, then_text);
        wording_duration(after, now_text);
        struct change *change =
            add(c, CHANGE_TIME, CHANGE_WORSE, endpoint->id, "%s: %s takes %s, took %s.",
                endpoint->id, phases[i].name, now_text, then_text);
        change->before = arena_copy(&c->changes->arena, then_text);
        change->after = arena_copy(&c->changes->arena, now_text);
    }
}

/* ---- all ---- */

enum pass { PASS_CERTIFICATES, PASS_OFFERS, PASS_TIMES };

/* What both runs did at the same endpoint. */
static void compare_dialogues(const struct comparison *c, enum pass pass)
{
    for (const struct endpoint *e = c->after->trace->endpoints; e; e = e->next) {
        const struct endpoint *was = wording_endpoint(c->before, e->id);
        const struct attempt *a = was ? endpoint_attempt(was, PURPOSE_MAIN) : NULL;
        const struct attempt *b = endpoint_attempt(e, PURPOSE_MAIN);
        const struct tls_facts *tls = tls_of(e), *old = tls_of(was);
        if (pass == PASS_CERTIFICATES && tls && old) {
            compare_leaves(c, e, old->chain, tls->chain);
            compare_trust(c, e, old, tls);
        } else if (pass == PASS_OFFERS && a && b)
            compare_offers(c, e, a, b);
        else if (pass == PASS_TIMES && a && b)
            compare_times(c, e, a, b);
    }
}

void changes_find(struct changes *changes, const struct result *baseline,
                  const struct result *result)
{
    const struct comparison c = { changes, baseline, result };
    compare_targets(&c);
    compare_verdicts(&c);
    compare_classes(&c);
    compare_endpoints(&c);
    compare_dialogues(&c, PASS_CERTIFICATES);
    compare_addresses(&c);
    compare_dialogues(&c, PASS_OFFERS);
    compare_dialogues(&c, PASS_TIMES);
}

void changes_done(struct changes *changes)
{
    arena_done(&changes->arena);
    *changes = (struct changes) { 0 };
}

void changes_title(struct buffer *line, const struct changes *changes,
                   const struct result *baseline)
{
    char started[CLOCK_TEXT_SIZE];
    clock_format(baseline->trace->started_real_ns, started);
    buffer_format(line, "%s %.10s %.5s UTC", changes->first ? "Since" : "Nothing changed since",
                  started, started + strlen("2026-11-22T"));
}
