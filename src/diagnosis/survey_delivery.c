/* What came of the test message after it was accepted, as findings. */
#include "diagnosis/survey.h"

#include "base/text.h"

#include <string.h>

/* Mail is not a matter of seconds; what takes longer than this has waited somewhere. */
enum { LATE_S = 60 };

static const struct endpoint *endpoint_of(const struct trace *trace, const char *id)
{
    for (const struct endpoint *e = trace->endpoints; e; e = e->next)
        if (id && strcmp(e->id, id) == 0)
            return e;
    return NULL;
}

/* The refusing server's words, as the bounce passes them on, mean what they mean in a dialogue. */
static void add_bounce(struct survey *survey, const struct delivery_facts *facts)
{
    const struct endpoint *endpoint =
        endpoint_of(survey->trace, survey->trace->submission->endpoint);
    struct words words = {
        .text = facts->diagnostic.size ? facts->diagnostic : facts->bounce,
        .protocol = SERVICE_SMTP,
        .stage = STAGE_SUBMIT,
    };
    struct classified classified = classify(&words);
    if (!classified.class)
        classified = survey_event(STAGE_SUBMIT, FAILURE_REFUSED);
    struct values values = survey_values(survey, endpoint);
    struct finding *finding = survey_add(survey, classified, endpoint, NULL, &values);
    if (finding)
        finding->stage = STAGE_SUBMIT;
    survey_evidence(survey, finding, endpoint, NULL, "bounce", facts->found_ns, words.text);
}

static void add_event(struct survey *survey, const char *event, const struct values *values,
                      const char *line)
{
    const struct delivery_facts *facts = survey->trace->delivery;
    const struct endpoint *endpoint = endpoint_of(survey->trace, facts->endpoint);
    struct finding *finding = survey_add(survey, classify_event(event), endpoint, NULL, values);
    survey_evidence(survey, finding, endpoint, NULL, "arrival", facts->waited_ns, text_bytes(line));
}

/* The mailbox that was looked into is the one it was sent to. */
static bool is_to_itself(const struct trace *trace)
{
    const struct target_facts *target = &trace->target;
    const char *own = target->mailbox   ? target->mailbox
                      : target->address ? target->address
                                        : target->user;
    return own && text_equal_fold(own, trace->submission->to);
}

/* POP3 shows the inbox alone. */
static const char *where_not(const struct survey *survey)
{
    const struct endpoint *e = endpoint_of(survey->trace, survey->trace->delivery->endpoint);
    return e && e->service == SERVICE_POP3 ? "in the inbox" : "in the inbox and not among the junk";
}

void survey_delivery(struct survey *survey)
{
    const struct trace *trace = survey->trace;
    const struct delivery_facts *facts = trace->delivery;
    if (!facts || !trace->submission || !facts->endpoint)
        return;
    struct values values = survey_values(survey, endpoint_of(trace, facts->endpoint));
    const char *took =
        survey_duration_words(survey->arena, facts->arrived ? facts->found_ns : facts->waited_ns);
    values_set(&values, "wait", took);
    if (facts->bounce.size)
        add_bounce(survey, facts);
    else if (!facts->copy_only && !facts->arrived && is_to_itself(trace))
        add_event(survey, "submit.not_arrived", &values,
                  arena_format(survey->arena, "not %s after %s", where_not(survey), took));
    if (facts->arrived && facts->junk)
        add_event(survey, "submit.arrived_in_junk", &values,
                  arena_format(survey->arena, "found in the folder %s", facts->folder));
    if (facts->arrived && facts->found_ns / 1000000000 >= LATE_S)
        add_event(survey, "submit.arrived_late", &values,
                  arena_format(survey->arena, "found after %s", took));
    if (facts->left)
        add_event(survey, "submit.left_behind", &values,
                  arena_format(survey->arena, "%d message%s of this run could not be removed",
                               facts->left, facts->left == 1 ? "" : "s"));
}
