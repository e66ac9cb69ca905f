#include "report/measure.h"

static bool is_over(const struct step *step)
{
    return step->duration_ns >= 0 && (step->status == STATUS_OK || step->status == STATUS_WARNING ||
                                      step->status == STATUS_FAIL);
}

void measure_stages(const struct endpoint *endpoint, int64_t took[static STAGE_COUNT])
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        took[stage] = -1;
    for (const struct step *s = attempt ? attempt->steps : NULL; s; s = s->next)
        if (is_over(s))
            took[s->stage] = s->duration_ns + (took[s->stage] > 0 ? took[s->stage] : 0);
}

const struct tls_facts *measure_tls(const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    return attempt ? attempt->tls : NULL;
}

int64_t measure_expiry(const struct endpoint *endpoint)
{
    int64_t earliest = INT64_MAX;
    const struct tls_facts *tls = measure_tls(endpoint);
    for (const struct certificate *c = tls ? tls->chain : NULL; c; c = c->next)
        earliest = c->not_after < earliest ? c->not_after : earliest;
    return earliest;
}

int64_t measure_earliest_expiry(const struct result *result)
{
    int64_t earliest = INT64_MAX;
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next) {
        int64_t expiry = measure_expiry(e);
        if (e->expectation != EXPECT_NOT_OFFERED && expiry < earliest)
            earliest = expiry;
    }
    return earliest;
}
