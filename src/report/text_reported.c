#include "report/text.h"

#include "report/cause.h"

enum { WORDS_SHOWN = 400 };

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
    cause_reported(&line, reported);
    page_sentence(page, &(struct page_text) { .label = "The error you reported: ", .hang = 2 },
                  page_words(&line));
    buffer_done(&line);
    if (!cause_shows_reported(text->result))
        text_words(text, 2, reported->line, WORDS_SHOWN);
    if (reported->title)
        page_sentence(page, &(struct page_text) { 0 }, reported->title);
    page_sentence(page, &(struct page_text) { 0 }, reported->summary);
    if (reported->compare.count)
        page_line(page, &(struct page_text) { .style = PAGE_BOLD },
                  (struct bytes) { "Compare where it arose:", 23 });
    text_steps(text, &reported->compare, &none);
}
