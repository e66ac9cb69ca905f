/* OpenMetrics 1.0, section "Text format": families whole and in one piece, HELP and TYPE in front,
 * "# EOF" at the end. Gauges alone: node_exporter's textfile collector and promtool know no info
 * type, and a counter would need a memory that a single run has not. */
#include "report/openmetrics.h"

#include "base/text.h"
#include "report/measure.h"
#include "report/page.h"
#include "report/report.h"
#include "report/wording.h"

#include <stdint.h>
#include <string.h>

enum { NS_PER_S = 1000000000 };

/* The samples of one family, as they are found. */
struct samples {
    struct page page; /* its OUT takes the lines */
    const char *family;
    const char *target;
    const char *account; /* "recipient": not the run's own; NULL */
};

struct label {
    const char *name, *value;
};

/* ---- lines ---- */

/* A label's value: backslash, quote and line end are escaped once more. */
static void append_value(const struct samples *samples, const char *text)
{
    struct buffer shown;
    page_begin(&shown);
    page_peer(&samples->page, &shown, text_bytes(text));
    struct bytes bytes = buffer_bytes(&shown);
    for (size_t i = 0; i < bytes.size; i++) {
        char c = bytes.data[i];
        if (c == '\\' || c == '"')
            buffer_append(samples->page.out, "\\", 1);
        buffer_append(samples->page.out, &c, 1);
    }
    buffer_done(&shown);
}

static void append_label(const struct samples *samples, bool *first, struct label label)
{
    buffer_format(samples->page.out, "%s%s=\"", *first ? "{" : ",", label.name);
    append_value(samples, label.value);
    buffer_append_text(samples->page.out, "\"");
    *first = false;
}

/* LABELS end with a nameless one. */
static void add_labelled(const struct samples *samples, double value, const struct label *labels)
{
    struct buffer *out = samples->page.out;
    bool first = true;
    buffer_append_text(out, samples->family);
    if (samples->target)
        append_label(samples, &first, (struct label) { "target", samples->target });
    if (samples->account)
        append_label(samples, &first, (struct label) { "account", samples->account });
    for (; labels->name; labels++)
        append_label(samples, &first, *labels);
    /* Fifteen digits hold a time stamp to the microsecond, and none is invented. */
    buffer_format(out, "%s %.15g\n", first ? "" : "}", value);
}

static void add(const struct samples *samples, double value)
{
    add_labelled(samples, value, (struct label[]) { { 0 } });
}

static void add_one(const struct samples *samples, const char *name, const char *label,
                    double value)
{
    add_labelled(samples, value, (struct label[]) { { name, label }, { 0 } });
}

static double seconds(int64_t ns)
{
    return (double)ns / NS_PER_S;
}

/* ---- endpoints ---- */

/* A series may stand in an exposition once, and whoever saved a file may have repeated an id. */
static bool is_repeated(const struct result *result, const struct endpoint *endpoint)
{
    return wording_endpoint(result, endpoint->id) != endpoint;
}

/* The address that the dialogue ran on; NULL: none. */
static const struct address *chosen(const struct endpoint *endpoint)
{
    for (const struct address *a = endpoint->addresses; a; a = a->next)
        if (a->chosen && a->status == STATUS_OK)
            return a;
    return NULL;
}

/* ---- families ---- */

static bool is_met(const struct result *result)
{
    return result->verdict.status == VERDICT_OK || result->verdict.status == VERDICT_WARNING;
}

static void success(const struct samples *samples, const struct result *result)
{
    add(samples, is_met(result));
}

static void duration(const struct samples *samples, const struct result *result)
{
    add(samples, seconds(result->trace->duration_ns));
}

static void ip_protocol(const struct samples *samples, const struct result *result)
{
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next)
        if (chosen(e)) {
            add(samples, chosen(e)->family);
            return;
        }
}

static void certificate_expiry_of_all(const struct samples *samples, const struct result *result)
{
    int64_t earliest = measure_earliest_expiry(result);
    if (earliest != INT64_MAX)
        add(samples, (double)earliest);
}

/* As blackbox_exporter writes it, "TLS 1.3", from GnuTLS' "TLS1.3". Of several the lowest: it is
 * the one to worry about. The names' order is that of the versions. */
static void tls_version(const struct samples *samples, const struct result *result)
{
    const char *lowest = NULL;
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next) {
        const struct tls_facts *tls = measure_tls(e);
        const char *version = tls ? tls->version : NULL;
        if (version && strncmp(version, "TLS", 3) == 0 && (!lowest || strcmp(version, lowest) < 0))
            lowest = version;
    }
    if (!lowest)
        return;
    struct buffer label;
    page_begin(&label);
    buffer_format(&label, "TLS %s", lowest + 3);
    add_one(samples, "version", page_words(&label), 1);
    buffer_done(&label);
}

static void verdict(const struct samples *samples, const struct result *result)
{
    add(samples, result_exit_status(result, false));
}

static void complete(const struct samples *samples, const struct result *result)
{
    add(samples, result->trace->complete);
}

static void failure(const struct samples *samples, const struct result *result)
{
    const struct verdict *v = &result->verdict;
    const struct finding *cause = wording_cause(result);
    if (v->class_id && (v->status == VERDICT_FAIL || v->status == VERDICT_WARNING))
        add_labelled(samples, 1,
                     (struct label[]) { { "class", v->class_id },
                                        { "stage", cause ? stage_name(cause->stage) : "" },
                                        { "owner", owner_name(v->owner) },
                                        { 0 } });
}

static bool is_alike(const struct finding *a, const struct finding *b)
{
    return a->severity != SEVERITY_INFO && b->severity != SEVERITY_INFO &&
           wording_same(a->class_id, b->class_id) && a->stage == b->stage && a->owner == b->owner;
}

/* Written where the first of its kind stands. */
static void findings(const struct samples *samples, const struct result *result)
{
    for (const struct finding *f = result->findings; f; f = f->next) {
        const struct finding *first = result->findings;
        while (first != f && !is_alike(first, f))
            first = first->next;
        if (first != f || f->severity == SEVERITY_INFO)
            continue;
        size_t count = 0;
        for (const struct finding *g = f; g; g = g->next)
            count += is_alike(f, g);
        add_labelled(samples, (double)count,
                     (struct label[]) { { "class", f->class_id },
                                        { "stage", stage_name(f->stage) },
                                        { "owner", owner_name(f->owner) },
                                        { 0 } });
    }
}

/* The verdict knows a need by its direction: a direction's only need goes by its own name, several
 * by the direction's. */
struct direction {
    unsigned needs;
    const char *name;
};

static const struct direction sending = { NEED_SEND | NEED_RELAY, "send" };
static const struct direction reading = { NEED_READ | NEED_IMAP | NEED_POP, "read" };

static void add_need(const struct samples *samples, const struct result *result,
                     const struct direction *direction, enum need_status found,
                     enum need_status wanted)
{
    unsigned asked = result->trace->target.needs & direction->needs;
    const char *own = need_name((enum need)asked);
    if (asked)
        add_one(samples, "need", own ? own : direction->name, found == wanted);
}

static void add_needs(const struct samples *samples, const struct result *result,
                      enum need_status wanted)
{
    const struct verdict *v = &result->verdict;
    bool whole = wanted == NEED_STATUS_OK ? is_met(result) : v->status == VERDICT_FAIL;
    add_need(samples, result, &sending, v->send, wanted);
    add_need(samples, result, &reading, v->read, wanted);
    if (result->trace->target.needs & NEED_ENDPOINT)
        add_one(samples, "need", need_name(NEED_ENDPOINT), whole);
    if (result->trace->target.needs & NEED_ANY)
        add_one(samples, "need", need_name(NEED_ANY), whole);
}

static void needs_met(const struct samples *samples, const struct result *result)
{
    add_needs(samples, result, NEED_STATUS_OK);
}

static void needs_failed(const struct samples *samples, const struct result *result)
{
    add_needs(samples, result, NEED_STATUS_FAIL);
}

static void endpoints(const struct samples *samples, const struct result *result)
{
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next)
        if (!is_repeated(result, e) &&
            (e->status == STATUS_OK || e->status == STATUS_WARNING || e->status == STATUS_FAIL))
            add_one(samples, "endpoint", e->id, e->status != STATUS_FAIL);
}

static void phases(const struct samples *samples, const struct result *result)
{
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next) {
        int64_t took[STAGE_COUNT];
        measure_stages(e, took);
        for (int stage = STAGE_RESOLVE; stage < STAGE_COUNT && !is_repeated(result, e); stage++)
            if (took[stage] >= 0)
                add_labelled(samples, seconds(took[stage]),
                             (struct label[]) { { "endpoint", e->id },
                                                { "phase", stage_name((enum stage)stage) },
                                                { 0 } });
    }
}

static void certificate_expiry(const struct samples *samples, const struct result *result)
{
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next)
        if (!is_repeated(result, e) && measure_expiry(e) != INT64_MAX)
            add_one(samples, "endpoint", e->id, (double)measure_expiry(e));
}

static void last_run(const struct samples *samples, const struct result *result)
{
    add(samples, seconds(result->trace->started_real_ns + result->trace->duration_ns));
}

static void credential_expiry(const struct samples *samples, const struct result *result)
{
    if (result->trace->target.secret_expires)
        add(samples, (double)result->trace->target.secret_expires);
}

/* Of a token that was ready, it says itself when it was given. */
static void token_refresh(const struct samples *samples, const struct result *result)
{
    const struct token_facts *token = result->trace->token;
    int64_t when = token ? token->obtained ? token->obtained : token->issued : 0;
    if (when)
        add(samples, (double)when);
}

static void token_expiry(const struct samples *samples, const struct result *result)
{
    const struct token_facts *token = result->trace->token;
    if (token && token->expires)
        add(samples, (double)token->expires);
}

static const struct {
    const char *name, *help;
    void (*write)(const struct samples *samples, const struct result *result);
} families[] = {
    { "probe_success", "Whether what is needed works, as far as it was tested.", success },
    { "probe_duration_seconds", "How long the whole run took.", duration },
    { "probe_ip_protocol", "Version of IP by which the first endpoint was reached, 4 or 6.",
      ip_protocol },
    { "probe_ssl_earliest_cert_expiry",
      "Unix time at which the first of all certificates shown expires.",
      certificate_expiry_of_all },
    { "probe_tls_version_info", "The lowest TLS version that an endpoint agreed on.", tls_version },
    { "maildoctor_verdict", "0 all is well, 1 with warnings, 2 a need fails, 3 not known.",
      verdict },
    { "maildoctor_complete", "0 when the deadline or an interrupt ended the run.", complete },
    { "maildoctor_failure", "The verdict's cause: its class, where it shows, and who mends it.",
      failure },
    { "maildoctor_findings", "How often a class was found, as an error or a warning.", findings },
    { "maildoctor_need_met", "Whether the need was shown to be met; 0 also when it was not tested.",
      needs_met },
    { "maildoctor_need_failed",
      "Whether the need was shown to fail; 0 also when it was not tested.", needs_failed },
    { "maildoctor_endpoint_success", "Whether the dialogue with this endpoint went well.",
      endpoints },
    { "maildoctor_phase_duration_seconds", "What each phase took at each endpoint.", phases },
    { "maildoctor_certificate_expiry_timestamp_seconds",
      "Unix time at which the endpoint's first certificate expires.", certificate_expiry },
    { "maildoctor_credential_expiry_timestamp_seconds",
      "Unix time at which what the login rests on ends: its secret, or the app's certificate.",
      credential_expiry },
    { "maildoctor_token_refresh_timestamp_seconds",
      "Unix time at which the access token in use was given.", token_refresh },
    { "maildoctor_token_expiry_timestamp_seconds",
      "Unix time at which the access token in use ends.", token_expiry },
    { "maildoctor_last_run_timestamp_seconds", "Unix time at which the run ended.", last_run },
};

/* ---- the whole ---- */

typedef void family_function(const struct samples *samples, const struct result *result);

/* The recipient's account has endpoints of its own; all else is of the run. */
static bool is_of_endpoints(family_function *write)
{
    return write == endpoints || write == phases || write == certificate_expiry;
}

void openmetrics_append(struct buffer *out, const struct openmetrics_source *sources, size_t count,
                        bool ascii)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        struct buffer lines;
        page_begin(&lines);
        for (size_t k = 0; k < count; k++) {
            struct samples samples = {
                .page = { .out = &lines, .ascii = ascii },
                .family = families[i].name,
                .target = sources[k].target,
            };
            families[i].write(&samples, sources[k].result);
            samples.account = "recipient";
            if (sources[k].result->recipient && is_of_endpoints(families[i].write))
                families[i].write(&samples, sources[k].result->recipient);
        }
        if (buffer_size(&lines)) {
            struct bytes bytes = buffer_bytes(&lines);
            buffer_format(out, "# HELP %s %s\n# TYPE %s gauge\n", families[i].name,
                          families[i].help, families[i].name);
            buffer_append(out, bytes.data, bytes.size);
        }
        buffer_done(&lines);
    }
}

void openmetrics_end(struct buffer *out)
{
    buffer_append_text(out, "# EOF\n");
}

void report_openmetrics(struct buffer *out, const struct result *result,
                        const struct report_options *options)
{
    const struct openmetrics_source source = { .result = result };
    openmetrics_append(out, &source, 1, options->ascii);
    openmetrics_end(out);
}
