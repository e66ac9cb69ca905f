#include "report/text.h"

#include "base/text.h"
#include "report/width.h"
#include "report/wording.h"

#include <stdio.h>
#include <string.h>

enum { EVIDENCE_SHOWN = 3, WORDS_SHOWN = 700, ALSO_SHOWN = 5 };

static const struct page_text plain = { 0 };

/* ---- the server's own words ---- */

void text_words(const struct text *text, size_t indent, struct bytes words, size_t limit)
{
    const struct page *page = &text->page;
    struct page_text how = { .indent = indent, .hang = indent };
    size_t more = words.size > limit ? words.size - limit : 0;
    words.size -= more;
    struct bytes line;
    while (text_next_line(&words, &line)) {
        struct buffer shown;
        page_begin(&shown);
        page_peer(page, &shown, line);
        page_fold(page, &how, buffer_bytes(&shown));
        buffer_done(&shown);
    }
    char note[80];
    snprintf(note, sizeof note, "[and %zu bytes more: --format json has them]", more);
    if (more)
        page_sentence(page, &how, note);
}

static bool contains(struct bytes text, struct bytes part)
{
    return text.size && part.size && memmem(text.data, text.size, part.data, part.size);
}

/* Are these the server's own words, or ours about an event? The trace tells: a reply holds them. */
static bool is_said(const struct endpoint *endpoint, const struct evidence *evidence)
{
    for (const struct attempt *a = endpoint ? endpoint->attempts : NULL; a; a = a->next)
        for (const struct step *s = a->steps; s; s = s->next)
            if (contains(s->reply, evidence->line) || contains(evidence->line, s->reply))
                return true;
    return false;
}

static void write_source(const struct text *text, const struct finding *finding,
                         const struct evidence *evidence)
{
    const struct endpoint *endpoint = wording_endpoint(text->result, evidence->endpoint);
    bool said = is_said(endpoint, evidence);
    const char *where = !said && finding->stage == STAGE_GREETING ? "waiting for its greeting"
                                                                  : wording_stage(finding->stage);
    struct buffer line;
    page_begin(&line);
    if (!*wording_or(evidence->endpoint, "")) {
        buffer_append_text(&line, "Lookup of ");
        page_peer(&text->page, &line, text_bytes(evidence->step));
        buffer_append_text(&line, ":");
    } else {
        bool proxy = wording_same(evidence->step, "proxy");
        if (proxy)
            page_own(&text->page, &line, "The proxy, asked for ");
        page_peer(&text->page, &line, text_bytes(evidence->endpoint));
        if (proxy && said)
            buffer_append_text(&line, ",");
        buffer_format(&line, "%s%s%s:",
                      said     ? " said"
                      : *where ? ","
                               : "",
                      *where ? " " : "", where);
    }
    page_fold(&text->page, &plain, buffer_bytes(&line));
    buffer_done(&line);
}

static bool is_repeated(const struct finding *finding, const struct evidence *evidence)
{
    for (const struct evidence *e = finding->evidence; e != evidence; e = e->next)
        if (e->line.size == evidence->line.size &&
            (!e->line.size || memcmp(e->line.data, evidence->line.data, e->line.size) == 0))
            return true;
    return false;
}

/* Would the line above B be that above A again? */
static bool is_same_source(const struct text *text, const struct finding *finding,
                           const struct evidence *a, const struct evidence *b)
{
    const struct endpoint *endpoint = wording_endpoint(text->result, a->endpoint);
    return finding->stage == STAGE_CONNECT && endpoint && wording_same(a->endpoint, b->endpoint) &&
           !is_said(endpoint, a) && !is_said(endpoint, b);
}

static void write_evidence(const struct text *text, const struct finding *finding)
{
    const struct evidence *last = NULL;
    int shown = 0;
    for (const struct evidence *e = finding->evidence; e && shown < EVIDENCE_SHOWN; e = e->next) {
        if (!e->line.size || is_repeated(finding, e))
            continue;
        if (!last || !is_same_source(text, finding, last, e))
            write_source(text, finding, e);
        text_words(text, 2, e->line, WORDS_SHOWN);
        last = e;
        shown++;
    }
}

/* ---- who and how ---- */

static void write_who(const struct text *text, enum owner owner, enum confidence confidence)
{
    struct buffer line;
    page_begin(&line);
    wording_owner(&line, text->result, owner);
    const char *sure = wording_confidence(confidence);
    if (buffer_size(&line) && *sure)
        buffer_format(&line, " (%s)", sure);
    if (buffer_size(&line))
        page_sentence(&text->page, &(struct page_text) { .label = "Who: ", .hang = 5 },
                      page_words(&line));
    buffer_done(&line);
}

/* A step that holds a command is not wrapped either: it is pasted as well. */
static bool holds_command(const char *step, const struct strings *commands)
{
    for (size_t i = 0; i < commands->count; i++)
        if (strstr(step, commands->items[i]))
            return true;
    return false;
}

static void write_unwrapped(const struct text *text, const struct page_text *how, const char *words)
{
    struct buffer line;
    page_begin(&line);
    page_own(&text->page, &line, words);
    page_line(&text->page, how, buffer_bytes(&line));
    buffer_done(&line);
}

static void write_steps(const struct text *text, const struct strings *steps,
                        const struct strings *commands)
{
    for (size_t i = 0; i < steps->count; i++) {
        char number[32];
        int width = snprintf(number, sizeof number, "%zu ", i + 1);
        struct page_text how = { .label = number, .hang = (size_t)width };
        if (holds_command(steps->items[i], commands))
            write_unwrapped(text, &how, steps->items[i]);
        else
            page_sentence(&text->page, &how, steps->items[i]);
    }
}

static void write_label(const struct text *text, const char *label)
{
    page_line(&text->page, &(struct page_text) { .style = PAGE_BOLD }, text_bytes(label));
}

static void write_fix(const struct text *text)
{
    const struct verdict *verdict = &text->result->verdict;
    if (verdict->fix.count)
        write_label(text, "Do:");
    write_steps(text, &verdict->fix, &verdict->commands);
    bool begun = false;
    for (size_t i = 0; i < verdict->commands.count; i++) {
        const char *command = verdict->commands.items[i];
        bool shown = false;
        for (size_t k = 0; k < verdict->fix.count; k++)
            shown = shown || strstr(verdict->fix.items[k], command);
        if (shown)
            continue;
        if (!begun)
            write_label(text, verdict->commands.count > 1 ? "Commands:" : "Command:");
        begun = true;
        write_unwrapped(text, &(struct page_text) { .indent = 2 }, command);
    }
}

/* ---- what else was found ---- */

static bool is_worth_a_line(const struct result *result, const struct finding *finding)
{
    if (finding->severity == SEVERITY_INFO ||
        wording_same(finding->class_id, result->verdict.class_id))
        return false;
    for (const struct finding *f = result->findings; f != finding; f = f->next)
        if (wording_same(f->class_id, finding->class_id) && f->severity != SEVERITY_INFO)
            return false;
    return true;
}

/* "993, 995" of all findings of that class. */
static void append_places(struct buffer *line, const struct result *result, const char *class_id)
{
    bool first = true;
    for (const struct finding *f = result->findings; f; f = f->next) {
        const struct endpoint *e = wording_endpoint(result, f->endpoint);
        if (!e || !wording_same(f->class_id, class_id))
            continue;
        buffer_format(line, "%s%d", first ? " (" : ", ", e->port);
        first = false;
    }
    buffer_append_text(line, first ? "" : ")");
}

static void write_also(const struct text *text)
{
    int shown = 0;
    for (const struct finding *f = text->result->findings; f; f = f->next) {
        if (!is_worth_a_line(text->result, f) || shown++ >= ALSO_SHOWN)
            continue;
        struct buffer line;
        page_begin(&line);
        /* "... on this port (143, 110)." */
        size_t length = strlen(f->title);
        bool stop = length && f->title[length - 1] == '.';
        buffer_append(&line, f->title, length - stop);
        append_places(&line, text->result, f->class_id);
        buffer_append_text(&line, stop ? "." : "");
        page_sentence(&text->page, &(struct page_text) { .label = "Also: ", .hang = 6 },
                      page_words(&line));
        buffer_done(&line);
    }
    if (shown > ALSO_SHOWN)
        page_sentence(&text->page, &plain, "More was found: -v shows it.");
}

void text_cause(const struct text *text)
{
    const struct verdict *verdict = &text->result->verdict;
    const struct finding *cause = wording_cause(text->result);
    if (cause && cause->evidence) {
        page_end(&text->page);
        write_evidence(text, cause);
    } else if (verdict->owner != OWNER_NONE || verdict->fix.count)
        page_end(&text->page);
    text_path(text);
    write_who(text, verdict->owner, verdict->confidence);
    write_fix(text);
    write_also(text);
}

/* ---- nothing found: what to compare ---- */

static const char *security_words(const struct endpoint *endpoint)
{
    switch (endpoint->security) {
    case SECURITY_STARTTLS:
        return "STARTTLS";
    case SECURITY_IMPLICIT:
        return "SSL/TLS from the start";
    default:
        return "no encryption";
    }
}

static const struct endpoint *proven(const struct result *result, const char *id, bool smtp)
{
    const struct endpoint *endpoint = wording_endpoint(result, id);
    for (const struct endpoint *e = result->trace->endpoints; e && !endpoint; e = e->next)
        if ((e->service == SERVICE_SMTP) == smtp && wording_endpoint_way(e) == WAY_PROVEN)
            endpoint = e;
    return endpoint;
}

static void add_settings(struct strings *steps, struct arena *arena, const char *what,
                         const struct endpoint *endpoint)
{
    if (!endpoint)
        return;
    bool submission = endpoint->port == 587 && endpoint->security == SECURITY_STARTTLS;
    strings_add(steps, arena,
                arena_format(arena, "%s: %s, %d, %s%s", what, endpoint->host, endpoint->port,
                             security_words(endpoint), submission ? " (not 465 or \"SSL\")" : ""));
}

/* The common name in a distinguished name (RFC 4514): what a device's list of roots shows. */
static const char *common_name(struct arena *arena, const char *name)
{
    const char *start = strstr(name, "CN=");
    if (!start || (start > name && start[-1] != ','))
        return name;
    start += strlen("CN=");
    size_t size = 0;
    while (start[size] && (start[size] != ',' || start[size - 1] == '\\'))
        size++;
    return arena_format(arena, "%.*s", (int)size, start);
}

/* The certificate a device must trust: the last that was sent, by who signed it. */
static void add_trust(struct strings *steps, struct arena *arena, const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint ? endpoint_attempt(endpoint, PURPOSE_MAIN) : NULL;
    const struct tls_facts *tls = attempt ? attempt->tls : NULL;
    const struct certificate *last = tls ? tls->chain : NULL;
    if (!last || !tls->version)
        return;
    while (last->next)
        last = last->next;
    strings_add(steps, arena,
                arena_format(arena, "It speaks TLS 1.2 or later, and trusts: %s",
                             common_name(arena, wording_or(last->issuer, "its issuer"))));
}

void text_compare(const struct text *text)
{
    const struct result *result = text->result;
    const struct verdict *verdict = &result->verdict;
    if (verdict->status != VERDICT_OK || !wording_login_accepted(result))
        return;
    struct arena arena = { 0 };
    struct strings steps = { 0 }, none = { 0 };
    const struct endpoint *send = proven(result, verdict->send_by, true);
    const struct endpoint *read = proven(result, verdict->read_by, false);
    add_settings(&steps, &arena, "Sending", send);
    add_settings(&steps, &arena, "Reading", read);
    strings_add(&steps, &arena, "Login: the same full user name; its stored password is current");
    if (send)
        strings_add(&steps, &arena, "From: the address of this same mailbox");
    add_trust(&steps, &arena, send ? send : read);
    strings_add(&steps, &arena, "Its DNS works and its clock is right");
    page_end(&text->page);
    write_label(text, "Compare on the device that fails:");
    write_steps(text, &steps, &none);
    page_sentence(&text->page, &plain, "Then: run this from that device's network.");
    arena_done(&arena);
}
