/* SARIF 2.1.0: the classes found are rules, the findings results, the endpoints their places. */
#include "base/clock.h"
#include "base/text.h"
#include "report/page.h"
#include "report/report.h"
#include "report/wording.h"
#include "result/json_text.h"

#include <jansson.h>
#include <string.h>

enum { DIGITS = JSON_REAL_PRECISION(15) };

/* ---- values ---- */

static json_t *text_value(const char *text)
{
    static const struct page page = { 0 };
    struct buffer shown;
    page_begin(&shown);
    page_own(&page, &shown, text);
    struct bytes bytes = buffer_bytes(&shown);
    json_t *value = json_stringn_nocheck(bytes.size ? bytes.data : "", bytes.size);
    buffer_done(&shown);
    return value;
}

static json_t *message_value(const char *text)
{
    return json_pack("{s:o}", "text", text_value(text));
}

static const char *level_of(enum severity severity)
{
    return severity == SEVERITY_ERROR ? "error" : severity == SEVERITY_WARNING ? "warning" : "note";
}

/* RFC 3986: whatever is not unreserved, or a colon or bracket of host and port, is percent-encoded.
 */
static json_t *place_uri(const struct result *result, const char *id)
{
    static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-._~:[]";
    const struct endpoint *endpoint = wording_endpoint(result, id);
    struct buffer uri;
    page_begin(&uri);
    buffer_format(&uri, "%s://", endpoint ? service_name(endpoint->service) : "mail");
    for (const char *p = id; *p; p++)
        buffer_format(&uri, strchr(kept, *p) ? "%c" : "%%%02X", (unsigned char)*p);
    json_t *value = json_string(page_words(&uri));
    buffer_done(&uri);
    return value;
}

/* ---- rules ---- */

static const struct finding *first_of_class(const struct result *result,
                                            const struct finding *finding)
{
    const struct finding *f = result->findings;
    while (!wording_same(f->class_id, finding->class_id))
        f = f->next;
    return f;
}

static json_t *rule_value(const struct finding *finding)
{
    struct buffer help;
    page_begin(&help);
    for (size_t i = 0; i < finding->fix.count; i++)
        buffer_format(&help, "%s%zu. %s", i ? " " : "", i + 1, finding->fix.items[i]);
    json_t *rule =
        json_pack("{s:o, s:o, s:o, s:{s:s}, s:{s:s, s:s}}", "id", text_value(finding->class_id),
                  "shortDescription", message_value(wording_or(finding->title, finding->class_id)),
                  "fullDescription",
                  message_value(wording_or(finding->meaning, wording_or(finding->title, ""))),
                  "defaultConfiguration", "level", level_of(finding->severity), "properties",
                  "stage", stage_name(finding->stage), "owner", owner_name(finding->owner));
    if (buffer_size(&help))
        json_object_set_new(rule, "help", message_value(page_words(&help)));
    buffer_done(&help);
    return rule;
}

static json_t *rules_value(const struct result *result)
{
    json_t *rules = json_array();
    for (const struct finding *f = result->findings; f; f = f->next)
        if (first_of_class(result, f) == f)
            json_array_append_new(rules, rule_value(f));
    return rules;
}

static size_t rule_index(const struct result *result, const struct finding *finding)
{
    size_t index = 0;
    const struct finding *first = first_of_class(result, finding);
    for (const struct finding *f = result->findings; f != first; f = f->next)
        index += first_of_class(result, f) == f;
    return index;
}

/* ---- results ---- */

/* What the class means, then the words that it was told by. */
static json_t *said_value(const struct finding *finding)
{
    struct buffer text;
    page_begin(&text);
    buffer_append_text(&text, wording_or(finding->title, finding->class_id));
    for (const struct evidence *e = finding->evidence; e; e = e->next)
        if (e->line.size) {
            buffer_append_text(&text, " ");
            buffer_append(&text, e->line.data, e->line.size);
            break;
        }
    struct bytes bytes = buffer_bytes(&text);
    struct buffer shown;
    page_begin(&shown);
    page_peer(&(struct page) { 0 }, &shown, bytes);
    json_t *value = json_pack("{s:o}", "text",
                              json_stringn_nocheck(buffer_bytes(&shown).data, buffer_size(&shown)));
    buffer_done(&shown);
    buffer_done(&text);
    return value;
}

/* About the whole run, or a name: the target stands for the place. */
static json_t *location_value(const struct result *result, const struct finding *finding)
{
    const char *id =
        *finding->endpoint ? finding->endpoint : wording_or(result->trace->target.input, "target");
    return json_pack("{s:{s:{s:o}}, s:[{s:o, s:s}]}", "physicalLocation", "artifactLocation", "uri",
                     place_uri(result, id), "logicalLocations", "fullyQualifiedName",
                     text_value(id), "kind", "resource");
}

static json_t *results_value(const struct result *result)
{
    json_t *results = json_array();
    for (const struct finding *f = result->findings; f; f = f->next) {
        json_t *value =
            json_pack("{s:o, s:i, s:s, s:o, s:[o], s:{s:s}}", "ruleId", text_value(f->class_id),
                      "ruleIndex", (int)rule_index(result, f), "level", level_of(f->severity),
                      "message", said_value(f), "locations", location_value(result, f),
                      "properties", "confidence", confidence_name(f->confidence));
        json_array_append_new(results, value);
    }
    return results;
}

static json_t *invocation_value(const struct result *result)
{
    const struct trace *trace = result->trace;
    char started[CLOCK_TEXT_SIZE], ended[CLOCK_TEXT_SIZE];
    clock_format(trace->started_real_ns, started);
    clock_format(trace->started_real_ns + trace->duration_ns, ended);
    return json_pack("{s:b, s:s, s:s, s:i}", "executionSuccessful", trace->complete, "startTimeUtc",
                     started, "endTimeUtc", ended, "exitCode", result_exit_status(result, false));
}

void report_sarif(struct buffer *out, const struct result *result,
                  const struct report_options *options)
{
    json_t *driver = json_pack("{s:s, s:o, s:o}", "name", "maildoctor", "version",
                               text_value(result->tool_version), "rules", rules_value(result));
    json_t *run =
        json_pack("{s:{s:o}, s:[o], s:o, s:{s:s, s:o}}", "tool", "driver", driver, "invocations",
                  invocation_value(result), "results", results_value(result), "properties",
                  "status", verdict_status_name(result->verdict.status), "target",
                  text_value(result->trace->target.input));
    json_t *log =
        json_pack("{s:s, s:s, s:[o]}", "$schema", "https://json.schemastore.org/sarif-2.1.0.json",
                  "version", "2.1.0", "runs", run);
    json_text_append(out, log, JSON_INDENT(2) | DIGITS | (options->ascii ? JSON_ENSURE_ASCII : 0));
    buffer_append_text(out, "\n");
    json_decref(log);
}
