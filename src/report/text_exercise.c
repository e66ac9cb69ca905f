/* What was tried in the mailbox, a line for each way into it. */
#include "report/text.h"

#include "base/text.h"

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

static void list(const struct page *page, struct buffer *line, const struct attempt *attempt,
                 enum status status)
{
    bool first = true;
    for (const struct step *s = attempt->steps; s; s = s->next) {
        if (!is_operation(s) || s->status != status)
            continue;
        page_own_format(page, line, "%s%s", first ? "" : ", ", s->name);
        first = false;
    }
}

static void write_attempt(const struct text *text, const struct endpoint *endpoint,
                          const struct attempt *attempt)
{
    const struct page *page = &text->page;
    const struct exercise_facts *facts = attempt->exercise;
    struct tally tally = { 0 };
    struct buffer line;
    count(&tally, attempt);
    page_begin(&line);
    page_own_format(page, &line, "%d tried: ", endpoint->port);
    if (tally.worked)
        list(page, &line, attempt, STATUS_OK);
    else
        page_own(page, &line, "nothing");
    page_own(page, &line, tally.worked == 1 ? " works" : tally.worked ? " work" : " works");
    if (tally.failed) {
        page_own(page, &line, "; NOT: ");
        list(page, &line, attempt, STATUS_FAIL);
    }
    if (tally.skipped) {
        page_own(page, &line, "; not tried: ");
        list(page, &line, attempt, STATUS_SKIPPED);
        list(page, &line, attempt, STATUS_CUT);
    }
    if (facts && facts->second_session)
        page_own_format(page, &line, "; a second session beside it is %s", facts->second_session);
    if (facts && facts->swept.count)
        page_own_format(page, &line, "; removed %zu left by a run that was killed",
                        facts->swept.count);
    page_fold(page, &(struct page_text) { .hang = 4 }, buffer_bytes(&line));
    buffer_done(&line);
}

void text_exercise(const struct text *text)
{
    for (const struct endpoint *e = text->result->trace->endpoints; e; e = e->next)
        for (const struct attempt *a = e->attempts; a; a = a->next)
            if (a->purpose == PURPOSE_EXERCISE)
                write_attempt(text, e, a);
}
