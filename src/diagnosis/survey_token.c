/* Access tokens to findings: what a token says of itself explains what servers say of it, for they
 * refuse every unfit one in the same few words. */
#include "diagnosis/survey.h"
#include "diagnosis/token_class.h"

#include "base/text.h"

#include <string.h>

enum { NS_PER_S = 1000000000 };

static void read_facts(const struct token_facts *facts, struct token *token)
{
    *token = (struct token) {
        .readable = facts->readable,
        .audience = facts->audience,
        .issuer = facts->issuer,
        .tenant = facts->tenant,
        .app = facts->app,
        .app_name = facts->app_name,
        .user = facts->user,
        .version = facts->version,
        .app_only = facts->app_only,
        .scopes = facts->scopes,
        .roles = facts->roles,
        .issued = facts->issued,
        .not_before = facts->not_before,
        .expires = facts->expires,
    };
}

/* The time by the server's own clock, when it greeted; 0: it did not say. */
static int64_t time_there(const struct attempt *attempt)
{
    const struct step *step = attempt ? attempt_step(attempt, STAGE_GREETING) : NULL;
    int64_t there_s = 0;
    return step && survey_date_in(step->reply, &there_s) ? there_s : 0;
}

/* ATTEMPT: the conversation so far; NULL: none. */
static size_t judge_at(struct trace *trace, const struct provider *provider,
                       const struct endpoint *endpoint, const struct attempt *attempt,
                       struct token_judgement judgements[TOKEN_FLAW_COUNT])
{
    struct token token;
    const struct token_question question = {
        .service = service_name(endpoint->service),
        .provider = provider,
        .login = trace->target.user,
        .tenant = trace->token->tenant_asked,
        .now = trace->started_real_ns / NS_PER_S,
        .there = time_there(attempt),
        .obtained = trace->token->obtained,
    };
    read_facts(trace->token, &token);
    return token_judge(&token, &question, &trace->arena, judgements);
}

static size_t judge(const struct survey *survey, const struct endpoint *endpoint,
                    const struct attempt *attempt,
                    struct token_judgement judgements[TOKEN_FLAW_COUNT])
{
    const struct provider *host = provider_by_host(endpoint->host);
    return judge_at(survey->trace, host ? host : survey->provider, endpoint, attempt, judgements);
}

/* ---- a token that is not to be sent ---- */

/* What of it is certain, of a server that is known to look: one of a name that is known, for who
 * typed another may mean something that stands in between. False: nothing is. */
static bool find_certain(struct trace *trace, const struct endpoint *endpoint,
                         const struct attempt *attempt, struct token_judgement *ret)
{
    struct token_judgement judgements[TOKEN_FLAW_COUNT];
    const struct provider *provider = provider_by_host(endpoint->host);
    if (!provider || !provider->oauth || !trace->token || !trace->token->sha256)
        return false;
    size_t count = judge_at(trace, provider, endpoint, attempt, judgements);
    for (size_t i = 0; i < count; i++)
        if (judgements[i].certain) {
            *ret = judgements[i];
            return true;
        }
    return false;
}

enum login_block token_unfit(struct trace *trace, const struct endpoint *endpoint,
                             const struct attempt *attempt)
{
    struct token_judgement certain;
    if (!find_certain(trace, endpoint, attempt, &certain))
        return BLOCK_NONE;
    return certain.flaw == TOKEN_EXPIRED ? BLOCK_TOKEN_EXPIRED : BLOCK_TOKEN_AUDIENCE;
}

void survey_token_kept(struct survey *survey, const struct endpoint *endpoint,
                       const struct attempt *attempt, const struct step *step)
{
    struct token_judgement certain;
    if (!find_certain(survey->trace, endpoint, attempt, &certain))
        return;
    struct values values = survey_values(survey, endpoint);
    struct finding *finding =
        survey_add(survey, classify_token(certain.flaw), endpoint, NULL, &values);
    survey_evidence(
        survey, finding, endpoint, attempt->address, step->name, step->start_ns,
        text_bytes(arena_format(survey->arena, "access token not sent: %s", certain.words)));
}

/* ---- a token that was refused ---- */

static bool takes_token(const struct attempt *attempt)
{
    const char *mechanism = attempt->auth.mechanism;
    return mechanism &&
           (text_equal_fold(mechanism, "XOAUTH2") || text_equal_fold(mechanism, "OAUTHBEARER"));
}

static bool has_token(const struct survey *survey)
{
    return survey->trace->token && survey->trace->token->sha256;
}

bool survey_token_is_read(const struct survey *survey)
{
    return has_token(survey) && survey->trace->token->readable;
}

static const char *line(const struct survey *survey, const char *words)
{
    return arena_format(survey->arena, "of the access token: %s", words);
}

/* An app's own token, in which nothing is amiss, and a server that does not say why. */
static bool is_unknown_app(const struct survey *survey, const struct endpoint *endpoint,
                           const struct classified *said)
{
    const char *family = survey_family(survey, endpoint);
    return survey->trace->token->app_only && said->confidence == CONFIDENCE_POSSIBLE && family &&
           strcmp(family, "microsoft365") == 0;
}

const char *survey_token_cause(const struct survey *survey, const struct endpoint *endpoint,
                               const struct attempt *attempt, struct classified *said)
{
    struct token_judgement judgements[TOKEN_FLAW_COUNT];
    if (!takes_token(attempt))
        return NULL;
    /* No password was sent: such words are a server's for whatever it does not take. */
    if (said->class && strcmp(said->class->id, "bad-credentials") == 0)
        *said = survey_event(STAGE_LOGIN, FAILURE_REFUSED);
    /* A switch that is off is off for every token. */
    if (!has_token(survey) || said->judged == JUDGED_NO)
        return NULL;
    size_t count = judge(survey, endpoint, attempt, judgements);
    const struct token_judgement *fault = token_gravest(judgements, count, false);
    const struct token_judgement *doubt = token_gravest(judgements, count, true);
    if (fault) {
        *said = classify_token(fault->flaw);
        return line(survey, fault->words);
    }
    if (said->confidence > CONFIDENCE_POSSIBLE)
        return NULL;
    if (doubt) {
        *said = classify_token(doubt->flaw);
        said->confidence = CONFIDENCE_LIKELY;
        return line(survey, doubt->words);
    }
    if (!is_unknown_app(survey, endpoint, said))
        return NULL;
    *said = classify_event("login.token_app_unknown");
    return line(survey, "it is an app's own, and nothing else is amiss in it");
}

/* ---- a token that no server looked at ---- */

static void add_refusal(struct survey *survey)
{
    const struct token_facts *facts = survey->trace->token;
    const struct words words = {
        .text = facts->refusal,
        .protocol = -1,
        .stage = STAGE_LOGIN,
        .provider = survey->provider ? survey->provider->family : NULL,
    };
    const char *event = facts->authority_silent  ? "login.authority_unreachable"
                        : facts->authority_unfit ? "login.authority_unfit"
                        : facts->unvouched       ? "login.job_not_vouched"
                                                 : NULL;
    struct classified classified = event ? classify_event(event) : classify(&words);
    if (!classified.class)
        classified = survey_event(STAGE_LOGIN, FAILURE_REFUSED);
    struct values values = survey_values(survey, NULL);
    values_set(&values, "host", facts->authority);
    struct finding *finding = survey_add(survey, classified, NULL, NULL, &values);
    if (finding) {
        finding->stage = STAGE_LOGIN;
        finding->severity = SEVERITY_ERROR; /* without a token there is no login */
    }
    survey_evidence(survey, finding, NULL, NULL, SURVEY_TOKEN_STEP, 0, facts->refusal);
}

/* Or kept back for what is wrong with it, which is a finding already. */
static bool was_shown(const struct survey *survey)
{
    for (const struct endpoint *e = survey->trace->endpoints; e; e = e->next) {
        const struct attempt *attempt = endpoint_attempt(e, PURPOSE_MAIN);
        enum login_outcome outcome = attempt ? attempt->auth.outcome : LOGIN_NOT_TRIED;
        bool kept = attempt && (attempt->auth.held_by == BLOCK_TOKEN_EXPIRED ||
                                attempt->auth.held_by == BLOCK_TOKEN_AUDIENCE);
        if (kept || outcome == LOGIN_ACCEPTED || outcome == LOGIN_JUDGED ||
            outcome == LOGIN_UNJUDGED)
            return true;
    }
    return false;
}

/* Known beforehand, and worth a word although something else stood in the way. */
static void add_unshown(struct survey *survey)
{
    for (const struct endpoint *e = survey->trace->endpoints; e; e = e->next) {
        struct token_judgement judgements[TOKEN_FLAW_COUNT];
        size_t count = judge(survey, e, endpoint_attempt(e, PURPOSE_MAIN), judgements);
        const struct token_judgement *fault = token_gravest(judgements, count, false);
        if (!fault || e->expectation == EXPECT_NOT_OFFERED)
            continue;
        struct values values = survey_values(survey, e);
        struct finding *finding =
            survey_add(survey, classify_token(fault->flaw), NULL, NULL, &values);
        if (finding)
            finding->severity = SEVERITY_WARNING;
        survey_evidence(survey, finding, NULL, NULL, SURVEY_TOKEN_STEP, 0,
                        text_bytes(line(survey, fault->words)));
        return;
    }
}

void survey_token(struct survey *survey)
{
    const struct token_facts *facts = survey->trace->token;
    if (facts && facts->asked_in_vain)
        add_refusal(survey);
    else if (has_token(survey) && !was_shown(survey))
        add_unshown(survey);
}
