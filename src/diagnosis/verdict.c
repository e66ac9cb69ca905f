/* The one answer of a run. A table of judges: the first that holds is the verdict; the causes that
 * later ones would have named become its alternatives. */
#include "diagnosis/verdict.h"

#include "diagnosis/classify.h"
#include "diagnosis/diagnose.h"
#include "diagnosis/survey.h"

#include <string.h>

static void pronounce(struct verdict *out, enum verdict_status status,
                      const struct finding *finding)
{
    out->status = status;
    out->class_id = finding->class_id;
    out->title = finding->title;
    out->summary = finding->title;
    out->meaning = finding->meaning;
    out->owner = finding->owner;
    out->confidence = finding->confidence;
    out->endpoint = *finding->endpoint ? finding->endpoint : NULL;
    out->fix = finding->fix;
    out->commands = finding->commands;
}

/* ---- runs without an answer ---- */

static bool judge_interrupted(const struct weighing *w, struct verdict *out)
{
    const struct trace *trace = w->result->trace;
    if (trace->complete || w->lead)
        return false;
    out->status = VERDICT_UNKNOWN;
    bool late = trace->cut_by && strcmp(trace->cut_by, "deadline") == 0;
    out->summary = late ? "The time was up before an answer was known."
                        : "The run was stopped before an answer was known.";
    return true;
}

static bool judge_no_service(const struct weighing *w, struct verdict *out)
{
    if (w->way_count)
        return false;
    for (const struct finding *f = w->result->findings; f; f = f->next)
        if (f->severity == SEVERITY_ERROR) {
            pronounce(out, VERDICT_FAIL, f);
            return true;
        }
    return false;
}

/* The authority gave no token, so no server was asked for a login: that is the answer, unless a
 * way failed before. */
static bool judge_no_token(const struct weighing *w, struct verdict *out)
{
    const struct token_facts *token = w->result->trace->token;
    if (!token || !token->asked_in_vain || w->lead)
        return false;
    for (const struct finding *f = w->result->findings; f; f = f->next)
        if (f->evidence && strcmp(f->evidence->step, SURVEY_TOKEN_STEP) == 0) {
            pronounce(out, VERDICT_FAIL, f);
            return true;
        }
    return false;
}

/* ---- needs that are met ---- */

static bool is_met(const struct weighing *w)
{
    bool some = false;
    for (size_t i = 0; i < w->wish_count; i++)
        some = some || w->wishes[i].by;
    return some && !w->lead;
}

static const struct finding *first_warning(const struct weighing *w)
{
    for (const struct finding *f = w->result->findings; f; f = f->next)
        if (f->severity >= SEVERITY_WARNING)
            return f;
    return NULL;
}

static bool judge_met(const struct weighing *w, struct verdict *out)
{
    const struct finding *warning = first_warning(w);
    if (!is_met(w) || warning)
        return false;
    out->status = VERDICT_OK;
    out->confidence = CONFIDENCE_CERTAIN;
    out->summary = verdict_met_words(w, NULL);
    return true;
}

static bool judge_met_with_warning(const struct weighing *w, struct verdict *out)
{
    const struct finding *warning = first_warning(w);
    if (!is_met(w) || !warning)
        return false;
    pronounce(out, VERDICT_WARNING, warning);
    out->summary = verdict_met_words(w, warning);
    return true;
}

/* ---- causes ---- */

/* The failed way of the leading need that tells most, among those that stopped between two stages.
 * Ports that the provider documents less are left out where others failed as well. */
static const struct way *stopped(const struct weighing *w, enum stage from, enum stage to)
{
    const struct way *best = NULL;
    if (!w->lead)
        return NULL;
    for (size_t i = 0; i < w->way_count; i++) {
        const struct way *way = &w->ways[i];
        if ((way->state != WAY_FAILED && way->state != WAY_UNFIT) || !wish_covers(w->lead, way))
            continue;
        if (way->cause->stage < from || way->cause->stage > to)
            continue;
        if (!best || way_compare(way, best) < 0)
            best = way;
    }
    return best;
}

/* Whether the leading need's telling way stopped between those stages: then that is the cause. */
static bool leads(const struct weighing *w, enum stage from, enum stage to, struct verdict *out)
{
    if (!w->lead || w->lead->lead->cause->stage < from || w->lead->lead->cause->stage > to)
        return false;
    pronounce(out, VERDICT_FAIL, w->lead->lead->cause);
    return true;
}

static bool is_silent(const struct endpoint *endpoint)
{
    bool some = false;
    for (const struct address *a = endpoint->addresses; a; a = a->next) {
        if (a->status == STATUS_OK)
            return false;
        some = some || (a->status == STATUS_FAIL && a->error.kind == FAILURE_TIMED_OUT);
    }
    return some;
}

/* The walk of the path found port 443 of the same address open. */
static bool web_answers(const struct endpoint *endpoint)
{
    for (const struct address *a = endpoint->addresses; a; a = a->next)
        if (a->path && a->path->control && a->path->same_address && a->path->control_port == 443)
            return true;
    return false;
}

/* No mail port of any server answers, but the web port of one does: it is not the server that is
 * down, it is mail that is not let out. */
static bool judge_mail_blocked(const struct weighing *w, struct verdict *out)
{
    size_t silent = 0;
    bool web = false;
    for (size_t i = 0; i < w->way_count; i++) {
        const struct endpoint *e = w->ways[i].endpoint;
        if (e->expectation == EXPECT_NOT_OFFERED || e->expectation == EXPECT_OPTIONAL)
            continue;
        if (!is_silent(e))
            return false;
        web = web || web_answers(e);
        silent++;
    }
    if (!w->lead || silent < 2 || !web || w->lead->lead->cause->stage != STAGE_CONNECT)
        return false;
    pronounce(out, VERDICT_FAIL, w->lead->lead->cause);
    out->endpoint = NULL;
    out->summary = "No mail port answers here, but port 443 of the same server does: outbound mail "
                   "ports are blocked.";
    return true;
}

static bool fails(const struct way *way)
{
    return way->state == WAY_FAILED || way->state == WAY_UNFIT;
}

/* Every failed way of every failed need, at least two of them, has the same cause: it is not the
 * ports. The name that does not exist, the network that lets nothing out, the password. */
static bool judge_common_cause(const struct weighing *w, struct verdict *out)
{
    size_t count = 0;
    if (!w->lead)
        return false;
    const struct finding *cause = w->lead->lead->cause;
    for (size_t i = 0; i < w->wish_count; i++)
        for (size_t k = 0; k < w->way_count; k++) {
            const struct way *way = &w->ways[k];
            if (w->wishes[i].status != NEED_STATUS_FAIL || !fails(way) ||
                !wish_covers(&w->wishes[i], way))
                continue;
            if (strcmp(way->cause->class_id, cause->class_id) != 0)
                return false;
            count++;
        }
    if (count < 2)
        return false;
    pronounce(out, VERDICT_FAIL, cause);
    return true;
}

static bool judge_login(const struct weighing *w, struct verdict *out)
{
    return leads(w, STAGE_LOGIN, STAGE_LOGIN, out);
}

static bool judge_mailbox(const struct weighing *w, struct verdict *out)
{
    return leads(w, STAGE_MAILBOX, STAGE_MAILBOX, out);
}

static bool judge_submission(const struct weighing *w, struct verdict *out)
{
    return leads(w, STAGE_SUBMIT, STAGE_GOODBYE, out);
}

static bool judge_encryption(const struct weighing *w, struct verdict *out)
{
    return leads(w, STAGE_STARTTLS, STAGE_TLS, out);
}

static bool judge_service(const struct weighing *w, struct verdict *out)
{
    return leads(w, STAGE_GREETING, STAGE_CAPABILITY, out);
}

static bool judge_network(const struct weighing *w, struct verdict *out)
{
    return leads(w, STAGE_CONNECT, STAGE_CONNECT, out);
}

static bool judge_name(const struct weighing *w, struct verdict *out)
{
    return leads(w, STAGE_NONE, STAGE_RESOLVE, out);
}

/* Where the domain does not say which servers its mailboxes use, nothing failed, and nothing could
 * be tested: whoever knows their names can go on. */
static bool judge_unpublished(const struct weighing *w, struct verdict *out)
{
    for (const struct finding *f = w->result->findings; f; f = f->next)
        if (!w->lead && strcmp(f->class_id, classify_event("resolve.unpublished").class->id) == 0) {
            pronounce(out, VERDICT_UNKNOWN, f);
            return true;
        }
    return false;
}

static bool judge_untested(const struct weighing *w, struct verdict *out)
{
    out->status = VERDICT_UNKNOWN;
    out->summary = w->way_count ? "Nothing could be decided: no way was tested to its end."
                                : "Nothing could be tested: no mail server is known.";
    return true;
}

struct judge {
    const char *name;
    bool (*judge)(const struct weighing *weighing, struct verdict *out);
    enum stage from, to; /* of a judge that names a cause: where its ways stopped */
};

static const struct judge judges[] = {
    { "interrupted", judge_interrupted, STAGE_NONE, STAGE_NONE },
    { "no-service", judge_no_service, STAGE_NONE, STAGE_NONE },
    { "no-token", judge_no_token, STAGE_NONE, STAGE_NONE },
    { "met", judge_met, STAGE_NONE, STAGE_NONE },
    { "met-with-warning", judge_met_with_warning, STAGE_NONE, STAGE_NONE },
    { "mail-blocked", judge_mail_blocked, STAGE_NONE, STAGE_NONE },
    { "common-cause", judge_common_cause, STAGE_NONE, STAGE_NONE },
    { "submission", judge_submission, STAGE_SUBMIT, STAGE_GOODBYE },
    { "mailbox", judge_mailbox, STAGE_MAILBOX, STAGE_MAILBOX },
    { "login", judge_login, STAGE_LOGIN, STAGE_LOGIN },
    { "encryption", judge_encryption, STAGE_STARTTLS, STAGE_TLS },
    { "service", judge_service, STAGE_GREETING, STAGE_CAPABILITY },
    { "network", judge_network, STAGE_CONNECT, STAGE_CONNECT },
    { "name", judge_name, STAGE_RESOLVE, STAGE_RESOLVE },
    { "unpublished", judge_unpublished, STAGE_NONE, STAGE_NONE },
    { "untested", judge_untested, STAGE_NONE, STAGE_NONE },
};

/* What else was seen to stop ways of the failed need. */
static void add_other_causes(const struct weighing *w, const struct verdict *out)
{
    for (size_t i = 0; i < sizeof judges / sizeof *judges; i++) {
        const struct way *way =
            judges[i].from == STAGE_NONE ? NULL : stopped(w, judges[i].from, judges[i].to);
        if (way && strcmp(way->cause->class_id, out->class_id) != 0)
            verdict_alternative(w, way->cause);
    }
}

const char *verdict_make_with(struct result *result, const struct rules *own)
{
    struct weighing weighing;
    struct verdict *out = &result->verdict;
    weigh(&weighing, result);
    weighing.own = own;
    regrade(&weighing);
    *out = (struct verdict) { .status = VERDICT_UNKNOWN };
    size_t i = 0;
    while (!judges[i].judge(&weighing, out))
        i++;
    verdict_describe(&weighing, out);
    if (out->status == VERDICT_FAIL) {
        add_other_causes(&weighing, out);
        verdict_not_connected(&weighing, out);
    }
    verdict_reported(&weighing, out);
    if (out->status == VERDICT_FAIL)
        verdict_neighbours(&weighing, out);
    return judges[i].name;
}

const char *verdict_make_named(struct result *result)
{
    return verdict_make_with(result, NULL);
}

void verdict_make(struct result *result)
{
    verdict_make_named(result);
}
