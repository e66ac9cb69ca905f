#include "report/text.h"

#include "base/text.h"
#include "report/row.h"
#include "report/width.h"
#include "report/wording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Port, purpose, and the blanks between. */
enum { PORT_COLUMNS = 3, PURPOSE_COLUMNS = 5, ROW_INDENT = PORT_COLUMNS + PURPOSE_COLUMNS + 3 };

static bool same_host(const struct endpoint *a, const struct endpoint *b)
{
    return wording_same(a->host, b->host);
}

/* The phrases behind the first columns, two blanks apart, a whole phrase to a line. */
static void write_phrases(const struct page *page, const struct row *row, size_t used)
{
    bool first = true;
    for (int i = 0; i < row->count; i++) {
        struct buffer shown;
        page_begin(&shown);
        page_own(page, &shown, row->phrases[i].text);
        size_t columns = width_columns(buffer_bytes(&shown));
        if (!first && used + 2 + columns > page->width) {
            page_end(page);
            page_blanks(page, ROW_INDENT);
            used = ROW_INDENT;
        } else if (!first) {
            page_blanks(page, 2);
            used += 2;
        }
        if (used + columns > page->width) {
            page_fold(page, &(struct page_text) { .hang = ROW_INDENT }, buffer_bytes(&shown));
            page_blanks(page, ROW_INDENT);
            used = ROW_INDENT;
        } else {
            page_put(page, row->phrases[i].bad ? PAGE_RED : PAGE_PLAIN, buffer_bytes(&shown));
            used += columns;
        }
        first = false;
        buffer_done(&shown);
    }
    page_end(page);
}

static void write_row(const struct text *text, const struct endpoint *endpoint)
{
    const struct page *page = &text->page;
    bool offered = endpoint->expectation != EXPECT_NOT_OFFERED;
    struct row row;
    row_make(&row, text->result->trace, endpoint, wording_provider(text->result));
    char head[64];
    int used = snprintf(head, sizeof head, "%*d %-*s  ", PORT_COLUMNS, endpoint->port,
                        PURPOSE_COLUMNS, offered ? row_purpose(endpoint) : "");
    page_put(page, PAGE_PLAIN, text_bytes(head));
    write_phrases(page, &row, (size_t)used);
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

static void write_host_rows(const struct text *text, const struct endpoint *of)
{
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        for (const struct endpoint *e = text->result->trace->endpoints; e; e = e->next)
            if (same_host(e, of) && e->expectation == order[i])
                write_row(text, e);
}

/* ---- address families ---- */

struct family {
    int all, ok, failed, skipped;
    struct failure first;
};

static struct family count_family(const struct trace *trace, int family)
{
    struct family sum = { 0 };
    for (const struct endpoint *e = trace->endpoints; e; e = e->next)
        for (const struct address *a = e->addresses; a; a = a->next) {
            if (a->family != family)
                continue;
            sum.all++;
            sum.ok += a->status == STATUS_OK;
            sum.skipped += a->status == STATUS_SKIPPED;
            if (a->status == STATUS_FAIL && e->expectation == EXPECT_OFFERED && !sum.failed++)
                sum.first = a->error;
            else if (a->status == STATUS_FAIL && e->expectation == EXPECT_UNKNOWN && !sum.failed++)
                sum.first = a->error;
        }
    return sum;
}

/* One family is dead and the other lives: worth a row, since programs may wait for the dead one. */
static void write_family(const struct text *text, int number)
{
    struct family family = count_family(text->result->trace, number);
    struct family other = count_family(text->result->trace, number == 4 ? 6 : 4);
    char line[ROW_INDENT + 80];
    if (!family.all || family.ok)
        return;
    if (family.skipped == family.all)
        snprintf(line, sizeof line, "IPv%d%*s not tried: this machine has none", number,
                 ROW_INDENT - 5, "");
    else if (family.failed && other.ok)
        snprintf(line, sizeof line, "IPv%d%*s %s; IPv%d works", number, ROW_INDENT - 5, "",
                 row_connect_word(&family.first), number == 4 ? 6 : 4);
    else
        return;
    page_sentence(&text->page, &(struct page_text) { .hang = ROW_INDENT }, line);
}

void text_rows(const struct text *text)
{
    const struct endpoint *first = text->result->trace->endpoints;
    bool several = false;
    if (!first)
        return;
    for (const struct endpoint *e = first; e; e = e->next)
        several = several || !same_host(e, first) || e->guessed;
    page_end(&text->page);
    for (const struct endpoint *e = first; e; e = e->next) {
        bool seen = false;
        for (const struct endpoint *before = first; before != e; before = before->next)
            seen = seen || same_host(before, e);
        if (seen)
            continue;
        if (several)
            write_host(text, e);
        write_host_rows(text, e);
    }
    write_family(text, 4);
    write_family(text, 6);
}
