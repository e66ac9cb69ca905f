/* What ICMP and the walk of a path say about a connection: who refused it, between which two hops
 * it ends, who answered in the server's place. A pair of hops is named, never one box alone, unless
 * it named itself. */
#include "diagnosis/survey.h"

#include "base/text.h"
#include "result/path.h"

#include <string.h>

/* ---- ICMP ---- */

struct icmp_words {
    int family, type, code;
    bool prohibited; /* somebody set a rule; else there is no way, or nobody there */
    const char *words;
};

/* RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1. */
static const struct icmp_words icmp_table[] = {
    { 4, 3, 0, false, "network unreachable" },
    { 4, 3, 1, false, "host unreachable" },
    { 4, 3, 2, false, "protocol unreachable" },
    { 4, 3, 3, true, "port unreachable" },
    { 4, 3, 9, true, "network administratively prohibited" },
    { 4, 3, 10, true, "host administratively prohibited" },
    { 4, 3, 13, true, "administratively prohibited" },
    { 6, 1, 0, false, "no route" },
    { 6, 1, 1, true, "administratively prohibited" },
    { 6, 1, 3, false, "address unreachable" },
    { 6, 1, 4, true, "port unreachable" },
    { 6, 1, 5, true, "source address failed ingress or egress policy" },
    { 6, 1, 6, true, "reject route" },
};

static const struct icmp_words *find_words(int family, int type, int code)
{
    for (size_t i = 0; i < sizeof icmp_table / sizeof *icmp_table; i++) {
        const struct icmp_words *words = &icmp_table[i];
        if (words->family == family && words->type == type && words->code == code)
            return words;
    }
    return NULL;
}

/* Is SENDER the address that this machine connected from? */
static bool is_own(const struct address *address, const char *sender)
{
    const char *local = address->local ? address->local : "";
    size_t size = strlen(sender);
    local += *local == '[';
    return size && strncmp(local, sender, size) == 0 && strchr(":]%", local[size]);
}

static const char *icmp_event(const struct address *address)
{
    const struct icmp *icmp = address->icmp;
    const struct icmp_words *words = find_words(address->family, icmp->type, icmp->code);
    if (!words || !words->prohibited || !icmp->sender)
        return NULL;
    if (is_own(address, icmp->sender))
        return "connect.blocked_here";
    bool port = strcmp(words->words, "port unreachable") == 0;
    /* The server's own "nobody listens here", said by ICMP instead of a reset. */
    if (port && strcmp(icmp->sender, address->text) == 0)
        return NULL;
    return "connect.prohibited_by_box";
}

/* ---- the class ---- */

static const char *place_words(struct survey *survey, const struct path_place *place)
{
    if (place->ttl == 0)
        return "this machine";
    return place->sender ? place->sender : arena_format(survey->arena, "hop %d", place->ttl);
}

static const char *box_words(struct survey *survey, const struct path_break *at)
{
    return arena_format(survey->arena, "the box between %s and %s", place_words(survey, &at->after),
                        place_words(survey, &at->before));
}

struct classified survey_path_class(struct survey *survey, const struct address *address,
                                    struct values *values)
{
    const char *event = address->icmp ? icmp_event(address) : NULL;
    struct path_break at = path_place(address);
    if (!address->icmp && address->error.kind == FAILURE_PROHIBITED && address->connect_ns == 0)
        event = "connect.blocked_here";
    if (event) {
        values_set(values, "box", address->icmp ? address->icmp->sender : NULL);
        return classify_event(event);
    }
    if (at.kind != PATH_RESET && at.kind != PATH_INTERCEPTED)
        return (struct classified) { 0 };
    values_set(values, "box", box_words(survey, &at));
    struct classified classified =
        classify_event(at.kind == PATH_RESET ? "connect.reset_by_box" : "connect.intercepted");
    classified.confidence = at.confidence;
    return classified;
}

/* ---- the lines ---- */

/* "10.77.1.1 (hop 2)". */
static const char *hop_words(struct survey *survey, const struct path_place *place)
{
    if (place->ttl && place->sender)
        return arena_format(survey->arena, "%s (hop %d)", place->sender, place->ttl);
    return place_words(survey, place);
}

static const char *sureness(enum confidence confidence)
{
    return confidence == CONFIDENCE_CERTAIN  ? "sure"
           : confidence == CONFIDENCE_LIKELY ? "probably"
                                             : "maybe";
}

/* What the claim rests on. */
static const char *control_words(struct survey *survey, const struct path_facts *path)
{
    if (path->same_address)
        return arena_format(survey->arena, "port %d of the same address gets further",
                            path->control_port);
    return arena_format(survey->arena, "compared with the way to another server, %s port %d",
                        path->control, path->control_port);
}

static const char *dead_words(struct survey *survey, const struct address *address,
                              const struct path_break *at)
{
    const char *after = hop_words(survey, &at->after);
    const struct path_facts *path = address->path;
    if (path->same_address)
        return arena_format(survey->arena,
                            "no sign of life after %s, for port %d neither: not a port block",
                            after, path->control_port);
    if (!path->control)
        return arena_format(survey->arena,
                            "no sign of life after %s, and no other port of the address answers: "
                            "maybe not a port block",
                            after);
    return arena_format(survey->arena, "no sign of life after %s (%s)", after,
                        control_words(survey, path));
}

/* A filter behind a router's own count of hops refuses in that router's name. */
static const char *rejected_words(struct survey *survey, const struct path_break *at)
{
    const char *after = at->after.sender, *before = at->before.sender;
    bool same = after && before && strcmp(after, before) == 0;
    return arena_format(survey->arena, "refused by %s: %s",
                        hop_words(survey, same ? &at->after : &at->before),
                        sureness(at->confidence));
}

/* NULL where the walk tells nothing. */
static const char *break_words(struct survey *survey, const struct address *address,
                               const struct path_break *at)
{
    const char *after = hop_words(survey, &at->after), *before = hop_words(survey, &at->before);
    const char *sure = sureness(at->confidence);
    switch (at->kind) {
    case PATH_DROPPED:
        return arena_format(survey->arena, "dropped between %s and %s: %s, %s", after, before, sure,
                            control_words(survey, address->path));
    case PATH_AT_HOST:
        return arena_format(survey->arena,
                            "dropped by %s itself, in front of the server behind %s, or on the way "
                            "back: %s, %s",
                            before, after, sure, control_words(survey, address->path));
    case PATH_REJECTED:
        return rejected_words(survey, at);
    case PATH_RESET:
        return arena_format(survey->arena,
                            "reset forged between %s and %s, the server is at hop %d: %s", after,
                            before, at->server_ttl, sure);
    case PATH_REFUSED:
        return arena_format(survey->arena,
                            "refused from where the server is (hop %d), port %d of it answers: %s",
                            at->before.ttl, address->path->control_port, sure);
    case PATH_INTERCEPTED:
        return arena_format(survey->arena,
                            "answered between %s and %s, the server is at hop %d: intercepted "
                            "(transparent proxy), %s",
                            after, before, at->server_ttl, sure);
    case PATH_DEAD:
        return dead_words(survey, address, at);
    case PATH_OPEN:
        return address->status == STATUS_FAIL
                   ? "it answered a moment later: packets get lost, the port is open"
                   : NULL;
    default:
        return NULL;
    }
}

static void add_line(struct survey *survey, struct finding *finding,
                     const struct endpoint *endpoint, const struct address *address,
                     const char *words)
{
    int64_t at_ns = address->path ? address->path->start_ns + address->path->duration_ns
                                  : address->start_ns + address->connect_ns;
    if (words)
        survey_evidence(survey, finding, endpoint, address->text, "connect", at_ns,
                        text_bytes(words));
}

static void add_forwarding(struct survey *survey, struct finding *finding,
                           const struct endpoint *endpoint, const struct address *address,
                           const struct path_break *at)
{
    int behind = at->kind == PATH_OPEN ? at->before.ttl - at->forwarded_ttl : 0;
    if (!at->forwarded_ttl)
        return;
    if (behind > 0)
        add_line(survey, finding, endpoint, address,
                 arena_format(survey->arena, "port forwarded at hop %d, the server is %d %s behind",
                              at->forwarded_ttl, behind, behind == 1 ? "hop" : "hops"));
    else
        add_line(survey, finding, endpoint, address,
                 arena_format(survey->arena, "port forwarded at hop %d", at->forwarded_ttl));
}

/* The pair is what the reader needs first. */
static void name_pair(struct survey *survey, struct finding *finding,
                      const struct endpoint *endpoint, const struct path_break *at)
{
    const char *how = at->confidence == CONFIDENCE_CERTAIN  ? "is blocked"
                      : at->confidence == CONFIDENCE_LIKELY ? "is probably blocked"
                                                            : "may be blocked";
    if (at->kind == PATH_DROPPED)
        finding->title =
            arena_format(survey->arena, "Port %d %s between %s and %s.", endpoint->port, how,
                         place_words(survey, &at->after), place_words(survey, &at->before));
}

void survey_path_evidence(struct survey *survey, struct finding *finding,
                          const struct endpoint *endpoint, const struct address *address)
{
    const struct icmp *icmp = address->icmp;
    struct path_break at = path_place(address);
    if (icmp) {
        const struct icmp_words *words = find_words(address->family, icmp->type, icmp->code);
        bool own = icmp->sender && is_own(address, icmp->sender);
        add_line(survey, finding, endpoint, address,
                 arena_format(survey->arena, "%s%s said: %s (ICMP type %d, code %d)",
                              own ? "this machine, " : "", icmp->sender ? icmp->sender : "somebody",
                              words ? words->words : "no", icmp->type, icmp->code));
    }
    if (!address->path)
        return;
    add_line(survey, finding, endpoint, address, break_words(survey, address, &at));
    add_forwarding(survey, finding, endpoint, address, &at);
    if (finding && at.kind == PATH_OPEN && address->status == STATUS_FAIL)
        finding->confidence = CONFIDENCE_POSSIBLE;
    if (finding && strcmp(finding->class_id, "tcp-timeout") == 0)
        name_pair(survey, finding, endpoint, &at);
}

/* ---- connections that were accepted by somebody else ---- */

static bool has_failed_at_once(const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    const struct step *step = attempt ? attempt_failed_step(attempt) : NULL;
    return step && step->reply.size == 0 && step->stage > STAGE_CONNECT && step->stage <= STAGE_TLS;
}

void survey_path(struct survey *survey, const struct endpoint *endpoint)
{
    for (const struct address *a = endpoint->addresses; a; a = a->next) {
        struct path_break at = path_place(a);
        bool all = a->path && a->path->accepts_all;
        if (a->status != STATUS_OK || (!all && at.kind != PATH_INTERCEPTED))
            continue;
        struct values values = survey_values(survey, endpoint);
        bool placed = at.kind == PATH_INTERCEPTED, failed = has_failed_at_once(endpoint);
        if (placed)
            values_set(&values, "box", box_words(survey, &at));
        struct classified classified =
            classify_event(placed ? "connect.intercepted" : "connect.accepts_all");
        classified.confidence = placed ? at.confidence : classified.confidence;
        /* Where mail works all the same it is worth knowing, and no fault. */
        struct finding *finding =
            survey_add(survey, classified, endpoint, failed ? NULL : a->text, &values);
        if (finding && !failed)
            finding->severity = SEVERITY_INFO;
        survey_path_evidence(survey, finding, endpoint, a);
        if (all)
            add_line(survey, finding, endpoint, a,
                     "ports 1023 and 49151, which nobody may use, are open as well: everything is "
                     "accepted");
    }
}
