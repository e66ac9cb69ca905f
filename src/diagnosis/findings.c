/* A trace to its findings: every failed step, every address, every certificate is looked at once,
 * in the order in which the trace has them. */
#include "diagnosis/diagnose.h"
#include "diagnosis/survey.h"
#include "diagnosis/verdict.h"

#include "base/text.h"

#include <string.h>

/* "IMAP in plain text" where TLS was due: the same name would say nothing. */
static void set_answered(struct survey *survey, struct values *values,
                         const struct endpoint *endpoint, const struct step *step)
{
    const char *answered = step->error.text;
    bool tls_due = endpoint->security == SECURITY_IMPLICIT || step->stage == STAGE_TLS;
    if (step->error.kind != FAILURE_PROTOCOL_MISMATCH)
        return;
    if (tls_due) {
        values_set(values, "service", "TLS");
        if (*answered)
            answered = arena_format(survey->arena, "%s in plain text", answered);
    }
    values_set(values, "answered", answered);
}

/* Steps that other parts speak for: a name that was not found, addresses that did not answer, and
 * a goodbye, on which nothing depends. */
static bool is_covered(const struct survey *survey, const struct endpoint *endpoint,
                       const struct step *step)
{
    switch (step->stage) {
    case STAGE_RESOLVE:
        return survey_name_failed(survey, endpoint->host);
    case STAGE_CONNECT:
        return endpoint->addresses != NULL;
    case STAGE_LOGIN:
    case STAGE_GOODBYE:
        return true;
    default:
        return step->error.kind == FAILURE_CANCELLED;
    }
}

/* The server speaks the right protocol, and only the encryption begins otherwise: then the settings
 * that fit are known, and come first. SERVICE is the endpoint's own protocol. */
static void advise_settings(struct survey *survey, struct finding *finding,
                            const struct endpoint *endpoint, const struct step *step,
                            const char *service)
{
    const char *answered = step->error.text;
    bool implicit = endpoint->security == SECURITY_IMPLICIT;
    struct strings fix = { 0 };
    if (!finding || step->error.kind != FAILURE_PROTOCOL_MISMATCH ||
        strcmp(answered, implicit ? service : "TLS") != 0)
        return;
    strings_add(&fix, survey->arena,
                arena_format(survey->arena,
                             implicit ? "Your settings: %s, port %d, with STARTTLS (not \"SSL\" or "
                                        "\"TLS from the start\")."
                                      : "Your settings: %s, port %d, with SSL/TLS from the start "
                                        "(not STARTTLS).",
                             endpoint->host, endpoint->port));
    for (size_t i = 0; i < finding->fix.count; i++)
        strings_add(&fix, survey->arena, finding->fix.items[i]);
    finding->fix = fix;
}

static void add_step(struct survey *survey, const struct endpoint *endpoint,
                     const struct attempt *attempt, const struct step *step)
{
    if (step->status != STATUS_FAIL || is_covered(survey, endpoint, step))
        return;
    struct values values = survey_values(survey, endpoint);
    const char *service = survey_service_word(endpoint);
    set_answered(survey, &values, endpoint, step);
    values_set(&values, "when", survey_when(attempt, step));
    if (step->stage == STAGE_MAILBOX)
        survey_mailbox_values(survey, &values);
    bool one_family = step->stage == STAGE_RESOLVE && step->error.kind == FAILURE_NO_ADDRESS &&
                      survey_one_family(survey, endpoint->host);
    if (one_family)
        values_set(&values, "family", survey_one_family(survey, endpoint->host));
    bool by_proxy = attempt->proxy && step->stage == STAGE_CONNECT;
    const char *box = survey_box_event(survey, endpoint, attempt, step, &values);
    struct classified classified = by_proxy     ? survey_proxy(survey, endpoint, step)
                                   : box        ? classify_event(box)
                                   : one_family ? classify_event("resolve.one_family")
                                                : survey_step_class(survey, endpoint, step);
    /* Some proxies say yes before they know, and hang up on a server that is not there. */
    if (attempt->proxy && step->stage == STAGE_GREETING && !step->reply.size)
        classified.confidence = CONFIDENCE_POSSIBLE;
    struct finding *finding = survey_add(survey, classified, endpoint, NULL, &values);
    if (finding)
        finding->stage = step->stage; /* where it happened, not where it usually does */
    if (finding && by_proxy && endpoint->expectation == EXPECT_OPTIONAL)
        finding->severity = SEVERITY_INFO;
    advise_settings(survey, finding, endpoint, step, service);
    survey_step_evidence(survey, finding, endpoint, attempt->address, step);
    survey_small_packets(survey, finding, endpoint, step);
}

static void make(struct result *result, const struct rules *own)
{
    struct trace *trace = result->trace;
    struct survey survey = {
        .result = result,
        .trace = trace,
        .arena = &trace->arena,
        .provider = trace->target.provider ? provider_find(trace->target.provider) : NULL,
        .own = own,
    };
    survey_names(&survey);
    survey_published(&survey);
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        const struct attempt *attempt = endpoint_attempt(e, PURPOSE_MAIN);
        survey_addresses(&survey, e);
        survey_path(&survey, e);
        for (const struct step *step = attempt ? attempt->steps : NULL; step; step = step->next)
            add_step(&survey, e, attempt, step);
        if (attempt)
            survey_middlebox(&survey, e, attempt);
        if (attempt && attempt->tls)
            survey_tls(&survey, e, attempt);
        if (attempt)
            survey_login(&survey, e, attempt);
        survey_exercise(&survey, e);
    }
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        const struct attempt *attempt = endpoint_attempt(e, PURPOSE_MAIN);
        if (attempt)
            survey_held_back(&survey, e, attempt);
    }
    survey_token(&survey);
    survey_delivery(&survey);
}

void findings_make(struct result *result)
{
    make(result, NULL);
}

void diagnose_with(struct result *result, const struct rules *own)
{
    if (result->recipient) /* first: what comes of the message rests on it */
        diagnose_with(result->recipient, own);
    result->catalogue_date = catalogue_date;
    if (!result->tool_version)
        result->tool_version = MAILDOCTOR_VERSION;
    make(result, own);
    verdict_make_with(result, own);
}

void diagnose(struct result *result)
{
    diagnose_with(result, NULL);
}
