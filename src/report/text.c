#include "report/text.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/wording.h"

#include <stdio.h>
#include <string.h>

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

static void write_not_tested(const struct text *text)
{
    const struct result *result = text->result;
    struct buffer line;
    page_begin(&line);
    for (size_t i = 0; i < result->verdict.not_tested.count; i++)
        buffer_format(&line, "%s%s", i ? "; " : "", result->verdict.not_tested.items[i]);
    if (buffer_size(&line))
        page_sentence(&text->page, &(struct page_text) { .label = "Not tested: ", .hang = 12 },
                      page_words(&line));
    buffer_done(&line);
}

/* A verdict was reached all the same; without one the headline says it. */
static void write_early_end(const struct text *text)
{
    const struct trace *trace = text->result->trace;
    char took[DURATION_SIZE], line[100];
    if (trace->complete || text->result->verdict.status == VERDICT_UNKNOWN)
        return;
    snprintf(line, sizeof line, "%s after %s",
             wording_same(trace->cut_by, "deadline") ? "out of time" : "interrupted",
             wording_duration(trace->duration_ns, took));
    page_sentence(&text->page, &(struct page_text) { .label = "Ended early: " }, line);
}

static void write_vantage(const struct text *text)
{
    const struct trace *trace = text->result->trace;
    const struct vantage *from = &trace->from;
    const struct page *page = &text->page;
    char started[CLOCK_TEXT_SIZE];
    struct buffer line;
    page_begin(&line);
    page_peer(page, &line, text_bytes(wording_or(from->host, "this machine")));
    if (from->public_address) {
        buffer_append_text(&line, ", public ");
        page_peer(page, &line, text_bytes(from->public_address));
    } else if (from->addresses.count) {
        buffer_append_text(&line, ", ");
        page_peer(page, &line, text_bytes(from->addresses.items[0]));
    }
    if (from->proxy) {
        buffer_append_text(&line, ", through the proxy ");
        page_peer(page, &line, text_bytes(from->proxy));
    }
    clock_format(trace->started_real_ns, started);
    buffer_format(&line, ", %.10s %.5s UTC", started, started + strlen("2026-11-22T"));
    page_fold(page, &(struct page_text) { .label = "Tested from: ", .hang = 13 },
              buffer_bytes(&line));
    buffer_done(&line);
}

/* Exchange numbers its sessions with 16 hexadecimal digits. */
static bool is_exchange_id(const char *id)
{
    return strlen(id) == 16 && strspn(id, "0123456789ABCDEFabcdef") == 16;
}

/* The server's own id for the session that failed: its support asks for it. */
static void write_support_id(const struct text *text)
{
    const struct result *result = text->result;
    const struct endpoint *endpoint = wording_endpoint(result, result->verdict.endpoint);
    const struct attempt *attempt = endpoint ? endpoint_attempt(endpoint, PURPOSE_MAIN) : NULL;
    const char *provider = wording_or(result->trace->target.provider, "");
    if (!attempt || !attempt->session_id || result->verdict.status == VERDICT_OK)
        return;
    bool microsoft = text_starts_fold(text_bytes(provider), "microsoft365") &&
                     is_exchange_id(attempt->session_id);
    struct buffer line;
    page_begin(&line);
    page_peer(&text->page, &line, text_bytes(attempt->session_id));
    page_fold(&text->page,
              &(struct page_text) { .label = microsoft ? "Microsoft support id: "
                                                       : "The server's id for this session: " },
              buffer_bytes(&line));
    buffer_done(&line);
}

void text_foot(const struct text *text)
{
    write_not_tested(text);
    write_early_end(text);
    write_vantage(text);
    write_support_id(text);
    if (text->result->verdict.class_id)
        page_sentence(&text->page, &(struct page_text) { .label = "Class: ", .hang = 7 },
                      text->result->verdict.class_id);
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
    text_compare(&text);
    write_failed_lookups(&text);
    text_rows(&text);
    if (!result->trace->endpoints)
        page_end(&text.page);
    text_foot(&text);
    if (options->verbose)
        text_detail(&text);
    if (options->transcript)
        text_transcripts(&text);
}
