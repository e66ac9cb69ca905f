#include "report/foot.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/wording.h"

#include <string.h>

static const char *not_tested(struct buffer *line, const struct result *result)
{
    const struct strings *what = &result->verdict.not_tested;
    for (size_t i = 0; i < what->count; i++)
        buffer_format(line, "%s%s", i ? "; " : "", what->items[i]);
    return buffer_size(line) ? "Not tested" : NULL;
}

/* A verdict was reached all the same; without one the headline says it. */
static const char *early_end(struct buffer *line, const struct result *result)
{
    const struct trace *trace = result->trace;
    char took[DURATION_SIZE];
    if (trace->complete || result->verdict.status == VERDICT_UNKNOWN)
        return NULL;
    buffer_format(line, "%s after %s",
                  wording_same(trace->cut_by, "deadline") ? "out of time" : "interrupted",
                  wording_duration(trace->duration_ns, took));
    return "Ended early";
}

static const char *vantage(struct buffer *line, const struct result *result)
{
    const struct vantage *from = &result->trace->from;
    char started[CLOCK_TEXT_SIZE];
    buffer_append_text(line, wording_or(from->host, "this machine"));
    if (from->public_address)
        buffer_format(line, ", public %s", from->public_address);
    else if (from->addresses.count)
        buffer_format(line, ", %s", from->addresses.items[0]);
    if (from->proxy)
        buffer_format(line, ", through the proxy %s", from->proxy);
    clock_format(result->trace->started_real_ns, started);
    buffer_format(line, ", %.10s %.5s UTC", started, started + strlen("2026-11-22T"));
    return "Tested from";
}

/* Exchange numbers its sessions with 16 hexadecimal digits. */
static bool is_exchange_id(const char *id)
{
    return strlen(id) == 16 && strspn(id, "0123456789ABCDEFabcdef") == 16;
}

/* The server's own id for the session that failed: its support asks for it. */
static const char *support_id(struct buffer *line, const struct result *result)
{
    const struct endpoint *endpoint = wording_endpoint(result, result->verdict.endpoint);
    const struct attempt *attempt = endpoint ? endpoint_attempt(endpoint, PURPOSE_MAIN) : NULL;
    const char *provider = wording_or(result->trace->target.provider, "");
    if (!attempt || !attempt->session_id || result->verdict.status == VERDICT_OK)
        return NULL;
    buffer_append_text(line, attempt->session_id);
    return text_starts_fold(text_bytes(provider), "microsoft365") &&
                   is_exchange_id(attempt->session_id)
               ? "Microsoft support id"
               : "The server's id for this session";
}

static const char *class_id(struct buffer *line, const struct result *result)
{
    if (!result->verdict.class_id)
        return NULL;
    buffer_append_text(line, result->verdict.class_id);
    return "Class";
}

const char *foot_make(enum foot_row row, struct buffer *line, const struct result *result)
{
    static const char *(*const makers[FOOT_COUNT])(struct buffer *, const struct result *) = {
        [FOOT_NOT_TESTED] = not_tested, [FOOT_EARLY_END] = early_end, [FOOT_VANTAGE] = vantage,
        [FOOT_SUPPORT_ID] = support_id, [FOOT_CLASS] = class_id,
    };
    return makers[row](line, result);
}
