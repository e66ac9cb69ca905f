/* Addresses to findings: one for an endpoint that no address reached, one for each address that
 * failed beside others that did not. */
#include "diagnosis/survey.h"

#include "base/text.h"

enum { HARDLY_FELT_NS = 300000000 };

static bool has_failed(const struct address *address)
{
    return address->status == STATUS_FAIL && address->error.kind != FAILURE_CANCELLED;
}

/* This machine's own lack of a family is told at once and hurts nobody while the other works. */
static bool is_own_lack(const struct address *address)
{
    return address->error.kind == FAILURE_ADDRESS_NOT_AVAILABLE ||
           (address->family == 6 && address->error.kind == FAILURE_NETWORK_UNREACHABLE);
}

static int weight(const struct address *address)
{
    static const enum failure_kind order[] = {
        FAILURE_CONNECTION_REFUSED,  FAILURE_CONNECTION_RESET,
        FAILURE_PROHIBITED,          FAILURE_HOST_UNREACHABLE,
        FAILURE_TIMED_OUT,           FAILURE_SYSTEM,
        FAILURE_NETWORK_UNREACHABLE, FAILURE_ADDRESS_NOT_AVAILABLE,
    };
    int count = (int)(sizeof order / sizeof *order), rank = 0;
    while (rank < count && address->error.kind != order[rank])
        rank++;
    return rank;
}

static void add_evidence(struct survey *survey, struct finding *finding,
                         const struct endpoint *endpoint, const struct address *address)
{
    int64_t took_ns = address->connect_ns > 0 ? address->connect_ns : 0;
    struct bytes line = text_bytes(survey_failure_words(survey->arena, &address->error, took_ns));
    survey_evidence(survey, finding, endpoint, address->text, "connect",
                    address->start_ns + took_ns, line);
    survey_path_evidence(survey, finding, endpoint, address);
}

static struct classified address_class(struct survey *survey, const struct address *address,
                                       struct values *values)
{
    struct classified classified = survey_path_class(survey, address, values);
    return classified.class ? classified : survey_event(STAGE_CONNECT, address->error.kind);
}

static struct classified unreachable_class(struct survey *survey, const struct endpoint *endpoint,
                                           const struct address *worst, struct values *values)
{
    if (endpoint->expectation == EXPECT_NOT_OFFERED)
        return classify_event("connect.not_offered");
    return address_class(survey, worst, values);
}

/* No address could be reached. */
static void add_endpoint(struct survey *survey, const struct endpoint *endpoint,
                         const struct address *worst)
{
    struct values values = survey_values(survey, endpoint);
    struct finding *finding = survey_add(
        survey, unreachable_class(survey, endpoint, worst, &values), endpoint, NULL, &values);
    if (!finding)
        return;
    if (endpoint->expectation == EXPECT_OPTIONAL)
        finding->severity = SEVERITY_INFO;
    for (const struct address *a = endpoint->addresses; a; a = a->next)
        if (has_failed(a) || a == worst)
            add_evidence(survey, finding, endpoint, a);
}

/* One address failed where another one was reached: hidden from whoever gets the other first. */
static void add_address(struct survey *survey, const struct endpoint *endpoint,
                        const struct address *address)
{
    struct values values = survey_values(survey, endpoint);
    struct finding *finding = survey_add(survey, address_class(survey, address, &values), endpoint,
                                         address->text, &values);
    if (!finding)
        return;
    finding->severity = is_own_lack(address) ? SEVERITY_INFO : SEVERITY_WARNING;
    add_evidence(survey, finding, endpoint, address);
}

/* ---- one family ---- */

static bool is_broken_v6(const struct address *address)
{
    return address->family == 6 && has_failed(address) && (!is_own_lack(address) || address->icmp);
}

/* Was any IPv6 address of this run reached, and how many were met with silence? A lost packet or a
 * single dead server is no broken family. */
static bool ipv6_works(const struct trace *trace, int *ret_silent)
{
    *ret_silent = 0;
    for (const struct endpoint *e = trace->endpoints; e; e = e->next)
        for (const struct address *a = e->addresses; a; a = a->next) {
            if (a->family == 6 && a->status == STATUS_OK)
                return true;
            *ret_silent += is_broken_v6(a) && a->error.kind == FAILURE_TIMED_OUT;
        }
    return false;
}

/* One after the other, as a program does that knows nothing of RFC 8305. Silence was not waited out
 * to any program's own end. */
static const char *felt(struct survey *survey, const struct endpoint *endpoint, int64_t *ret_ns)
{
    bool silent = false;
    *ret_ns = 0;
    for (const struct address *a = endpoint->addresses; a; a = a->next) {
        if (!is_broken_v6(a))
            continue;
        *ret_ns += a->connect_ns > 0 ? a->connect_ns : 0;
        silent = silent || a->error.kind == FAILURE_TIMED_OUT;
    }
    if (*ret_ns < HARDLY_FELT_NS)
        return "notices hardly anything";
    return arena_format(survey->arena, silent ? "waits for at least %s" : "waits for %s",
                        survey_duration_words(survey->arena, *ret_ns));
}

/* True when that is the case, and said. */
static bool add_ipv6_broken(struct survey *survey, const struct endpoint *endpoint)
{
    const struct address *first = NULL;
    int64_t wait_ns;
    int silent;
    for (const struct address *a = endpoint->addresses; a; a = a->next)
        if (a->family == 6) {
            if (!is_broken_v6(a))
                return false;
            first = first ? first : a;
        }
    if (!first || ipv6_works(survey->trace, &silent))
        return false;
    struct values values = survey_values(survey, endpoint);
    values_set(&values, "wait", felt(survey, endpoint, &wait_ns));
    struct finding *finding =
        survey_add(survey, classify_event("connect.family_broken"), endpoint, first->text, &values);
    if (!finding)
        return false;
    finding->severity = wait_ns < HARDLY_FELT_NS ? SEVERITY_INFO : SEVERITY_WARNING;
    if (first->error.kind == FAILURE_TIMED_OUT)
        finding->confidence = silent > 1 ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
    for (const struct address *a = endpoint->addresses; a; a = a->next)
        if (a->family == 6)
            add_evidence(survey, finding, endpoint, a);
    return true;
}

void survey_addresses(struct survey *survey, const struct endpoint *endpoint)
{
    const struct address *worst = NULL, *unfinished = NULL;
    bool reached = false;
    for (const struct address *a = endpoint->addresses; a; a = a->next) {
        reached = reached || a->status == STATUS_OK;
        if (has_failed(a) && (!worst || weight(a) < weight(worst)))
            worst = a;
        if (a->status == STATUS_CUT)
            unfinished = a;
    }
    /* While one is still open, nothing is known of the endpoint. A port that the provider does not
     * offer is not waited for: its silence so far is what was expected. */
    if (!reached && unfinished)
        worst = endpoint->expectation == EXPECT_NOT_OFFERED ? unfinished : NULL;
    if (!reached && worst)
        add_endpoint(survey, endpoint, worst);
    bool broken = reached && add_ipv6_broken(survey, endpoint);
    for (const struct address *a = endpoint->addresses; a && reached; a = a->next)
        if (has_failed(a) && !(broken && a->family == 6))
            add_address(survey, endpoint, a);
}
