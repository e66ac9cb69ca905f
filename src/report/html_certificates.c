/* Each chain of certificates once, with the ports that show it. */
#include "report/html.h"

#include "base/text.h"
#include "report/page.h"
#include "report/row.h"
#include "report/wording.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DATE_SIZE = 32, SECONDS_A_DAY = 86400 };
static const int64_t ns_a_second = 1000000000;

static const struct tls_facts *tls_of(const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    return attempt && attempt->tls && attempt->tls->chain ? attempt->tls : NULL;
}

static bool is_same_chain(const struct tls_facts *a, const struct tls_facts *b)
{
    const struct certificate *x = a->chain, *y = b->chain;
    for (; x && y; x = x->next, y = y->next)
        if (!wording_same(x->sha256, y->sha256))
            return false;
    return !x && !y && a->verified == b->verified && wording_same(a->checked_name, b->checked_name);
}

static bool is_first(const struct trace *trace, const struct endpoint *endpoint)
{
    for (const struct endpoint *e = trace->endpoints; e != endpoint; e = e->next)
        if (tls_of(e) && is_same_chain(tls_of(e), tls_of(endpoint)))
            return false;
    return true;
}

static const char *date_words(int64_t seconds, char words[static DATE_SIZE])
{
    struct tm tm;
    time_t time = (time_t)seconds;
    if (!gmtime_r(&time, &tm) || !strftime(words, DATE_SIZE, "%Y-%m-%d", &tm))
        return "?";
    return words;
}

static void put_pair(const struct html *html, const char *name, const char *value)
{
    if (value && *value)
        html_put(html, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void put_names(const struct html *html, const struct strings *names)
{
    if (!names->count)
        return;
    html_put(html, "<div><dt>Names</dt><dd>");
    for (size_t i = 0; i < names->count; i++)
        html_put(html, i ? ", %s" : "%s", names->items[i]);
    html_put(html, "</dd></div>\n");
}

/* The days are counted from the run, not from when the page is read. */
static void put_validity(const struct html *html, const struct certificate *certificate)
{
    char from[DATE_SIZE], to[DATE_SIZE];
    int64_t now = html->result->trace->started_real_ns / ns_a_second;
    html_put(html, "<div><dt>Valid</dt><dd>%s to %s", date_words(certificate->not_before, from),
             date_words(certificate->not_after, to));
    int days = (int)((certificate->not_after - now) / SECONDS_A_DAY);
    if (certificate->not_after < now)
        html_put(html, ": <strong class=\"bad\">over when this was tested</strong>");
    else if (certificate->not_before > now)
        html_put(html, ": <strong class=\"bad\">not begun when this was tested</strong>");
    else
        html_put(html, ": %d days left when this was tested", days);
    html_put(html, "</dd></div>\n");
}

static void put_certificate(const struct html *html, const struct certificate *certificate)
{
    html_put(html, "<li>\n<p><strong>%s</strong></p>\n<dl class=\"facts\">\n",
             wording_or(certificate->subject, "(no name)"));
    put_names(html, &certificate->names);
    put_pair(html, "Signed by", certificate->issuer);
    put_validity(html, certificate);
    put_pair(html, "Key", certificate->key);
    put_pair(html, "Signature", certificate->signature);
    put_pair(html, "SHA-256", certificate->sha256);
    html_put(html, "</dl>\n</li>\n");
}

static void put_judgement(const struct html *html, const struct tls_facts *tls)
{
    const char *fault = row_certificate_word(tls);
    html_put(html, "<p>");
    if (fault)
        html_put(html, "<strong class=\"bad\">Certificate %s.</strong> ", fault);
    else
        html_mark(html, STATUS_OK, "trusted");
    if (tls->name_checked)
        html_put(html,
                 tls->name_matches ? " It is for the name %s." : " It is not for the name %s.",
                 tls->checked_name);
    html_put(html, " %s %s.</p>\n", wording_or(tls->version, "No handshake"),
             wording_or(tls->cipher, ""));
    if (tls->added_root)
        html_put(html, "<p>It is trusted for a root that somebody added to this machine: %s</p>\n",
                 tls->added_root);
}

static void put_chain(const struct html *html, const struct endpoint *of)
{
    const struct tls_facts *tls = tls_of(of);
    bool first = true;
    html_put(html, "<h3>");
    for (const struct endpoint *e = of; e; e = e->next)
        if (tls_of(e) && is_same_chain(tls, tls_of(e))) {
            html_put(html, first ? "%s" : ", %s", e->id);
            first = false;
        }
    html_put(html, "</h3>\n");
    put_judgement(html, tls);
    html_put(html, "<ol class=\"chain\">\n");
    for (const struct certificate *c = tls->chain; c; c = c->next)
        put_certificate(html, c);
    html_put(html, "</ol>\n");
}

void html_certificates(const struct html *html)
{
    const struct trace *trace = html->result->trace;
    bool begun = false;
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        if (!tls_of(e) || !is_first(trace, e))
            continue;
        if (!begun)
            html_put(html, "<section aria-labelledby=\"certificates\">\n<h2 id=\"certificates\">"
                           "Certificates</h2>\n");
        begun = true;
        put_chain(html, e);
    }
    if (begun)
        html_put(html, "</section>\n");
}
