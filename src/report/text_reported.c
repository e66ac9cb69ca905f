#include "report/text.h"

#include "report/wording.h"

enum { WORDS_SHOWN = 400 };

/* Among the evidence of the fault they were shown already. */
static bool is_shown(const struct result *result)
{
    const struct finding *cause = wording_cause(result);
    for (const struct evidence *e = cause ? cause->evidence : NULL; e; e = e->next)
        if (wording_same(e->step, "reported"))
            return true;
    return false;
}

void text_reported(const struct text *text)
{
    const struct reported *reported = text->result->verdict.reported;
    const struct page *page = &text->page;
    const struct strings none = { 0 };
    if (!reported)
        return;
    page_end(page);
    struct buffer line;
    page_begin(&line);
    const char *sure = wording_confidence(reported->confidence);
    if (reported->class_id)
        buffer_format(&line, "%s%s%s%s", reported->class_id, *sure ? " (" : "", sure,
                      *sure ? ")" : "");
    else
        buffer_append_text(&line, "not recognised");
    page_sentence(page, &(struct page_text) { .label = "The error you reported: ", .hang = 2 },
                  page_words(&line));
    buffer_done(&line);
    if (!is_shown(text->result))
        text_words(text, 2, reported->line, WORDS_SHOWN);
    if (reported->title)
        page_sentence(page, &(struct page_text) { 0 }, reported->title);
    page_sentence(page, &(struct page_text) { 0 }, reported->summary);
    if (reported->compare.count)
        page_line(page, &(struct page_text) { .style = PAGE_BOLD },
                  (struct bytes) { "Compare where it arose:", 23 });
    text_steps(text, &reported->compare, &none);
}
