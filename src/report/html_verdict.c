/* The answer: what is wrong, who mends it and how, who says so. */
#include "report/html.h"

#include "base/text.h"
#include "report/cause.h"
#include "report/foot.h"
#include "report/headline.h"
#include "report/wording.h"

enum { WORDS_SHOWN = 2000 };

static void put_sentence(const struct html *html, const char *text)
{
    if (text && *text)
        html_put(html, "<p>%s</p>\n", text);
}

static void put_held_back(const struct html *html)
{
    struct bytes said;
    struct buffer line;
    page_begin(&line);
    bool held = headline_held_back(&line, html->result, &said);
    html_line(html, "<p>", &line, "</p>\n");
    if (held && said.size) {
        html_put(html, "<p>The server said then:</p>\n");
        html_words(html, said, WORDS_SHOWN);
    }
}

static void put_headline(const struct html *html)
{
    static const char *const tones[] = {
        [TONE_GOOD] = "good", [TONE_DOUBT] = "doubt", [TONE_BAD] = "bad"
    };
    const struct result *result = html->result;
    const struct verdict *verdict = &result->verdict;
    struct buffer line;
    page_begin(&line);
    enum tone tone = headline_make(&line, result);
    html_put(html,
             "<header class=\"verdict %s\">\n<p class=\"kicker\">Mail connection report</p>\n",
             tones[tone]);
    html_line(html, "<h1>", &line, "</h1>\n");
    html_put(html, "<p class=\"target\">%s</p>\n", wording_target(result));
    if (verdict->status == VERDICT_OK && wording_login_accepted(result)) {
        page_begin(&line);
        headline_logins(&line, result);
        html_line(html, "<p>", &line, "</p>\n");
    } else if (verdict->status != VERDICT_OK) {
        put_sentence(html, verdict->summary);
        if (!wording_same(verdict->meaning, verdict->summary))
            put_sentence(html, verdict->meaning);
        put_held_back(html);
    }
    html_put(html, "</header>\n");
}

static void put_fix(const struct html *html)
{
    const struct verdict *verdict = &html->result->verdict;
    struct arena arena = { 0 };
    struct strings rest = { 0 };
    struct buffer who;
    page_begin(&who);
    cause_who(&who, html->result, verdict->owner, verdict->confidence);
    cause_commands(&rest, &arena, verdict);
    if (buffer_size(&who) || verdict->fix.count || rest.count) {
        html_put(html, "<section aria-labelledby=\"do\">\n<h2 id=\"do\">What to do</h2>\n");
        html_line(html, "<p class=\"who\"><strong>Who:</strong> ", &who, "</p>\n");
        html_steps(html, &verdict->fix, &verdict->commands);
        if (rest.count)
            html_put(html, "<h3>%s</h3>\n", verdict->commands.count > 1 ? "Commands" : "Command");
        html_commands(html, &rest);
        html_put(html, "</section>\n");
    }
    buffer_done(&who);
    arena_done(&arena);
}

static void put_evidence(const struct html *html)
{
    const struct finding *cause = wording_cause(html->result);
    const struct evidence *e = cause ? cause->evidence : NULL;
    while (e && !cause_shows(cause, e))
        e = e->next;
    if (!e)
        return;
    html_put(html, "<section aria-labelledby=\"said\">\n<h2 id=\"said\">What it rests on</h2>\n");
    html_evidence(html, cause, CAUSE_EVIDENCE_SHOWN, WORDS_SHOWN);
    html_put(html, "</section>\n");
}

static void put_also(const struct html *html)
{
    bool begun = false;
    for (const struct finding *f = html->result->findings; f; f = f->next) {
        struct buffer line;
        page_begin(&line);
        if (cause_also(&line, html->result, f)) {
            html_put(html, begun ? ""
                                 : "<section aria-labelledby=\"also\">\n<h2 id=\"also\">Also "
                                   "found</h2>\n<ul>\n");
            begun = true;
        }
        html_line(html, "<li>", &line, "</li>\n");
    }
    if (begun)
        html_put(html, "</ul>\n</section>\n");
}

static void put_reported(const struct html *html)
{
    const struct reported *reported = html->result->verdict.reported;
    const struct strings none = { 0 };
    struct buffer line;
    if (!reported)
        return;
    html_put(html, "<section aria-labelledby=\"reported\">\n<h2 id=\"reported\">The error you "
                   "reported</h2>\n");
    page_begin(&line);
    cause_reported(&line, reported);
    html_line(html, "<p class=\"note\">Class: ", &line, "</p>\n");
    if (!cause_shows_reported(html->result))
        html_words(html, reported->line, WORDS_SHOWN);
    put_sentence(html, reported->title);
    put_sentence(html, reported->summary);
    if (reported->compare.count)
        html_put(html, "<h3>Compare where it arose</h3>\n");
    html_steps(html, &reported->compare, &none);
    html_put(html, "</section>\n");
}

static void put_compare(const struct html *html)
{
    struct arena arena = { 0 };
    struct strings steps = { 0 }, none = { 0 };
    if (cause_compare(&steps, &arena, html->result)) {
        html_put(html, "<section aria-labelledby=\"compare\">\n<h2 id=\"compare\">Compare on the "
                       "device that fails</h2>\n");
        html_steps(html, &steps, &none);
        html_put(html, "<p>Then: run this from that device's network.</p>\n</section>\n");
    }
    arena_done(&arena);
}

void html_verdict(const struct html *html)
{
    put_headline(html);
    put_fix(html);
    put_evidence(html);
    put_reported(html);
    put_also(html);
    put_compare(html);
}

void html_facts(const struct html *html)
{
    html_put(html, "<section aria-labelledby=\"facts\">\n<h2 id=\"facts\">About this test</h2>\n"
                   "<dl class=\"facts\">\n");
    for (int row = 0; row < FOOT_COUNT; row++) {
        struct buffer line;
        page_begin(&line);
        const char *label = foot_make((enum foot_row)row, &line, html->result);
        if (label)
            html_put(html, "<div><dt>%s</dt><dd>%s</dd></div>\n", label, page_words(&line));
        buffer_done(&line);
    }
    html_put(html, "</dl>\n</section>\n");
}
