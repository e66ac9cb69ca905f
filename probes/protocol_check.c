#include "probes/dialogue.h"

#include <stddef.h>

/* One sentence about what is wrong with a table, for whoever wrote it. */
static const char *words_wrong(const struct dialogue_step *step, int index)
{
    bool speaks = step->line || step->say;
    if (step->line && step->say)
        return "a row has both line and say";
    if (speaks && (step->tls || step->decide))
        return "a row that exchanges no words has some to say";
    if (!speaks && !step->tls && !step->decide && index != STEP_OPENING)
        return "a row has nothing to say";
    if (speaks && index == STEP_OPENING)
        return "the opening row speaks before the greeting";
    if (step->secret && !step->say)
        return "a secret row has a fixed line";
    if (step->ahead && (!speaks || step->secret || step->permit))
        return "a row said ahead must have plain words";
    return NULL;
}

static bool leads_nowhere(const struct protocol *protocol, int next)
{
    return next == STEP_STAY || next < STEP_FAILED || next >= protocol->step_count;
}

static const char *ways_wrong(const struct protocol *protocol, const struct dialogue_step *step)
{
    int ways = (step->hear != NULL) + (step->decide != NULL) + (step->then != 0);
    if (ways != 1)
        return "a row needs one of hear, decide and then";
    if (step->otherwise && !step->then)
        return "a row has otherwise without then";
    if (leads_nowhere(protocol, step->then) || leads_nowhere(protocol, step->otherwise))
        return "a row leads nowhere";
    return NULL;
}

static const char *step_wrong(const struct protocol *protocol, int index)
{
    const struct dialogue_step *step = &protocol->steps[index];
    if (!step->name || !*step->name)
        return "a row has no name";
    if (step->stage <= STAGE_NONE || step->stage >= STAGE_COUNT)
        return "a row has no stage";
    if ((step->patience_ms > 0) == (step->decide != NULL))
        return "a row that waits has no patience, or one that does not has some";
    if (step->permit && !protocol->held_back)
        return "a row asks for permission and the protocol does not say what follows a no";
    if (step->permit && (step->tls || step->decide || index == STEP_OPENING))
        return "a row asks for permission to say nothing";
    const char *wrong = words_wrong(step, index);
    return wrong ? wrong : ways_wrong(protocol, step);
}

const char *protocol_check(const struct protocol *protocol)
{
    if (!protocol->name || !*protocol->name)
        return "the protocol has no name";
    if (!protocol->frame)
        return "the protocol has no frame";
    if (!protocol->steps || protocol->step_count < 1)
        return "the protocol has no steps";
    for (int i = 0; i < protocol->step_count; i++) {
        const char *wrong = step_wrong(protocol, i);
        if (wrong)
            return wrong;
    }
    return NULL;
}
