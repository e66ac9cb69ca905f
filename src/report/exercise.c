#include "report/exercise.h"

#include <string.h>

/* Steps that only find the way: a login and a list that the others need. */
static bool is_operation(const struct step *step)
{
    static const char *const others[] = { "CAPABILITY", "NAMESPACE", "CLOSE", "LIST after" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(step->name, others[i]) == 0)
            return false;
    return step->stage == STAGE_MAILBOX;
}

struct tally {
    int worked, failed, skipped;
};

static void count(struct tally *tally, const struct attempt *attempt)
{
    for (const struct step *s = attempt->steps; s; s = s->next) {
        if (!is_operation(s))
            continue;
        tally->worked += s->status == STATUS_OK;
        tally->failed += s->status == STATUS_FAIL;
        tally->skipped += s->status == STATUS_SKIPPED || s->status == STATUS_CUT;
    }
}

static void list(struct buffer *line, const struct attempt *attempt, enum status status)
{
    bool first = true;
    for (const struct step *s = attempt->steps; s; s = s->next) {
        if (!is_operation(s) || s->status != status)
            continue;
        buffer_format(line, "%s%s", first ? "" : ", ", s->name);
        first = false;
    }
}

void exercise_words(struct buffer *line, const struct endpoint *endpoint,
                    const struct attempt *attempt)
{
    const struct exercise_facts *facts = attempt->exercise;
    struct tally tally = { 0 };
    count(&tally, attempt);
    if (!tally.worked && !tally.failed && !tally.skipped)
        return; /* it did not come so far */
    buffer_format(line, "%d tried: ", endpoint->port);
    if (tally.worked)
        list(line, attempt, STATUS_OK);
    else
        buffer_append_text(line, "nothing");
    buffer_append_text(line, tally.worked == 1 ? " works" : tally.worked ? " work" : " works");
    if (tally.failed) {
        buffer_append_text(line, "; NOT: ");
        list(line, attempt, STATUS_FAIL);
    }
    if (tally.skipped) {
        buffer_append_text(line, "; not tried: ");
        list(line, attempt, STATUS_SKIPPED);
        list(line, attempt, STATUS_CUT);
    }
    if (facts && facts->second_session)
        buffer_format(line, "; a second session beside it is %s", facts->second_session);
    if (facts && facts->swept.count)
        buffer_format(line, "; removed %zu left by a run that was killed", facts->swept.count);
}
