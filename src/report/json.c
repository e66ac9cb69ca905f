#include "result/json.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/changes.h"
#include "report/page.h"
#include "report/report.h"
#include "result/escape.h"
#include "result/json_text.h"

/* Fifteen digits hold a run of thirty years to the microsecond, and none is invented. */
enum { DIGITS = JSON_REAL_PRECISION(15) };

/* Escaped, which leaves valid UTF-8 only; null for NULL. */
static json_t *text_value(const char *text)
{
    struct buffer line;
    if (!text)
        return json_null();
    page_begin(&line);
    escape_words(&line, text_bytes(text));
    json_t *value = json_string_nocheck(page_words(&line));
    buffer_done(&line);
    return value;
}

static json_t *changes_value(const struct changes *changes)
{
    json_t *list = json_array();
    for (const struct change *c = changes->first; c; c = c->next) {
        json_t *change = json_object();
        json_object_set_new(change, "kind", json_string(change_kind_name(c->kind)));
        json_object_set_new(change, "way", json_string(change_way_name(c->way)));
        json_object_set_new(change, "subject", text_value(c->subject));
        json_object_set_new(change, "before", text_value(c->before));
        json_object_set_new(change, "after", text_value(c->after));
        json_object_set_new(change, "words", text_value(c->words));
        json_array_append_new(list, change);
    }
    return list;
}

/* What changed since BASELINE; a result that is read back leaves it out. */
static json_t *since_value(const struct result *baseline, const struct result *result)
{
    struct changes changes = { 0 };
    char started[CLOCK_TEXT_SIZE];
    json_t *since = json_object();
    changes_find(&changes, baseline, result);
    clock_format(baseline->trace->started_real_ns, started);
    json_object_set_new(since, "started", json_string(started));
    json_object_set_new(since, "status",
                        json_string(verdict_status_name(baseline->verdict.status)));
    json_object_set_new(since, "class", text_value(baseline->verdict.class_id));
    json_object_set_new(since, "changes", changes_value(&changes));
    changes_done(&changes);
    return since;
}

static void write_json(struct buffer *out, const struct result *result,
                       const struct report_options *options, size_t flags)
{
    json_t *json = result_to_json(result, options->transcript);
    if (options->baseline)
        json_object_set_new(json, "since", since_value(options->baseline, result));
    json_text_append(out, json, flags | DIGITS);
    buffer_append_text(out, "\n");
    json_decref(json);
}

void report_json(struct buffer *out, const struct result *result,
                 const struct report_options *options)
{
    size_t ascii = options->ascii ? JSON_ENSURE_ASCII : 0;
    write_json(out, result, options, JSON_INDENT(2) | ascii);
}

void report_ndjson(struct buffer *out, const struct result *result,
                   const struct report_options *options)
{
    size_t ascii = options->ascii ? JSON_ENSURE_ASCII : 0;
    write_json(out, result, options, JSON_COMPACT | ascii);
}
