#include "result/json.h"
#include "report/report.h"

/* Fifteen digits hold a run of thirty years to the microsecond, and none is invented. */
enum { DIGITS = JSON_REAL_PRECISION(15) };

static int append(const char *data, size_t size, void *out)
{
    buffer_append(out, data, size);
    return 0;
}

static void write_json(struct buffer *out, const struct result *result, bool transcript,
                       size_t flags)
{
    json_t *json = result_to_json(result, transcript);
    json_dump_callback(json, append, out, flags | DIGITS);
    buffer_append_text(out, "\n");
    json_decref(json);
}

void report_json(struct buffer *out, const struct result *result,
                 const struct report_options *options)
{
    size_t ascii = options->ascii ? JSON_ENSURE_ASCII : 0;
    write_json(out, result, options->transcript, JSON_INDENT(2) | ascii);
}

void report_ndjson(struct buffer *out, const struct result *result,
                   const struct report_options *options)
{
    size_t ascii = options->ascii ? JSON_ENSURE_ASCII : 0;
    write_json(out, result, options->transcript, JSON_COMPACT | ascii);
}
