#include "report/cause.h"

#include "base/text.h"
#include "report/wording.h"

#include <stdio.h>
#include <string.h>

/* ---- the server's own words ---- */

static bool contains(struct bytes text, struct bytes part)
{
    return text.size && part.size && memmem(text.data, text.size, part.data, part.size);
}

/* Are these the server's own words, or ours about an event? The trace tells: a reply holds them. */
bool cause_is_said(const struct endpoint *endpoint, const struct evidence *evidence)
{
    for (const struct attempt *a = endpoint ? endpoint->attempts : NULL; a; a = a->next)
        for (const struct step *s = a->steps; s; s = s->next)
            if (contains(s->reply, evidence->line) || contains(evidence->line, s->reply))
                return true;
    return false;
}

/* Of a session that came later, to try the mailbox: the main one has no such step. */
static bool is_of_later(const struct endpoint *endpoint, const struct finding *finding,
                        const struct evidence *evidence)
{
    const struct attempt *main = endpoint ? endpoint_attempt(endpoint, PURPOSE_MAIN) : NULL;
    if (finding->stage != STAGE_MAILBOX || !main)
        return false;
    for (const struct step *s = main->steps; s; s = s->next)
        if (s->stage == STAGE_MAILBOX && wording_same(s->name, evidence->step))
            return false;
    return true;
}

static const char *place_of(const struct endpoint *endpoint, const struct finding *finding,
                            const struct evidence *evidence, bool said)
{
    if (!said && finding->stage == STAGE_GREETING)
        return "waiting for its greeting";
    if (wording_same(evidence->step, "arrival"))
        return "where it was looked for";
    return is_of_later(endpoint, finding, evidence) ? "in a later session"
                                                    : wording_stage(finding->stage);
}

void cause_source(struct buffer *line, const struct result *result, const struct finding *finding,
                  const struct evidence *evidence)
{
    const struct endpoint *endpoint = wording_endpoint(result, evidence->endpoint);
    bool said = cause_is_said(endpoint, evidence);
    const char *where = place_of(endpoint, finding, evidence, said);
    if (wording_same(evidence->step, "reported")) {
        buffer_append_text(line, "You reported:");
        return;
    }
    if (wording_same(evidence->step, "bounce")) {
        buffer_append_text(line, "The bounce said:");
        return;
    }
    if (!*wording_or(evidence->endpoint, "") && wording_same(evidence->step, "token")) {
        const struct token_facts *token = result->trace->token;
        bool silent = !token || !token->asked_in_vain || token->authority_silent ||
                      token->authority_unfit || token->unvouched;
        buffer_format(line, silent ? "The access token%s%s:" : "The access token was refused%s%s:",
                      token && token->authority ? ", asked of " : "",
                      token ? wording_or(token->authority, "") : "");
        return;
    }
    /* In another account's mailbox, or at its login. */
    if (!*wording_or(evidence->endpoint, "") && finding->stage == STAGE_SUBMIT) {
        buffer_format(line, "%s:", wording_or(evidence->step, ""));
        return;
    }
    if (!*wording_or(evidence->endpoint, "")) {
        buffer_format(line, "Lookup of %s:", wording_or(evidence->step, ""));
        return;
    }
    bool proxy = wording_same(evidence->step, "proxy");
    buffer_format(line, "%s%s%s%s%s%s:", proxy ? "The proxy, asked for " : "", evidence->endpoint,
                  proxy && said ? "," : "",
                  said     ? " said"
                  : *where ? ","
                           : "",
                  *where ? " " : "", where);
}

static bool is_repeated(const struct finding *finding, const struct evidence *evidence)
{
    for (const struct evidence *e = finding->evidence; e != evidence; e = e->next)
        if (e->line.size == evidence->line.size &&
            (!e->line.size || memcmp(e->line.data, evidence->line.data, e->line.size) == 0))
            return true;
    return false;
}

bool cause_shows(const struct finding *finding, const struct evidence *evidence)
{
    return evidence->line.size && !is_repeated(finding, evidence);
}

bool cause_same_source(const struct result *result, const struct finding *finding,
                       const struct evidence *a, const struct evidence *b)
{
    const struct endpoint *endpoint = wording_endpoint(result, a->endpoint);
    return finding->stage == STAGE_CONNECT && endpoint && wording_same(a->endpoint, b->endpoint) &&
           !cause_is_said(endpoint, a) && !cause_is_said(endpoint, b);
}

/* ---- an error that was reported ---- */

void cause_reported(struct buffer *line, const struct reported *reported)
{
    const char *sure = wording_confidence(reported->confidence);
    if (reported->class_id)
        buffer_format(line, "%s%s%s%s", reported->class_id, *sure ? " (" : "", sure,
                      *sure ? ")" : "");
    else
        buffer_append_text(line, "not recognised");
}

bool cause_shows_reported(const struct result *result)
{
    const struct finding *cause = wording_cause(result);
    for (const struct evidence *e = cause ? cause->evidence : NULL; e; e = e->next)
        if (wording_same(e->step, "reported"))
            return true;
    return false;
}

/* ---- who and how ---- */

void cause_who(struct buffer *line, const struct result *result, enum owner owner,
               enum confidence confidence)
{
    size_t before = buffer_size(line);
    wording_owner(line, result, owner);
    const char *sure = wording_confidence(confidence);
    if (buffer_size(line) > before && *sure)
        buffer_format(line, " (%s)", sure);
}

bool cause_holds_command(const char *step, const struct strings *commands)
{
    for (size_t i = 0; i < commands->count; i++)
        if (strstr(step, commands->items[i]))
            return true;
    return false;
}

void cause_commands(struct strings *rest, struct arena *arena, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->commands.count; i++) {
        const char *command = verdict->commands.items[i];
        bool shown = false;
        for (size_t k = 0; k < verdict->fix.count; k++)
            shown = shown || strstr(verdict->fix.items[k], command);
        if (!shown)
            strings_add(rest, arena, command);
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

bool cause_also(struct buffer *line, const struct result *result, const struct finding *finding)
{
    if (!is_worth_a_line(result, finding))
        return false;
    /* "... on this port (143, 110)." */
    size_t length = strlen(finding->title);
    bool stop = length && finding->title[length - 1] == '.';
    buffer_append(line, finding->title, length - stop);
    append_places(line, result, finding->class_id);
    buffer_append_text(line, stop ? "." : "");
    return true;
}

/* ---- whose message it was ---- */

bool cause_message(struct strings *lines, struct arena *arena, const struct result *result)
{
    const struct trace *trace = result->trace;
    const struct submission_facts *mail = trace->submission;
    const struct finding *cause = wording_cause(result);
    if (!mail || mail->withheld || !cause || cause->stage != STAGE_SUBMIT)
        return false;
    const char *login =
        mail->anonymous && !wording_login_accepted(result) ? NULL : trace->target.user;
    strings_add(lines, arena, arena_format(arena, "Login      %s", login ? login : "none"));
    strings_add(lines, arena, arena_format(arena, "MAIL FROM  %s", mail->from));
    strings_add(lines, arena, arena_format(arena, "From       %s", mail->from));
    strings_add(lines, arena, arena_format(arena, "To         %s", mail->to));
    if (mail->route)
        strings_add(lines, arena,
                    arena_format(arena, "Route      %s%s%s", mail->route, mail->limit ? ": " : "",
                                 wording_or(mail->limit, "")));
    return true;
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

bool cause_compare(struct strings *steps, struct arena *arena, const struct result *result)
{
    const struct verdict *verdict = &result->verdict;
    /* What a reported error points at is compared with that. */
    if (verdict->status != VERDICT_OK || !wording_login_accepted(result) ||
        (verdict->reported && verdict->reported->compare.count))
        return false;
    const struct endpoint *send = proven(result, verdict->send_by, true);
    const struct endpoint *read = proven(result, verdict->read_by, false);
    add_settings(steps, arena, "Sending", send);
    add_settings(steps, arena, "Reading", read);
    strings_add(steps, arena, "Login: the same full user name; its stored password is current");
    if (send)
        strings_add(steps, arena, "From: the address of this same mailbox");
    add_trust(steps, arena, send ? send : read);
    strings_add(steps, arena, "Its DNS works and its clock is right");
    return true;
}
