#include "report/html.h"

#include "base/text.h"
#include "report/cause.h"
#include "report/page.h"
#include "result/escape.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

static uint32_t decode(struct bytes mark)
{
    uint32_t value = (unsigned char)mark.data[0] & (0x7fU >> mark.size);
    for (size_t i = 1; i < mark.size; i++)
        value = value << 6 | ((unsigned char)mark.data[i] & 0x3fU);
    return value;
}

static const char *reference(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_text(const struct html *html, struct bytes text)
{
    struct buffer escaped;
    page_begin(&escaped);
    escape_words(&escaped, text);
    struct bytes rest = buffer_bytes(&escaped);
    while (rest.size) {
        size_t length = text_utf8_length(rest);
        assert(length > 0); /* escape_words() leaves well-formed UTF-8 only */
        const char *instead = reference(*rest.data);
        if (instead)
            buffer_append_text(html->out, instead);
        else if (length > 1 && html->ascii)
            buffer_format(html->out, "&#x%x;",
                          (unsigned)decode((struct bytes) { rest.data, length }));
        else
            buffer_append(html->out, rest.data, length);
        rest.data += length;
        rest.size -= length;
    }
    buffer_done(&escaped);
}

void html_put(const struct html *html, const char *markup, ...)
{
    va_list args;
    va_start(args, markup);
    for (const char *mark; (mark = strchr(markup, '%')); markup = mark + 2) {
        buffer_append(html->out, markup, (size_t)(mark - markup));
        if (mark[1] == 's')
            html_text(html, text_bytes(va_arg(args, const char *)));
        else if (mark[1] == 'd')
            buffer_format(html->out, "%d", va_arg(args, int));
        else if (mark[1] == 'f')
            buffer_format(html->out, "%.2f", va_arg(args, double));
        else {
            assert(mark[1] == '%');
            buffer_append(html->out, mark, 1);
        }
    }
    buffer_append_text(html->out, markup);
    va_end(args);
}

void html_line(const struct html *html, const char *open, struct buffer *line, const char *close)
{
    struct bytes text = text_trim(buffer_bytes(line));
    if (text.size) {
        buffer_append_text(html->out, open);
        html_text(html, text);
        buffer_append_text(html->out, close);
    }
    buffer_done(line);
}

static void put_command(const struct html *html, const char *command)
{
    html_put(html, "<pre class=\"command\" tabindex=\"0\"><code>%s</code></pre>", command);
}

void html_steps(const struct html *html, const struct strings *steps,
                const struct strings *commands)
{
    if (!steps->count)
        return;
    html_put(html, "<ol class=\"steps\">\n");
    for (size_t i = 0; i < steps->count; i++) {
        html_put(html, "<li>");
        if (cause_holds_command(steps->items[i], commands))
            put_command(html, steps->items[i]);
        else
            html_put(html, "%s", steps->items[i]);
        html_put(html, "</li>\n");
    }
    html_put(html, "</ol>\n");
}

void html_commands(const struct html *html, const struct strings *commands)
{
    for (size_t i = 0; i < commands->count; i++)
        put_command(html, commands->items[i]);
}

void html_words(const struct html *html, struct bytes words, size_t limit)
{
    size_t more = words.size > limit ? words.size - limit : 0;
    words.size -= more;
    html_put(html, "<pre class=\"words\">");
    struct bytes line;
    for (bool first = true; text_next_line(&words, &line); first = false) {
        html_put(html, first ? "" : "\n");
        html_text(html, line);
    }
    html_put(html, "</pre>\n");
    if (more)
        html_put(html, "<p class=\"note\">and %d bytes more: --format json has them</p>\n",
                 (int)more);
}

void html_mark(const struct html *html, enum status status, const char *word)
{
    static const struct {
        const char *class_name, *sign;
    } marks[] = {
        [STATUS_OK] = { "good", "\u2713" },  [STATUS_WARNING] = { "doubt", "!" },
        [STATUS_FAIL] = { "bad", "\u2717" }, [STATUS_SKIPPED] = { "none", "\u2013" },
        [STATUS_CUT] = { "none", "\u2026" },
    };
    html_put(html, "<span class=\"mark %s\"><span aria-hidden=\"true\">%s</span> %s</span>",
             marks[status].class_name, marks[status].sign, word);
}
