#include "probes/dialogue.h"

#include <stddef.h>

/* One sentence about what is wrong with a table, for whoever wrote it. */
static const char *words_wrong(const struct dialogue_step *step, int index)
{
    bool speaks = step->line || step->say;
    if (step->line && step->say)
        return "a row has both line and say";
    int wordless = step->tls + (step->decide != NULL) + (step->pause != NULL);
    if (wordless + speaks > 1)
        return "a row that exchanges no words has some to say";
    if (wordless + speaks == 0 && index != STEP_OPENING)
        return "a row has nothing to say";
    if (speaks && index == STEP_OPENING)
        return "the opening row speaks before the greeting";
    if (step->secret && !step->say)
        return "a secret row has a fixed line";
    if (step->ahead && (!speaks || step->secret || step->permit))
        return "a row said ahead must have plain words";
    return NULL;
}

/* The rows of one table, and how the first one is numbered. */
struct table {
    const struct dialogue_step *steps;
    int first, count;
};

static bool leads_nowhere(const struct table *table, int next)
{
    bool inside = next >= table->first && next < table->first + table->count;
    bool away = next == STEP_DONE || next == STEP_FAILED ||
                (next == STEP_GOODBYE && table->first == STEP_TASK);
    return next != 0 && !inside && !away;
}

static const char *ways_wrong(const struct table *table, const struct dialogue_step *step)
{
    /* With hear: who may be said behind it. */
    bool heard = step->hear && step->then >= table->first &&
                 step->then < table->first + table->count &&
                 table->steps[step->then - table->first].ahead;
    int ways = (step->hear != NULL) + (step->decide != NULL) + (step->then != 0);
    if (ways != 1 + heard)
        return "a row needs one of hear, decide and then";
    if (step->otherwise && !step->then)
        return "a row has otherwise without then";
    if (leads_nowhere(table, step->then) || leads_nowhere(table, step->otherwise))
        return "a row leads nowhere";
    return NULL;
}

static const char *step_wrong(const struct table *table, int index)
{
    const struct dialogue_step *step = &table->steps[index];
    if (!step->name || !*step->name)
        return "a row has no name";
    if (step->stage <= STAGE_NONE || step->stage >= STAGE_COUNT)
        return "a row has no stage";
    if ((step->patience_ms > 0) == (step->decide || step->pause))
        return "a row that waits has no patience, or one that does not has some";
    bool wordless = step->tls || step->decide || step->pause;
    if (step->permit && (wordless || table->first + index == STEP_OPENING))
        return "a row asks for permission to say nothing";
    const char *wrong = words_wrong(step, table->first + index);
    return wrong ? wrong : ways_wrong(table, step);
}

static const char *table_wrong(const struct table *table)
{
    for (int i = 0; i < table->count; i++) {
        const char *wrong = step_wrong(table, i);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static const char *permits_wrong(const struct protocol *protocol)
{
    for (int i = 0; i < protocol->step_count; i++)
        if (protocol->steps[i].permit && !protocol->held_back)
            return "a row asks for permission and the protocol does not say what follows a no";
    return NULL;
}

const char *protocol_check(const struct protocol *protocol)
{
    if (!protocol->name || !*protocol->name)
        return "the protocol has no name";
    if (!protocol->frame)
        return "the protocol has no frame";
    if (!protocol->steps || protocol->step_count < 1)
        return "the protocol has no steps";
    if (protocol->step_count > STEP_TASK)
        return "the protocol has rows that a task's are numbered like";
    if (protocol->goodbye < 0 || protocol->goodbye >= protocol->step_count)
        return "the goodbye is no row";
    const char *wrong = permits_wrong(protocol);
    struct table table = { protocol->steps, 0, protocol->step_count };
    return wrong ? wrong : table_wrong(&table);
}

const char *task_check(const struct dialogue_task *task)
{
    if (!task->name || !*task->name)
        return "the task has no name";
    if (!task->steps || task->step_count < 1)
        return "the task has no steps";
    for (int i = 0; i < task->step_count; i++)
        if (task->steps[i].permit || task->steps[i].tls)
            return "a task begins behind TLS and the login";
    struct table table = { task->steps, STEP_TASK, task->step_count };
    return table_wrong(&table);
}
