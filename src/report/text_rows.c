#include "report/text.h"

#include "base/text.h"
#include "report/family.h"
#include "report/row.h"
#include "report/width.h"
#include "report/wording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The columns in front of the phrases: port, purpose, and the blanks between. */
struct columns {
    int port, purpose, indent;
};

static struct columns measure(const struct trace *trace)
{
    struct columns columns = { .port = 3, .purpose = 4 };
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        int purpose = (int)strlen(row_purpose(e));
        int port = e->port > 9999 ? 5 : e->port > 999 ? 4 : 3;
        columns.port = port > columns.port ? port : columns.port;
        columns.purpose = purpose > columns.purpose ? purpose : columns.purpose;
    }
    columns.indent = columns.port + columns.purpose + 3;
    return columns;
}

static bool same_host(const struct endpoint *a, const struct endpoint *b)
{
    return wording_same(a->host, b->host);
}

/* The phrases behind the first columns, two blanks apart, a whole phrase to a line. */
static void write_phrases(const struct page *page, const struct row *row, size_t indent)
{
    size_t used = indent;
    bool first = true;
    for (int i = 0; i < row->count; i++) {
        struct buffer shown;
        page_begin(&shown);
        page_own(page, &shown, row->phrases[i].text);
        size_t columns = width_columns(buffer_bytes(&shown));
        if (!first && used + 2 + columns > page->width) {
            page_end(page);
            page_blanks(page, indent);
            used = indent;
        } else if (!first) {
            page_blanks(page, 2);
            used += 2;
        }
        if (used + columns > page->width) {
            page_fold(page, &(struct page_text) { .hang = indent }, buffer_bytes(&shown));
            page_blanks(page, indent);
            used = indent;
        } else {
            page_put(page, row->phrases[i].bad ? PAGE_RED : PAGE_PLAIN, buffer_bytes(&shown));
            used += columns;
        }
        first = false;
        buffer_done(&shown);
    }
    page_end(page);
}

static void write_row(const struct text *text, const struct columns *columns,
                      const struct endpoint *endpoint)
{
    const struct page *page = &text->page;
    bool offered = endpoint->expectation != EXPECT_NOT_OFFERED;
    struct row row;
    row_make(&row, text->result->trace, endpoint, wording_provider(text->result));
    char head[64];
    snprintf(head, sizeof head, "%*d %-*s  ", columns->port, endpoint->port, columns->purpose,
             offered ? row_purpose(endpoint) : "");
    page_put(page, PAGE_PLAIN, text_bytes(head));
    write_phrases(page, &row, (size_t)columns->indent);
}

static void write_host(const struct text *text, const struct endpoint *endpoint)
{
    struct buffer line;
    page_begin(&line);
    page_peer(&text->page, &line, text_bytes(endpoint->host));
    if (endpoint->guessed)
        buffer_append_text(&line, "  (a guess: it is never given a password)");
    page_fold(&text->page, &(struct page_text) { .hang = 2 }, buffer_bytes(&line));
    buffer_done(&line);
}

/* What is offered stands before what is not. */
static const enum expectation order[] = {
    EXPECT_OFFERED,
    EXPECT_UNKNOWN,
    EXPECT_OPTIONAL,
    EXPECT_NOT_OFFERED,
};

/* When a host's name has no address, no port of it was tried: one row tells. */
static bool write_unresolved_host(const struct text *text, const struct columns *columns,
                                  const struct endpoint *of)
{
    char words[ROW_PHRASE_SIZE];
    int ports = 0;
    for (const struct endpoint *e = text->result->trace->endpoints; e; e = e->next) {
        if (!same_host(e, of))
            continue;
        if (!row_unresolved(words, sizeof words, e))
            return false;
        ports++;
    }
    if (ports < 2)
        return false;
    struct buffer line;
    page_begin(&line);
    buffer_format(&line, "%-*s%s; none of its %d ports was tried", columns->indent, "all", words,
                  ports);
    page_sentence(&text->page, &(struct page_text) { .hang = (size_t)columns->indent },
                  page_words(&line));
    buffer_done(&line);
    return true;
}

static void write_host_rows(const struct text *text, const struct columns *columns,
                            const struct endpoint *of)
{
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        for (const struct endpoint *e = text->result->trace->endpoints; e; e = e->next)
            if (same_host(e, of) && e->expectation == order[i])
                write_row(text, columns, e);
}

static void write_family(const struct text *text, const struct columns *columns, int number)
{
    char words[FAMILY_WORDS_SIZE], line[FAMILY_WORDS_SIZE + 32];
    int gap = columns->indent - 4; /* behind "IPv6" */
    if (!family_words(words, text->result->trace, number))
        return;
    snprintf(line, sizeof line, "IPv%d%*s%s", number, gap, "", words);
    page_sentence(&text->page, &(struct page_text) { .hang = (size_t)columns->indent }, line);
}

static void write_rows(const struct text *text)
{
    const struct endpoint *first = text->result->trace->endpoints;
    struct columns columns = measure(text->result->trace);
    bool several = false;
    for (const struct endpoint *e = first; e; e = e->next)
        several = several || !same_host(e, first) || e->guessed;
    for (const struct endpoint *e = first; e; e = e->next) {
        bool seen = false;
        for (const struct endpoint *before = first; before != e; before = before->next)
            seen = seen || same_host(before, e);
        if (seen)
            continue;
        if (several)
            write_host(text, e);
        if (!write_unresolved_host(text, &columns, e))
            write_host_rows(text, &columns, e);
    }
    write_family(text, &columns, 4);
    write_family(text, &columns, 6);
}

void text_rows(const struct text *text)
{
    if (!text->result->trace->endpoints)
        return;
    page_end(&text->page);
    write_rows(text);
}

void text_recipient(const struct text *text)
{
    struct text there = *text;
    struct buffer line;
    if (!text->result->recipient)
        return;
    there.result = text->result->recipient;
    page_begin(&line);
    wording_recipient(&line, text->result);
    page_end(&text->page);
    page_sentence(&text->page, &(struct page_text) { 0 }, page_words(&line));
    buffer_done(&line);
    write_rows(&there);
}
