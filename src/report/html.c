/* The HTML report: one page for whoever has to decide, with all that a specialist asks for folded
 * below. */
#include "report/html.h"

#include "base/clock.h"
#include "report/report.h"
#include "report/wording.h"

static void put_head(const struct html *html)
{
    /* Nothing may be loaded or run; the sheet is let in by what it says. */
    html_put(html,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
             "'%s'; base-uri 'none'; form-action 'none'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<meta name=\"robots\" content=\"noindex\">\n"
             "<title>Mail connection report: %s</title>\n<style>",
             html_style_hash, wording_target(html->result));
    for (size_t i = 0; html_style[i]; i++)
        buffer_append_text(html->out, html_style[i]);
    html_put(html, "</style>\n</head>\n<body>\n");
}

static void put_foot(const struct html *html)
{
    const struct result *result = html->result;
    char started[CLOCK_TEXT_SIZE], took[DURATION_SIZE];
    clock_format(result->trace->started_real_ns, started);
    html_put(html,
             "<footer>\n<p>maildoctor %s, catalogue of %s. The run began at <time "
             "datetime=\"%s\">%s</time> and took %s.</p>\n"
             "<p>This page is whole by itself: it loads nothing and runs nothing. Passwords and "
             "tokens are never part of a report.</p>\n</footer>\n",
             wording_or(result->tool_version, "?"), wording_or(result->catalogue_date, "?"),
             started, started, wording_duration(result->trace->duration_ns, took));
}

void report_html(struct buffer *out, const struct result *result,
                 const struct report_options *options)
{
    struct html html = { .out = out, .result = result, .ascii = options->ascii };
    put_head(&html);
    html_put(&html, "<main>\n");
    html_verdict(&html);
    html_changes(&html, options->baseline);
    html_ways(&html);
    html_ports(&html);
    html_recipient(&html);
    html_certificates(&html);
    html_findings(&html);
    html_facts(&html);
    html_detail(&html);
    html_put(&html, "</main>\n");
    put_foot(&html);
    html_put(&html, "</body>\n</html>\n");
}
