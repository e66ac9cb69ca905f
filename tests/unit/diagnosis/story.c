#include "story.h"

#include "base/text.h"
#include "teller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- what happened ---- */

static void tell_dns(struct teller *t, const char *kind)
{
    teller_lookup(t, "A", kind);
    teller_lookup(t, "AAAA", kind);
    teller_fail(t, "resolve", STAGE_RESOLVE, kind, NULL);
}

static void tell_connect(struct teller *t, const char *kind)
{
    struct address *address = teller_address(t, "192.0.2.1", STATUS_FAIL);
    address->error = failure_make(failure_parse(kind), "%s", "");
    teller_step(t, "resolve", STAGE_RESOLVE, STATUS_OK);
    teller_fail(t, "connect", STAGE_CONNECT, kind, NULL);
}

/* Nobody answers, but that other port of the same address does. */
static void tell_blocked(struct teller *t, const char *port)
{
    tell_connect(t, "timed_out");
    struct path_facts *path = arena_new(&t->trace->arena, sizeof *path);
    path->control = t->endpoint->addresses->text;
    path->control_port = (int)strtol(port, NULL, 10);
    path->same_address = true;
    t->endpoint->addresses->path = path;
}

static void tell_notwaited(struct teller *t, const char *rest)
{
    (void)rest;
    struct address *address = teller_address(t, "192.0.2.1", STATUS_CUT);
    address->error = failure_make(FAILURE_CANCELLED, "%s", "not waited for");
    teller_step(t, "resolve", STAGE_RESOLVE, STATUS_OK);
    teller_step(t, "connect", STAGE_CONNECT, STATUS_CUT);
}

/* The proxy said these words; "*": it was heard, but said nothing of the server. */
static void tell_proxy(struct teller *t, const char *rest)
{
    size_t size = strcspn(rest, " ");
    const char *words = rest[size] ? rest + size + 1 : "";
    struct proxy_facts *proxy = arena_new(&t->trace->arena, sizeof *proxy);
    proxy->asked = t->endpoint->id;
    proxy->heard = *words;
    t->trace->from.proxy = "socks5://proxy.example:1080";
    t->attempt->proxy = proxy;
    teller_step(t, "connect", STAGE_CONNECT, STATUS_OK);
    teller_fail(t, "proxy", STAGE_CONNECT, arena_format(&t->trace->arena, "%.*s", (int)size, rest),
                *words == '*' ? NULL : words);
}

static void tell_greeting(struct teller *t, const char *kind)
{
    teller_connect(t);
    teller_fail(t, "greeting", STAGE_GREETING, kind, NULL);
}

static void tell_greeting_said(struct teller *t, const char *words)
{
    teller_connect(t);
    teller_fail(t, "greeting", STAGE_GREETING, "refused", words);
}

static void tell_ehlo(struct teller *t, const char *kind)
{
    teller_connect(t);
    teller_step(t, "greeting", STAGE_GREETING, STATUS_OK);
    teller_fail(t, "EHLO", STAGE_CAPABILITY, kind, NULL);
}

static void tell_ehlo_said(struct teller *t, const char *words)
{
    teller_connect(t);
    teller_step(t, "greeting", STAGE_GREETING, STATUS_OK);
    teller_fail(t, "EHLO", STAGE_CAPABILITY, "refused", words);
}

static void tell_starttls(struct teller *t, const char *kind)
{
    teller_greet(t);
    teller_fail(t, "STARTTLS", STAGE_STARTTLS, kind, NULL);
    teller_end(t);
}

static void tell_starttls_said(struct teller *t, const char *words)
{
    teller_greet(t);
    teller_fail(t, "STARTTLS", STAGE_STARTTLS, "refused", words);
    teller_end(t);
}

static void tell_tls(struct teller *t, const char *kind)
{
    if (t->endpoint->security == SECURITY_STARTTLS)
        teller_greet(t);
    else
        teller_connect(t);
    teller_fail(t, "TLS handshake", STAGE_TLS, kind, NULL);
}

static void tell_auth(struct teller *t, const char *kind)
{
    teller_encrypt(t);
    teller_fail(t, "AUTH", STAGE_LOGIN, kind, NULL);
    t->attempt->auth.outcome = LOGIN_JUDGED;
}

static void tell_cut(struct teller *t, const char *rest)
{
    (void)rest;
    teller_connect(t);
    teller_step(t, "greeting", STAGE_GREETING, STATUS_OK);
    teller_step(t, "EHLO", STAGE_CAPABILITY, STATUS_CUT);
}

static void tell_open(struct teller *t, const char *rest)
{
    (void)rest;
    teller_encrypt(t);
    teller_hold(t, "no-credential", NULL);
}

static void tell_held(struct teller *t, const char *block)
{
    teller_encrypt(t);
    teller_hold(t, block, NULL);
}

static void tell_earlier(struct teller *t, const char *words)
{
    teller_encrypt(t);
    teller_hold(t, "refused-earlier", words);
}

static void tell_unfit(struct teller *t, const char *mechanisms)
{
    teller_encrypt(t);
    teller_offer(t, mechanisms);
    teller_fail(t, "AUTH", STAGE_LOGIN,
                "no_mechanism no mechanism offered for a login with a password", NULL);
    t->attempt->auth.outcome = LOGIN_NOT_TRIED;
    teller_end(t);
}

static void tell_refused(struct teller *t, const char *words)
{
    teller_encrypt(t);
    teller_fail(t, "AUTH", STAGE_LOGIN, "refused", words);
    t->attempt->auth.outcome = LOGIN_JUDGED;
    teller_end(t);
}

static void tell_token_refused(struct teller *t, const char *words)
{
    tell_refused(t, words);
    t->attempt->auth.mechanism = "XOAUTH2";
}

static void tell_bound_refused(struct teller *t, const char *words)
{
    tell_refused(t, words);
    t->attempt->auth.mechanism = "SCRAM-SHA-256-PLUS";
}

static void tell_unseen_refused(struct teller *t, const char *words)
{
    tell_refused(t, words);
    t->attempt->auth.mechanism = "SCRAM-SHA-256";
    t->attempt->auth.outcome = LOGIN_UNJUDGED;
}

static void tell_token_accepted(struct teller *t, const char *rest)
{
    (void)rest;
    teller_encrypt(t);
    teller_accept_all(t);
    t->attempt->auth.mechanism = "XOAUTH2";
}

static void tell_accepted(struct teller *t, const char *rest)
{
    (void)rest;
    teller_encrypt(t);
    teller_accept_all(t);
}

static void tell_parting(struct teller *t, const char *kind)
{
    teller_encrypt(t);
    teller_accept(t);
    teller_fail(t, "QUIT", STAGE_GOODBYE, kind, NULL);
}

static void tell_mailbox(struct teller *t, const char *words)
{
    teller_encrypt(t);
    teller_accept(t);
    teller_fail(t, "EXAMINE", STAGE_MAILBOX, "refused", words);
    teller_end(t);
}

static void tell_cert(struct teller *t, const char *what)
{
    teller_spoil(t, teller_encrypt(t), what);
    teller_hold(t, "unverified-tls", NULL);
}

/* The certificate is spoilt, and the greeting tells a day so many days off. */
static void tell_dated(struct teller *t, const char *rest)
{
    size_t size = strcspn(rest, " ");
    time_t there = STORY_NOW + strtol(rest + size, NULL, 10) * 86400;
    char date[64];
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", gmtime(&there));
    teller_spoil(t, teller_encrypt(t), arena_format(&t->trace->arena, "%.*s", (int)size, rest));
    attempt_step(t->attempt, STAGE_GREETING)->reply =
        text_bytes(arena_format(&t->trace->arena, "220 mail.example.org ESMTP Exim 4.98 %s", date));
    teller_hold(t, "unverified-tls", NULL);
}

static void tell_weak(struct teller *t, const char *what)
{
    teller_weaken(teller_encrypt(t), what);
    teller_accept_all(t);
}

static void tell_half(struct teller *t, const char *rest)
{
    char *text = arena_copy(&t->trace->arena, rest);
    char *kind = strchr(text, ' ');
    *kind++ = '\0';
    teller_encrypt(t);
    struct address *address = teller_address(t, text, STATUS_FAIL);
    address->error = failure_make(failure_parse(kind), "%s", "");
    teller_accept_all(t);
}

static const struct {
    const char *word;
    void (*tell)(struct teller *t, const char *rest);
} verbs[] = {
    { "dns", tell_dns },
    { "connect", tell_connect },
    { "blocked", tell_blocked },
    { "notwaited", tell_notwaited },
    { "proxy", tell_proxy },
    { "greeting", tell_greeting },
    { "greeting-said", tell_greeting_said },
    { "ehlo", tell_ehlo },
    { "ehlo-said", tell_ehlo_said },
    { "starttls", tell_starttls },
    { "starttls-said", tell_starttls_said },
    { "tls", tell_tls },
    { "auth", tell_auth },
    { "cut", tell_cut },
    { "open", tell_open },
    { "held", tell_held },
    { "earlier", tell_earlier },
    { "unfit", tell_unfit },
    { "refused", tell_refused },
    { "token-refused", tell_token_refused },
    { "bound-refused", tell_bound_refused },
    { "unseen-refused", tell_unseen_refused },
    { "token-accepted", tell_token_accepted },
    { "accepted", tell_accepted },
    { "parting", tell_parting },
    { "mailbox", tell_mailbox },
    { "cert", tell_cert },
    { "dated", tell_dated },
    { "weak", tell_weak },
    { "half", tell_half },
};

/* ---- endpoints ---- */

static void set_port(struct endpoint *endpoint, int port)
{
    static const struct {
        int port;
        enum service service;
        enum security security;
    } uses[] = {
        { 25, SERVICE_SMTP, SECURITY_STARTTLS },  { 587, SERVICE_SMTP, SECURITY_STARTTLS },
        { 465, SERVICE_SMTP, SECURITY_IMPLICIT }, { 143, SERVICE_IMAP, SECURITY_STARTTLS },
        { 993, SERVICE_IMAP, SECURITY_IMPLICIT }, { 110, SERVICE_POP3, SECURITY_STARTTLS },
        { 995, SERVICE_POP3, SECURITY_IMPLICIT },
    };
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (uses[i].port == port) {
            endpoint->service = uses[i].service;
            endpoint->security = uses[i].security;
        }
    endpoint->port = port;
}

/* As the plan does it. */
static unsigned needs_met(const struct endpoint *endpoint, unsigned needs)
{
    static const unsigned met[SERVICE_COUNT] = { NEED_SEND, NEED_READ | NEED_IMAP,
                                                 NEED_READ | NEED_POP };
    unsigned bits = needs & NEED_ENDPOINT;
    if (endpoint->expectation != EXPECT_NOT_OFFERED)
        bits |= endpoint->transfer ? (unsigned)NEED_RELAY : met[endpoint->service];
    if (endpoint->expectation == EXPECT_OFFERED || endpoint->expectation == EXPECT_UNKNOWN)
        bits |= needs & NEED_ANY;
    return bits;
}

static void tell_line(struct trace *trace, struct bytes line, bool microsoft)
{
    char *text = arena_format(&trace->arena, "%.*s", (int)line.size, line.data), *rest = text;
    int port = (int)strtol(rest, &rest, 10);
    struct endpoint *e = trace_add_endpoint(trace);
    set_port(e, port);
    rest += 1;
    e->expectation = *rest == 'o'   ? EXPECT_OFFERED
                     : *rest == 'p' ? EXPECT_OPTIONAL
                     : *rest == 'n' ? EXPECT_NOT_OFFERED
                                    : EXPECT_UNKNOWN;
    for (rest++; *rest != ' '; rest++) {
        e->transfer |= *rest == 't';
        e->guessed |= *rest == 'g';
    }
    e->host = !microsoft                   ? "mail.example.org"
              : e->service == SERVICE_SMTP ? "smtp.office365.com"
                                           : "outlook.office365.com";
    e->id = arena_format(&trace->arena, "%s:%d", e->host, port);
    e->needs = needs_met(e, trace->target.needs);
    struct teller teller = { .trace = trace, .endpoint = e };
    teller.attempt = trace_add_attempt(trace, e, PURPOSE_MAIN);
    char *verb = ++rest, *words = strchr(verb, ' ');
    size_t size = words ? (size_t)(words - verb) : strlen(verb);
    words = words ? words + 1 : text + strlen(text);
    for (char *p; (p = strstr(words, "\\n")) != NULL;)
        memcpy(p, "\r\n", 2);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strlen(verbs[i].word) == size && strncmp(verbs[i].word, verb, size) == 0) {
            verbs[i].tell(&teller, words);
            return;
        }
    fprintf(stderr, "no such verb: %s\n", verb);
    abort();
}

struct result *story_tell(const struct story *story)
{
    struct trace *trace = trace_new();
    struct bytes rest = text_bytes(story->lines), line;
    const char *provider = story->provider ? story->provider : "generic";
    bool microsoft = strncmp(provider, "microsoft365", 12) == 0;
    trace->started_real_ns = (int64_t)STORY_NOW * 1000000000;
    trace->duration_ns = 6000 * (int64_t)TELLER_MS;
    trace->complete = story->cut_by == NULL;
    trace->cut_by = story->cut_by;
    trace->target = (struct target_facts) {
        .input = "ana@example.org",
        .address = "ana@example.org",
        .domain = "example.org",
        .provider = provider,
        .needs = story->needs ? story->needs : (unsigned)NEED_SEND | NEED_READ,
    };
    while (text_next_line(&rest, &line))
        tell_line(trace, line, microsoft);
    return result_new(trace);
}

struct finding *story_finding(const struct result *result, const char *id, int port)
{
    for (struct finding *f = result->findings; f; f = f->next) {
        const char *colon = strrchr(f->endpoint, ':');
        int own = colon ? atoi(colon + 1) : 0;
        if (strcmp(f->class_id, id) == 0 && own == port)
            return f;
    }
    return NULL;
}
