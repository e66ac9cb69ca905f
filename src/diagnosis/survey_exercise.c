/* What was tried in a mailbox, to findings: operations that are refused or come to nothing, a
 * connection that does not stay open, and what is left over. */
#include "diagnosis/survey.h"

#include "base/text.h"

#include <string.h>

static bool is_of_exercise(const struct attempt *attempt)
{
    return attempt->purpose == PURPOSE_EXERCISE || attempt->purpose == PURPOSE_SECOND_CLIENT;
}

/* Where the session only waits. */
static bool is_quiet(const struct step *step)
{
    static const char *const waits[] = { "stay open", "second client", "second session" };
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        if (strcmp(step->name, waits[i]) == 0)
            return true;
    return false;
}

/* This login was good a moment ago: whoever is not there any more, or hangs up, has changed since.
 * A network that forgets a quiet connection does not end it in order. */
static bool went_away(const struct step *step)
{
    switch (step->error.kind) {
    case FAILURE_CONNECTION_CLOSED:
        return !step->reply.size || step->stage >= STAGE_MAILBOX;
    case FAILURE_CONNECTION_REFUSED:
    case FAILURE_CONNECTION_RESET:
    case FAILURE_TIMED_OUT:
        return step->stage < STAGE_MAILBOX && !step->reply.size;
    default:
        return false;
    }
}

/* The event of a step that failed; NULL: other parts of the catalogue speak for it. */
static const char *event_of(const struct step *step)
{
    if (step->status != STATUS_FAIL || step->error.kind == FAILURE_CANCELLED)
        return NULL;
    if (went_away(step))
        return "mailbox.went_away";
    if (step->stage != STAGE_MAILBOX)
        return NULL;
    switch (step->error.kind) {
    case FAILURE_REFUSED:
        return "mailbox.operation_refused";
    case FAILURE_WRONG_RESULT:
        return "mailbox.wrong_result";
    case FAILURE_CONNECTION_RESET:
    case FAILURE_TIMED_OUT:
        return strcmp(step->name, "stay open") == 0 ? "mailbox.dropped" : NULL;
    default:
        return NULL;
    }
}

/* When it went away, of STEP. */
static const char *when_of(struct survey *survey, const struct attempt *attempt,
                           const struct step *step)
{
    if (step->stage == STAGE_CONNECT)
        return "as it was begun";
    if (step->stage != STAGE_MAILBOX)
        return survey_when(attempt, step);
    if (is_quiet(step))
        return arena_format(survey->arena, "after %s in which nothing was asked",
                            survey_duration_words(survey->arena, step->duration_ns));
    return arena_format(survey->arena, "when asked for %s", step->name);
}

/* Every operation of the endpoint that came to the same end: "COPY, SEARCH text". */
static const char *operations(struct survey *survey, const struct endpoint *endpoint,
                              const char *event)
{
    const char *words = NULL;
    for (const struct attempt *a = endpoint->attempts; a; a = a->next)
        for (const struct step *s = is_of_exercise(a) ? a->steps : NULL; s; s = s->next) {
            const char *own = event_of(s);
            if (!own || strcmp(own, event) != 0)
                continue;
            words = words ? arena_format(survey->arena, "%s, %s", words, s->name) : s->name;
        }
    return words;
}

/* A refusal in words that the catalogue knows: a quota, a limit. What is said of mail that is
 * handed over is said of APPEND and COPY too, and is believed where it is certain. That the server
 * does not serve at all is not believed of one that answers other operations. */
static struct classified known_words(const struct survey *survey, const struct endpoint *endpoint,
                                     const struct step *step)
{
    struct words words = {
        .text = step->reply,
        .protocol = (int)endpoint->service,
        .stage = STAGE_MAILBOX,
        .provider = survey_family(survey, endpoint),
    };
    struct classified nothing = { 0 };
    if (step->error.kind != FAILURE_REFUSED)
        return nothing;
    struct classified found = classify(&words);
    if (step->stage != STAGE_MAILBOX || (found.class && found.class->stage >= STAGE_LOGIN))
        return found;
    words.stage = STAGE_SUBMIT;
    found = classify(&words);
    bool mail = found.class && found.class->stage == STAGE_SUBMIT;
    return mail && found.confidence == CONFIDENCE_CERTAIN ? found : nothing;
}

/* The session beside an open one may be turned away: that is reported, and no fault. */
static bool is_asked_for(const struct endpoint *endpoint, const struct attempt *attempt,
                         const struct step *step)
{
    return endpoint->service == SERVICE_POP3 && attempt->purpose == PURPOSE_SECOND_CLIENT &&
           step->stage == STAGE_LOGIN && step->error.kind == FAILURE_REFUSED;
}

static void add_step(struct survey *survey, const struct endpoint *endpoint,
                     const struct attempt *attempt, const struct step *step)
{
    if (step->status != STATUS_FAIL || step->stage == STAGE_GOODBYE ||
        step->error.kind == FAILURE_CANCELLED || is_asked_for(endpoint, attempt, step))
        return;
    const char *event = event_of(step);
    struct values values = survey_values(survey, endpoint);
    values_set(&values, "operations", event ? operations(survey, endpoint, event) : NULL);
    values_set(&values, "wait", survey_duration_words(survey->arena, step->duration_ns));
    values_set(&values, "when", when_of(survey, attempt, step));
    survey_mailbox_values(survey, &values);
    struct classified classified = known_words(survey, endpoint, step);
    if (!classified.class)
        classified = event ? classify_event(event) : survey_step_class(survey, endpoint, step);
    struct finding *finding = survey_add(survey, classified, endpoint, NULL, &values);
    /* The way in is open: that was seen before. */
    if (finding && finding->severity > SEVERITY_WARNING)
        finding->severity = SEVERITY_WARNING;
    if (finding && (finding->stage == STAGE_CONNECT || step->stage == STAGE_MAILBOX))
        finding->stage = STAGE_MAILBOX;
    survey_step_evidence(survey, finding, endpoint, attempt->address, step);
}

static void add_left(struct survey *survey, const struct endpoint *endpoint,
                     const struct attempt *attempt)
{
    const struct exercise_facts *facts = attempt->exercise;
    const char *names = NULL;
    for (size_t i = 0; i < facts->left.count; i++)
        names = names ? arena_format(survey->arena, "%s, %s", names, facts->left.items[i])
                      : facts->left.items[i];
    struct values values = survey_values(survey, endpoint);
    values_set(&values, "names", names);
    struct finding *finding =
        survey_add(survey, classify_event("mailbox.left_behind"), endpoint, NULL, &values);
    survey_evidence(survey, finding, endpoint, attempt->address, "DELETE", attempt->start_ns,
                    text_bytes(names));
}

void survey_exercise(struct survey *survey, const struct endpoint *endpoint)
{
    const struct attempt *last = NULL;
    for (const struct attempt *a = endpoint->attempts; a; a = a->next) {
        for (const struct step *step = is_of_exercise(a) ? a->steps : NULL; step; step = step->next)
            add_step(survey, endpoint, a, step);
        last = a->exercise ? a : last;
    }
    /* A session that was lost may have been followed by one that cleaned up. */
    if (last && last->exercise->left.count)
        add_left(survey, endpoint, last);
}
