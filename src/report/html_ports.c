/* A row per endpoint: its phases in words, and drawn over one time for all. */
#include "report/html.h"

#include "base/text.h"
#include "report/exercise.h"
#include "report/family.h"
#include "report/page.h"
#include "report/row.h"
#include "report/wording.h"

#include <stdio.h>

/* ---- the time that is drawn ---- */

struct span {
    int64_t start_ns, end_ns; /* equal: nothing to draw */
};

/* What is drawn; DATA is the caller's. */
typedef void visit_bar(void *data, enum stage stage, enum status status, struct span span);

static void visit_addresses(const struct address *addresses, visit_bar *visit, void *data)
{
    for (const struct address *a = addresses; a; a = a->next)
        if (a->status != STATUS_SKIPPED && a->connect_ns > 0)
            visit(data, STAGE_CONNECT, a->status,
                  (struct span) { a->start_ns, a->start_ns + a->connect_ns });
}

/* The bars of an endpoint, in order: the lookups of its name, the steps of its main attempt; where
 * no dialogue began, its addresses. */
static void visit_bars(const struct trace *trace, const struct endpoint *endpoint, visit_bar *visit,
                       void *data)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    for (const struct lookup *l = trace->lookups; l; l = l->next)
        if (!l->beside && l->duration_ns >= 0 && wording_same(l->name, endpoint->host))
            visit(data, STAGE_RESOLVE,
                  l->error.kind == FAILURE_NONE || endpoint->addresses ? STATUS_OK : STATUS_FAIL,
                  (struct span) { l->start_ns, l->start_ns + l->duration_ns });
    if (!attempt || !attempt->steps)
        visit_addresses(endpoint->addresses, visit, data);
    for (const struct step *s = attempt ? attempt->steps : NULL; s; s = s->next)
        if (s->status != STATUS_SKIPPED && s->duration_ns > 0)
            visit(data, s->stage, s->status,
                  (struct span) { s->start_ns, s->start_ns + s->duration_ns });
}

struct extent {
    struct span all;
    bool any;
};

static void extend(void *data, enum stage stage, enum status status, struct span span)
{
    struct extent *extent = data;
    (void)stage;
    (void)status;
    if (!extent->any || span.start_ns < extent->all.start_ns)
        extent->all.start_ns = span.start_ns;
    if (!extent->any || span.end_ns > extent->all.end_ns)
        extent->all.end_ns = span.end_ns;
    extent->any = true;
}

static bool has_answered(const struct endpoint *endpoint)
{
    for (const struct address *a = endpoint->addresses; a; a = a->next)
        if (a->status == STATUS_OK)
            return true;
    return false;
}

/* From the first bar to the last; but a port that stayed silent for long leaves room for those that
 * answered: its bar is torn off at the end. */
static struct extent measure(const struct trace *trace)
{
    struct extent all = { 0 }, answered = { 0 };
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        visit_bars(trace, e, extend, &all);
        if (has_answered(e))
            visit_bars(trace, e, extend, &answered);
    }
    int64_t length = all.all.end_ns - all.all.start_ns;
    int64_t enough = answered.any ? answered.all.end_ns - all.all.start_ns : length;
    if (length > 4 * enough)
        all.all.end_ns = all.all.start_ns + enough + enough / 2;
    return all;
}

/* ---- the drawing ---- */

struct drawing {
    const struct html *html;
    struct span axis;
    bool expected; /* the endpoint should work: what failed is a fault */
    bool torn;
};

/* Percent of the axis. */
static double place(const struct drawing *drawing, int64_t ns)
{
    double length = (double)(drawing->axis.end_ns - drawing->axis.start_ns);
    return length > 0 ? (double)(ns - drawing->axis.start_ns) * 100 / length : 0;
}

static const char *color_of(enum stage stage)
{
    static const char *const classes[] = {
        [STAGE_NONE] = "s-other",     [STAGE_RESOLVE] = "s-name",     [STAGE_CONNECT] = "s-connect",
        [STAGE_GREETING] = "s-words", [STAGE_CAPABILITY] = "s-words", [STAGE_STARTTLS] = "s-tls",
        [STAGE_TLS] = "s-tls",        [STAGE_LOGIN] = "s-login",      [STAGE_MAILBOX] = "s-mail",
        [STAGE_SUBMIT] = "s-mail",    [STAGE_GOODBYE] = "s-other",
    };
    return classes[stage];
}

static void draw_bar(void *data, enum stage stage, enum status status, struct span span)
{
    const double least = 0.6, whole = 100;
    struct drawing *drawing = data;
    double from = place(drawing, span.start_ns), to = place(drawing, span.end_ns);
    drawing->torn = drawing->torn || to > whole;
    to = to > whole ? whole : to;
    from = from > whole - least ? whole - least : from;
    double width = to - from < least ? least : to - from;
    html_put(drawing->html,
             "<rect class=\"%s%s\" x=\"%f%%\" y=\"5\" width=\"%f%%\" height=\"12\"/>",
             color_of(stage),
             status == STATUS_FAIL && drawing->expected      ? " fault"
             : status == STATUS_FAIL || status == STATUS_CUT ? " open"
                                                             : "",
             from, width);
}

static void tell_bar(void *data, enum stage stage, enum status status, struct span span)
{
    struct drawing *drawing = data;
    char from[DURATION_SIZE], took[DURATION_SIZE];
    wording_duration(span.start_ns - drawing->axis.start_ns, from);
    wording_duration(span.end_ns - span.start_ns, took);
    html_put(drawing->html, "%s %s from %s%s. ", row_phase(stage), took, from,
             status == STATUS_FAIL ? ", failed" : "");
}

static void put_drawing(struct html *html, const struct endpoint *endpoint,
                        const struct extent *extent)
{
    struct drawing drawing = { .html = html,
                               .axis = extent->all,
                               .expected = endpoint->expectation == EXPECT_OFFERED ||
                                           endpoint->expectation == EXPECT_UNKNOWN };
    struct extent own = { 0 };
    visit_bars(html->result->trace, endpoint, extend, &own);
    if (!own.any)
        return;
    int id = ++html->ids;
    html_put(html,
             "<svg class=\"bars\" width=\"100%%\" height=\"22\" role=\"img\" "
             "aria-labelledby=\"t%d d%d\"><title id=\"t%d\">Phases of port %d over "
             "time</title><desc id=\"d%d\">",
             id, id, id, endpoint->port, id);
    visit_bars(html->result->trace, endpoint, tell_bar, &drawing);
    html_put(html, "</desc><rect class=\"track\" x=\"0\" y=\"10\" width=\"100%%\" height=\"2\"/>");
    visit_bars(html->result->trace, endpoint, draw_bar, &drawing);
    if (drawing.torn)
        html_put(html, "<text class=\"torn\" x=\"100%%\" y=\"17\" text-anchor=\"end\" "
                       "aria-hidden=\"true\">\u00bb</text>");
    html_put(html, "</svg>");
}

/* ---- the axis ---- */

/* At most four steps of 1, 2 or 5 times a power of ten. */
static int64_t tick_of(int64_t length_ns)
{
    int64_t tick = 1000;
    for (int i = 0; tick * 4 < length_ns; i++)
        tick = i % 3 == 1 ? tick / 2 * 5 : tick * 2;
    return tick;
}

static void put_axis(const struct html *html, const struct extent *extent)
{
    struct drawing drawing = { .html = html, .axis = extent->all };
    int64_t length = extent->all.end_ns - extent->all.start_ns, tick = tick_of(length);
    html_put(html, "<svg class=\"axis\" width=\"100%%\" height=\"20\" aria-hidden=\"true\">");
    for (int64_t at = 0; at <= length; at += tick) {
        char words[DURATION_SIZE];
        double x = place(&drawing, extent->all.start_ns + at);
        html_put(html,
                 "<rect class=\"track\" x=\"%f%%\" y=\"14\" width=\"1\" height=\"6\"/>"
                 "<text x=\"%f%%\" y=\"11\" text-anchor=\"%s\">%s</text>",
                 x, x,
                 at == 0  ? "start"
                 : x > 90 ? "end"
                          : "middle",
                 wording_duration(at, words));
    }
    html_put(html, "</svg>");
}

static void put_legend(const struct html *html)
{
    static const struct {
        enum stage stage;
        const char *name;
    } rows[] = {
        { STAGE_RESOLVE, "name" },   { STAGE_CONNECT, "connect" }, { STAGE_GREETING, "greeting" },
        { STAGE_TLS, "encryption" }, { STAGE_LOGIN, "login" },     { STAGE_SUBMIT, "mail" },
    };
    html_put(html, "<ul class=\"legend\">\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        html_put(html,
                 "<li><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"%s\" "
                 "width=\"12\" height=\"12\"/></svg> %s</li>\n",
                 color_of(rows[i].stage), rows[i].name);
    html_put(html, "<li><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"fault\" "
                   "width=\"12\" height=\"12\"/></svg> where it failed</li>\n</ul>\n");
}

/* ---- the table ---- */

static void put_row(struct html *html, const struct endpoint *endpoint, const struct extent *extent)
{
    struct row row;
    bool offered = endpoint->expectation != EXPECT_NOT_OFFERED;
    row_make(&row, html->result->trace, endpoint, wording_provider(html->result));
    html_put(html, "<tr><th scope=\"row\">%d</th><td>%s</td><td><ul class=\"phrases\">",
             endpoint->port, offered ? row_purpose(endpoint) : "");
    for (int i = 0; i < row.count; i++)
        html_put(html,
                 row.phrases[i].bad ? "<li><strong class=\"bad\">%s</strong></li>" : "<li>%s</li>",
                 row.phrases[i].text);
    html_put(html, "</ul>");
    put_drawing(html, endpoint, extent);
    html_put(html, "</td></tr>\n");
}

/* What is offered stands before what is not. */
static const enum expectation order[] = {
    EXPECT_OFFERED,
    EXPECT_UNKNOWN,
    EXPECT_OPTIONAL,
    EXPECT_NOT_OFFERED,
};

static void put_host(struct html *html, const struct endpoint *of, const struct extent *extent)
{
    html_put(html,
             "<tbody>\n<tr class=\"host\"><th colspan=\"3\" scope=\"rowgroup\">%s%s</th></tr>\n",
             of->host, of->guessed ? " (a guess: it is never given a password)" : "");
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        for (const struct endpoint *e = html->result->trace->endpoints; e; e = e->next)
            if (wording_same(e->host, of->host) && e->expectation == order[i])
                put_row(html, e, extent);
    html_put(html, "</tbody>\n");
}

static void put_families(const struct html *html)
{
    for (int family = 4; family <= 6; family += 2) {
        char words[FAMILY_WORDS_SIZE];
        if (family_words(words, html->result->trace, family))
            html_put(html, "<p>IPv%d: %s</p>\n", family, words);
    }
}

static void put_exercises(const struct html *html)
{
    for (const struct endpoint *e = html->result->trace->endpoints; e; e = e->next)
        for (const struct attempt *a = e->attempts; a; a = a->next) {
            struct buffer line;
            page_begin(&line);
            if (a->purpose == PURPOSE_EXERCISE)
                exercise_words(&line, e, a);
            html_line(html, "<p>", &line, "</p>\n");
        }
}

static void put_table(struct html *html)
{
    const struct endpoint *first = html->result->trace->endpoints;
    struct extent extent = measure(html->result->trace);
    html_put(html, "<table class=\"ports\">\n<thead><tr><th scope=\"col\">Port</th><th "
                   "scope=\"col\">For</th><th scope=\"col\">What happened");
    if (extent.any)
        put_axis(html, &extent);
    html_put(html, "</th></tr></thead>\n");
    for (const struct endpoint *e = first; e; e = e->next) {
        bool seen = false;
        for (const struct endpoint *before = first; before != e; before = before->next)
            seen = seen || wording_same(before->host, e->host);
        if (!seen)
            put_host(html, e, &extent);
    }
    html_put(html, "</table>\n");
    put_families(html);
}

void html_ports(struct html *html)
{
    if (!html->result->trace->endpoints)
        return;
    html_put(html, "<section aria-labelledby=\"ports\">\n<h2 id=\"ports\">Every port, and what it "
                   "took</h2>\n");
    put_legend(html);
    put_table(html);
    put_exercises(html);
    html_put(html, "</section>\n");
}

void html_recipient(struct html *html)
{
    const struct result *own = html->result;
    struct buffer line;
    if (!own->recipient)
        return;
    page_begin(&line);
    wording_recipient(&line, own);
    html_put(html, "<section aria-labelledby=\"recipient\">\n<h2 id=\"recipient\">Where the test "
                   "message went</h2>\n");
    html_line(html, "<p>", &line, "</p>\n");
    html->result = own->recipient;
    if (html->result->trace->endpoints)
        put_table(html);
    html_finding_list(html);
    html->result = own;
    html_put(html, "</section>\n");
}
