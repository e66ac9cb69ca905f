#include "base/text.h"
#include "report/explanation.h"
#include "report/page.h"
#include "report/wording.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_SHOWN = 700, UNKNOWN_SHOWN = 400 };

static const struct page_text plain = { 0 };

static void write_label(const struct page *page, const char *label)
{
    page_line(page, &(struct page_text) { .style = PAGE_BOLD }, text_bytes(label));
}

/* The words that decided, as they were said. */
static void write_words(const struct page *page, struct bytes words, size_t limit)
{
    struct page_text how = { .indent = 2, .hang = 2 };
    size_t more = words.size > limit ? words.size - limit : 0;
    words.size -= more;
    while (more && words.size && ((unsigned char)words.data[words.size] & 0xc0) == 0x80) {
        words.size--; /* whole characters */
        more++;
    }
    struct bytes line;
    while (text_next_line(&words, &line)) {
        struct buffer shown;
        page_begin(&shown);
        page_peer(page, &shown, text_trim(line));
        if (buffer_size(&shown))
            page_fold(page, &how, buffer_bytes(&shown));
        buffer_done(&shown);
    }
    char note[80];
    snprintf(note, sizeof note, "[and %zu bytes more]", more);
    if (more)
        page_sentence(page, &how, note);
}

/* The words of the report on a run ask a result who the provider is; this one knows no more. */
static void write_who(const struct page *page, const struct explained *explained)
{
    struct trace trace = { .target = { .provider = explained->provider,
                                       .provider_title = explained->provider_title } };
    struct result result = { .trace = &trace };
    struct buffer line;
    page_begin(&line);
    wording_owner(&line, &result, explained->owner);
    const char *sure = wording_confidence(explained->confidence);
    if (buffer_size(&line) && *sure)
        buffer_format(&line, " (%s)", sure);
    if (buffer_size(&line))
        page_sentence(page, &(struct page_text) { .label = "Who: ", .hang = 5 }, page_words(&line));
    buffer_done(&line);
}

static bool holds_command(const char *step, const struct strings *commands)
{
    for (size_t i = 0; i < commands->count; i++)
        if (strstr(step, commands->items[i]))
            return true;
    return false;
}

static void write_unwrapped(const struct page *page, const struct page_text *how, const char *words)
{
    struct buffer line;
    page_begin(&line);
    page_own(page, &line, words);
    page_line(page, how, buffer_bytes(&line));
    buffer_done(&line);
}

static void write_steps(const struct page *page, const struct explained *explained)
{
    if (explained->fix.count)
        write_label(page, "Do:");
    for (size_t i = 0; i < explained->fix.count; i++) {
        char number[32];
        int width = snprintf(number, sizeof number, "%zu ", i + 1);
        struct page_text how = { .label = number, .hang = (size_t)width };
        if (holds_command(explained->fix.items[i], &explained->commands))
            write_unwrapped(page, &how, explained->fix.items[i]);
        else
            page_sentence(page, &how, explained->fix.items[i]);
    }
}

/* Those that no step holds. */
static void write_commands(const struct page *page, const struct explained *explained)
{
    bool begun = false;
    for (size_t i = 0; i < explained->commands.count; i++) {
        const char *command = explained->commands.items[i];
        bool shown = false;
        for (size_t k = 0; k < explained->fix.count; k++)
            shown = shown || strstr(explained->fix.items[k], command);
        if (shown)
            continue;
        if (!begun)
            write_label(page, explained->commands.count > 1 ? "Commands:" : "Command:");
        begun = true;
        write_unwrapped(page, &(struct page_text) { .indent = 2 }, command);
    }
}

/* Each other cause, with the one thing that tells it apart. */
static void write_candidates(const struct page *page, const struct explained *explained)
{
    if (explained->candidate_count)
        write_label(page, "The same words can also mean:");
    for (size_t i = 0; i < explained->candidate_count; i++) {
        const struct explained_candidate *candidate = &explained->candidates[i];
        struct buffer line;
        page_begin(&line);
        /* A title is a sentence; inside one it loses its full stop. */
        int title = (int)strlen(candidate->title) - text_ends_fold(candidate->title, ".");
        page_own_format(page, &line, "%s (%.*s; %s).", candidate->class_id, title, candidate->title,
                        wording_confidence(candidate->confidence));
        if (wording_or(candidate->in_favour, NULL))
            page_own_format(page, &line, " For it: %s.", candidate->in_favour);
        if (wording_or(candidate->against, NULL))
            page_own_format(page, &line, " Against it: %s.", candidate->against);
        page_fold(page, &(struct page_text) { .label = "- ", .plain_label = true, .hang = 2 },
                  buffer_bytes(&line));
        buffer_done(&line);
    }
    if (wording_or(explained->distinguish, NULL))
        page_sentence(page, &(struct page_text) { .label = "To tell apart: ", .hang = 2 },
                      explained->distinguish);
}

static void write_known(const struct page *page, const struct explanation *explanation)
{
    const struct explained *explained = explanation->explained;
    bool fault = explained->severity != SEVERITY_INFO;
    page_sentence(page, &(struct page_text) { .style = fault ? PAGE_RED : PAGE_GREEN },
                  explained->title);
    if (wording_or(explained->meaning, NULL))
        page_sentence(page, &plain, explained->meaning);
    page_end(page);
    write_label(page, "What it says:");
    write_words(page, explanation->words.size ? explanation->words : explanation->line,
                WORDS_SHOWN);
    write_who(page, explained);
    write_steps(page, explained);
    write_commands(page, explained);
    write_candidates(page, explained);
    page_sentence(page, &(struct page_text) { .label = "Class: ", .plain_label = true },
                  explained->class_id);
}

void explanation_text(struct buffer *out, const struct explanation *explanation,
                      const struct report_options *options, bool first)
{
    struct page page = {
        .out = out, .color = options->color, .ascii = options->ascii, .width = REPORT_WIDTH
    };
    if (!first)
        page_end(&page);
    if (explanation->explained->class_id) {
        write_known(&page, explanation);
        return;
    }
    page_sentence(&page, &(struct page_text) { .style = PAGE_YELLOW }, "Not recognised.");
    write_words(&page, explanation->line, UNKNOWN_SHOWN);
    page_sentence(&page, &plain,
                  "Paste the server's own reply, and the lines around it: a code such as 535 or "
                  "550 with the words behind it tells most.");
}
