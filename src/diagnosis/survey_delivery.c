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

/* Where it was looked for. */
static const struct endpoint *place_of(const struct trace *trace)
{
    const struct delivery_facts *facts = trace->delivery;
    return endpoint_of(facts->account && trace->recipient ? trace->recipient : trace,
                       facts->endpoint);
}

/* What was seen in another's mailbox is about none of this run's own endpoints. */
static void add_event(struct survey *survey, const char *event, const struct values *values,
                      const char *line)
{
    const struct delivery_facts *facts = survey->trace->delivery;
    const struct endpoint *endpoint = facts->account ? NULL : place_of(survey->trace);
    struct finding *finding = survey_add(survey, classify_event(event), endpoint, NULL, values);
    const char *step =
        facts->account ? arena_format(survey->arena, "Mailbox of %s", facts->account) : "arrival";
    survey_evidence(survey, finding, endpoint, NULL, step, facts->waited_ns, text_bytes(line));
}

/* The mailbox that was looked into is the one it was sent to. */
static bool is_where_it_went(const struct trace *trace)
{
    const struct target_facts *target = &trace->target;
    if (trace->delivery->account)
        return true;
    const char *own = target->mailbox   ? target->mailbox
                      : target->address ? target->address
                                        : target->user;
    return own && text_equal_fold(own, trace->submission->to);
}

/* POP3 shows the inbox alone. */
static const char *where_not(const struct survey *survey)
{
    const struct endpoint *e = place_of(survey->trace);
    return e && e->service == SERVICE_POP3 ? "in the inbox" : "in the inbox and not among the junk";
}

/* The finding that decided about the recipient's account; NULL: none did. */
static const struct finding *cause_there(const struct result *recipient)
{
    const struct verdict *verdict = &recipient->verdict;
    for (const struct finding *f = recipient->findings; f && verdict->class_id; f = f->next)
        if (strcmp(f->class_id, verdict->class_id) == 0 &&
            strcmp(f->endpoint, verdict->endpoint ? verdict->endpoint : "") == 0)
            return f;
    return NULL;
}

/* Who mends it and how is what its own verdict says, before what holds of any account. */
static void add_unopened(struct survey *survey)
{
    const struct result *recipient = survey->result->recipient;
    const struct verdict *verdict = &recipient->verdict;
    const struct finding *cause = cause_there(recipient);
    struct values values = survey_values(survey, NULL);
    values_set(&values, "account", recipient->trace->target.address);
    values_set(&values, "cause", verdict->class_id ? verdict->title : verdict->summary);
    struct finding *finding =
        survey_add(survey, classify_event("submit.recipient_not_opened"), NULL, NULL, &values);
    struct strings fix = { 0 };
    for (size_t i = 0; i < verdict->fix.count; i++)
        strings_add(&fix, survey->arena, verdict->fix.items[i]);
    for (size_t i = 0; i < finding->fix.count; i++)
        strings_add(&fix, survey->arena, finding->fix.items[i]);
    finding->fix = fix;
    finding->commands = verdict->commands;
    if (verdict->owner != OWNER_NONE)
        finding->owner = verdict->owner;
    for (const struct evidence *e = cause ? cause->evidence : NULL; e; e = e->next)
        survey_evidence(survey, finding, NULL, NULL,
                        arena_format(survey->arena, "%s at %s for %s", e->step, e->endpoint,
                                     recipient->trace->target.address),
                        e->at_ns, e->line);
}

void survey_delivery(struct survey *survey)
{
    const struct trace *trace = survey->trace;
    const struct delivery_facts *facts = trace->delivery;
    if (trace->submission && trace->submission->withheld && survey->result->recipient)
        add_unopened(survey);
    if (!facts || !trace->submission || !facts->endpoint)
        return;
    struct values values = survey_values(survey, place_of(trace));
    const char *took =
        survey_duration_words(survey->arena, facts->arrived ? facts->found_ns : facts->waited_ns);
    values_set(&values, "wait", took);
    if (facts->bounce.size)
        add_bounce(survey, facts);
    else if (!facts->copy_only && !facts->arrived && is_where_it_went(trace))
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
