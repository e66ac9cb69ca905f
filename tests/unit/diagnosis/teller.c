#include "teller.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { DAY = 86400 };

struct step *teller_step(struct teller *t, const char *name, enum stage stage, enum status status)
{
    struct step *step = trace_add_step(t->trace, t->attempt, name, stage);
    step->status = status;
    step->start_ns = t->now_ns;
    step->duration_ns = status == STATUS_CUT ? -1 : 10 * TELLER_MS;
    t->now_ns += 10 * TELLER_MS;
    return step;
}

void teller_fail(struct teller *t, const char *name, enum stage stage, const char *kind,
                 const char *words)
{
    struct step *step = teller_step(t, name, stage, STATUS_FAIL);
    size_t size = strcspn(kind, " ");
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)size, kind);
    const char *text = kind[size] ? kind + size + 1 : "";
    step->error = failure_make(failure_parse(word), "%s", text);
    assert(step->error.kind != FAILURE_NONE);
    if (words)
        step->reply = text_bytes(words);
}

struct address *teller_address(struct teller *t, const char *text, enum status status)
{
    struct address *address = trace_add_address(t->trace, t->endpoint);
    address->text = arena_copy(&t->trace->arena, text);
    address->family = strchr(text, ':') ? 6 : 4;
    address->status = status;
    address->start_ns = t->now_ns;
    address->connect_ns = status == STATUS_CUT ? -1 : 6000 * (int64_t)TELLER_MS;
    return address;
}

void teller_connect(struct teller *t)
{
    struct address *address = teller_address(t, "192.0.2.1", STATUS_OK);
    address->chosen = true;
    address->connect_ns = 20 * TELLER_MS;
    t->attempt->address = address->text;
    teller_step(t, "resolve", STAGE_RESOLVE, STATUS_OK);
    teller_step(t, "connect", STAGE_CONNECT, STATUS_OK);
}

void teller_greet(struct teller *t)
{
    teller_connect(t);
    teller_step(t, "greeting", STAGE_GREETING, STATUS_OK);
    teller_step(t, "EHLO", STAGE_CAPABILITY, STATUS_OK);
}

struct tls_facts *teller_encrypt(struct teller *t)
{
    struct arena *arena = &t->trace->arena;
    teller_greet(t);
    teller_step(t, "TLS handshake", STAGE_TLS, STATUS_OK);
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

void teller_end(struct teller *t)
{
    teller_step(t, "QUIT", STAGE_GOODBYE, STATUS_OK);
}

void teller_hold(struct teller *t, const char *block, const char *words)
{
    struct step *step = teller_step(t, "AUTH", STAGE_LOGIN, STATUS_SKIPPED);
    enum login_block held = (enum login_block)login_block_parse(block);
    step->blocked_by = login_block_name(held);
    step->reply = text_bytes(words);
    t->attempt->auth.held_by = held;
    t->attempt->auth.outcome = held == BLOCK_NO_CREDENTIAL ? LOGIN_NOT_TRIED : LOGIN_HELD_BACK;
    teller_end(t);
}

void teller_accept(struct teller *t)
{
    teller_step(t, "AUTH", STAGE_LOGIN, STATUS_OK);
    t->attempt->auth.outcome = LOGIN_ACCEPTED;
}

void teller_accept_all(struct teller *t)
{
    teller_accept(t);
    if (t->endpoint->service != SERVICE_SMTP)
        teller_step(t, "mailbox", STAGE_MAILBOX, STATUS_OK);
    teller_end(t);
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

void teller_spoil(struct teller *t, struct tls_facts *tls, const char *what)
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

void teller_weaken(struct tls_facts *tls, const char *what)
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

void teller_offer(struct teller *t, const char *mechanisms)
{
    char *rest = arena_copy(&t->trace->arena, mechanisms), *save = NULL;
    for (char *word = strtok_r(rest, ",", &save); word; word = strtok_r(NULL, ",", &save))
        strings_add(&t->attempt->auth.offered, &t->trace->arena, word);
}

void teller_lookup(struct teller *t, const char *type, const char *kind)
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
    lookup->zone = failure == FAILURE_HOST_NOT_FOUND ? "org" : NULL;
    lookup->error = failure_make(failure, "%s", "");
    lookup->duration_ns = 5000 * (int64_t)TELLER_MS;
}
