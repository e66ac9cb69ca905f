#include "report/text.h"

#include "base/text.h"
#include "report/foot.h"
#include "report/wording.h"

#include <stdio.h>

/* Were the names found at all? Without an endpoint the lookups are all there is to show. */
static void write_failed_lookups(const struct text *text)
{
    const struct page *page = &text->page;
    const struct finding *cause = wording_cause(text->result);
    if (text->result->trace->endpoints || (cause && cause->evidence))
        return;
    bool begun = false;
    for (const struct lookup *l = text->result->trace->lookups; l; l = l->next) {
        if (l->error.kind == FAILURE_NONE)
            continue;
        if (!begun)
            page_end(page);
        begun = true;
        struct buffer line;
        page_begin(&line);
        page_own_format(page, &line, "%-5s ", wording_or(l->type, "?"));
        page_peer(page, &line, text_bytes(l->name));
        page_own_format(page, &line, ": %s", wording_or(l->rcode, failure_name(l->error.kind)));
        page_fold(page, &(struct page_text) { .hang = 6 }, buffer_bytes(&line));
        buffer_done(&line);
    }
}

void text_foot(const struct text *text)
{
    for (int row = 0; row < FOOT_COUNT; row++) {
        struct buffer line;
        page_begin(&line);
        const char *label = foot_make((enum foot_row)row, &line, text->result);
        char head[64];
        int width = label ? snprintf(head, sizeof head, "%s: ", label) : 0;
        if (label)
            page_sentence(&text->page, &(struct page_text) { .label = head, .hang = (size_t)width },
                          page_words(&line));
        buffer_done(&line);
    }
}

static size_t width_for(int columns)
{
    if (columns <= 0 || columns >= REPORT_WIDTH)
        return REPORT_WIDTH;
    return columns < REPORT_WIDTH_LEAST ? REPORT_WIDTH_LEAST : (size_t)columns;
}

void report_text(struct buffer *out, const struct result *result,
                 const struct report_options *options)
{
    struct text text = {
        .page = { .out = out,
                  .color = options->color,
                  .ascii = options->ascii,
                  .width = width_for(options->columns) },
        .result = result,
        .options = options,
    };
    text_headline(&text);
    text_cause(&text);
    text_reported(&text);
    text_compare(&text);
    text_changes(&text);
    write_failed_lookups(&text);
    text_rows(&text);
    text_exercise(&text);
    text_recipient(&text);
    if (!result->trace->endpoints)
        page_end(&text.page);
    text_foot(&text);
    for (const struct result *r = result; r; r = r->recipient) {
        text.result = r;
        if (options->verbose)
            text_detail(&text);
        if (options->transcript)
            text_transcripts(&text);
    }
}
