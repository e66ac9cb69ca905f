#include "report/text.h"

#include "base/text.h"
#include "report/headline.h"
#include "report/width.h"
#include "report/wording.h"

/* The headline, and at the right edge, where there is room, whose mail it is about. */
static void write_headline(const struct text *text)
{
    static const enum page_style styles[] = {
        [TONE_GOOD] = PAGE_GREEN,
        [TONE_DOUBT] = PAGE_YELLOW,
        [TONE_BAD] = PAGE_RED,
    };
    const struct page *page = &text->page;
    struct buffer plain, line, target;
    page_begin(&plain);
    page_begin(&line);
    page_begin(&target);
    enum page_style style = styles[headline_make(&plain, text->result)];
    if (!headline_names_target(text->result, page_words(&plain)))
        page_peer(page, &target, text_bytes(wording_target(text->result)));
    page_own(page, &line, buffer_bytes(&plain).data);
    struct bytes shown = text_trim(buffer_bytes(&line)), whose = buffer_bytes(&target);
    size_t used = width_columns(shown) + 3 + width_columns(whose);
    if (used <= page->width && whose.size) {
        page_put(page, style, shown);
        page_blanks(page, page->width - used + 3);
        page_put(page, PAGE_PLAIN, whose);
        page_end(page);
    } else {
        page_fold(page, &(struct page_text) { .style = style }, shown);
        if (whose.size)
            page_fold(page, &(struct page_text) { 0 }, whose);
    }
    buffer_done(&plain);
    buffer_done(&line);
    buffer_done(&target);
}

static void write_logins(const struct text *text)
{
    struct buffer line;
    page_begin(&line);
    headline_logins(&line, text->result);
    page_sentence(&text->page, &(struct page_text) { 0 }, page_words(&line));
    buffer_done(&line);
}

static void write_held_back(const struct text *text)
{
    struct bytes said;
    struct buffer line;
    page_begin(&line);
    if (headline_held_back(&line, text->result, &said)) {
        page_sentence(&text->page, &(struct page_text) { 0 }, page_words(&line));
        if (said.size) {
            page_sentence(&text->page, &(struct page_text) { 0 }, "The server said then:");
            text_words(text, 2, said, 400);
        }
    }
    buffer_done(&line);
}

void text_headline(const struct text *text)
{
    const struct verdict *verdict = &text->result->verdict;
    const struct page *page = &text->page;
    static const struct page_text plain = { 0 };
    write_headline(text);
    if (verdict->status == VERDICT_OK) {
        if (wording_proven(text->result))
            write_logins(text);
        return;
    }
    if (verdict->summary && *verdict->summary)
        page_sentence(page, &plain, verdict->summary);
    if (verdict->meaning && *verdict->meaning && !wording_same(verdict->meaning, verdict->summary))
        page_sentence(page, &plain, verdict->meaning);
    write_held_back(text);
}
