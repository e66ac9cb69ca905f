/* All that was found, with its evidence; and what else the cause could be. */
#include "report/html.h"

#include "report/cause.h"
#include "report/page.h"
#include "report/wording.h"

#include <limits.h>

#include <limits.h>

enum { WORDS_SHOWN = 4000 };

void html_evidence(const struct html *html, const struct finding *finding, int limit, size_t words)
{
    const struct evidence *last = NULL;
    for (const struct evidence *e = finding->evidence; e && limit > 0; e = e->next) {
        if (!cause_shows(finding, e))
            continue;
        if (!last || !cause_same_source(html->result, finding, last, e)) {
            struct buffer line;
            page_begin(&line);
            cause_source(&line, html->result, finding, e);
            html_line(html, "<p>", &line, "</p>\n");
        }
        html_words(html, e->line, words);
        last = e;
        limit--;
    }
}

static void put_references(const struct html *html, const struct finding *finding)
{
    for (size_t i = 0; i < finding->references.count; i++)
        html_put(html, "<p class=\"note\">See <cite>%s</cite></p>\n", finding->references.items[i]);
}

/* The same said of several ports is said once. */
static bool is_alike(const struct finding *a, const struct finding *b)
{
    return a->severity == b->severity && a->owner == b->owner && a->confidence == b->confidence &&
           wording_same(a->class_id, b->class_id) && wording_same(a->title, b->title);
}

static bool is_first(const struct html *html, const struct finding *finding)
{
    for (const struct finding *f = html->result->findings; f != finding; f = f->next)
        if (is_alike(f, finding))
            return false;
    return true;
}

static void put_places(const struct html *html, const struct finding *finding)
{
    bool begun = false;
    html_put(html, "<p class=\"note\">Class <code>%s</code>", wording_or(finding->class_id, "?"));
    for (const struct finding *f = finding; f; f = f->next)
        if (is_alike(f, finding) && *wording_or(f->endpoint, "")) {
            html_put(html, begun ? ", %s" : " at %s", f->endpoint);
            begun = true;
        }
    html_put(html, "</p>\n");
}

static void put_finding(const struct html *html, const struct finding *finding)
{
    static const char *const tones[] = {
        [SEVERITY_INFO] = "none", [SEVERITY_WARNING] = "doubt", [SEVERITY_ERROR] = "bad"
    };
    struct buffer who;
    html_put(html,
             "<details class=\"finding\">\n<summary><h3><span class=\"badge %s\">%s</span> "
             "%s</h3></summary>\n",
             tones[finding->severity], severity_name(finding->severity),
             wording_or(finding->title, wording_or(finding->class_id, "?")));
    put_places(html, finding);
    if (finding->meaning && *finding->meaning)
        html_put(html, "<p>%s</p>\n", finding->meaning);
    page_begin(&who);
    cause_who(&who, html->result, finding->owner, finding->confidence);
    html_line(html, "<p><strong>Who:</strong> ", &who, "</p>\n");
    for (const struct finding *f = finding; f; f = f->next)
        if (is_alike(f, finding))
            html_evidence(html, f, INT_MAX, WORDS_SHOWN);
    html_steps(html, &finding->fix, &finding->commands);
    put_references(html, finding);
    html_put(html, "</details>\n");
}

void html_finding_list(const struct html *html)
{
    for (const struct finding *f = html->result->findings; f; f = f->next)
        if (is_first(html, f))
            put_finding(html, f);
}

static void put_reasons(const struct html *html, const char *label, const struct strings *reasons)
{
    for (size_t i = 0; i < reasons->count; i++)
        html_put(html, "<li>%s %s</li>\n", label, reasons->items[i]);
}

static void put_alternatives(const struct html *html)
{
    const struct alternative *first = html->result->verdict.alternatives;
    if (!first)
        return;
    html_put(html, "<section aria-labelledby=\"else\">\n<h2 id=\"else\">What else it could "
                   "be</h2>\n");
    for (const struct alternative *a = first; a; a = a->next) {
        html_put(html, "<h3>%s (%s)</h3>\n<ul>\n",
                 wording_or(a->title, wording_or(a->class_id, "?")),
                 wording_or(wording_confidence(a->confidence), "maybe"));
        html_put(html, "<li>Class <code>%s</code></li>\n", wording_or(a->class_id, "?"));
        put_reasons(html, "For:", &a->in_favour);
        put_reasons(html, "Against:", &a->against);
        html_put(html, "</ul>\n");
    }
    html_put(html, "</section>\n");
}

void html_findings(const struct html *html)
{
    put_alternatives(html);
    if (!html->result->findings)
        return;
    html_put(html, "<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">All findings</h2>\n"
                   "<p class=\"note\">Each opens to what it means and what it rests on.</p>\n");
    html_finding_list(html);
    html_put(html, "</section>\n");
}
