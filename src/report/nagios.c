/* A monitoring plugin's output (Monitoring Plugins Development Guidelines): one line that says it
 * all and holds the numbers, then the text report for whoever opens the details. The bar parts text
 * from numbers, so no text may hold one. */
#include "base/text.h"
#include "report/headline.h"
#include "report/measure.h"
#include "report/page.h"
#include "report/report.h"
#include "report/wording.h"

#include <stdint.h>
#include <string.h>

/* Nagios keeps 8 KiB of what a plugin says. */
enum { SAID_LIMIT = 400, WHOLE_LIMIT = 8000, SECONDS_PER_DAY = 86400 };
enum { STATE_OK, STATE_WARNING, STATE_CRITICAL, STATE_UNKNOWN };

struct plugin {
    const struct result *result;
    const struct report_options *options;
    const struct alert_limits *warning, *critical;
    struct page page;
    struct buffer said;    /* what limits were passed, in words */
    struct buffer numbers; /* performance data */
    int passed;            /* the state that the limits alone give */
};

/* ---- text ---- */

/* No bar in a text. Where nothing but ASCII may be, a slash stands for it. */
static void append_barless(const struct plugin *plugin, struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '|')
            buffer_append_text(out, plugin->options->ascii ? "/" : "\u00a6");
        else
            buffer_append(out, text.data + i, 1);
}

/* At most LIMIT bytes, and no character in half. */
static struct bytes cut(struct bytes text, size_t limit)
{
    if (text.size <= limit)
        return text;
    while (limit && ((unsigned char)text.data[limit] >> 6) == 2)
        limit--;
    return (struct bytes) { text.data, limit };
}

/* What is wrong, of whom, why; which limits were passed; the class and who mends it. */
static void append_first_line(const struct plugin *plugin, struct buffer *out)
{
    const struct result *result = plugin->result;
    const struct verdict *verdict = &result->verdict;
    struct buffer headline, line;
    page_begin(&headline);
    page_begin(&line);
    headline_make(&headline, result);
    bool named = headline_names_target(result, page_words(&headline));
    struct bytes words =
        text_trim((struct bytes) { buffer_bytes(&headline).data, buffer_size(&headline) - 1 });
    page_own_format(&plugin->page, &line, "%.*s", (int)words.size, words.data);
    if (!named)
        page_own_format(&plugin->page, &line, " %s", wording_target(result));
    if (verdict->class_id && *wording_or(verdict->summary, ""))
        page_own_format(&plugin->page, &line, ": %s", verdict->summary);
    append_barless(plugin, out, cut(buffer_bytes(&line), SAID_LIMIT));
    append_barless(plugin, out, cut(buffer_bytes(&plugin->said), SAID_LIMIT));
    buffer_clear(&line);
    if (verdict->class_id)
        page_own_format(&plugin->page, &line, " (%s, %s)", verdict->class_id,
                        owner_name(verdict->owner));
    append_barless(plugin, out, cut(buffer_bytes(&line), SAID_LIMIT));
    buffer_done(&headline);
    buffer_done(&line);
}

/* ---- numbers ---- */

/* A label may hold neither quote nor equals sign, and no bar. */
static void append_label(struct plugin *plugin, const char *endpoint, const char *name)
{
    struct buffer label;
    page_begin(&label);
    if (endpoint)
        page_peer(&plugin->page, &label, text_bytes(endpoint));
    buffer_format(&label, "%s%s", endpoint ? " " : "", name);
    buffer_append_text(&plugin->numbers, buffer_size(&plugin->numbers) ? " '" : "'");
    struct bytes bytes = cut(buffer_bytes(&label), SAID_LIMIT);
    for (size_t i = 0; i < bytes.size; i++)
        buffer_append(&plugin->numbers, strchr("'=|", bytes.data[i]) ? "_" : bytes.data + i, 1);
    buffer_append_text(&plugin->numbers, "'");
    buffer_done(&label);
}

/* One number, and what its limits make of it. */
static void weigh(struct plugin *plugin, const char *endpoint, const char *name, double value,
                  const struct range *warning, const struct range *critical)
{
    bool days = critical == &plugin->critical->certificate;
    int state = range_alerts(critical, value)  ? STATE_CRITICAL
                : range_alerts(warning, value) ? STATE_WARNING
                                               : STATE_OK;
    append_label(plugin, endpoint, name);
    buffer_format(&plugin->numbers, days ? "=%.9g;%s;%s" : "=%.9gs;%s;%s;0", value, warning->text,
                  critical->text);
    if (state == STATE_OK)
        return;
    plugin->passed = state > plugin->passed ? state : plugin->passed;
    buffer_append_text(&plugin->said, " ");
    if (endpoint) {
        page_peer(&plugin->page, &plugin->said, text_bytes(endpoint));
        buffer_append_text(&plugin->said, " ");
    }
    buffer_format(&plugin->said, "%s %.4g%s, limit %s.", name, value, days ? "" : " s",
                  state == STATE_CRITICAL ? critical->text : warning->text);
}

static void weigh_all(struct plugin *plugin)
{
    const struct trace *trace = plugin->result->trace;
    const struct alert_limits *warning = plugin->warning, *critical = plugin->critical;
    int64_t expiry = measure_earliest_expiry(plugin->result);
    weigh(plugin, NULL, "total", (double)trace->duration_ns / 1e9, &warning->total,
          &critical->total);
    if (expiry != INT64_MAX)
        weigh(plugin, NULL, "certificate_days",
              ((double)expiry - (double)trace->started_real_ns / 1e9) / SECONDS_PER_DAY,
              &warning->certificate, &critical->certificate);
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        int64_t took[STAGE_COUNT];
        measure_stages(e, took);
        for (size_t stage = STAGE_RESOLVE; stage < STAGE_COUNT; stage++)
            if (took[stage] >= 0 && wording_endpoint(plugin->result, e->id) == e)
                weigh(plugin, e->id, stage_name((enum stage)stage), (double)took[stage] / 1e9,
                      &warning->phases[stage], &critical->phases[stage]);
    }
}

/* ---- the whole ---- */

static void plugin_init(struct plugin *plugin, const struct result *result,
                        const struct report_options *options)
{
    static const struct alert_limits none = { 0 };
    *plugin = (struct plugin) {
        .result = result,
        .options = options,
        .warning = options->warning ? options->warning : &none,
        .critical = options->critical ? options->critical : &none,
        .page = { .ascii = options->ascii },
    };
    page_begin(&plugin->said);
    page_begin(&plugin->numbers);
    weigh_all(plugin);
}

static void plugin_done(struct plugin *plugin)
{
    buffer_done(&plugin->said);
    buffer_done(&plugin->numbers);
}

/* Limits make a result worse, never better, and say nothing of one that is not known. */
static int state_of(const struct plugin *plugin, int own)
{
    return own == STATE_UNKNOWN || own > plugin->passed ? own : plugin->passed;
}

int report_nagios_status(const struct result *result, const struct report_options *options, int own)
{
    struct plugin plugin;
    plugin_init(&plugin, result, options);
    int state = state_of(&plugin, own);
    plugin_done(&plugin);
    return state;
}

/* The text report below the first line, as many whole lines as there is room for. */
static void append_details(const struct plugin *plugin, struct buffer *out)
{
    struct report_options options = *plugin->options;
    struct buffer text, barless;
    struct bytes line;
    options.color = false;
    options.columns = 0;
    page_begin(&text);
    page_begin(&barless);
    report_text(&text, plugin->result, &options);
    append_barless(plugin, &barless, buffer_bytes(&text));
    for (struct bytes rest = buffer_bytes(&barless); text_next_line(&rest, &line);) {
        if (buffer_size(out) + line.size >= WHOLE_LIMIT)
            break;
        buffer_append(out, line.data, line.size);
        buffer_append_text(out, "\n");
    }
    buffer_done(&text);
    buffer_done(&barless);
}

void report_nagios(struct buffer *out, const struct result *result,
                   const struct report_options *options)
{
    static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
    struct plugin plugin;
    plugin_init(&plugin, result, options);
    int own = result_exit_status(result, options->fail_on_warning);
    buffer_format(out, "MAIL %s: ", words[state_of(&plugin, own)]);
    append_first_line(&plugin, out);
    struct bytes numbers = buffer_bytes(&plugin.numbers);
    if (buffer_size(out) + numbers.size < WHOLE_LIMIT) {
        buffer_append_text(out, " | ");
        buffer_append(out, numbers.data, numbers.size);
    }
    buffer_append_text(out, "\n");
    append_details(&plugin, out);
    plugin_done(&plugin);
}
