/* Addresses to findings: one for an endpoint that no address reached, one for each address that
 * failed beside others that did not. */
#include "diagnosis/survey.h"

#include "base/text.h"

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
}

static struct classified unreachable_class(const struct endpoint *endpoint,
                                           const struct address *worst)
{
    if (endpoint->expectation == EXPECT_NOT_OFFERED)
        return classify_event("connect.not_offered");
    return survey_event(STAGE_CONNECT, worst->error.kind);
}

/* No address could be reached. */
static void add_endpoint(struct survey *survey, const struct endpoint *endpoint,
                         const struct address *worst)
{
    struct values values = survey_values(survey, endpoint);
    struct finding *finding =
        survey_add(survey, unreachable_class(endpoint, worst), endpoint, NULL, &values);
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
    struct finding *finding = survey_add(survey, survey_event(STAGE_CONNECT, address->error.kind),
                                         endpoint, address->text, &values);
    if (!finding)
        return;
    finding->severity = is_own_lack(address) ? SEVERITY_INFO : SEVERITY_WARNING;
    add_evidence(survey, finding, endpoint, address);
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
    for (const struct address *a = endpoint->addresses; a && reached; a = a->next)
        if (has_failed(a))
            add_address(survey, endpoint, a);
}
