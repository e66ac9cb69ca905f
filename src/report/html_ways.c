/* How far it came: the stages of a mail client's way, and the routers where they were asked. */
#include "report/html.h"

#include "base/text.h"
#include "report/page.h"
#include "report/route.h"
#include "report/row.h"
#include "report/wording.h"

#include <stdio.h>

/* A stage as people know it: one or two of ours. */
struct leg {
    const char *name;
    enum stage first, last;
};

enum { LEG_CONNECT, LEG_GREETING, LEG_TLS, LEG_LOGIN, LEG_LAST, LEG_COUNT };

static struct leg leg_of(const struct endpoint *endpoint, int index)
{
    const struct leg legs[] = {
        [LEG_CONNECT] = { "Connection", STAGE_CONNECT, STAGE_CONNECT },
        [LEG_GREETING] = { "Greeting", STAGE_GREETING, STAGE_CAPABILITY },
        [LEG_TLS] = { "Encryption", STAGE_STARTTLS, STAGE_TLS },
        [LEG_LOGIN] = { "Login", STAGE_LOGIN, STAGE_LOGIN },
        [LEG_LAST] = { endpoint->service == SERVICE_SMTP ? "Message" : "Mailbox", STAGE_MAILBOX,
                       STAGE_SUBMIT },
    };
    bool swap = endpoint->security == SECURITY_IMPLICIT;
    if (swap && index == LEG_GREETING)
        return legs[LEG_TLS];
    return legs[swap && index == LEG_TLS ? LEG_GREETING : index];
}

struct progress_of {
    enum status status;
    const struct step *fault; /* NULL: none */
    int64_t took_ns;
    bool any;
};

/* What became of the steps of a leg; the goodbye is none. */
static struct progress_of measure(const struct attempt *attempt, const struct leg *leg)
{
    struct progress_of sum = { .status = STATUS_SKIPPED };
    for (const struct step *s = attempt->steps; s; s = s->next) {
        if (s->stage < leg->first || s->stage > leg->last)
            continue;
        sum.any = true;
        sum.took_ns += s->duration_ns > 0 && s->status != STATUS_SKIPPED ? s->duration_ns : 0;
        if (s->status == STATUS_FAIL || (s->status == STATUS_CUT && !sum.fault)) {
            sum.fault = s;
            sum.status = s->status;
        } else if (s->status != STATUS_SKIPPED && !sum.fault)
            sum.status = s->status;
    }
    return sum;
}

static void put_leg(const struct html *html, const char *name, enum status status, const char *word)
{
    static const char *const classes[] = {
        [STATUS_OK] = "good",      [STATUS_WARNING] = "doubt", [STATUS_FAIL] = "bad",
        [STATUS_SKIPPED] = "none", [STATUS_CUT] = "none",
    };
    html_put(html, "<li class=\"%s\"><strong>%s</strong> ", classes[status], name);
    html_mark(html, status, word);
    html_put(html, "</li>\n");
}

/* The leg of the login: not having been tried is no fault of the way. */
static bool put_login_block(const struct html *html, const struct endpoint *endpoint,
                            const struct attempt *attempt)
{
    enum login_block block = wording_login_block(endpoint);
    char words[ROW_PHRASE_SIZE];
    if (block == BLOCK_NONE || endpoint->transfer)
        return false;
    row_login_block(words, sizeof words, html->result->trace, endpoint, attempt, block);
    put_leg(html, "Login", STATUS_SKIPPED, words);
    return true;
}

static void put_progress(const struct html *html, const struct leg *leg,
                         const struct attempt *attempt, const struct progress_of *sum)
{
    char took[DURATION_SIZE], words[ROW_PHRASE_SIZE];
    const char *certificate = leg->last == STAGE_TLS ? row_certificate_word(attempt->tls) : NULL;
    wording_duration(sum->took_ns, took);
    if (sum->status == STATUS_FAIL) {
        const struct failure *why = &sum->fault->error;
        const char *word =
            leg->first == STAGE_CONNECT ? row_connect_word(why) : row_fault_word(why);
        snprintf(words, sizeof words, "%s %s", word, took);
        put_leg(html, leg->name, STATUS_FAIL, words);
    } else if (sum->status == STATUS_CUT)
        put_leg(html, leg->name, STATUS_CUT, "not waited for");
    else if (certificate) {
        snprintf(words, sizeof words, "certificate %s", certificate);
        put_leg(html, leg->name, STATUS_FAIL, words);
    } else
        put_leg(html, leg->name, sum->status, took);
}

static void put_name_leg(const struct html *html, const struct endpoint *endpoint,
                         const struct attempt *attempt)
{
    char words[ROW_PHRASE_SIZE];
    if (attempt->proxy)
        return; /* it is the proxy that looks the name up */
    if (row_unresolved(words, sizeof words, endpoint))
        put_leg(html, "Name", STATUS_FAIL, words);
    else if (endpoint->addresses)
        put_leg(html, "Name", STATUS_OK, "found");
}

static void put_journey(const struct html *html, const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    bool ended = false;
    html_put(html, "<h3>%s to %s</h3>\n<ol class=\"way\">\n",
             endpoint->service == SERVICE_SMTP ? "Sending" : "Reading", endpoint->id);
    put_leg(html, wording_or(html->result->trace->from.host, "This machine"), STATUS_OK, "start");
    put_name_leg(html, endpoint, attempt);
    for (int i = 0; i < LEG_COUNT; i++) {
        struct leg leg = leg_of(endpoint, i);
        struct progress_of sum = measure(attempt, &leg);
        if (leg.first == STAGE_LOGIN && !ended && put_login_block(html, endpoint, attempt))
            ended = true;
        else if (sum.any)
            put_progress(html, &leg, attempt, &sum);
        else if (leg.first != STAGE_STARTTLS && leg.first != STAGE_MAILBOX && ended)
            put_leg(html, leg.name, STATUS_SKIPPED, "not reached");
        ended = ended || sum.fault;
    }
    html_put(html, "</ol>\n");
}

static bool is_worth_drawing(const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint ? endpoint_attempt(endpoint, PURPOSE_MAIN) : NULL;
    return attempt && attempt->steps;
}

/* The endpoint that shows best how sending or reading went. */
static const struct endpoint *telling(const struct result *result, bool smtp)
{
    const struct verdict *verdict = &result->verdict;
    const char *ids[] = { verdict->endpoint, smtp ? verdict->send_by : verdict->read_by };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct endpoint *e = wording_endpoint(result, ids[i]);
        if (is_worth_drawing(e) && (e->service == SERVICE_SMTP) == smtp)
            return e;
    }
    const struct endpoint *best = NULL;
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next) {
        bool fits = (e->service == SERVICE_SMTP) == smtp && is_worth_drawing(e);
        if (fits && (!best || wording_endpoint_way(e) > wording_endpoint_way(best)))
            best = e;
    }
    return best;
}

/* ---- routers ---- */

static const char *break_words(enum path_kind kind)
{
    switch (kind) {
    case PATH_DROPPED:
        return "dropped here";
    case PATH_AT_HOST:
        return "ends at the server, or on the way back";
    case PATH_REJECTED:
        return "rejected here";
    case PATH_RESET:
        return "cut here";
    case PATH_DEAD:
        return "no sign of life from here";
    case PATH_INTERCEPTED:
        return "somebody else answers here";
    default:
        return NULL;
    }
}

static void put_route(const struct html *html, const struct endpoint *endpoint,
                      const struct address *address)
{
    struct path_break at = path_place(address);
    const char *broken = break_words(at.kind);
    int last = route_last(address, &at);
    html_put(html, "<h3>Router by router to port %d</h3>\n<ol class=\"way\">\n", endpoint->port);
    put_leg(html, wording_or(html->result->trace->from.host, "This machine"), STATUS_OK, "start");
    for (int ttl = 1; ttl <= last; ttl++) {
        char hop[32];
        bool here = broken && route_breaks_before(&at, ttl);
        snprintf(hop, sizeof hop, "hop %d", ttl);
        if (here)
            html_put(html,
                     "<li class=\"break\"><span aria-hidden=\"true\">&#10007;</span> %s</li>\n",
                     broken);
        put_leg(html, wording_or(route_sender(address, &at, ttl), "no name"),
                here || (broken && ttl > at.after.ttl) ? STATUS_SKIPPED : STATUS_OK, hop);
    }
    if (at.kind == PATH_DEAD)
        html_put(html, "<li class=\"break\"><span aria-hidden=\"true\">&#10007;</span> %s</li>\n",
                 broken);
    html_put(html, "</ol>\n");
    if (at.forwarded_ttl)
        html_put(html, "<p>The port is forwarded at hop %d.</p>\n", at.forwarded_ttl);
}

static void put_routes(const struct html *html)
{
    const char *only = html->result->verdict.endpoint; /* NULL: all are well, or none is blamed */
    for (const struct endpoint *e = html->result->trace->endpoints; e; e = e->next)
        for (const struct address *a = e->addresses; a; a = a->next)
            if (a->hops && (!only || wording_same(only, e->id)))
                put_route(html, e, a);
}

void html_ways(struct html *html)
{
    const struct endpoint *send = telling(html->result, true), *read = telling(html->result, false);
    if (!send && !read)
        return;
    html_put(html, "<section aria-labelledby=\"way\">\n<h2 id=\"way\">How far it came</h2>\n");
    if (send)
        put_journey(html, send);
    if (read)
        put_journey(html, read);
    put_routes(html);
    html_put(html, "</section>\n");
}
