/* What a specialist asks for, folded: lookups, each step, the dialogues. */
#include "report/html.h"

#include "base/text.h"
#include "report/page.h"
#include "report/wording.h"

#include <stdio.h>

enum { WORDS_SHOWN = 4000, NS_PER_MS = 1000000 };

static void put_list(const struct html *html, const struct strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        html_put(html, i ? ", %s" : "%s", list->items[i]);
}

/* ---- lookups ---- */

static void put_lookup(const struct html *html, const struct lookup *lookup)
{
    char took[DURATION_SIZE];
    bool failed = lookup->error.kind != FAILURE_NONE;
    html_put(html, "<tr><th scope=\"row\">%s %s</th><td>", lookup->name,
             wording_or(lookup->type, "?"));
    if (failed)
        html_put(html, "%s ", failure_name(lookup->error.kind));
    put_list(html, &lookup->answers);
    if (lookup->cname.count) {
        html_put(html, " by way of ");
        put_list(html, &lookup->cname);
    }
    html_put(html, "</td><td>%s, %s%s%s%s%s%s", wording_or(lookup->server, "nobody"),
             lookup->duration_ns < 0 ? "not waited for"
                                     : wording_duration(lookup->duration_ns, took),
             lookup->rcode ? ", " : "", lookup->rcode,
             lookup->truncated    ? ", truncated over UDP"
             : lookup->udp_failed ? ", nothing over UDP"
                                  : "",
             lookup->ad ? ", DNSSEC validated by it (AD)" : "",
             lookup->beside ? ", for comparison" : "");
    if (lookup->ede >= 0)
        html_put(html, ", extended DNS error %d", lookup->ede);
    html_put(html, "</td></tr>\n");
}

static void put_lookups(const struct html *html)
{
    const struct lookup *first = html->result->trace->lookups;
    if (!first)
        return;
    html_put(html, "<details>\n<summary>Lookups of names</summary>\n<div class=\"wide\" "
                   "tabindex=\"0\">\n<table>\n<thead><tr><th "
                   "scope=\"col\">Asked</th><th scope=\"col\">Answer</th><th "
                   "scope=\"col\">Whom</th></tr></thead>\n<tbody>\n");
    for (const struct lookup *l = first; l; l = l->next)
        put_lookup(html, l);
    html_put(html, "</tbody>\n</table>\n</div>\n</details>\n");
}

/* ---- endpoints ---- */

static void put_address(const struct html *html, const struct address *address)
{
    char took[DURATION_SIZE], rtt[DURATION_SIZE];
    html_put(html, "<li>%s %s", address->text, status_name(address->status));
    if (address->error.kind != FAILURE_NONE)
        html_put(html, ", %s", failure_name(address->error.kind));
    if (address->connect_ns >= 0)
        html_put(html, ", %s", wording_duration(address->connect_ns, took));
    if (address->rtt_ns >= 0)
        html_put(html, ", round trip %s", wording_duration(address->rtt_ns, rtt));
    if (address->local)
        html_put(html, ", from %s", address->local);
    if (address->icmp)
        html_put(html, ", ICMP %d/%d from %s", address->icmp->type, address->icmp->code,
                 address->icmp->sender);
    html_put(html, "</li>\n");
}

static void put_addresses(const struct html *html, const struct address *addresses)
{
    if (!addresses)
        return;
    html_put(html, "<ul>\n");
    for (const struct address *a = addresses; a; a = a->next)
        put_address(html, a);
    html_put(html, "</ul>\n");
}

static void put_step(const struct html *html, const struct step *step)
{
    char at[DURATION_SIZE], took[DURATION_SIZE];
    bool ran = step->status != STATUS_SKIPPED;
    html_put(html, "<tr><th scope=\"row\">%s</th><td>", step->name);
    html_mark(html, step->status, status_name(step->status));
    html_put(html, "</td><td>%s", wording_duration(step->start_ns, at));
    if (ran && step->duration_ns >= 0)
        html_put(html, ", took %s", wording_duration(step->duration_ns, took));
    if (ran && step->budget_ms)
        html_put(html, " of %s", wording_duration((int64_t)step->budget_ms * NS_PER_MS, at));
    html_put(html, "</td><td>");
    if (step->error.kind != FAILURE_NONE)
        html_put(html, "%s%s%s", failure_name(step->error.kind), *step->error.text ? ", " : "",
                 step->error.text);
    else
        html_put(html, "%s", step->blocked_by);
    if (step->reply.size)
        html_words(html, step->reply, WORDS_SHOWN);
    html_put(html, "</td></tr>\n");
}

static void put_capabilities(const struct html *html, const char *name, const struct strings *list)
{
    if (!list->count)
        return;
    html_put(html, "<p>%s: ", name);
    put_list(html, list);
    html_put(html, "</p>\n");
}

static void put_said(const struct html *html, const char *name, const char *value)
{
    if (value && *value)
        html_put(html, "<p>%s: %s</p>\n", name, value);
}

static void put_attempt(const struct html *html, const struct attempt *attempt)
{
    const char *purpose = wording_purpose(attempt->purpose);
    if (purpose)
        html_put(html, "<p>%s</p>\n", purpose);
    if (attempt->proxy) {
        put_said(html, "Through the proxy, which was asked for", attempt->proxy->asked);
        put_addresses(html, attempt->proxy->addresses);
    }
    if (attempt->steps)
        html_put(html, "<div class=\"wide\" tabindex=\"0\">\n<table>\n<thead><tr><th "
                       "scope=\"col\">Step</th><th scope=\"col\">How</th><th "
                       "scope=\"col\">At</th><th scope=\"col\">Said</th></tr></thead>\n<tbody>\n");
    for (const struct step *s = attempt->steps; s; s = s->next)
        put_step(html, s);
    if (attempt->steps)
        html_put(html, "</tbody>\n</table>\n</div>\n");
    put_capabilities(html, "Capabilities before TLS", &attempt->capabilities.before);
    put_capabilities(html, "Capabilities", &attempt->capabilities.after);
    put_capabilities(html, "Sign-in offered", &attempt->auth.offered);
    put_said(html, "Sign-in", attempt->auth.mechanism);
    put_said(html, "Session id", attempt->session_id);
    put_said(html, "The server sees this machine as", attempt->seen_as);
}

static void put_dialogue(const struct html *html, const struct endpoint *endpoint,
                         const struct attempt *attempt)
{
    if (!attempt->transcript)
        return;
    html_put(html,
             "<details>\n<summary>Dialogue with %s (ms; C this machine, S the "
             "server)</summary>\n<pre class=\"words\" tabindex=\"0\">",
             endpoint->id);
    for (const struct exchange *x = attempt->transcript; x; x = x->next) {
        char head[64];
        snprintf(head, sizeof head, "%s%8.1f %c ", x == attempt->transcript ? "" : "\n",
                 (double)x->at_ns / NS_PER_MS, x->direction);
        buffer_append_text(html->out, head); /* html_text() would show the line end as one */
        html_text(html, x->line);
    }
    html_put(html, "</pre>\n</details>\n");
}

static void put_endpoint(const struct html *html, const struct endpoint *endpoint)
{
    html_put(html, "<details>\n<summary>Steps at %s</summary>\n<p>%s, %s, %s%s</p>\n", endpoint->id,
             service_name(endpoint->service), security_name(endpoint->security),
             expectation_name(endpoint->expectation), endpoint->guessed ? ", a guess" : "");
    put_addresses(html, endpoint->addresses);
    for (const struct attempt *a = endpoint->attempts; a; a = a->next)
        put_attempt(html, a);
    html_put(html, "</details>\n");
    for (const struct attempt *a = endpoint->attempts; a; a = a->next)
        put_dialogue(html, endpoint, a);
}

static void put_account(const struct html *html)
{
    put_lookups(html);
    for (const struct endpoint *e = html->result->trace->endpoints; e; e = e->next)
        put_endpoint(html, e);
}

void html_detail(const struct html *html)
{
    const struct trace *trace = html->result->trace;
    struct html there = *html;
    if (!trace->lookups && !trace->endpoints)
        return;
    html_put(html, "<section aria-labelledby=\"detail\">\n<h2 id=\"detail\">In full</h2>\n");
    put_account(html);
    there.result = html->result->recipient;
    if (there.result) {
        html_put(html, "<h3>The recipient's account, %s</h3>\n", wording_target(there.result));
        put_account(&there);
    }
    html_put(html, "</section>\n");
}
