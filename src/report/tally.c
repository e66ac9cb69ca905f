#include "report/tally.h"

#include "base/text.h"
#include "report/page.h"
#include "report/wording.h"

#include <stdio.h>
#include <string.h>

enum { NS_PER_S = 1000000000, SHOWN_CLASSES = 8, MINUTE = 60, HOUR = 3600 };

/* ---- counting ---- */

static struct tally_class *find_class(struct tally *tally, const char *name)
{
    for (size_t i = 0; i < tally->class_count; i++)
        if (strncmp(tally->classes[i].name, name, TALLY_NAME_SIZE - 1) == 0)
            return &tally->classes[i];
    if (tally->class_count == TALLY_CLASSES)
        return NULL;
    struct tally_class *fresh = &tally->classes[tally->class_count++];
    snprintf(fresh->name, sizeof fresh->name, "%s", name);
    fresh->count = 0;
    return fresh;
}

void tally_count(struct tally *tally, const struct verdict *verdict)
{
    tally->statuses[verdict->status]++;
    if (verdict->status != VERDICT_FAIL || !verdict->class_id)
        return;
    struct tally_class *found = find_class(tally, verdict->class_id);
    if (!found)
        return;
    found->count++;
    while (found != tally->classes && found[-1].count < found->count) {
        struct tally_class other = found[-1];
        found[-1] = *found;
        *found-- = other;
    }
}

void tally_count_error(struct tally *tally)
{
    tally->errors++;
}

size_t tally_done(const struct tally *tally)
{
    size_t done = tally->errors;
    for (size_t i = 0; i < VERDICT_STATUS_COUNT; i++)
        done += tally->statuses[i];
    return done;
}

int tally_exit_status(const struct tally *tally, bool fail_on_warning)
{
    if (tally->statuses[VERDICT_FAIL] || (fail_on_warning && tally->statuses[VERDICT_WARNING]))
        return 2;
    if (tally->statuses[VERDICT_UNKNOWN] || tally->errors)
        return 3;
    return tally->statuses[VERDICT_WARNING] ? 1 : 0;
}

/* ---- words ---- */

static void append_left(struct buffer *out, const struct tally *tally, double rate)
{
    size_t done = tally->before + tally_done(tally);
    if (tally->total <= done || rate <= 0)
        return;
    double seconds = (double)(tally->total - done) / rate;
    if (seconds < 2 * MINUTE)
        buffer_format(out, ", %.0f s left", seconds);
    else if (seconds < 2 * HOUR)
        buffer_format(out, ", %.0f min left", seconds / MINUTE);
    else
        buffer_format(out, ", %.1f h left", seconds / HOUR);
}

static double rate_of(const struct tally *tally, int64_t elapsed_ns)
{
    return elapsed_ns > 0 ? (double)tally_done(tally) * NS_PER_S / (double)elapsed_ns : 0;
}

void tally_line(struct buffer *out, const struct tally *tally, int64_t elapsed_ns, int columns)
{
    double rate = rate_of(tally, elapsed_ns);
    struct buffer line;
    page_begin(&line);
    buffer_format(&line, "%zu", tally->before + tally_done(tally));
    if (tally->total)
        buffer_format(&line, " of %zu", tally->total);
    buffer_format(&line, rate < 9.5 ? ", %.1f/s" : ", %.0f/s", rate);
    append_left(&line, tally, rate);
    if (tally->statuses[VERDICT_FAIL])
        buffer_format(&line, "; %zu failed", tally->statuses[VERDICT_FAIL]);
    for (size_t i = 0; i < tally->class_count && i < SHOWN_CLASSES; i++)
        buffer_format(&line, "%s %zu %s", i ? "," : ":", tally->classes[i].count,
                      tally->classes[i].name);
    struct bytes bytes = buffer_bytes(&line);
    size_t room = columns > 1 ? (size_t)columns - 1 : 0;
    buffer_append(out, bytes.data, bytes.size < room ? bytes.size : room);
    buffer_done(&line);
}

void tally_summary(struct buffer *out, const struct tally *tally, int64_t elapsed_ns)
{
    static const struct {
        enum verdict_status status;
        const char *words;
    } rows[] = {
        { VERDICT_OK, "ok" },
        { VERDICT_WARNING, "with warnings" },
        { VERDICT_FAIL, "failed" },
        { VERDICT_UNKNOWN, "not known" },
    };
    char took[DURATION_SIZE];
    buffer_format(out, "%zu targets in %s", tally_done(tally), wording_duration(elapsed_ns, took));
    if (tally->before)
        buffer_format(out, ", %zu before", tally->before);
    for (size_t i = 0, shown = 0; i < sizeof rows / sizeof *rows; i++)
        if (tally->statuses[rows[i].status])
            buffer_format(out, "%s %zu %s", shown++ ? "," : ":", tally->statuses[rows[i].status],
                          rows[i].words);
    if (tally->errors)
        buffer_format(out, "; %zu not tried: see their \"error\"", tally->errors);
    buffer_append_text(out, "\n");
    for (size_t i = 0; i < tally->class_count; i++)
        buffer_format(out, "%8zu %s\n", tally->classes[i].count, tally->classes[i].name);
}
