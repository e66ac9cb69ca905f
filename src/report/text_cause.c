#include "report/text.h"

#include "base/text.h"
#include "report/cause.h"
#include "report/wording.h"

#include <stdio.h>

enum { WORDS_SHOWN = 700 };

static const struct page_text plain = { 0 };

/* ---- the server's own words ---- */

void text_words(const struct text *text, size_t indent, struct bytes words, size_t limit)
{
    const struct page *page = &text->page;
    struct page_text how = { .indent = indent, .hang = indent };
    size_t more = words.size > limit ? words.size - limit : 0;
    words.size -= more;
    struct bytes line;
    while (text_next_line(&words, &line)) {
        struct buffer shown;
        page_begin(&shown);
        page_peer(page, &shown, line);
        page_fold(page, &how, buffer_bytes(&shown));
        buffer_done(&shown);
    }
    char note[80];
    snprintf(note, sizeof note, "[and %zu bytes more: --format json has them]", more);
    if (more)
        page_sentence(page, &how, note);
}

static void write_source(const struct text *text, const struct finding *finding,
                         const struct evidence *evidence)
{
    struct buffer line, shown;
    page_begin(&line);
    page_begin(&shown);
    cause_source(&line, text->result, finding, evidence);
    page_peer(&text->page, &shown, buffer_bytes(&line));
    page_fold(&text->page, &plain, buffer_bytes(&shown));
    buffer_done(&line);
    buffer_done(&shown);
}

static void write_evidence(const struct text *text, const struct finding *finding)
{
    const struct evidence *last = NULL;
    int shown = 0;
    for (const struct evidence *e = finding->evidence; e && shown < CAUSE_EVIDENCE_SHOWN;
         e = e->next) {
        if (!cause_shows(finding, e))
            continue;
        if (!last || !cause_same_source(text->result, finding, last, e))
            write_source(text, finding, e);
        text_words(text, 2, e->line, WORDS_SHOWN);
        last = e;
        shown++;
    }
}

/* ---- who and how ---- */

static void write_who(const struct text *text, enum owner owner, enum confidence confidence)
{
    struct buffer line;
    page_begin(&line);
    cause_who(&line, text->result, owner, confidence);
    if (buffer_size(&line))
        page_sentence(&text->page, &(struct page_text) { .label = "Who: ", .hang = 5 },
                      page_words(&line));
    buffer_done(&line);
}

static void write_unwrapped(const struct text *text, const struct page_text *how, const char *words)
{
    struct buffer line;
    page_begin(&line);
    page_own(&text->page, &line, words);
    page_line(&text->page, how, buffer_bytes(&line));
    buffer_done(&line);
}

void text_steps(const struct text *text, const struct strings *steps,
                const struct strings *commands)
{
    for (size_t i = 0; i < steps->count; i++) {
        char number[32];
        int width = snprintf(number, sizeof number, "%zu ", i + 1);
        struct page_text how = { .label = number, .hang = (size_t)width };
        if (cause_holds_command(steps->items[i], commands))
            write_unwrapped(text, &how, steps->items[i]);
        else
            page_sentence(&text->page, &how, steps->items[i]);
    }
}

static void write_label(const struct text *text, const char *label)
{
    page_line(&text->page, &(struct page_text) { .style = PAGE_BOLD }, text_bytes(label));
}

static void write_fix(const struct text *text)
{
    const struct verdict *verdict = &text->result->verdict;
    struct arena arena = { 0 };
    struct strings rest = { 0 };
    if (verdict->fix.count)
        write_label(text, "Do:");
    text_steps(text, &verdict->fix, &verdict->commands);
    cause_commands(&rest, &arena, verdict);
    if (rest.count)
        write_label(text, verdict->commands.count > 1 ? "Commands:" : "Command:");
    for (size_t i = 0; i < rest.count; i++)
        write_unwrapped(text, &(struct page_text) { .indent = 2 }, rest.items[i]);
    arena_done(&arena);
}

static void write_message(const struct text *text)
{
    struct arena arena = { 0 };
    struct strings lines = { 0 };
    cause_message(&lines, &arena, text->result);
    for (size_t i = 0; i < lines.count; i++) {
        struct buffer line;
        page_begin(&line);
        page_peer(&text->page, &line, text_bytes(lines.items[i]));
        page_line(&text->page, &plain, buffer_bytes(&line));
        buffer_done(&line);
    }
    arena_done(&arena);
}

static void write_also(const struct text *text)
{
    int shown = 0;
    for (const struct finding *f = text->result->findings; f; f = f->next) {
        struct buffer line;
        page_begin(&line);
        if (cause_also(&line, text->result, f) && shown++ < CAUSE_ALSO_SHOWN)
            page_sentence(&text->page, &(struct page_text) { .label = "Also: ", .hang = 6 },
                          page_words(&line));
        buffer_done(&line);
    }
    if (shown > CAUSE_ALSO_SHOWN)
        page_sentence(&text->page, &plain, "More was found: -v shows it.");
}

void text_cause(const struct text *text)
{
    const struct verdict *verdict = &text->result->verdict;
    const struct finding *cause = wording_cause(text->result);
    if (cause && cause->evidence) {
        page_end(&text->page);
        write_evidence(text, cause);
    } else if (verdict->owner != OWNER_NONE || verdict->fix.count)
        page_end(&text->page);
    text_path(text);
    write_message(text);
    write_who(text, verdict->owner, verdict->confidence);
    write_fix(text);
    write_also(text);
}

void text_compare(const struct text *text)
{
    struct arena arena = { 0 };
    struct strings steps = { 0 }, none = { 0 };
    if (cause_compare(&steps, &arena, text->result)) {
        page_end(&text->page);
        write_label(text, "Compare on the device that fails:");
        text_steps(text, &steps, &none);
        page_sentence(&text->page, &plain, "Then: run this from that device's network.");
    }
    arena_done(&arena);
}
