#include "report/headline.h"

#include "base/clock.h"
#include "report/wording.h"

#include <stdio.h>
#include <string.h>

static const unsigned send_needs = NEED_SEND | NEED_RELAY;
static const unsigned read_needs = NEED_READ | NEED_IMAP | NEED_POP;

/* What is asked for; of a bare host, what it turned out to offer. */
static bool wants(const struct result *result, unsigned needs, enum need_status status)
{
    unsigned asked = result->trace->target.needs;
    return (asked & needs) || status == NEED_STATUS_FAIL ||
           ((asked & NEED_ANY) && wording_way(result, needs) != WAY_NONE);
}

/* Why no login took place; nothing where none is wanted, as on a port between servers. */
static const char *login_gap(const struct result *result)
{
    static const struct {
        enum login_block block;
        const char *words;
    } gaps[] = {
        { BLOCK_NO_CREDENTIAL, "Login not tested: none was given." },
        { BLOCK_GUESSED_HOST, "Login not tested: the servers are guesses." },
        { BLOCK_UNVERIFIED_TLS, "Login not tested: the connection is not trusted." },
        { BLOCK_NO_MECHANISM, "Login not tested: no sign-in on offer fits." },
    };
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        for (const struct endpoint *e = result->trace->endpoints; e; e = e->next)
            if (!e->transfer && wording_login_block(e) == gaps[i].block)
                return gaps[i].words;
    return "";
}

/* Did it come as far as the login anywhere, and then nothing on offer fitted the secret? */
static bool is_unfit(const struct result *result, unsigned needs)
{
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next)
        if ((e->needs & needs) && wording_login_block(e) == BLOCK_NO_MECHANISM)
            return true;
    return false;
}

/* Of the need that did not fail. */
static const char *state(const struct result *result, unsigned needs, enum need_status status)
{
    enum way way = wording_way(result, needs);
    if (way == WAY_PROVEN)
        return "works";
    if (way == WAY_OPEN)
        return "way open, login not tested";
    if (status == NEED_STATUS_OK)
        return "works";
    return is_unfit(result, needs) ? "login not tested" : "not tested";
}

/* What goes on at port 25 of an MX is no sending of a person's. */
static bool is_relay(const struct result *result)
{
    return (result->trace->target.needs & send_needs) == NEED_RELAY;
}

static const char *sending(const struct result *result)
{
    return is_relay(result) ? "Mail between servers" : "Sending";
}

/* The server took it, and another one did not: the way there works. */
static bool came_back(const struct finding *cause)
{
    return cause && cause->evidence && wording_same(cause->evidence->step, "bounce");
}

static void append_fail(struct buffer *line, const struct result *result)
{
    const struct verdict *verdict = &result->verdict;
    const struct finding *cause = wording_cause(result);
    const char *here =
        cause && cause->stage == STAGE_CONNECT && verdict->owner == OWNER_NETWORK_ADMIN
            ? " FROM HERE"
            : "";
    bool send = verdict->send == NEED_STATUS_FAIL, read = verdict->read == NEED_STATUS_FAIL;
    /* Who asks for a port hears about the port. */
    if ((result->trace->target.needs & NEED_ENDPOINT) && verdict->endpoint)
        send = read = false;
    if (came_back(cause))
        buffer_append_text(line, "THE TEST MESSAGE CAME BACK.");
    else if (send && read)
        buffer_format(line, is_relay(result) ? "CANNOT RELAY OR READ%s." : "CANNOT SEND OR READ%s.",
                      here);
    else if (send && is_relay(result))
        buffer_format(line, "CANNOT RELAY%s.", here);
    else if (send)
        buffer_format(line, "CANNOT SEND%s.", here);
    else if (read)
        buffer_format(line, "CANNOT READ%s.", here);
    else if (verdict->endpoint)
        buffer_format(line, "CANNOT USE %s%s.", verdict->endpoint, here);
    else if (result->trace->token && result->trace->token->asked_in_vain)
        buffer_append_text(line, "NO ACCESS TOKEN, SO NO LOGIN.");
    else
        buffer_format(line, "CANNOT REACH MAIL AT %s%s.", wording_target(result), here);
    if (send && !read && wants(result, read_needs, verdict->read))
        buffer_format(line, " Reading: %s.", state(result, read_needs, verdict->read));
    if (read && !send && wants(result, send_needs, verdict->send))
        buffer_format(line, " %s: %s.", sending(result), state(result, send_needs, verdict->send));
}

/* "for sending and reading", or to which server. */
static void append_purpose(struct buffer *line, const struct result *result)
{
    unsigned needs = result->trace->target.needs;
    bool send = needs & send_needs, read = needs & read_needs;
    const struct endpoint *only = result->trace->endpoints;
    if (send || read)
        buffer_format(line, " for %s%s%s",
                      is_relay(result) ? "mail between servers"
                      : send           ? "sending"
                                       : "",
                      send && read ? " and " : "", read ? "reading" : "");
    else if (only && !only->next)
        buffer_format(line, " to %s", only->id);
    else
        buffer_format(line, " to %s", wording_target(result));
}

/* What is known of each need all the same, if it is anything good. */
static void append_states(struct buffer *line, const struct result *result)
{
    const struct verdict *verdict = &result->verdict;
    if (wording_way(result, send_needs | read_needs) == WAY_NONE)
        return;
    if (wants(result, send_needs, verdict->send))
        buffer_format(line, " %s: %s.", sending(result), state(result, send_needs, verdict->send));
    if (wants(result, read_needs, verdict->read))
        buffer_format(line, " Reading: %s.", state(result, read_needs, verdict->read));
}

static void append_unknown(struct buffer *line, const struct result *result)
{
    const struct trace *trace = result->trace;
    char took[DURATION_SIZE];
    wording_duration(trace->duration_ns, took);
    if (!trace->complete && wording_same(trace->cut_by, "deadline"))
        buffer_format(line, "OUT OF TIME after %s: no answer yet.", took);
    else if (!trace->complete)
        buffer_format(line, "INTERRUPTED after %s: no answer yet.", took);
    else if (!trace->endpoints)
        buffer_append_text(line, "NOTHING COULD BE TESTED.");
    else
        buffer_append_text(line, "NOT DECIDED.");
}

enum tone headline_make(struct buffer *line, const struct result *result)
{
    bool login = wording_proven(result);
    switch (result->verdict.status) {
    case VERDICT_OK:
        if (login)
            buffer_append_text(line,
                               "NO FAULT FOUND FROM THIS MACHINE. Another device was not tested.");
        else {
            buffer_append_text(line, "WAY OPEN");
            append_purpose(line, result);
            buffer_format(line, ". %s", login_gap(result));
        }
        return TONE_GOOD;
    case VERDICT_WARNING:
        buffer_append_text(line, login ? "WORKS" : "WAY OPEN");
        if (!login || (result->trace->target.needs & (send_needs | read_needs)))
            append_purpose(line, result);
        buffer_format(line, ", WITH A WARNING. %s", login ? "" : login_gap(result));
        return TONE_DOUBT;
    case VERDICT_FAIL:
        append_fail(line, result);
        return TONE_BAD;
    default:
        append_unknown(line, result);
        append_states(line, result);
        return TONE_DOUBT;
    }
}

bool headline_names_target(const struct result *result, const char *headline)
{
    return strstr(headline, wording_target(result)) ||
           (result->verdict.status == VERDICT_OK && wording_proven(result));
}

/* The ports on which a login was accepted: " (993, 995)"; false for none. */
static bool append_ports(struct buffer *line, const struct result *result, bool smtp)
{
    bool any = false;
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next) {
        const struct attempt *a = endpoint_attempt(e, PURPOSE_MAIN);
        if (!a || a->auth.outcome != LOGIN_ACCEPTED || (e->service == SERVICE_SMTP) != smtp)
            continue;
        buffer_format(line, "%s%d", any ? ", " : " (", e->port);
        any = true;
    }
    buffer_append_text(line, any ? ")" : "");
    return any;
}

/* "It arrived in INBOX after 1.2 s, by way of 2 servers, and was removed again." */
static void append_arrival(struct buffer *line, const struct result *result)
{
    const struct delivery_facts *delivery = result->trace->delivery;
    char took[DURATION_SIZE];
    int servers = 0;
    if (!delivery || !delivery->endpoint)
        return;
    if (delivery->copy_only) {
        if (delivery->removed)
            buffer_format(line, " Its copy in %s was removed again.", delivery->folder);
        return;
    }
    if (!delivery->arrived) {
        buffer_format(line, " It was not seen in the mailbox%s%s within %s.",
                      delivery->account ? " of " : "", wording_or(delivery->account, ""),
                      wording_duration(delivery->waited_ns, took));
        return;
    }
    for (const struct passage *p = delivery->passages; p; p = p->next)
        servers++;
    buffer_format(line, " It arrived in %s%s%s after %s", delivery->folder,
                  delivery->account ? " of " : "", wording_or(delivery->account, ""),
                  wording_duration(delivery->found_ns, took));
    if (servers)
        buffer_format(line, ", by way of %d server%s", servers, servers == 1 ? "" : "s");
    buffer_append_text(line, delivery->left ? "." : ", and was removed again.");
}

/* "Login and test mail ana@contoso.com to itself: accepted (587)." */
static bool append_mail(struct buffer *line, const struct result *result, bool login,
                        const char *ports)
{
    const struct submission_facts *mail = result->trace->submission;
    if (!wording_mail_accepted(result))
        return false;
    buffer_format(line, "%s %s to %s: accepted%s.", login ? "Login and test mail" : "Test mail",
                  mail->from, wording_same(mail->from, mail->to) ? "itself" : mail->to, ports);
    if (mail->route)
        buffer_format(line, " Route: %s%s%s.", mail->route, mail->limit ? "; " : "",
                      wording_or(mail->limit, ""));
    append_arrival(line, result);
    return true;
}

void headline_logins(struct buffer *line, const struct result *result)
{
    const struct verdict *verdict = &result->verdict;
    struct buffer sending, reading;
    page_begin(&sending);
    page_begin(&reading);
    bool send = append_ports(&sending, result, true), read = append_ports(&reading, result, false);
    bool mail = append_mail(line, result, send, page_words(&sending));
    if (mail && read)
        buffer_format(line, " Login for reading: accepted%s.", page_words(&reading));
    else if (!mail)
        buffer_format(line, "%s: login accepted for%s%s%s%s%s.", wording_target(result),
                      send ? " sending" : "", page_words(&sending), send && read ? " and" : "",
                      read ? " reading" : "", page_words(&reading));
    if (!mail && !send && wants(result, send_needs, verdict->send))
        buffer_format(line, " Sending: %s.", state(result, send_needs, verdict->send));
    if (!read && wants(result, read_needs, verdict->read))
        buffer_format(line, " Reading: %s.", state(result, read_needs, verdict->read));
    buffer_done(&sending);
    buffer_done(&reading);
}

bool headline_held_back(struct buffer *line, const struct result *result, struct bytes *ret_said)
{
    const int64_t half_hour_ns = INT64_C(1800) * 1000000000;
    const struct step *step = wording_held_back(result);
    if (!step)
        return false;
    char until[CLOCK_TEXT_SIZE];
    clock_format(result->trace->started_real_ns + half_hour_ns, until);
    /* Without words of this server: another one refused it, or the answer was never seen. */
    const char *before = step->reply.size
                             ? "it was refused less than 30 minutes ago"
                             : "it was tried less than 30 minutes ago, and no server took it";
    buffer_format(line,
                  "The password was not sent: %s, and each further try may lock the account. The "
                  "same password may be tried again at %.5s UTC at the latest, a new one at once; "
                  "--retry-login tries it now.",
                  before, until + strlen("2026-11-22T"));
    const struct finding *cause = wording_cause(result);
    *ret_said = cause && cause->evidence ? (struct bytes) { 0 } : step->reply;
    return true;
}
