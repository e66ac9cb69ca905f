/* What name servers say, compared: false addresses, boxes that answer in their place, and name
 * services that do not agree. */
#include "diagnosis/survey.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* ---- addresses ---- */

/* Registries of RFC 6890: blocks where no public mail server can be. In the order of their check;
 * BITS of the first bytes count. */
static const struct block {
    unsigned char start[4];
    int bits;
    const char *words;
} blocks[] = {
    { { 0, 0, 0, 0 }, 8, "which is no address at all" },
    { { 10, 0, 0, 0 }, 8, "which is private" },
    { { 100, 64, 0, 0 }, 10, "which is shared inside a provider" },
    { { 127, 0, 0, 0 }, 8, "which is this machine itself" },
    { { 169, 254, 0, 0 }, 16, "which is local to one network" },
    { { 172, 16, 0, 0 }, 12, "which is private" },
    { { 192, 168, 0, 0 }, 16, "which is private" },
    { { 198, 18, 0, 0 }, 15, "which is for test networks" },
    { { 240, 0, 0, 0 }, 4, "which is reserved" },
};

static const char *special_v4(const char *text)
{
    unsigned parts[4];
    char rest;
    if (sscanf(text, "%3u.%3u.%3u.%3u%c", &parts[0], &parts[1], &parts[2], &parts[3], &rest) != 4)
        return NULL;
    unsigned long address = 0;
    for (int i = 0; i < 4; i++)
        address = address << 8 | (parts[i] & 255);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        unsigned long start = 0, mask = 0xffffffffUL << (32 - blocks[i].bits) & 0xffffffffUL;
        for (int k = 0; k < 4; k++)
            start = start << 8 | blocks[i].start[k];
        if ((address & mask) == start)
            return blocks[i].words;
    }
    return NULL;
}

/* Texts as inet_ntop() writes them: short, in lower case. */
static const char *special_v6(const char *text)
{
    static const struct {
        const char *start, *words;
        bool whole;
    } starts[] = {
        { "::1", "which is this machine itself", true },
        { "::", "which is no address at all", true },
        { "fc", "which is private", false },
        { "fd", "which is private", false },
        { "fe8", "which is local to one network", false },
        { "fe9", "which is local to one network", false },
        { "fea", "which is local to one network", false },
        { "feb", "which is local to one network", false },
    };
    /* "fc::1" is 00fc: a block's first group has four digits. */
    bool four = strcspn(text, ":") == 4;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (starts[i].whole ? strcmp(text, starts[i].start) == 0
                            : four && strncmp(text, starts[i].start, strlen(starts[i].start)) == 0)
            return starts[i].words;
    return NULL;
}

const char *survey_special_address(const char *text)
{
    return strchr(text, ':') ? special_v6(text) : special_v4(text);
}

static bool is_null_address(const char *text)
{
    return strcmp(text, "::") == 0 || strcmp(text, "0.0.0.0") == 0;
}

/* ---- false addresses ---- */

static bool asks_address(const struct lookup *lookup)
{
    return strcmp(lookup->type, "A") == 0 || strcmp(lookup->type, "AAAA") == 0;
}

/* RFC 6761 section 6.4: nothing exists below "invalid". An answer comes from whoever answers
 * everything. */
static const struct lookup *impossible_answer(const struct trace *trace, const char *server)
{
    for (const struct lookup *l = trace->lookups; l; l = l->next)
        if (l->answers.count && text_ends_fold(l->name, ".invalid") && l->server && server &&
            strcmp(l->server, server) == 0)
            return l;
    return NULL;
}

/* Where somebody showed a good certificate of HOST, the address is right, whatever it looks like.
 * Where only ports were tried that its provider does not offer, nothing is shown either way. */
static bool is_proven_wrong(const struct trace *trace, const char *host)
{
    bool tried = false;
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        if (!text_equal_fold(e->host, host))
            continue;
        const struct attempt *attempt = endpoint_attempt(e, PURPOSE_MAIN);
        if (attempt && attempt->tls && attempt->tls->verified)
            return false;
        tried = tried || (attempt && e->expectation != EXPECT_NOT_OFFERED);
    }
    return tried;
}

static const char *false_answer(const struct lookup *lookup, const char *host,
                                const char **ret_sign)
{
    for (size_t i = 0; i < lookup->answers.count; i++) {
        const char *text = lookup->answers.items[i];
        *ret_sign = survey_special_address(text);
        if (*ret_sign && (provider_by_host(host) || is_null_address(text)))
            return text;
    }
    return NULL;
}

static void lookup_evidence(struct survey *survey, struct finding *finding,
                            const struct lookup *lookup)
{
    const char *words =
        lookup->error.kind == FAILURE_NONE
            ? arena_format(survey->arena, "%s from %s",
                           lookup->answers.count ? lookup->answers.items[0] : "nothing",
                           lookup->server)
            : survey_failure_words(survey->arena, &lookup->error, lookup->duration_ns);
    int64_t took_ns = lookup->duration_ns > 0 ? lookup->duration_ns : 0;
    survey_evidence(survey, finding, NULL, NULL,
                    arena_format(survey->arena, "%s %s", lookup->name, lookup->type),
                    lookup->start_ns + took_ns, text_bytes(words));
}

/* One finding for HOST, from the first name server's answer that is false. */
static void check_hijack(struct survey *survey, const struct endpoint *endpoint)
{
    const char *host = endpoint->host, *sign = NULL;
    for (const struct lookup *l = survey->trace->lookups; l; l = l->next) {
        if (l->source != LOOKUP_DNS || l->beside || !asks_address(l) ||
            !text_equal_fold(l->name, host))
            continue;
        const char *answer = false_answer(l, host, &sign);
        if (!answer)
            continue;
        const struct lookup *impossible = impossible_answer(survey->trace, l->server);
        struct values values = survey_values(survey, endpoint);
        values_set(&values, "resolver", l->server);
        values_set(&values, "answered", answer);
        values_set(&values, "sign",
                   impossible ? "and it gives an address even for a name that cannot exist" : sign);
        struct finding *finding =
            survey_add(survey,
                       classify_event(impossible ? "resolve.answers_everything"
                                      : is_null_address(answer) && !provider_by_host(host)
                                          ? "resolve.null_address"
                                          : "resolve.special_address"),
                       NULL, NULL, &values);
        if (finding && !is_proven_wrong(survey->trace, host))
            finding->severity = SEVERITY_INFO;
        lookup_evidence(survey, finding, l);
        if (impossible)
            lookup_evidence(survey, finding, impossible);
        return;
    }
}

/* ---- disagreement ---- */

enum kind { KIND_UNKNOWN, KIND_MISSING, KIND_SILENT, KIND_SPECIAL, KIND_PUBLIC };

/* What one name service made of a name: both families together. */
struct opinion {
    const struct lookup *first; /* the row that counts most; NULL: it was not asked */
    enum kind kind;
};

static enum kind kind_of(const struct lookup *lookup)
{
    switch (lookup->error.kind) {
    case FAILURE_NONE:
        break;
    case FAILURE_HOST_NOT_FOUND:
    case FAILURE_NO_ADDRESS:
        return KIND_MISSING;
    case FAILURE_CANCELLED:
        return KIND_UNKNOWN;
    default:
        /* getaddrinfo() cannot tell a passing trouble from a lasting one. */
        return lookup->source == LOOKUP_GETADDRINFO ? KIND_UNKNOWN : KIND_SILENT;
    }
    enum kind kind = KIND_UNKNOWN;
    for (size_t i = 0; i < lookup->answers.count; i++) {
        enum kind own =
            survey_special_address(lookup->answers.items[i]) ? KIND_SPECIAL : KIND_PUBLIC;
        kind = own > kind ? own : kind;
    }
    return kind;
}

/* A question that is still open leaves the whole name open. */
static void take(struct opinion *opinion, const struct lookup *lookup, bool *open)
{
    enum kind kind = kind_of(lookup);
    *open = *open || kind == KIND_UNKNOWN;
    if (!opinion->first || kind > opinion->kind) {
        opinion->first = lookup;
        opinion->kind = kind;
    }
}

static bool is_main(const struct lookup *lookup)
{
    return !lookup->beside;
}

/* LIKE NULL: what the run itself went by; else what the service that made LIKE said. */
static struct opinion opinion_of(const struct trace *trace, const char *host,
                                 const struct lookup *like)
{
    struct opinion opinion = { 0 };
    bool open = false;
    for (const struct lookup *l = trace->lookups; l; l = l->next) {
        bool address = asks_address(l) || l->source == LOOKUP_GETADDRINFO;
        bool own =
            like ? !is_main(l) && l->source == like->source && strcmp(l->server, like->server) == 0
                 : is_main(l);
        if (address && own && text_equal_fold(l->name, host))
            take(&opinion, l, &open);
    }
    if (open && opinion.kind < KIND_SPECIAL)
        opinion.first = NULL;
    return opinion;
}

static const char *opinion_words(struct survey *survey, const struct opinion *opinion)
{
    switch (opinion->kind) {
    case KIND_MISSING:
        return "that there is no such name or address";
    case KIND_SILENT:
        return arena_format(survey->arena, "nothing (%s)",
                            survey_failure_words(survey->arena, &opinion->first->error,
                                                 opinion->first->duration_ns));
    default:
        return opinion->first->answers.count ? opinion->first->answers.items[0] : "nothing";
    }
}

static bool shares_answer(const struct trace *trace, const char *host, const struct lookup *other)
{
    for (const struct lookup *l = trace->lookups; l; l = l->next)
        for (size_t i = 0; is_main(l) && text_equal_fold(l->name, host) && i < l->answers.count;
             i++)
            for (size_t k = 0; k < other->answers.count; k++)
                if (strcmp(l->answers.items[i], other->answers.items[k]) == 0)
                    return true;
    return false;
}

/* The event of two opinions; NULL where they agree, or differ as opinions of big services do. */
static const char *difference(const struct survey *survey, const char *host,
                              const struct opinion *own, const struct opinion *other)
{
    if (own->kind != other->kind)
        return "resolve.disagreement";
    if (own->kind < KIND_SPECIAL || own->first->type != other->first->type ||
        provider_by_host(host) || shares_answer(survey->trace, host, other->first))
        return NULL;
    return "resolve.other_addresses";
}

static void compare(struct survey *survey, const struct endpoint *endpoint,
                    const struct lookup *beside)
{
    const struct opinion own = opinion_of(survey->trace, endpoint->host, NULL);
    const struct opinion other = opinion_of(survey->trace, endpoint->host, beside);
    if (!own.first || !other.first)
        return;
    const char *event = difference(survey, endpoint->host, &own, &other);
    if (!event)
        return;
    struct values values = survey_values(survey, endpoint);
    values_set(&values, "resolver", own.first->server);
    values_set(&values, "answered", opinion_words(survey, &own));
    values_set(&values, "other", other.first->server);
    values_set(&values, "difference", opinion_words(survey, &other));
    struct finding *finding = survey_add(survey, classify_event(event), NULL, NULL, &values);
    if (finding && strcmp(event, "resolve.other_addresses") == 0)
        finding->severity = SEVERITY_INFO;
    lookup_evidence(survey, finding, own.first);
    lookup_evidence(survey, finding, other.first);
}

/* Is LOOKUP the first row of its service for HOST? */
static bool is_first_of(const struct trace *trace, const char *host, const struct lookup *lookup)
{
    if (is_main(lookup) || !text_equal_fold(lookup->name, host))
        return false;
    for (const struct lookup *l = trace->lookups; l != lookup; l = l->next)
        if (!is_main(l) && l->source == lookup->source && strcmp(l->server, lookup->server) == 0 &&
            text_equal_fold(l->name, host))
            return false;
    return true;
}

void survey_resolvers(struct survey *survey, const struct endpoint *endpoint)
{
    check_hijack(survey, endpoint);
    for (const struct lookup *l = survey->trace->lookups; l; l = l->next)
        if (is_first_of(survey->trace, endpoint->host, l))
            compare(survey, endpoint, l);
}

/* ---- UDP ---- */

/* The first question to a name server that only TCP answers; none that UDP answered is beside it.
 */
static bool tells_of_udp(const struct trace *trace, const struct lookup *lookup)
{
    bool before = true;
    if (!lookup->udp_failed || lookup->beside)
        return false;
    for (const struct lookup *l = trace->lookups; l; l = l->next) {
        before = before && l != lookup;
        if (l->source == LOOKUP_DNS && strcmp(l->server, lookup->server) == 0 &&
            (strcmp(l->transport, "udp") == 0 || l->truncated || (before && l->udp_failed)))
            return false;
    }
    return true;
}

void survey_dns_transport(struct survey *survey)
{
    for (const struct lookup *l = survey->trace->lookups; l; l = l->next) {
        if (!tells_of_udp(survey->trace, l))
            continue;
        const char *blocker = survey_dns_blocker(l),
                   *udp = "none of several questions was answered";
        if (blocker)
            udp = arena_format(survey->arena, "%s on the way refused the question", blocker);
        else if (l->icmp)
            udp = "its own machine said that nothing listens there";
        struct values values = survey_values(survey, NULL);
        values_set(&values, "host", l->name);
        values_set(&values, "resolver", l->server);
        values_set(&values, "udp", udp);
        struct finding *finding = survey_add(
            survey, classify_event(l->icmp ? "resolve.udp_refused" : "resolve.udp_silent"), NULL,
            NULL, &values);
        const char *line = arena_format(survey->arena, "%s over TCP from %s; over UDP %s",
                                        l->rcode ? l->rcode : "an answer", l->server, udp);
        survey_evidence(survey, finding, NULL, NULL,
                        arena_format(survey->arena, "%s %s", l->name, l->type),
                        l->start_ns + l->duration_ns, text_bytes(line));
    }
}

/* ---- who said no ---- */

const char *survey_dns_blocker(const struct lookup *lookup)
{
    size_t size = lookup->icmp && lookup->icmp->sender ? strlen(lookup->icmp->sender) : 0;
    const char *server = lookup->server;
    if (!size || !server)
        return NULL;
    server += *server == '[';
    bool itself = strncmp(server, lookup->icmp->sender, size) == 0 &&
                  (server[size] == ':' || server[size] == ']' || !server[size]);
    return itself ? NULL : lookup->icmp->sender;
}

/* RFC 8914 section 4 and IANA's registry, the ones that tell a person something. */
const char *survey_ede_words(int code)
{
    static const char *const words[] = {
        [3] = "stale answer",
        [4] = "forged answer",
        [5] = "DNSSEC indeterminate",
        [6] = "DNSSEC bogus",
        [7] = "signature expired",
        [8] = "signature not yet valid",
        [9] = "DNSKEY missing",
        [10] = "RRSIGs missing",
        [15] = "blocked",
        [16] = "censored",
        [17] = "filtered",
        [18] = "prohibited",
        [20] = "not authoritative",
        [22] = "no reachable authority",
        [23] = "network error",
    };
    size_t count = sizeof words / sizeof *words;
    return code >= 0 && (size_t)code < count ? words[code] : NULL;
}
