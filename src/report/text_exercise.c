/* What was tried in the mailbox, a line for each way into it. */
#include "report/text.h"

#include "report/exercise.h"

static void write_attempt(const struct text *text, const struct endpoint *endpoint,
                          const struct attempt *attempt)
{
    struct buffer line;
    page_begin(&line);
    exercise_words(&line, endpoint, attempt);
    if (buffer_size(&line))
        page_sentence(&text->page, &(struct page_text) { .hang = 4 }, page_words(&line));
    buffer_done(&line);
}

void text_exercise(const struct text *text)
{
    for (const struct endpoint *e = text->result->trace->endpoints; e; e = e->next)
        for (const struct attempt *a = e->attempts; a; a = a->next)
            if (a->purpose == PURPOSE_EXERCISE)
                write_attempt(text, e, a);
}
