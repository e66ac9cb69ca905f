/* A page of text for people: every text is made harmless, wrapped to the width, and coloured where
 * that is wanted. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "base/buffer.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

enum page_style { PAGE_PLAIN, PAGE_BOLD, PAGE_RED, PAGE_YELLOW, PAGE_GREEN };

struct page {
    struct buffer *out;
    bool color;
    bool ascii;
    size_t width;
};

/* An empty line without a bound of its own: what it is made of is bounded. buffer_done() ends it.
 */
void page_begin(struct buffer *line);

/* Append to LINE what may be shown of a text: as text_escape() says, but a backslash stays one, for
 * people read this. With page->ascii the typographic marks of our own texts become plain ones, and
 * whatever else is no ASCII is escaped. */
void page_own(const struct page *page, struct buffer *line, const char *text); /* NULL: nothing */
void page_own_format(const struct page *page, struct buffer *line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void page_peer(const struct page *page, struct buffer *line, struct bytes text);

/* What was built up in LINE as a string; borrowed until the next call on it. Call it once. */
const char *page_words(struct buffer *line);

struct page_text {
    const char *label; /* stands in front in bold; NULL none */
    bool plain_label;  /* not in bold */
    size_t indent;     /* blanks before the first line */
    size_t hang;       /* blanks before the others */
    enum page_style style;
};

/* Writes SHOWN (made by the functions above) as one paragraph, wrapped between words; a word wider
 * than a line is split. An empty one is an empty line. */
void page_fold(const struct page *page, const struct page_text *how, struct bytes shown);

/* Writes SHOWN as one line, however wide: commands are pasted. */
void page_line(const struct page *page, const struct page_text *how, struct bytes shown);

/* One of our own sentences, made harmless and wrapped. */
void page_sentence(const struct page *page, const struct page_text *how, const char *text);

/* Appends SHOWN in STYLE to the page as it is: for those that build a line by themselves. */
void page_put(const struct page *page, enum page_style style, struct bytes shown);
void page_blanks(const struct page *page, size_t count);
void page_end(const struct page *page); /* ends the line */

#endif
