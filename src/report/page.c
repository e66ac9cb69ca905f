#include "report/page.h"

#include "base/text.h"
#include "report/width.h"
#include "result/escape.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what may be shown ---- */

void page_begin(struct buffer *line)
{
    buffer_init(line, SIZE_MAX / 2);
}

/* Marks of our own texts and their plain forms. */
static const char *plain_form(struct bytes mark)
{
    static const struct {
        const char *mark, *plain;
    } forms[] = {
        { "\u2013", "-" },  { "\u2014", "-" },   { "\u2018", "'" },  { "\u2019", "'" },
        { "\u201c", "\"" }, { "\u201d", "\"" },  { "\u00ab", "\"" }, { "\u00bb", "\"" },
        { "\u2022", "*" },  { "\u2026", "..." }, { "\u2192", "->" }, { "\u00d7", "x" },
        { "\u00b7", "-" },  { "\u00a0", " " },   { "\u2011", "-" },  { "\u2265", ">=" },
        { "\u2264", "<=" },
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strlen(forms[i].mark) == mark.size && memcmp(forms[i].mark, mark.data, mark.size) == 0)
            return forms[i].plain;
    return NULL;
}

static void append_hex(struct buffer *line, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        buffer_format(line, "\\x%02x", (unsigned)(unsigned char)bytes.data[i]);
}

static void append_ascii(struct buffer *line, struct bytes escaped, bool own)
{
    while (escaped.size) {
        size_t length = text_utf8_length(escaped);
        length = length ? length : 1;
        struct bytes mark = { escaped.data, length };
        const char *plain = own ? plain_form(mark) : NULL;
        if (plain)
            buffer_append_text(line, plain);
        else if (length == 1)
            buffer_append(line, mark.data, 1);
        else
            append_hex(line, mark);
        escaped.data += length;
        escaped.size -= length;
    }
}

static void append_shown(const struct page *page, struct buffer *line, struct bytes text, bool own)
{
    if (!page->ascii) {
        escape_words(line, text);
        return;
    }
    struct buffer escaped;
    page_begin(&escaped);
    escape_words(&escaped, text);
    append_ascii(line, buffer_bytes(&escaped), own);
    buffer_done(&escaped);
}

void page_own(const struct page *page, struct buffer *line, const char *text)
{
    append_shown(page, line, text_bytes(text), true);
}

void page_own_format(const struct page *page, struct buffer *line, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) {
        line->overflow = true;
        return;
    }
    page_own(page, line, text);
    free(text);
}

void page_peer(const struct page *page, struct buffer *line, struct bytes text)
{
    append_shown(page, line, text, false);
}

const char *page_words(struct buffer *line)
{
    buffer_append(line, "", 1);
    struct bytes words = buffer_bytes(line);
    return words.size ? words.data : "";
}

/* ---- lines ---- */

void page_put(const struct page *page, enum page_style style, struct bytes shown)
{
    static const char *const codes[] = {
        [PAGE_PLAIN] = "",           [PAGE_BOLD] = "\x1b[1m",
        [PAGE_RED] = "\x1b[1;31m",   [PAGE_YELLOW] = "\x1b[1;33m",
        [PAGE_GREEN] = "\x1b[1;32m",
    };
    bool styled = page->color && style != PAGE_PLAIN && shown.size;
    if (styled)
        buffer_append_text(page->out, codes[style]);
    buffer_append(page->out, shown.data, shown.size);
    if (styled)
        buffer_append_text(page->out, "\x1b[0m");
}

void page_blanks(const struct page *page, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_append(page->out, " ", 1);
}

void page_end(const struct page *page)
{
    buffer_append(page->out, "\n", 1);
}

static size_t begin(const struct page *page, const struct page_text *how)
{
    page_blanks(page, how->indent);
    page_put(page, how->plain_label ? PAGE_PLAIN : PAGE_BOLD, text_bytes(how->label));
    return how->indent + width_columns(text_bytes(how->label));
}

/* How much of SHOWN goes into ROOM columns: up to a blank, or, where there is none, what fits. */
static size_t cut(struct bytes shown, size_t room)
{
    size_t fits = width_fit(shown, room);
    if (fits == shown.size)
        return fits;
    for (size_t at = fits; at > 0; at--)
        if (shown.data[at] == ' ' && shown.data[at - 1] != ' ')
            return at;
    size_t one = text_utf8_length(shown);
    return fits ? fits : one ? one : 1; /* always something, or it would never end */
}

static struct bytes without_end_blanks(struct bytes shown)
{
    while (shown.size && shown.data[shown.size - 1] == ' ')
        shown.size--;
    return shown;
}

void page_fold(const struct page *page, const struct page_text *how, struct bytes shown)
{
    shown = without_end_blanks(shown);
    if (!shown.size && !how->label) {
        page_end(page);
        return;
    }
    size_t used = begin(page, how);
    for (;;) {
        size_t taken = cut(shown, page->width > used ? page->width - used : 1);
        page_put(page, how->style, without_end_blanks((struct bytes) { shown.data, taken }));
        page_end(page);
        while (taken < shown.size && shown.data[taken] == ' ')
            taken++;
        if (taken == shown.size)
            return;
        shown.data += taken;
        shown.size -= taken;
        page_blanks(page, how->hang);
        used = how->hang;
    }
}

void page_line(const struct page *page, const struct page_text *how, struct bytes shown)
{
    begin(page, how);
    page_put(page, how->style, shown);
    page_end(page);
}

void page_sentence(const struct page *page, const struct page_text *how, const char *text)
{
    struct buffer line;
    page_begin(&line);
    page_own(page, &line, text);
    page_fold(page, how, buffer_bytes(&line));
    buffer_done(&line);
}
