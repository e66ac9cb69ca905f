/* JUnit's XML as build servers read it: a test case for the verdict and one for each endpoint; the
 * recipient's account, where the test message went to another, is a suite of its own. What
 * fails is a failure; a run that could not tell is an error. Only what the diagnosis calls an error
 * is a failure: an optional port that is silent is none. */
#include "base/clock.h"
#include "base/text.h"
#include "report/headline.h"
#include "report/page.h"
#include "report/report.h"
#include "report/wording.h"

#include <string.h>

enum { STATE_FAILED = 2, STATE_UNKNOWN = 3, INSTANT_SECONDS = 19 };

struct suite {
    struct buffer *out;
    const struct result *result;
    const struct report_options *options;
    struct page page;
    int state; /* as the exit status */
};

/* ---- XML ---- */

/* U+FFFE and U+FFFF, which XML 1.0 (section 2.2) does not know at all. */
static bool is_no_character(const char *text, size_t length)
{
    return length == 3 && memcmp(text, "\xef\xbf", 2) == 0 && (unsigned char)text[2] >= 0xbe;
}

/* SHOWN is harmless and valid UTF-8. */
static void append_escaped(struct buffer *out, struct bytes shown)
{
    while (shown.size) {
        size_t length = text_utf8_length(shown);
        length = length ? length : 1;
        const char *reference = *shown.data == '<'   ? "&lt;"
                                : *shown.data == '>' ? "&gt;"
                                : *shown.data == '&' ? "&amp;"
                                : *shown.data == '"' ? "&quot;"
                                                     : NULL;
        if (reference)
            buffer_append_text(out, reference);
        else if (is_no_character(shown.data, length))
            buffer_format(out, "\\xef\\xbf\\x%02x", (unsigned)(unsigned char)shown.data[2]);
        else
            buffer_append(out, shown.data, length);
        shown.data += length;
        shown.size -= length;
    }
}

static void add_attribute(const struct suite *suite, const char *name, const char *value)
{
    struct buffer shown;
    page_begin(&shown);
    page_own(&suite->page, &shown, value);
    buffer_format(suite->out, " %s=\"", name);
    append_escaped(suite->out, buffer_bytes(&shown));
    buffer_append_text(suite->out, "\"");
    buffer_done(&shown);
}

static void add_property(const struct suite *suite, const char *name, const char *value)
{
    if (!*wording_or(value, ""))
        return;
    buffer_append_text(suite->out, "      <property");
    add_attribute(suite, "name", name);
    add_attribute(suite, "value", value);
    buffer_append_text(suite->out, "/>\n");
}

/* ---- cases ---- */

/* The first error that was found at the endpoint; NULL: none. */
static const struct finding *fault_of(const struct result *result, const struct endpoint *endpoint)
{
    for (const struct finding *f = result->findings; f; f = f->next)
        if (f->severity == SEVERITY_ERROR && wording_same(f->endpoint, endpoint->id))
            return f;
    return NULL;
}

static double seconds_of(const struct endpoint *endpoint)
{
    int64_t sum = 0;
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    for (const struct step *s = attempt ? attempt->steps : NULL; s; s = s->next)
        sum += s->duration_ns > 0 ? s->duration_ns : 0;
    return (double)sum / 1e9;
}

static void begin_case(const struct suite *suite, const char *class_name, const char *name,
                       double seconds)
{
    buffer_append_text(suite->out, "    <testcase");
    add_attribute(suite, "classname", class_name);
    add_attribute(suite, "name", name);
    buffer_format(suite->out, " time=\"%.6f\">\n", seconds);
}

static void begin_outcome(const struct suite *suite, const char *element, const char *type,
                          const char *message)
{
    buffer_format(suite->out, "      <%s", element);
    add_attribute(suite, "message", message);
    add_attribute(suite, "type", type);
    buffer_append_text(suite->out, ">");
}

static void add_verdict(const struct suite *suite)
{
    const struct result *result = suite->result;
    struct report_options options = *suite->options;
    struct buffer text, headline;
    options.color = false;
    options.columns = 0;
    page_begin(&text);
    page_begin(&headline);
    headline_make(&headline, result);
    report_text(&text, result, &options);
    const char *element = suite->state == STATE_UNKNOWN  ? "error"
                          : suite->state == STATE_FAILED ? "failure"
                                                         : NULL;
    begin_case(suite, "maildoctor", "verdict", (double)result->trace->duration_ns / 1e9);
    if (element)
        begin_outcome(suite, element, wording_or(result->verdict.class_id, "unknown"),
                      page_words(&headline));
    else
        buffer_append_text(suite->out, "      <system-out>");
    append_escaped(suite->out, buffer_bytes(&text));
    buffer_format(suite->out, "</%s>\n    </testcase>\n", element ? element : "system-out");
    buffer_done(&text);
    buffer_done(&headline);
}

static void add_endpoint(const struct suite *suite, const struct endpoint *endpoint)
{
    const struct finding *fault = fault_of(suite->result, endpoint);
    begin_case(suite, "maildoctor.endpoint", endpoint->id, seconds_of(endpoint));
    if (fault) {
        struct buffer shown;
        page_begin(&shown);
        page_own(&suite->page, &shown, fault->meaning);
        begin_outcome(suite, "failure", fault->class_id, fault->title);
        append_escaped(suite->out, buffer_bytes(&shown));
        buffer_append_text(suite->out, "</failure>\n");
        buffer_done(&shown);
    } else if (endpoint->status == STATUS_SKIPPED || endpoint->status == STATUS_CUT) {
        buffer_append_text(suite->out, "      <skipped");
        add_attribute(suite, "message", expectation_name(endpoint->expectation));
        buffer_append_text(suite->out, "/>\n");
    }
    buffer_append_text(suite->out, "    </testcase>\n");
}

/* ---- the whole ---- */

struct counts {
    size_t tests, failures, errors;
};

static void count(struct counts *counts, const struct suite *suite)
{
    counts->tests++;
    counts->failures += suite->state == STATE_FAILED;
    counts->errors += suite->state == STATE_UNKNOWN;
    for (const struct endpoint *e = suite->result->trace->endpoints; e; e = e->next) {
        counts->tests++;
        counts->failures += fault_of(suite->result, e) != NULL;
    }
}

/* Attributes that both `testsuites` and `testsuite` bear. */
static void add_counts(const struct suite *suite, const struct counts *counts)
{
    buffer_format(suite->out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.6f\"",
                  counts->tests, counts->failures, counts->errors,
                  (double)suite->result->trace->duration_ns / 1e9);
}

static void add_skipped(const struct suite *suite)
{
    size_t skipped = 0;
    for (const struct endpoint *e = suite->result->trace->endpoints; e; e = e->next)
        skipped +=
            !fault_of(suite->result, e) && (e->status == STATUS_SKIPPED || e->status == STATUS_CUT);
    buffer_format(suite->out, " skipped=\"%zu\"", skipped);
}

static struct suite suite_of(struct buffer *out, const struct result *result,
                             const struct report_options *options)
{
    return (struct suite) {
        .out = out,
        .result = result,
        .options = options,
        .page = { .ascii = options->ascii },
        .state = result_exit_status(result, options->fail_on_warning),
    };
}

static void add_suite(const struct suite *suite)
{
    const struct result *result = suite->result;
    struct counts counts = { 0 };
    char started[CLOCK_TEXT_SIZE];
    clock_format(result->trace->started_real_ns, started);
    started[INSTANT_SECONDS] = '\0'; /* readers want it without a zone: it is UTC */
    count(&counts, suite);
    buffer_append_text(suite->out, "  <testsuite");
    add_attribute(suite, "name", wording_or(result->trace->target.input, "maildoctor"));
    add_counts(suite, &counts);
    add_skipped(suite);
    add_attribute(suite, "timestamp", started);
    add_attribute(suite, "hostname", wording_or(result->trace->from.host, "localhost"));
    buffer_append_text(suite->out, ">\n    <properties>\n");
    add_property(suite, "status", verdict_status_name(result->verdict.status));
    add_property(suite, "class", result->verdict.class_id);
    add_property(suite, "owner", owner_name(result->verdict.owner));
    add_property(suite, "version", result->tool_version);
    buffer_append_text(suite->out, "    </properties>\n");
    add_verdict(suite);
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next)
        add_endpoint(suite, e);
    buffer_append_text(suite->out, "  </testsuite>\n");
}

void report_junit(struct buffer *out, const struct result *result,
                  const struct report_options *options)
{
    const struct suite whole = suite_of(out, result, options);
    struct counts counts = { 0 };
    count(&counts, &whole);
    for (const struct result *r = result->recipient; r; r = r->recipient) {
        const struct suite suite = suite_of(out, r, options);
        count(&counts, &suite);
    }
    buffer_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_counts(&whole, &counts);
    buffer_append_text(out, ">\n");
    add_suite(&whole);
    for (const struct result *r = result->recipient; r; r = r->recipient) {
        const struct suite suite = suite_of(out, r, options);
        add_suite(&suite);
    }
    buffer_append_text(out, "</testsuites>\n");
}
