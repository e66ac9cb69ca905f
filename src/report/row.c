#include "report/row.h"

#include "base/text.h"
#include "report/wording.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A phase that goes well is only worth a word when it is slow. */
enum { SLOW_NS = 1000000000 };

static bool is_expected(const struct endpoint *endpoint)
{
    return endpoint->expectation == EXPECT_OFFERED || endpoint->expectation == EXPECT_UNKNOWN;
}

static void add(struct row *row, bool bad, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(struct row *row, bool bad, const char *format, ...)
{
    struct row_phrase phrase = { .bad = bad };
    va_list args;
    va_start(args, format);
    vsnprintf(phrase.text, sizeof phrase.text, format, args);
    va_end(args);
    if (row->count < ROW_PHRASE_LIMIT)
        row->phrases[row->count++] = phrase;
}

/* Joins MORE to the last phrase. */
static void note(struct row *row, const char *more)
{
    if (row->count) {
        char *text = row->phrases[row->count - 1].text;
        size_t used = strlen(text);
        snprintf(text + used, ROW_PHRASE_SIZE - used, "%s", more);
    }
}

const char *row_purpose(const struct endpoint *endpoint)
{
    if (endpoint->transfer)
        return "relay";
    return endpoint->service == SERVICE_SMTP ? "send" : "read";
}

/* ---- no connection ---- */

const char *row_connect_word(const struct failure *failure)
{
    switch (failure->kind) {
    case FAILURE_TIMED_OUT:
        return "NO ANSWER";
    case FAILURE_CONNECTION_REFUSED:
        return "connection REFUSED";
    case FAILURE_HOST_UNREACHABLE:
    case FAILURE_NETWORK_UNREACHABLE:
        return "NO ROUTE";
    case FAILURE_ADDRESS_NOT_AVAILABLE:
        return "this machine has no such address family";
    case FAILURE_PROHIBITED:
        return "connection FORBIDDEN";
    case FAILURE_CONNECTION_RESET:
        return "connection RESET";
    default:
        return "connection FAILED";
    }
}

static const char *proxy_word(const struct failure *failure)
{
    switch (failure->kind) {
    case FAILURE_PROXY_UNREACHABLE:
        return "proxy NOT REACHED";
    case FAILURE_PROXY_SILENT:
        return "proxy SILENT";
    case FAILURE_PROXY_BROKEN:
        return "proxy NOT USABLE";
    case FAILURE_PROXY_LOGIN:
        return "proxy LOGIN REFUSED";
    case FAILURE_PROXY_REFUSED:
        return "REFUSED BY THE PROXY";
    case FAILURE_PROXY_TARGET:
    case FAILURE_PROXY_FAILED:
        return "NOT REACHED BY THE PROXY";
    default:
        return "proxy FAILED";
    }
}

static const char *resolve_word(const struct failure *failure)
{
    switch (failure->kind) {
    case FAILURE_HOST_NOT_FOUND:
        return "name NOT FOUND";
    case FAILURE_NO_ADDRESS:
        return "name has NO ADDRESS";
    case FAILURE_SERVER_FAILURE:
        return "name server FAILED";
    case FAILURE_QUERY_REFUSED:
        return "name server REFUSED";
    case FAILURE_TIMED_OUT:
        return "name server SILENT";
    default:
        return "name lookup FAILED";
    }
}

bool row_unresolved(char *text, size_t size, const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    const struct step *step = attempt ? attempt_step(attempt, STAGE_RESOLVE) : NULL;
    if (endpoint->addresses || !step || step->status != STATUS_FAIL)
        return false;
    snprintf(text, size, "%s", resolve_word(&step->error));
    return true;
}

static void add_unresolved(struct row *row, const struct trace *trace,
                           const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    const struct step *step = attempt ? attempt_step(attempt, STAGE_RESOLVE) : NULL;
    char took[DURATION_SIZE];
    if (step && step->status == STATUS_FAIL)
        add(row, true, "%s %s", resolve_word(&step->error),
            wording_duration(step->duration_ns, took));
    else if ((step && step->status == STATUS_CUT) || !trace->complete)
        add(row, false, "not waited for");
    else
        add(row, false, "not tried");
}

struct tally {
    int failed, cut, skipped, all;
    bool one_kind; /* all that failed did so alike */
    struct failure first;
    int64_t longest_ns;
};

static struct tally tally_addresses(const struct endpoint *endpoint)
{
    struct tally tally = { .one_kind = true };
    for (const struct address *a = endpoint->addresses; a; a = a->next) {
        tally.all++;
        tally.cut += a->status == STATUS_CUT;
        tally.skipped += a->status == STATUS_SKIPPED;
        if (a->status != STATUS_FAIL)
            continue;
        if (tally.failed++ == 0)
            tally.first = a->error;
        tally.one_kind = tally.one_kind && a->error.kind == tally.first.kind;
        tally.longest_ns = a->connect_ns > tally.longest_ns ? a->connect_ns : tally.longest_ns;
    }
    return tally;
}

/* No address could be connected to. */
static void add_unconnected(struct row *row, const struct endpoint *endpoint)
{
    struct tally tally = tally_addresses(endpoint);
    bool expected = is_expected(endpoint);
    char took[DURATION_SIZE];
    if (!tally.failed) {
        add(row, false, "%s", tally.cut ? "not waited for" : "not tried: no way out for it here");
        return;
    }
    if (!expected && tally.one_kind && tally.first.kind == FAILURE_TIMED_OUT) {
        add(row, false, "silent");
        return;
    }
    const char *word = tally.one_kind ? row_connect_word(&tally.first) : "connection FAILED";
    add(row, expected, "%s %s", word, wording_duration(tally.longest_ns, took));
    if (tally.failed > 1) {
        char many[48];
        bool all = tally.failed == tally.all - tally.skipped;
        snprintf(many, sizeof many, all ? ", all %d addresses" : ", %d of %d addresses",
                 tally.failed, tally.all);
        note(row, all && tally.failed == 2 ? ", both addresses" : many);
    }
}

/* ---- through a proxy ---- */

static const struct step *proxy_step(const struct attempt *attempt)
{
    return attempt && attempt->proxy ? attempt_step(attempt, STAGE_CONNECT) : NULL;
}

/* Its connection and its answer, in one phrase. */
static void add_proxy(struct row *row, const struct endpoint *endpoint,
                      const struct attempt *attempt)
{
    char took[DURATION_SIZE];
    int64_t sum = 0;
    for (const struct step *s = attempt->steps; s; s = s->next)
        if (s->stage == STAGE_CONNECT && s->duration_ns > 0)
            sum += s->duration_ns;
    const struct step *step = proxy_step(attempt);
    wording_duration(sum, took);
    if (step->status == STATUS_OK)
        add(row, false, "proxy %s", took);
    else if (step->status == STATUS_FAIL)
        add(row, is_expected(endpoint), "%s %s", proxy_word(&step->error), took);
    else
        add(row, false, "proxy not waited for");
}

/* ---- the dialogue ---- */

static void add_fault(struct row *row, const struct endpoint *endpoint, const struct step *step,
                      int64_t took_ns)
{
    char took[DURATION_SIZE];
    bool expected = is_expected(endpoint);
    if (step->error.kind == FAILURE_PROTOCOL_MISMATCH)
        add(row, expected, "ANOTHER PROTOCOL answers: %s",
            *step->error.text ? step->error.text : "unknown");
    else if (step->error.kind == FAILURE_NOT_OFFERED ||
             step->error.kind == FAILURE_PLAINTEXT_INJECTED)
        add(row, expected, "%s %s", row_phase(step->stage), row_fault_word(&step->error));
    else
        add(row, expected, "%s %s %s", row_phase(step->stage), row_fault_word(&step->error),
            wording_duration(took_ns, took));
}

static void add_tls(struct row *row, const struct endpoint *endpoint, const struct attempt *attempt,
                    const struct step *step)
{
    char took[DURATION_SIZE];
    const char *fault = row_certificate_word(attempt->tls);
    add(row, false, "TLS %s", wording_duration(step->duration_ns, took));
    if (fault)
        add(row, is_expected(endpoint), "certificate %s", fault);
}

/* The port of the endpoint of the same protocol whose login came out as one of the two; 0 none. */
static int other_port(const struct trace *trace, const struct endpoint *endpoint,
                      enum login_outcome outcome, enum login_outcome or_this)
{
    for (int same = 1; same >= 0; same--)
        for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
            const struct attempt *a = endpoint_attempt(e, PURPOSE_MAIN);
            bool fits = a && (a->auth.outcome == outcome || a->auth.outcome == or_this);
            if (fits && e != endpoint && (!same || e->service == endpoint->service))
                return e->port;
        }
    return 0;
}

static const char *unfit(const struct auth_facts *auth)
{
    if (!auth->offered.count)
        return "no sign-in is offered";
    for (size_t i = 0; i < auth->offered.count; i++)
        if (!text_equal_fold(auth->offered.items[i], "XOAUTH2") &&
            !text_equal_fold(auth->offered.items[i], "OAUTHBEARER"))
            return "no offered sign-in fits";
    return "OAuth only";
}

static bool is_token_way(const char *mechanism)
{
    return mechanism &&
           (strcmp(mechanism, "XOAUTH2") == 0 || strcmp(mechanism, "OAUTHBEARER") == 0);
}

/* A run has one secret: the way to sign in chosen anywhere, or that none fits it, tells which. */
static const char *secret(const struct trace *trace)
{
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        const struct attempt *a = endpoint_attempt(e, PURPOSE_MAIN);
        const struct step *login = a ? attempt_step(a, STAGE_LOGIN) : NULL;
        bool no_way = login && login->error.kind == FAILURE_NO_MECHANISM &&
                      strstr(login->error.text, "access token");
        if (a && (no_way || is_token_way(a->auth.mechanism)))
            return "token";
    }
    return "password";
}

void row_login_block(char *text, size_t size, const struct trace *trace,
                     const struct endpoint *endpoint, const struct attempt *attempt,
                     enum login_block block)
{
    int port;
    switch (block) {
    case BLOCK_NO_CREDENTIAL:
        snprintf(text, size, "login not tested");
        return;
    case BLOCK_UNVERIFIED_TLS:
        snprintf(text, size, "%s not sent: the connection is not trusted", secret(trace));
        return;
    case BLOCK_GUESSED_HOST:
        snprintf(text, size, "%s not sent: this host is a guess", secret(trace));
        return;
    case BLOCK_SHOWN_ELSEWHERE:
        port = other_port(trace, endpoint, LOGIN_ACCEPTED, LOGIN_ACCEPTED);
        snprintf(text, size, port ? "login proven on %d" : "login proven on another port", port);
        return;
    case BLOCK_REFUSED_ELSEWHERE:
        port = other_port(trace, endpoint, LOGIN_JUDGED, LOGIN_JUDGED);
        snprintf(text, size, port ? "%s not sent again: refused on %d" : "%s not sent again",
                 secret(trace), port);
        return;
    case BLOCK_REFUSED_EARLIER:
        snprintf(text, size, "%s held back: refused earlier", secret(trace));
        return;
    case BLOCK_BEING_TRIED:
        snprintf(text, size, "%s held back: another run tries it", secret(trace));
        return;
    case BLOCK_UNKNOWN_EARLIER:
        snprintf(text, size, "%s held back: an earlier run was killed", secret(trace));
        return;
    case BLOCK_TRIED_ELSEWHERE:
        port = other_port(trace, endpoint, LOGIN_UNJUDGED, LOGIN_UNJUDGED);
        snprintf(text, size, port ? "login not tried: see %d" : "login not tried", port);
        return;
    case BLOCK_TOKEN_EXPIRED:
        snprintf(text, size, "token not sent: it has expired");
        return;
    case BLOCK_TOKEN_AUDIENCE:
        snprintf(text, size, "token not sent: not meant for this server");
        return;
    case BLOCK_NO_MECHANISM:
        snprintf(text, size, "%s not sent: %s", secret(trace), unfit(&attempt->auth));
        return;
    default:
        snprintf(text, size, "login not tried");
        return;
    }
}

static void add_blocked(struct row *row, const struct trace *trace, const struct endpoint *endpoint,
                        const struct attempt *attempt, enum login_block block)
{
    char text[ROW_PHRASE_SIZE];
    if (endpoint->transfer && block == BLOCK_NO_MECHANISM) {
        /* A port for mail between servers that wants no login is as it should be. */
        add(row, false, "for mail between servers, no login");
        return;
    }
    row_login_block(text, sizeof text, trace, endpoint, attempt, block);
    add(row, false, "%s", text);
}

/* A login may be several steps: a command, a challenge, a password. */
static int64_t login_took(const struct attempt *attempt)
{
    int64_t sum = 0;
    for (const struct step *s = attempt->steps; s; s = s->next)
        if (s->stage == STAGE_LOGIN && s->duration_ns > 0 && s->status != STATUS_SKIPPED)
            sum += s->duration_ns;
    return sum;
}

static void add_login(struct row *row, const struct trace *trace, const struct endpoint *endpoint,
                      const struct attempt *attempt, const struct step *step)
{
    char took[DURATION_SIZE];
    if (step->status == STATUS_FAIL && step->error.kind == FAILURE_NO_MECHANISM)
        add_blocked(row, trace, endpoint, attempt, BLOCK_NO_MECHANISM);
    else if (step->status == STATUS_FAIL && step->error.kind == FAILURE_HELD_BACK)
        add_blocked(row, trace, endpoint, attempt, attempt->auth.held_by);
    else if (step->status == STATUS_FAIL)
        add_fault(row, endpoint, step, login_took(attempt));
    else if (step->status == STATUS_SKIPPED) {
        int block = step->blocked_by ? login_block_parse(step->blocked_by) : -1;
        add_blocked(row, trace, endpoint, attempt,
                    block > 0 ? (enum login_block)block : attempt->auth.held_by);
    } else if (attempt->auth.outcome == LOGIN_ACCEPTED)
        add(row, false, "login ok %s", wording_duration(login_took(attempt), took));
}

/* Of its steps the last one that was gone tells. */
static void add_mail(struct row *row, const struct trace *trace, const struct attempt *attempt,
                     const struct step *step)
{
    const struct submission_facts *mail = trace->submission;
    char took[DURATION_SIZE];
    if (!mail || step != attempt_step(attempt, STAGE_SUBMIT))
        return;
    if (mail->accepted)
        add(row, false, "mail accepted %s", wording_duration(step->duration_ns, took));
    else if (mail->recipient_taken)
        add(row, false, "recipient accepted, nothing sent");
}

static void add_step(struct row *row, const struct trace *trace, const struct endpoint *endpoint,
                     const struct attempt *attempt, const struct step *step)
{
    char took[DURATION_SIZE];
    bool last_login = step == attempt_step(attempt, STAGE_LOGIN);
    if (step->status == STATUS_CUT)
        add(row, false, "%s not waited for", row_phase(step->stage));
    else if (step->stage == STAGE_LOGIN) {
        if (last_login)
            add_login(row, trace, endpoint, attempt, step);
    } else if (step->status == STATUS_FAIL)
        add_fault(row, endpoint, step, step->duration_ns);
    else if (step->status == STATUS_SKIPPED)
        return;
    else if (step->stage == STAGE_TLS)
        add_tls(row, endpoint, attempt, step);
    else if (step->stage == STAGE_MAILBOX)
        add(row, false, "mailbox ok");
    else if (step->stage == STAGE_SUBMIT)
        add_mail(row, trace, attempt, step);
    else if (step->duration_ns >= SLOW_NS)
        add(row, false, "%s %s", row_phase(step->stage), wording_duration(step->duration_ns, took));
}

static const struct address *connected(const struct endpoint *endpoint)
{
    const struct address *found = NULL;
    for (const struct address *a = endpoint->addresses; a; a = a->next)
        if (a->status == STATUS_OK && (a->chosen || !found))
            found = a;
    return found;
}

void row_make(struct row *row, const struct trace *trace, const struct endpoint *endpoint,
              const char *provider)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    const struct address *address = connected(endpoint);
    const struct step *proxy = proxy_step(attempt);
    bool reached = proxy ? proxy->status == STATUS_OK : address != NULL;
    char took[DURATION_SIZE];
    row->count = 0;
    if (!reached && endpoint->expectation == EXPECT_NOT_OFFERED) {
        /* Who asks for just this port hears that it was tried. */
        if (trace->target.needs & NEED_ENDPOINT && endpoint->addresses)
            add_unconnected(row, endpoint);
        add(row, false, "not offered by %s", provider);
        return;
    }
    if (proxy)
        add_proxy(row, endpoint, attempt);
    else if (address)
        add(row, false, "connect %s", wording_duration(address->connect_ns, took));
    else if (endpoint->addresses)
        add_unconnected(row, endpoint);
    else
        add_unresolved(row, trace, endpoint);
    for (const struct step *s = reached && attempt ? attempt->steps : NULL; s; s = s->next)
        if (s->stage > STAGE_CONNECT && s->stage != STAGE_GOODBYE)
            add_step(row, trace, endpoint, attempt, s);
    if (endpoint->transfer && attempt && !attempt_step(attempt, STAGE_LOGIN) &&
        wording_endpoint_way(endpoint) != WAY_NONE)
        add_blocked(row, trace, endpoint, attempt, BLOCK_NO_MECHANISM);
    if (endpoint->expectation == EXPECT_OPTIONAL && wording_endpoint_way(endpoint) == WAY_NONE)
        note(row, "; optional");
    if (endpoint->expectation == EXPECT_NOT_OFFERED)
        add(row, false, "(not offered by %s)", provider);
}
