/* Logins to findings: what a server refused, and where the secret was not sent and why. */
#include "diagnosis/survey.h"

#include "base/text.h"

#include <string.h>

static const char *offered_words(struct arena *arena, const struct strings *offered)
{
    const char *words = NULL;
    for (size_t i = 0; i < offered->count; i++)
        words = words ? arena_format(arena, "%s, %s", words, offered->items[i]) : offered->items[i];
    return words ? words : "none on this connection";
}

/* Everything that is offered takes an access token: a password fits nowhere. */
static bool is_oauth_only(const struct strings *offered)
{
    for (size_t i = 0; i < offered->count; i++)
        if (!text_equal_fold(offered->items[i], "XOAUTH2") &&
            !text_equal_fold(offered->items[i], "OAUTHBEARER"))
            return false;
    return offered->count > 0;
}

static void add_no_mechanism(struct survey *survey, const struct endpoint *endpoint,
                             const struct attempt *attempt, const struct step *step)
{
    const struct strings *offered = &attempt->auth.offered;
    bool oauth = is_oauth_only(offered);
    struct values values = survey_values(survey, endpoint);
    values_set(&values, "mechanisms", offered_words(survey->arena, offered));
    struct finding *finding = survey_add(
        survey, classify_event(oauth ? "login.password_not_offered" : "login.no_mechanism"),
        endpoint, NULL, &values);
    const char *line =
        !offered->count
            ? "login not tried: the server offers no way to sign in on this connection"
            : arena_format(survey->arena,
                           oauth ? "password not sent: the server takes only OAuth (%s)"
                                 : "login not tried: none of the ways offered fits (%s)",
                           offered_words(survey->arena, offered));
    survey_evidence(survey, finding, endpoint, attempt->address, step->name, step->start_ns,
                    text_bytes(line));
}

static enum login_block block_of(const struct attempt *attempt, const struct step *step)
{
    int block = step->blocked_by ? login_block_parse(step->blocked_by) : -1;
    return block > 0 ? (enum login_block)block : attempt->auth.held_by;
}

static struct classified classify_step(const struct survey *survey, const struct endpoint *endpoint,
                                       const struct step *step)
{
    struct words words = {
        .text = step->reply,
        .protocol = (int)endpoint->service,
        .stage = STAGE_LOGIN,
        .provider = survey_family(survey, endpoint),
        .own = survey->own,
    };
    struct classified classified = classify(&words);
    return classified.class ? classified : survey_event(STAGE_LOGIN, FAILURE_REFUSED);
}

static bool signed_in_by_token(const struct attempt *attempt)
{
    const char *mechanism = attempt && attempt->auth.mechanism ? attempt->auth.mechanism : "";
    return text_equal_fold(mechanism, "XOAUTH2") || text_equal_fold(mechanism, "OAUTHBEARER");
}

/* SMTP refused a token without a reason that opened a mailbox here: it is whole, in date and for
 * this service and user. What it lacks is the right to send. */
static bool lacks_sending(const struct survey *survey, const struct endpoint *endpoint,
                          const struct attempt *attempt, const struct classified *classified)
{
    if (endpoint->service != SERVICE_SMTP || !signed_in_by_token(attempt) ||
        classified->class != survey_event(STAGE_LOGIN, FAILURE_REFUSED).class)
        return false;
    for (const struct endpoint *e = survey->trace->endpoints; e; e = e->next) {
        const struct attempt *other = endpoint_attempt(e, PURPOSE_MAIN);
        if (e->service != SERVICE_SMTP && signed_in_by_token(other) &&
            other->auth.outcome == LOGIN_ACCEPTED)
            return true;
    }
    return false;
}

/* What a refusal by SCRAM means beside its words; NULL: nothing. The name goes first and the proof
 * of the password afterwards (RFC 5802 section 5): words about the password before it are none that
 * the server can know. Of a login that is bound to the TLS connection, and refused in words that
 * name no cause, the binding is refused as often as what every login has. */
static const char *scram_event(const struct attempt *attempt, const struct step *step,
                               const struct classified *classified)
{
    const char *mechanism = attempt->auth.mechanism;
    bool unspecific = classified->class == survey_event(STAGE_LOGIN, FAILURE_REFUSED).class;
    if (!mechanism || strncmp(mechanism, "SCRAM-", strlen("SCRAM-")) != 0 ||
        step->error.kind != FAILURE_REFUSED)
        return NULL;
    if (attempt->auth.outcome == LOGIN_UNJUDGED && classified->judged == JUDGED_YES)
        return "login.refused_unseen";
    return unspecific && text_ends_fold(mechanism, "-PLUS") ? "login.binding_refused" : NULL;
}

/* Another run, less than half an hour ago, was refused; the step repeats the words it got. One
 * finding says so: the other endpoints' are held back like after any refusal. */
static bool add_earlier(struct survey *survey, const struct endpoint *endpoint,
                        const struct attempt *attempt, const struct step *step)
{
    if (!step->reply.size)
        return false;
    for (const struct finding *f = survey->result->findings; f; f = f->next)
        if (f->stage == STAGE_LOGIN && f->severity == SEVERITY_ERROR)
            return false;
    struct values values = survey_values(survey, endpoint);
    struct finding *finding =
        survey_add(survey, classify_step(survey, endpoint, step), endpoint, NULL, &values);
    survey_evidence(survey, finding, endpoint, attempt->address, step->name, step->start_ns,
                    step->reply);
    return finding != NULL;
}

void survey_login(struct survey *survey, const struct endpoint *endpoint,
                  const struct attempt *attempt)
{
    for (const struct step *step = attempt->steps; step; step = step->next) {
        enum login_block block = block_of(attempt, step);
        bool refused = step->status == STATUS_FAIL && step->error.kind != FAILURE_HELD_BACK;
        if (step->stage != STAGE_LOGIN || step->error.kind == FAILURE_CANCELLED)
            continue;
        if (step->error.kind == FAILURE_NO_MECHANISM || (!refused && block == BLOCK_NO_MECHANISM)) {
            add_no_mechanism(survey, endpoint, attempt, step);
        } else if (refused) {
            struct values values = survey_values(survey, endpoint);
            values_set(&values, "mechanisms", offered_words(survey->arena, &attempt->auth.offered));
            values_set(&values, "when", survey_when(attempt, step));
            struct classified classified = step->error.kind == FAILURE_REFUSED
                                               ? classify_step(survey, endpoint, step)
                                               : survey_step_class(survey, endpoint, step);
            const char *scram = scram_event(attempt, step, &classified);
            if (scram)
                classified = classify_event(scram);
            const char *claim = survey_token_cause(survey, endpoint, attempt, &classified);
            if (!survey_token_is_read(survey) &&
                lacks_sending(survey, endpoint, attempt, &classified))
                classified = classify_event("login.token_not_for_sending");
            struct finding *finding = survey_add(survey, classified, endpoint, NULL, &values);
            if (finding)
                finding->stage = STAGE_LOGIN; /* where it happened, not where it usually does */
            survey_step_evidence(survey, finding, endpoint, attempt->address, step);
            if (claim)
                survey_evidence(survey, finding, endpoint, attempt->address, step->name,
                                step->start_ns, text_bytes(claim));
        } else if (block == BLOCK_REFUSED_EARLIER) {
            add_earlier(survey, endpoint, attempt, step);
        } else if (block == BLOCK_TOKEN_EXPIRED || block == BLOCK_TOKEN_AUDIENCE) {
            survey_token_kept(survey, endpoint, attempt, step);
        }
    }
}

/* The refusal that a held back login rests on: one of the same protocol first. */
static const struct finding *refusal(const struct survey *survey, enum service service)
{
    const struct finding *any = NULL;
    for (const struct finding *f = survey->result->findings; f; f = f->next) {
        if (f->stage != STAGE_LOGIN || f->severity != SEVERITY_ERROR)
            continue;
        any = any ? any : f;
        for (const struct endpoint *e = survey->trace->endpoints; e; e = e->next)
            if (e->service == service && strcmp(e->id, f->endpoint) == 0)
                return f;
    }
    return any;
}

static const char *held_words(struct survey *survey, const struct endpoint *endpoint,
                              enum login_block block)
{
    const struct finding *refused = refusal(survey, endpoint->service);
    switch (block) {
    case BLOCK_UNVERIFIED_TLS:
        return "a secret goes only over TLS with a certificate that holds";
    case BLOCK_GUESSED_HOST:
        return "the server's name is only a guess, and a guess never gets a secret";
    case BLOCK_REFUSED_EARLIER:
        return "a run within the last 30 minutes saw the same password refused";
    case BLOCK_BEING_TRIED:
        return "another run on this machine tries the same login just now, and has no answer yet";
    case BLOCK_UNKNOWN_EARLIER:
        return "a run within the last 30 minutes was killed while it tried this password, and what "
               "came of it is not known (--retry-login tries it all the same)";
    case BLOCK_REFUSED_ELSEWHERE:
    case BLOCK_TRIED_ELSEWHERE:
        return refused ? arena_format(survey->arena, "%s already refused it (%s)",
                                      refused->endpoint, refused->class_id)
                       : "another port already refused it";
    default:
        return NULL;
    }
}

void survey_held_back(struct survey *survey, const struct endpoint *endpoint,
                      const struct attempt *attempt)
{
    for (const struct step *step = attempt->steps; step; step = step->next) {
        bool held = step->status == STATUS_SKIPPED ||
                    (step->status == STATUS_FAIL && step->error.kind == FAILURE_HELD_BACK);
        if (step->stage != STAGE_LOGIN || !held)
            continue;
        const char *why = held_words(survey, endpoint, block_of(attempt, step));
        if (!why)
            continue;
        struct values values = survey_values(survey, endpoint);
        values_set(&values, "reason", why);
        struct finding *finding =
            survey_add(survey, classify_event("login.held_back"), endpoint, NULL, &values);
        survey_evidence(survey, finding, endpoint, attempt->address, step->name, step->start_ns,
                        text_bytes(arena_format(survey->arena, "not tried, because %s", why)));
    }
}
