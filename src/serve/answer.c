#include "serve/answer.h"

#include "base/memory.h"
#include "diagnosis/diagnose.h"
#include "report/openmetrics.h"
#include "report/report.h"

#include <stdlib.h>

static char *take_text(struct buffer *buffer)
{
    struct bytes bytes = buffer_bytes(buffer);
    char *text = memory_format("%.*s", (int)bytes.size, bytes.size ? bytes.data : "");
    buffer_done(buffer);
    return text;
}

static char *metrics_of(const struct result *result)
{
    const struct openmetrics_source source = { .result = result };
    struct buffer out;
    buffer_init(&out, ANSWER_METRICS_LIMIT);
    openmetrics_append(&out, &source, 1, false);
    return take_text(&out);
}

static char *text_of(const struct result *result)
{
    const struct report_options options = { .verbose = true, .transcript = true };
    struct buffer out;
    buffer_init(&out, ANSWER_TEXT_LIMIT);
    report_text(&out, result, &options);
    if (out.overflow)
        buffer_clear(&out);
    if (buffer_size(&out) == 0)
        buffer_append_text(&out, "The report is too long to be kept.\n");
    return take_text(&out);
}

struct answer *answer_new(const struct result *result, bool with_text)
{
    const struct verdict *verdict = &result->verdict;
    struct answer *answer = memory_new(sizeof *answer);
    *answer = (struct answer) {
        .metrics = metrics_of(result),
        .text = with_text ? text_of(result) : NULL,
        .status = verdict->status,
        .class_id = memory_copy(verdict->class_id),
        .summary = memory_copy(verdict->summary ? verdict->summary : ""),
        .owner = owner_name(verdict->owner),
        .ended_real_ns = result->trace->started_real_ns + result->trace->duration_ns,
        .duration_ns = result->trace->duration_ns,
        .complete = result->trace->complete,
    };
    return answer;
}

struct answer *answer_unknown(const char *target, const char *why, int64_t started_real_ns,
                              int64_t waited_ns)
{
    struct trace *trace = trace_new();
    trace->started_real_ns = started_real_ns;
    trace->duration_ns = waited_ns;
    trace->complete = false;
    trace->cut_by = "deadline";
    trace->target.input = arena_copy(&trace->arena, target);
    struct result *result = result_new(trace);
    diagnose(result);
    if (why)
        result->verdict.summary = why;
    struct answer *answer = answer_new(result, true);
    result_free(result);
    return answer;
}

void answer_free(struct answer *answer)
{
    if (!answer)
        return;
    free(answer->metrics);
    free(answer->text);
    free(answer->class_id);
    free(answer->summary);
    free(answer);
}
