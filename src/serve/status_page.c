#include "serve/status_page.h"

#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum { NS_PER_S = 1000000000, TEXT_LIMIT = 4096 };

struct listing {
    struct buffer *out;
    int64_t now_real_ns;
    size_t rows;
};

/* Whatever TEXT holds stays text: in an element, and in an attribute with double quotes. */
static void add_text(struct buffer *out, const char *text)
{
    struct buffer shown;
    buffer_init(&shown, TEXT_LIMIT);
    text_escape(&shown, text_bytes(text));
    struct bytes bytes = buffer_bytes(&shown);
    for (size_t i = 0; i < bytes.size; i++)
        switch (bytes.data[i]) {
        case '&':
            buffer_append_text(out, "&amp;");
            break;
        case '<':
            buffer_append_text(out, "&lt;");
            break;
        case '>':
            buffer_append_text(out, "&gt;");
            break;
        case '"':
            buffer_append_text(out, "&quot;");
            break;
        case '\'':
            buffer_append_text(out, "&#39;");
            break;
        default:
            buffer_append(out, &bytes.data[i], 1);
        }
    buffer_done(&shown);
}

static void add_cell(struct buffer *out, const char *text)
{
    buffer_append_text(out, "<td>");
    add_text(out, text);
    buffer_append_text(out, "</td>");
}

/* For a URL's query (RFC 3986 section 2.3): what is left as it is needs no escape in HTML. */
static void add_query(struct buffer *out, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (const char *p = text; *p; p++)
        if (strchr(plain, *p))
            buffer_append(out, p, 1);
        else
            buffer_format(out, "%%%02X", (unsigned)(unsigned char)*p);
}

static void add_answer(struct listing *listing, const struct answer *answer)
{
    struct buffer *out = listing->out;
    char time[CLOCK_TEXT_SIZE];
    buffer_format(out, "<td class=\"%s\">%s</td>", verdict_status_name(answer->status),
                  verdict_status_name(answer->status));
    add_cell(out, answer->class_id ? answer->class_id : "");
    add_cell(out, answer->summary);
    add_cell(out, answer->owner);
    buffer_format(out, "<td>%" PRId64 " s ago, <time>%s</time>, took %.1f s</td>",
                  (listing->now_real_ns - answer->ended_real_ns) / NS_PER_S,
                  clock_format(answer->ended_real_ns, time),
                  (double)answer->duration_ns / NS_PER_S);
}

static void add_row(void *arg, const struct probe_view *view)
{
    struct listing *listing = arg;
    struct buffer *out = listing->out;
    if (listing->rows++ >= STATUS_PAGE_ROWS)
        return;
    buffer_append_text(out, "<tr>");
    add_cell(out, view->module);
    buffer_append_text(out, "<th scope=\"row\"><a href=\"/probe?debug=true&amp;module=");
    add_query(out, view->module);
    buffer_append_text(out, "&amp;target=");
    add_query(out, view->target);
    buffer_append_text(out, "\">");
    add_text(out, view->target);
    buffer_append_text(out, "</a></th>");
    if (view->answer)
        add_answer(listing, view->answer);
    else
        buffer_append_text(out, "<td class=\"unknown\">none yet</td><td></td><td></td><td></td>"
                                "<td></td>");
    buffer_format(out, "<td>%s%s%s</td></tr>\n", view->scheduled ? "by the clock " : "",
                  view->running ? "running " : "",
                  view->suspect ? "failed once since, which does not count yet" : "");
}

void status_page_append(struct buffer *out, const struct prober *prober, int64_t now_real_ns)
{
    struct listing listing = { .out = out, .now_real_ns = now_real_ns };
    buffer_append_text(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>maildoctor</title>\n<style>\n"
        ":root { color-scheme: light dark }\n"
        "body { font: 16px/1.4 system-ui, sans-serif; margin: 1.5em }\n"
        "div { overflow-x: auto }\n"
        "table { border-collapse: collapse }\n"
        "th, td { border-bottom: 1px solid GrayText; padding: .3em .8em .3em 0; text-align: left;\n"
        "  vertical-align: top; font-weight: normal }\n"
        "thead th { font-weight: bold }\n"
        ".ok::before { content: \"\\2713 \" }\n"
        ".warning::before { content: \"! \" }\n"
        ".fail { font-weight: bold }\n"
        ".fail::before { content: \"\\2717 \" }\n"
        ".unknown::before { content: \"? \" }\n"
        "</style>\n</head>\n<body>\n<h1>maildoctor " MAILDOCTOR_VERSION "</h1>\n"
        "<p>Metrics of a target: <code>/probe?module=NAME&amp;target=TARGET</code>; of this\n"
        "exporter: <a href=\"/metrics\">/metrics</a>.</p>\n"
        "<div><table>\n<caption>The last results</caption>\n<thead><tr>\n"
        "<th scope=\"col\">Module</th><th scope=\"col\">Target</th><th scope=\"col\">Verdict</th>\n"
        "<th scope=\"col\">Class</th><th scope=\"col\">What is wrong</th>\n"
        "<th scope=\"col\">Who mends it</th><th scope=\"col\">When</th><th scope=\"col\"></th>\n"
        "</tr></thead>\n<tbody>\n");
    prober_view(prober, add_row, &listing);
    buffer_append_text(out, "</tbody>\n</table></div>\n");
    if (listing.rows > STATUS_PAGE_ROWS)
        buffer_format(out, "<p>And %zu more.</p>\n", listing.rows - STATUS_PAGE_ROWS);
    if (listing.rows == 0)
        buffer_append_text(out, "<p>Nothing was probed yet.</p>\n");
    buffer_append_text(out, "</body>\n</html>\n");
}
