/* A table (RFC 4180): a row for each endpoint, the run's own columns repeated, or one row where
 * there was none; then the same of the recipient's account, where the test message went to another.
 * Spreadsheets take a field that begins with one of = + - @ for a formula, and run it: such a field
 * gets an apostrophe in front, which they show as text. */
#include "base/clock.h"
#include "base/text.h"
#include "report/measure.h"
#include "report/page.h"
#include "report/report.h"
#include "report/wording.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_SIZE = 40 };

struct table {
    struct buffer *out;
    struct page page;
    bool begun; /* a field stands in this row */
};

/* SHOWN is harmless already: no line end, no control. */
static void add_field(struct table *table, struct bytes shown)
{
    bool formula = shown.size && memchr("=+-@", shown.data[0], 4);
    bool quoted = memchr(shown.data ? shown.data : "", '"', shown.size) ||
                  memchr(shown.data ? shown.data : "", ',', shown.size) ||
                  (shown.size && (shown.data[0] == ' ' || shown.data[shown.size - 1] == ' '));
    buffer_append_text(table->out, table->begun ? "," : "");
    buffer_append_text(table->out, quoted ? "\"" : "");
    buffer_append_text(table->out, formula ? "'" : "");
    for (size_t i = 0; i < shown.size; i++) {
        buffer_append_text(table->out, shown.data[i] == '"' ? "\"" : "");
        buffer_append(table->out, shown.data + i, 1);
    }
    buffer_append_text(table->out, quoted ? "\"" : "");
    table->begun = true;
}

/* Blanks in front are cut: behind them a formula would hide. */
static void add(struct table *table, const char *text)
{
    struct buffer shown;
    page_begin(&shown);
    page_peer(&table->page, &shown, text_trim(text_bytes(text)));
    add_field(table, buffer_bytes(&shown));
    buffer_done(&shown);
}

/* Our own number: never negative, so never taken for a formula. */
static void add_number(struct table *table, int64_t value, bool known)
{
    char text[NUMBER_SIZE] = "";
    if (known)
        snprintf(text, sizeof text, "%lld", (long long)value);
    add_field(table, text_bytes(text));
}

static void add_seconds(struct table *table, int64_t ns)
{
    char text[NUMBER_SIZE] = "";
    if (ns >= 0)
        snprintf(text, sizeof text, "%.6f", (double)ns / 1e9);
    add_field(table, text_bytes(text));
}

static void end_row(struct table *table)
{
    buffer_append_text(table->out, "\r\n");
    table->begun = false;
}

static void add_run(struct table *table, const struct result *result)
{
    const struct verdict *verdict = &result->verdict;
    char started[CLOCK_TEXT_SIZE];
    add(table, result->trace->target.input);
    add(table, clock_format(result->trace->started_real_ns, started));
    add_seconds(table, result->trace->duration_ns);
    add(table, verdict_status_name(verdict->status));
    add(table, verdict->class_id);
    add(table, owner_name(verdict->owner));
    add(table, confidence_name(verdict->confidence));
    add(table, need_status_name(verdict->send));
    add(table, need_status_name(verdict->read));
    add(table, verdict->summary);
}

static void add_endpoint(struct table *table, const struct endpoint *endpoint)
{
    static const struct endpoint none = { 0 };
    const struct endpoint *e = endpoint ? endpoint : &none;
    const struct attempt *attempt = endpoint_attempt(e, PURPOSE_MAIN);
    const struct step *failed = attempt ? attempt_failed_step(attempt) : NULL;
    const struct tls_facts *tls = measure_tls(e);
    int64_t took[STAGE_COUNT], expiry = measure_expiry(e);
    measure_stages(e, took);
    add(table, e->id);
    add(table, endpoint ? service_name(e->service) : NULL);
    add(table, endpoint ? security_name(e->security) : NULL);
    add(table, endpoint ? expectation_name(e->expectation) : NULL);
    add(table, endpoint ? status_name(e->status) : NULL);
    add(table, attempt ? attempt->address : NULL);
    add(table, failed ? failed->name : NULL);
    add(table, failed ? failure_name(failed->error.kind) : NULL);
    for (int stage = STAGE_RESOLVE; stage < STAGE_COUNT; stage++)
        add_seconds(table, took[stage]);
    add(table, tls ? tls->version : NULL);
    add_number(table, expiry, expiry != INT64_MAX && expiry >= 0);
}

static void add_header(struct table *table)
{
    static const char *const run[] = { "target", "started",    "duration_s", "status", "class",
                                       "owner",  "confidence", "send",       "read",   "summary" };
    static const char *const endpoint[] = { "endpoint",        "service",
                                            "security",        "expectation",
                                            "endpoint_status", "address",
                                            "failed_step",     "error" };
    for (size_t i = 0; i < sizeof run / sizeof *run; i++)
        add(table, run[i]);
    for (size_t i = 0; i < sizeof endpoint / sizeof *endpoint; i++)
        add(table, endpoint[i]);
    for (int stage = STAGE_RESOLVE; stage < STAGE_COUNT; stage++) {
        char name[NUMBER_SIZE];
        snprintf(name, sizeof name, "%s_s", stage_name((enum stage)stage));
        add(table, name);
    }
    add(table, "tls_version");
    add(table, "certificate_expiry");
    end_row(table);
}

void report_csv(struct buffer *out, const struct result *result,
                const struct report_options *options)
{
    struct table table = { .out = out, .page = { .ascii = options->ascii } };
    add_header(&table);
    for (; result; result = result->recipient) {
        const struct endpoint *endpoint = result->trace->endpoints;
        do {
            add_run(&table, result);
            add_endpoint(&table, endpoint);
            end_row(&table);
            endpoint = endpoint ? endpoint->next : NULL;
        } while (endpoint);
    }
}
