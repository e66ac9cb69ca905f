#include "story.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MS = 1000000, DAY = 86400 };

struct teller {
    struct trace *trace;
    struct endpoint *endpoint;
    struct attempt *attempt;
    int64_t now_ns;
};

static struct step *add_step(struct teller *t, const char *name, enum stage stage,
                             enum status status)
{
    struct step *step = trace_add_step(t->trace, t->attempt, name, stage);
    step->status = status;
    step->start_ns = t->now_ns;
    step->duration_ns = status == STATUS_CUT ? -1 : 10 * MS;
    t->now_ns += 10 * MS;
    return step;
}

static void fail(struct teller *t, const char *name, enum stage stage, const char *kind,
                 const char *words)
{
    struct step *step = add_step(t, name, stage, STATUS_FAIL);
    size_t size = strcspn(kind, " ");
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)size, kind);
    const char *text = kind[size] ? kind + size + 1 : "";
    step->error = failure_make(failure_parse(word), "%s", text);
    assert(step->error.kind != FAILURE_NONE);
    if (words)
        step->reply = text_bytes(words);
}

static struct address *add_address(struct teller *t, const char *text, enum status status)
{
    struct address *address = trace_add_address(t->trace, t->endpoint);
    address->text = arena_copy(&t->trace->arena, text);
    address->family = strchr(text, ':') ? 6 : 4;
    address->status = status;
    address->start_ns = t->now_ns;
    address->connect_ns = status == STATUS_CUT ? -1 : 6000 * (int64_t)MS;
    return address;
}

static void connect_to(struct teller *t)
{
    struct address *address = add_address(t, "192.0.2.1", STATUS_OK);
    address->chosen = true;
    address->connect_ns = 20 * MS;
    t->attempt->address = address->text;
    add_step(t, "resolve", STAGE_RESOLVE, STATUS_OK);
    add_step(t, "connect", STAGE_CONNECT, STATUS_OK);
}

static void greet(struct teller *t)
{
    connect_to(t);
    add_step(t, "greeting", STAGE_GREETING, STATUS_OK);
    add_step(t, "EHLO", STAGE_CAPABILITY, STATUS_OK);
}

static struct tls_facts *encrypt(struct teller *t)
{
    struct arena *arena = &t->trace->arena;
    greet(t);
    add_step(t, "TLS handshake", STAGE_TLS, STATUS_OK);
    struct tls_facts *tls = arena_new(arena, sizeof *tls);
    struct certificate *leaf = arena_new(arena, sizeof *leaf);
    *leaf = (struct certificate) {
        .subject = "CN=mail.example.org",
        .issuer = "CN=Example Issuing CA",
        .not_before = STORY_NOW - 30 * DAY,
        .not_after = STORY_NOW + 60 * DAY,
        .key = "RSA-2048",
        .key_bits = 2048,
        .signature = "RSA-SHA256",
    };
    strings_add(&leaf->names, arena, "mail.example.org");
    *tls = (struct tls_facts) {
        .version = "TLS1.3",
        .chain = leaf,
        .verified = true,
        .name_checked = true,
        .name_matches = true,
        .checked_name = t->endpoint->host,
        .trust_loaded = true,
    };
    t->attempt->tls = tls;
    return tls;
}

static void end(struct teller *t)
{
    add_step(t, "QUIT", STAGE_GOODBYE, STATUS_OK);
}

static void hold(struct teller *t, const char *block, const char *words)
{
    struct step *step = add_step(t, "AUTH", STAGE_LOGIN, STATUS_SKIPPED);
    enum login_block held = (enum login_block)login_block_parse(block);
    step->blocked_by = login_block_name(held);
    step->reply = text_bytes(words);
    t->attempt->auth.held_by = held;
    t->attempt->auth.outcome = held == BLOCK_NO_CREDENTIAL ? LOGIN_NOT_TRIED : LOGIN_HELD_BACK;
    end(t);
}

static void accept_login(struct teller *t)
{
    add_step(t, "AUTH", STAGE_LOGIN, STATUS_OK);
    t->attempt->auth.outcome = LOGIN_ACCEPTED;
}

static void accept_all(struct teller *t)
{
    accept_login(t);
    if (t->endpoint->service != SERVICE_SMTP)
        add_step(t, "mailbox", STAGE_MAILBOX, STATUS_OK);
    end(t);
}

static void add_issuer(struct teller *t, struct tls_facts *tls, bool self_issued)
{
    struct certificate *issuer = arena_new(&t->trace->arena, sizeof *issuer);
    *issuer = *tls->chain;
    issuer->subject = "CN=Example Issuing CA";
    issuer->self_issued = self_issued;
    issuer->authority = true;
    tls->chain->next = issuer;
}

static void spoil(struct teller *t, struct tls_facts *tls, const char *what)
{
    struct arena *arena = &t->trace->arena;
    struct certificate *leaf = tls->chain;
    const char *problem = "signer-not-found";
    tls->verified = false;
    if (strcmp(what, "expired") == 0) {
        problem = "expired";
        leaf->not_after = STORY_NOW - DAY;
    } else if (strcmp(what, "future") == 0) {
        problem = "not-activated";
        leaf->not_before = STORY_NOW + DAY;
    } else if (strcmp(what, "name") == 0) {
        problem = "unexpected-owner";
        tls->name_matches = false;
    } else if (strcmp(what, "self") == 0) {
        leaf->self_issued = true;
    } else if (strcmp(what, "private") == 0) {
        add_issuer(t, tls, true);
    } else if (strcmp(what, "chain") == 0) {
        add_issuer(t, tls, false);
    } else if (strcmp(what, "noroots") == 0) {
        tls->trust_loaded = false;
    } else {
        problem = what; /* a verification bit by its name */
    }
    strings_add(&tls->problems, arena, problem);
}

static void weaken(struct tls_facts *tls, const char *what)
{
    struct certificate *leaf = tls->chain;
    if (strcmp(what, "key") == 0) {
        leaf->key = "RSA-1024";
        leaf->key_bits = 1024;
    } else if (strcmp(what, "sha1") == 0)
        leaf->signature = "RSA-SHA1";
    else if (strcmp(what, "noname") == 0)
        leaf->names.count = 0;
    else
        tls->version = "TLS1.0";
}

static void offer(struct teller *t, const char *mechanisms)
{
    char *rest = arena_copy(&t->trace->arena, mechanisms), *save = NULL;
    for (char *word = strtok_r(rest, ",", &save); word; word = strtok_r(NULL, ",", &save))
        strings_add(&t->attempt->auth.offered, &t->trace->arena, word);
}

static void add_lookup(struct teller *t, const char *type, const char *kind)
{
    struct lookup *lookup = trace_add_lookup(t->trace);
    enum failure_kind failure = failure_parse(kind);
    lookup->name = t->endpoint->host;
    lookup->type = type;
    lookup->server = "192.0.2.53:53";
    lookup->transport = "udp";
    lookup->rcode = failure == FAILURE_HOST_NOT_FOUND   ? "NXDOMAIN"
                    : failure == FAILURE_SERVER_FAILURE ? "SERVFAIL"
                    : failure == FAILURE_QUERY_REFUSED  ? "REFUSED"
                    : failure == FAILURE_NO_ADDRESS     ? "NOERROR"
                                                        : NULL;
    lookup->error = failure_make(failure, "%s", "");
    lookup->duration_ns = 5000 * (int64_t)MS;
}

/* ---- what happened ---- */

static void tell_dns(struct teller *t, const char *kind)
{
    add_lookup(t, "A", kind);
    add_lookup(t, "AAAA", kind);
    fail(t, "resolve", STAGE_RESOLVE, kind, NULL);
}

static void tell_connect(struct teller *t, const char *kind)
{
    struct address *address = add_address(t, "192.0.2.1", STATUS_FAIL);
    address->error = failure_make(failure_parse(kind), "%s", "");
    add_step(t, "resolve", STAGE_RESOLVE, STATUS_OK);
    fail(t, "connect", STAGE_CONNECT, kind, NULL);
}

static void tell_notwaited(struct teller *t, const char *rest)
{
    (void)rest;
    struct address *address = add_address(t, "192.0.2.1", STATUS_CUT);
    address->error = failure_make(FAILURE_CANCELLED, "%s", "not waited for");
    add_step(t, "resolve", STAGE_RESOLVE, STATUS_OK);
    add_step(t, "connect", STAGE_CONNECT, STATUS_CUT);
}

static void tell_greeting(struct teller *t, const char *kind)
{
    connect_to(t);
    fail(t, "greeting", STAGE_GREETING, kind, NULL);
}

static void tell_greeting_said(struct teller *t, const char *words)
{
    connect_to(t);
    fail(t, "greeting", STAGE_GREETING, "refused", words);
}

static void tell_ehlo(struct teller *t, const char *kind)
{
    connect_to(t);
    add_step(t, "greeting", STAGE_GREETING, STATUS_OK);
    fail(t, "EHLO", STAGE_CAPABILITY, kind, NULL);
}

static void tell_ehlo_said(struct teller *t, const char *words)
{
    connect_to(t);
    add_step(t, "greeting", STAGE_GREETING, STATUS_OK);
    fail(t, "EHLO", STAGE_CAPABILITY, "refused", words);
}

static void tell_starttls(struct teller *t, const char *kind)
{
    greet(t);
    fail(t, "STARTTLS", STAGE_STARTTLS, kind, NULL);
    end(t);
}

static void tell_starttls_said(struct teller *t, const char *words)
{
    greet(t);
    fail(t, "STARTTLS", STAGE_STARTTLS, "refused", words);
    end(t);
}

static void tell_tls(struct teller *t, const char *kind)
{
    if (t->endpoint->security == SECURITY_STARTTLS)
        greet(t);
    else
        connect_to(t);
    fail(t, "TLS handshake", STAGE_TLS, kind, NULL);
}

static void tell_auth(struct teller *t, const char *kind)
{
    encrypt(t);
    fail(t, "AUTH", STAGE_LOGIN, kind, NULL);
    t->attempt->auth.outcome = LOGIN_JUDGED;
}

static void tell_cut(struct teller *t, const char *rest)
{
    (void)rest;
    connect_to(t);
    add_step(t, "greeting", STAGE_GREETING, STATUS_OK);
    add_step(t, "EHLO", STAGE_CAPABILITY, STATUS_CUT);
}

static void tell_open(struct teller *t, const char *rest)
{
    (void)rest;
    encrypt(t);
    hold(t, "no-credential", NULL);
}

static void tell_held(struct teller *t, const char *block)
{
    encrypt(t);
    hold(t, block, NULL);
}

static void tell_earlier(struct teller *t, const char *words)
{
    encrypt(t);
    hold(t, "refused-earlier", words);
}

static void tell_unfit(struct teller *t, const char *mechanisms)
{
    encrypt(t);
    offer(t, mechanisms);
    fail(t, "AUTH", STAGE_LOGIN, "no_mechanism no mechanism offered for a login with a password",
         NULL);
    t->attempt->auth.outcome = LOGIN_NOT_TRIED;
    end(t);
}

static void tell_refused(struct teller *t, const char *words)
{
    encrypt(t);
    fail(t, "AUTH", STAGE_LOGIN, "refused", words);
    t->attempt->auth.outcome = LOGIN_JUDGED;
    end(t);
}

static void tell_accepted(struct teller *t, const char *rest)
{
    (void)rest;
    encrypt(t);
    accept_all(t);
}

static void tell_parting(struct teller *t, const char *kind)
{
    encrypt(t);
    accept_login(t);
    fail(t, "QUIT", STAGE_GOODBYE, kind, NULL);
}

static void tell_mailbox(struct teller *t, const char *words)
{
    encrypt(t);
    accept_login(t);
    fail(t, "EXAMINE", STAGE_MAILBOX, "refused", words);
    end(t);
}

static void tell_cert(struct teller *t, const char *what)
{
    spoil(t, encrypt(t), what);
    hold(t, "unverified-tls", NULL);
}

static void tell_weak(struct teller *t, const char *what)
{
    weaken(encrypt(t), what);
    accept_all(t);
}

static void tell_half(struct teller *t, const char *rest)
{
    char *text = arena_copy(&t->trace->arena, rest);
    char *kind = strchr(text, ' ');
    *kind++ = '\0';
    encrypt(t);
    struct address *address = add_address(t, text, STATUS_FAIL);
    address->error = failure_make(failure_parse(kind), "%s", "");
    accept_all(t);
}

static const struct {
    const char *word;
    void (*tell)(struct teller *t, const char *rest);
} verbs[] = {
    { "dns", tell_dns },
    { "connect", tell_connect },
    { "notwaited", tell_notwaited },
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
    { "accepted", tell_accepted },
    { "parting", tell_parting },
    { "mailbox", tell_mailbox },
    { "cert", tell_cert },
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
    trace->duration_ns = 6000 * (int64_t)MS;
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
