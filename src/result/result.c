#include "result/result.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const severities[] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_ERROR] = "error",
};
_Static_assert(sizeof severities / sizeof *severities == SEVERITY_COUNT, "a severity has no name");

static const char *const confidences[] = {
    [CONFIDENCE_NONE] = "",
    [CONFIDENCE_POSSIBLE] = "possible",
    [CONFIDENCE_LIKELY] = "likely",
    [CONFIDENCE_CERTAIN] = "certain",
};
_Static_assert(sizeof confidences / sizeof *confidences == CONFIDENCE_COUNT,
               "a confidence has no name");

static const char *const owners[] = {
    [OWNER_NONE] = "",
    [OWNER_USER] = "user",
    [OWNER_HELPDESK] = "helpdesk",
    [OWNER_NETWORK_ADMIN] = "network-admin",
    [OWNER_TENANT_ADMIN] = "tenant-admin",
    [OWNER_APP_DEVELOPER] = "app-developer",
    [OWNER_DOMAIN_OWNER] = "domain-owner",
    [OWNER_PROVIDER] = "provider",
};
_Static_assert(sizeof owners / sizeof *owners == OWNER_COUNT, "an owner has no name");

static const char *const verdicts[] = {
    [VERDICT_OK] = "ok",
    [VERDICT_WARNING] = "warning",
    [VERDICT_FAIL] = "fail",
    [VERDICT_UNKNOWN] = "unknown",
};
_Static_assert(sizeof verdicts / sizeof *verdicts == VERDICT_STATUS_COUNT, "a verdict has no name");

static const char *const needs[] = {
    [NEED_STATUS_UNTESTED] = "untested",
    [NEED_STATUS_OK] = "ok",
    [NEED_STATUS_FAIL] = "fail",
};
_Static_assert(sizeof needs / sizeof *needs == NEED_STATUS_COUNT, "a need status has no name");

static const char *const relations[] = {
    [REPORTED_UNKNOWN] = "unknown",   [REPORTED_AGREES] = "agrees",
    [REPORTED_FITS] = "fits",         [REPORTED_CONTRADICTS] = "contradicts",
    [REPORTED_UNTESTED] = "untested",
};
_Static_assert(sizeof relations / sizeof *relations == REPORTED_COUNT, "a relation has no name");

/* An empty name stands for "none": no word means it. */
static int find(const char *const *names, int count, const char *word)
{
    for (int i = 0; i < count; i++)
        if (*names[i] && strcmp(names[i], word) == 0)
            return i;
    return -1;
}

const char *severity_name(enum severity severity)
{
    return severities[severity];
}

const char *confidence_name(enum confidence confidence)
{
    return confidences[confidence];
}

const char *owner_name(enum owner owner)
{
    return owners[owner];
}

const char *verdict_status_name(enum verdict_status status)
{
    return verdicts[status];
}

const char *need_status_name(enum need_status status)
{
    return needs[status];
}

const char *reported_relation_name(enum reported_relation relation)
{
    return relations[relation];
}

int severity_parse(const char *word)
{
    return find(severities, SEVERITY_COUNT, word);
}

int confidence_parse(const char *word)
{
    return find(confidences, CONFIDENCE_COUNT, word);
}

int owner_parse(const char *word)
{
    return find(owners, OWNER_COUNT, word);
}

int verdict_status_parse(const char *word)
{
    return find(verdicts, VERDICT_STATUS_COUNT, word);
}

int need_status_parse(const char *word)
{
    return find(needs, NEED_STATUS_COUNT, word);
}

int reported_relation_parse(const char *word)
{
    return find(relations, REPORTED_COUNT, word);
}

struct result *result_new(struct trace *trace)
{
    struct result *result = memory_new(sizeof *result);
    result->trace = trace;
    result->tool_version = MAILDOCTOR_VERSION;
    result->catalogue_date = "";
    result->verdict.status = VERDICT_UNKNOWN;
    result->recipient = trace->recipient ? result_new(trace->recipient) : NULL;
    return result;
}

void result_free(struct result *result)
{
    if (!result)
        return;
    trace_free(result->trace); /* the recipient's with it */
    free(result->recipient);
    free(result);
}

struct finding *result_add_finding(struct result *result)
{
    struct finding *finding = arena_new(&result->trace->arena, sizeof *finding);
    finding->class_id = finding->endpoint = finding->title = finding->meaning = "";
    struct finding **end = &result->findings;
    while (*end)
        end = &(*end)->next;
    return *end = finding;
}

struct evidence *result_add_evidence(struct result *result, struct finding *finding)
{
    struct evidence *evidence = arena_new(&result->trace->arena, sizeof *evidence);
    evidence->endpoint = evidence->step = "";
    struct evidence **end = &finding->evidence;
    while (*end)
        end = &(*end)->next;
    return *end = evidence;
}

struct alternative *result_add_alternative(struct result *result)
{
    struct alternative *alternative = arena_new(&result->trace->arena, sizeof *alternative);
    alternative->class_id = alternative->title = "";
    struct alternative **end = &result->verdict.alternatives;
    while (*end)
        end = &(*end)->next;
    return *end = alternative;
}

int result_exit_status(const struct result *result, bool fail_on_warning)
{
    const struct verdict *verdict = &result->verdict;
    if (!result->trace->complete)
        return verdict->status == VERDICT_FAIL && verdict->class_id ? 2 : 3;
    switch (verdict->status) {
    case VERDICT_OK:
        return 0;
    case VERDICT_WARNING:
        return fail_on_warning ? 2 : 1;
    case VERDICT_FAIL:
        return 2;
    default:
        return 3;
    }
}
