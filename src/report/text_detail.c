#include "report/text.h"

#include "base/text.h"
#include "report/wording.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WORDS_SHOWN = 4000, NS_PER_MS = 1000000 };

static void write_title(const struct text *text, const char *title, const char *what)
{
    struct buffer line;
    page_begin(&line);
    page_own(&text->page, &line, title);
    page_peer(&text->page, &line, text_bytes(what));
    page_end(&text->page);
    page_fold(&text->page, &(struct page_text) { .style = PAGE_BOLD }, buffer_bytes(&line));
    buffer_done(&line);
}

/* "  name  value" with a peer's value. */
static void write_pair(const struct text *text, size_t indent, const char *name, const char *value)
{
    struct buffer line;
    if (!value || !*value)
        return;
    page_begin(&line);
    page_own(&text->page, &line, name);
    buffer_append_text(&line, " ");
    page_peer(&text->page, &line, text_bytes(value));
    page_fold(&text->page, &(struct page_text) { .indent = indent, .hang = indent + 2 },
              buffer_bytes(&line));
    buffer_done(&line);
}

static void write_pairs(const struct text *text, size_t indent, const char *name,
                        const struct strings *values)
{
    struct buffer line;
    if (!values->count)
        return;
    page_begin(&line);
    page_own(&text->page, &line, name);
    for (size_t i = 0; i < values->count; i++) {
        buffer_append_text(&line, i ? ", " : " ");
        page_peer(&text->page, &line, text_bytes(values->items[i]));
    }
    page_fold(&text->page, &(struct page_text) { .indent = indent, .hang = indent + 2 },
              buffer_bytes(&line));
    buffer_done(&line);
}

/* ---- findings ---- */

static void write_finding(const struct text *text, const struct finding *finding)
{
    static const struct page_text in = { .indent = 2, .hang = 2 };
    struct buffer line;
    page_begin(&line);
    const char *sure = wording_confidence(finding->confidence);
    page_own_format(&text->page, &line, "%s: %s%s%s%s", severity_name(finding->severity),
                    finding->class_id, *sure ? " (" : "", sure, *sure ? ")" : "");
    if (*wording_or(finding->endpoint, "")) {
        buffer_append_text(&line, " at ");
        page_peer(&text->page, &line, text_bytes(finding->endpoint));
    }
    page_fold(&text->page, &(struct page_text) { .hang = 2 }, buffer_bytes(&line));
    buffer_done(&line);
    page_sentence(&text->page, &in, finding->title);
    for (const struct evidence *e = finding->evidence; e; e = e->next)
        text_words(text, 4, e->line, WORDS_SHOWN);
    for (size_t i = 0; i < finding->references.count; i++)
        page_sentence(&text->page, &(struct page_text) { .label = "see ", .indent = 2, .hang = 6 },
                      finding->references.items[i]);
}

static void write_findings(const struct text *text)
{
    if (text->result->findings)
        write_title(text, "Findings", NULL);
    for (const struct finding *f = text->result->findings; f; f = f->next)
        write_finding(text, f);
}

static void write_reasons(const struct text *text, const char *label, const struct strings *reasons)
{
    for (size_t i = 0; i < reasons->count; i++)
        page_sentence(&text->page, &(struct page_text) { .label = label, .indent = 2, .hang = 11 },
                      reasons->items[i]);
}

static void write_alternatives(const struct text *text)
{
    if (text->result->verdict.alternatives)
        write_title(text, "What else it could be", NULL);
    for (const struct alternative *a = text->result->verdict.alternatives; a; a = a->next) {
        struct buffer line;
        page_begin(&line);
        page_own_format(&text->page, &line, "%s (%s): %s", a->class_id,
                        wording_or(wording_confidence(a->confidence), "maybe"), a->title);
        page_fold(&text->page, &(struct page_text) { .hang = 2 }, buffer_bytes(&line));
        buffer_done(&line);
        write_reasons(text, "for:     ", &a->in_favour);
        write_reasons(text, "against: ", &a->against);
    }
}

/* ---- lookups ---- */

static void write_lookup(const struct text *text, const struct lookup *lookup)
{
    const struct page *page = &text->page;
    char took[DURATION_SIZE];
    struct buffer line;
    page_begin(&line);
    page_peer(page, &line, text_bytes(lookup->name));
    page_own_format(page, &line, " %s ", wording_or(lookup->type, "?"));
    if (lookup->error.kind != FAILURE_NONE)
        page_own_format(page, &line, "%s ", failure_name(lookup->error.kind));
    for (size_t i = 0; i < lookup->answers.count; i++) {
        page_peer(page, &line, text_bytes(lookup->answers.items[i]));
        buffer_append_text(&line, i + 1 < lookup->answers.count ? ", " : " ");
    }
    buffer_append_text(&line, "from ");
    page_peer(page, &line, text_bytes(wording_or(lookup->server, "nobody")));
    page_own_format(page, &line, ", %s%s%s%s%s%s",
                    lookup->duration_ns < 0 ? "not waited for"
                                            : wording_duration(lookup->duration_ns, took),
                    lookup->rcode ? ", " : "", wording_or(lookup->rcode, ""),
                    lookup->truncated    ? ", truncated over UDP"
                    : lookup->udp_failed ? ", nothing over UDP"
                                         : "",
                    lookup->ad ? ", DNSSEC validated by it (AD)" : "",
                    lookup->beside ? ", for comparison" : "");
    page_fold(page, &(struct page_text) { .hang = 2 }, buffer_bytes(&line));
    buffer_done(&line);
    write_pairs(text, 2, "by way of", &lookup->cname);
    if (lookup->ede >= 0) {
        char code[64];
        snprintf(code, sizeof code, "extended DNS error %d", lookup->ede);
        page_sentence(page, &(struct page_text) { .indent = 2, .hang = 4 }, code);
    }
}

static void write_lookups(const struct text *text)
{
    if (text->result->trace->lookups)
        write_title(text, "Lookups", NULL);
    for (const struct lookup *l = text->result->trace->lookups; l; l = l->next)
        write_lookup(text, l);
}

/* ---- endpoints ---- */

static void write_address(const struct text *text, const struct address *address)
{
    const struct page *page = &text->page;
    char took[DURATION_SIZE], rtt[DURATION_SIZE];
    struct buffer line;
    page_begin(&line);
    buffer_append_text(&line, "address ");
    page_peer(page, &line, text_bytes(address->text));
    page_own_format(page, &line, " %s", status_name(address->status));
    if (address->error.kind != FAILURE_NONE)
        page_own_format(page, &line, ", %s", failure_name(address->error.kind));
    if (address->connect_ns >= 0)
        page_own_format(page, &line, ", %s", wording_duration(address->connect_ns, took));
    if (address->rtt_ns >= 0)
        page_own_format(page, &line, ", round trip %s", wording_duration(address->rtt_ns, rtt));
    if (address->local) {
        buffer_append_text(&line, ", from ");
        page_peer(page, &line, text_bytes(address->local));
    }
    if (address->icmp) {
        page_own_format(page, &line, ", ICMP %d/%d from ", address->icmp->type,
                        address->icmp->code);
        page_peer(page, &line, text_bytes(address->icmp->sender));
    }
    page_fold(page, &(struct page_text) { .indent = 2, .hang = 4 }, buffer_bytes(&line));
    buffer_done(&line);
}

static const char *date_words(int64_t seconds, char words[static 32])
{
    struct tm tm;
    time_t time = (time_t)seconds;
    if (!gmtime_r(&time, &tm) || !strftime(words, 32, "%Y-%m-%d", &tm))
        return "?";
    return words;
}

static void write_certificate(const struct text *text, const struct certificate *certificate)
{
    char from[32], to[32], line[160];
    write_pair(text, 4, "certificate of", certificate->subject);
    write_pairs(text, 6, "names", &certificate->names);
    write_pair(text, 6, "signed by", certificate->issuer);
    snprintf(line, sizeof line, "%s to %s", date_words(certificate->not_before, from),
             date_words(certificate->not_after, to));
    write_pair(text, 6, "valid", line);
    write_pair(text, 6, "key", certificate->key);
    write_pair(text, 6, "signature", certificate->signature);
    write_pair(text, 6, "SHA-256", certificate->sha256);
}

static void write_tls(const struct text *text, const struct tls_facts *tls)
{
    struct strings parts = { 0 };
    struct arena arena = { 0 };
    strings_add(&parts, &arena, wording_or(tls->version, "no handshake"));
    if (tls->cipher)
        strings_add(&parts, &arena, tls->cipher);
    if (tls->group)
        strings_add(&parts, &arena, tls->group);
    strings_add(&parts, &arena,
                tls->verified       ? "certificate verified"
                : tls->trust_loaded ? "certificate not verified"
                                    : "no trusted roots to verify with");
    write_pairs(text, 2, "TLS:", &parts);
    write_pairs(text, 4, "problems:", &tls->problems);
    if (tls->name_checked)
        write_pair(text, 4, tls->name_matches ? "the name fits:" : "the name does not fit:",
                   tls->checked_name);
    write_pair(text, 4, "OCSP staple:", tls->ocsp);
    write_pair(text, 4, "alert from the server:", tls->alert);
    for (const struct certificate *c = tls->chain; c; c = c->next)
        write_certificate(text, c);
    arena_done(&arena);
}

static void write_step(const struct text *text, const struct step *step)
{
    const struct page *page = &text->page;
    char at[DURATION_SIZE], took[DURATION_SIZE];
    struct buffer line;
    page_begin(&line);
    page_own_format(page, &line, "%-14s %-7s at %s", step->name, status_name(step->status),
                    wording_duration(step->start_ns, at));
    if (step->duration_ns >= 0 && step->status != STATUS_SKIPPED)
        page_own_format(page, &line, ", took %s", wording_duration(step->duration_ns, took));
    if (step->budget_ms && step->status != STATUS_SKIPPED)
        page_own_format(page, &line, " of %s",
                        wording_duration((int64_t)step->budget_ms * NS_PER_MS, at));
    if (step->error.kind != FAILURE_NONE)
        page_own_format(page, &line, ": %s%s%s", failure_name(step->error.kind),
                        *step->error.text ? ", " : "", step->error.text);
    if (step->blocked_by)
        page_own_format(page, &line, ": %s", step->blocked_by);
    page_fold(page, &(struct page_text) { .indent = 2, .hang = 4 }, buffer_bytes(&line));
    buffer_done(&line);
    text_words(text, 6, step->reply, WORDS_SHOWN);
}

static void write_attempt(const struct text *text, const struct attempt *attempt)
{
    const char *purpose = wording_purpose(attempt->purpose);
    if (purpose)
        page_sentence(&text->page, &(struct page_text) { .indent = 2, .hang = 4 }, purpose);
    if (attempt->proxy) {
        write_pair(text, 2, "through the proxy, which was asked for", attempt->proxy->asked);
        for (const struct address *a = attempt->proxy->addresses; a; a = a->next)
            write_address(text, a);
    }
    for (const struct step *s = attempt->steps; s; s = s->next)
        write_step(text, s);
    if (attempt->tls)
        write_tls(text, attempt->tls);
    write_pairs(text, 2, "capabilities before TLS:", &attempt->capabilities.before);
    write_pairs(text, 2, "capabilities:", &attempt->capabilities.after);
    write_pairs(text, 2, "sign-in offered:", &attempt->auth.offered);
    write_pair(text, 2, "sign-in:", attempt->auth.mechanism);
    write_pair(text, 2, "session id:", attempt->session_id);
    write_pair(text, 2, "the server sees this machine as", attempt->seen_as);
}

static void write_endpoint(const struct text *text, const struct endpoint *endpoint)
{
    char what[160];
    snprintf(what, sizeof what, "%s, %s, %s%s", service_name(endpoint->service),
             security_name(endpoint->security), expectation_name(endpoint->expectation),
             endpoint->guessed ? ", a guess" : "");
    write_title(text, "", endpoint->id);
    page_sentence(&text->page, &(struct page_text) { .indent = 2, .hang = 4 }, what);
    for (const struct address *a = endpoint->addresses; a; a = a->next)
        write_address(text, a);
    for (const struct attempt *a = endpoint->attempts; a; a = a->next)
        write_attempt(text, a);
}

/* The way of the test message, as it bears it on itself. */
static void write_delivery(const struct text *text)
{
    const struct delivery_facts *delivery = text->result->trace->delivery;
    if (!delivery || (!delivery->passages && !delivery->bounce.size))
        return;
    write_title(text, "The test message", NULL);
    for (const struct passage *p = delivery->passages; p; p = p->next) {
        struct buffer line;
        page_begin(&line);
        page_own_format(&text->page, &line, "to ");
        page_peer(&text->page, &line, text_bytes(wording_or(p->by, "a server")));
        page_own_format(&text->page, &line, " from ");
        page_peer(&text->page, &line, text_bytes(wording_or(p->from, "another")));
        if (p->delay_s >= 0)
            page_own_format(&text->page, &line, ", %d s after the one before", p->delay_s);
        page_fold(&text->page, &(struct page_text) { .indent = 2, .hang = 4 }, buffer_bytes(&line));
        buffer_done(&line);
    }
    write_pairs(text, 2, "checked:", &delivery->authentication);
    text_words(text, 4, delivery->bounce, WORDS_SHOWN);
}

void text_detail(const struct text *text)
{
    write_findings(text);
    write_delivery(text);
    write_alternatives(text);
    write_lookups(text);
    for (const struct endpoint *e = text->result->trace->endpoints; e; e = e->next)
        write_endpoint(text, e);
}

/* ---- transcripts ---- */

static void write_exchange(const struct text *text, const struct exchange *exchange)
{
    char head[64];
    int width = snprintf(head, sizeof head, "%8.1f %c ", (double)exchange->at_ns / NS_PER_MS,
                         exchange->direction);
    struct buffer line;
    page_begin(&line);
    page_peer(&text->page, &line, exchange->line);
    page_fold(&text->page,
              &(struct page_text) { .label = head, .plain_label = true, .hang = (size_t)width },
              buffer_bytes(&line));
    buffer_done(&line);
}

void text_transcripts(const struct text *text)
{
    for (const struct endpoint *e = text->result->trace->endpoints; e; e = e->next)
        for (const struct attempt *a = e->attempts; a; a = a->next) {
            if (a->transcript)
                write_title(text, "Dialogue (ms, C this machine, S the server): ", e->id);
            for (const struct exchange *x = a->transcript; x; x = x->next)
                write_exchange(text, x);
        }
}
