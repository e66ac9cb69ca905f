/* What changed since an earlier run. */
#include "report/text.h"

#include "report/changes.h"

void text_changes(const struct text *text)
{
    static const enum page_style styles[] = {
        [CHANGE_WORSE] = PAGE_RED, [CHANGE_BETTER] = PAGE_GREEN, [CHANGE_OTHER] = PAGE_PLAIN
    };
    static const char *const labels[] = {
        [CHANGE_WORSE] = "worse   ", [CHANGE_BETTER] = "better  ", [CHANGE_OTHER] = "other   "
    };
    const struct result *baseline = text->options->baseline;
    struct changes changes = { 0 };
    struct buffer title;
    if (!baseline)
        return;
    changes_find(&changes, baseline, text->result);
    page_begin(&title);
    changes_title(&title, &changes, baseline);
    buffer_append_text(&title, changes.first ? ":" : ".");
    page_end(&text->page);
    page_sentence(&text->page, &(struct page_text) { .style = PAGE_BOLD }, page_words(&title));
    buffer_done(&title);
    for (const struct change *c = changes.first; c; c = c->next)
        page_sentence(&text->page,
                      &(struct page_text) { .label = labels[c->way],
                                            .plain_label = true,
                                            .indent = 2,
                                            .hang = 10,
                                            .style = styles[c->way] },
                      c->words);
    changes_done(&changes);
}
