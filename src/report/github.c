/* GitHub Actions: workflow commands that become annotations, and a step summary in Markdown.
 * Nothing but our own commands may begin a line of the log: a server's words in a line of their own
 * could be one. There is no `::add-mask::`: it would print the secret that it hides. */
#include "base/text.h"
#include "report/cause.h"
#include "report/headline.h"
#include "report/page.h"
#include "report/report.h"
#include "report/wording.h"

#include <string.h>

enum { FENCE_LEAST = 3 };

struct log {
    struct buffer *out;
    const struct result *result;
    struct page page;
};

/* ---- workflow commands ---- */

/* As the runner undoes it: % CR LF everywhere, in a property : and , too. */
static void append_encoded(struct buffer *out, struct bytes shown, bool property)
{
    for (size_t i = 0; i < shown.size; i++) {
        char c = shown.data[i];
        if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
            buffer_format(out, "%%%02X", (unsigned)(unsigned char)c);
        else
            buffer_append(out, &c, 1);
    }
}

static void append_text(const struct log *log, const char *text, bool property)
{
    struct buffer shown;
    page_begin(&shown);
    page_own(&log->page, &shown, text);
    append_encoded(log->out, buffer_bytes(&shown), property);
    buffer_done(&shown);
}

static void begin_command(const struct log *log, const char *command, const char *title)
{
    buffer_format(log->out, "::%s title=", command);
    append_text(log, title, true);
    buffer_append_text(log->out, "::");
}

/* A line of the message; nothing for an empty one. */
static void add_line(const struct log *log, const char *text)
{
    if (!*wording_or(text, ""))
        return;
    append_text(log, text, false);
    buffer_append_text(log->out, "%0A");
}

static void add_verdict(const struct log *log)
{
    static const char *const commands[VERDICT_STATUS_COUNT] = {
        [VERDICT_OK] = "notice",
        [VERDICT_WARNING] = "warning",
        [VERDICT_FAIL] = "error",
        [VERDICT_UNKNOWN] = "error",
    };
    const struct verdict *verdict = &log->result->verdict;
    struct buffer line;
    page_begin(&line);
    headline_make(&line, log->result);
    if (!headline_names_target(log->result, page_words(&line))) {
        buffer_clear(&line);
        headline_make(&line, log->result);
        buffer_format(&line, " %s", wording_target(log->result));
    }
    begin_command(log, commands[verdict->status], page_words(&line));
    add_line(log, verdict->summary);
    add_line(log, wording_same(verdict->meaning, verdict->summary) ? NULL : verdict->meaning);
    buffer_clear(&line);
    buffer_append_text(&line, "Who: ");
    cause_who(&line, log->result, verdict->owner, verdict->confidence);
    add_line(log, verdict->owner == OWNER_NONE ? NULL : page_words(&line));
    for (size_t i = 0; i < verdict->fix.count; i++) {
        buffer_clear(&line);
        buffer_format(&line, "%zu. %s", i + 1, verdict->fix.items[i]);
        add_line(log, page_words(&line));
    }
    append_text(log, wording_or(verdict->class_id, verdict_status_name(verdict->status)), false);
    buffer_append_text(log->out, "\n");
    buffer_done(&line);
}

static void add_finding(const struct log *log, const struct finding *finding)
{
    struct buffer title;
    page_begin(&title);
    buffer_format(&title, "%s%s%s", finding->title, *finding->endpoint ? " at " : "",
                  finding->endpoint);
    begin_command(log, finding->severity == SEVERITY_ERROR ? "error" : "warning",
                  page_words(&title));
    add_line(log, finding->meaning);
    append_text(log, finding->class_id, false);
    buffer_append_text(log->out, "\n");
    buffer_done(&title);
}

void report_github(struct buffer *out, const struct result *result,
                   const struct report_options *options)
{
    const struct log log = { .out = out, .result = result, .page = { .ascii = options->ascii } };
    const struct finding *cause = wording_cause(result);
    add_verdict(&log);
    for (const struct finding *f = result->findings; f; f = f->next)
        if (f != cause && f->severity != SEVERITY_INFO)
            add_finding(&log, f);
}

/* ---- the step summary ---- */

/* Every mark that Markdown or HTML may read something into. */
static void append_markdown(struct buffer *out, struct bytes shown)
{
    for (size_t i = 0; i < shown.size; i++) {
        if (shown.data[i] && strchr("\\`*_{}[]()<>#+-.!|~&$@:=\"'", shown.data[i]))
            buffer_append_text(out, "\\");
        buffer_append(out, shown.data + i, 1);
    }
}

/* One more than the longest run of backticks, so that no text ends its own block. */
static size_t fence_for(struct bytes text)
{
    size_t longest = FENCE_LEAST - 1, run = 0;
    for (size_t i = 0; i < text.size; i++) {
        run = text.data[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest + 1;
}

static void append_fence(struct buffer *out, size_t size, const char *word)
{
    for (size_t i = 0; i < size; i++)
        buffer_append_text(out, "`");
    buffer_format(out, "%s\n", word);
}

void report_github_summary(struct buffer *out, const struct result *result,
                           const struct report_options *options)
{
    struct report_options plain = *options;
    struct page page = { .ascii = options->ascii };
    struct buffer text, headline, shown;
    plain.color = false;
    plain.columns = 0;
    page_begin(&text);
    page_begin(&headline);
    page_begin(&shown);
    headline_make(&headline, result);
    page_own(&page, &shown, page_words(&headline));
    report_text(&text, result, &plain);
    size_t fence = fence_for(buffer_bytes(&text));
    buffer_append_text(out, "### ");
    append_markdown(out, text_trim(buffer_bytes(&shown)));
    buffer_append_text(out, "\n\n");
    append_fence(out, fence, "text");
    buffer_append(out, buffer_bytes(&text).data, buffer_size(&text));
    append_fence(out, fence, "");
    buffer_append_text(out, "\n");
    buffer_done(&text);
    buffer_done(&headline);
    buffer_done(&shown);
}
