#include "report/wording.h"

#include "base/text.h"
#include "providers/provider.h"

#include <stdio.h>
#include <string.h>

bool wording_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

const char *wording_or(const char *text, const char *otherwise)
{
    return text && *text ? text : otherwise;
}

/* ---- who, how sure, where, how long ---- */

static void append_host_keeper(struct buffer *out, const struct result *result)
{
    const struct target_facts *target = &result->trace->target;
    const struct endpoint *endpoint = wording_endpoint(result, result->verdict.endpoint);
    bool known = target->provider && strcmp(target->provider, "generic") != 0;
    if (known && target->provider_title)
        buffer_format(out, "the provider, %s", target->provider_title);
    else
        buffer_format(out, "whoever runs %s",
                      endpoint         ? wording_or(endpoint->host, "the server")
                      : target->domain ? target->domain
                                       : "the server");
}

static void append_tenant_admin(struct buffer *out, const struct result *result)
{
    const char *id = result->trace->target.provider;
    const struct provider *provider = id ? provider_find(id) : NULL;
    buffer_append_text(out, provider
                                ? wording_or(provider->administrator, "your mail administrator")
                                : "your mail administrator");
}

void wording_owner(struct buffer *out, const struct result *result, enum owner owner)
{
    const char *domain = result->trace->target.domain;
    switch (owner) {
    case OWNER_USER:
        buffer_append_text(out, "you");
        return;
    case OWNER_HELPDESK:
        buffer_append_text(out, "your help desk");
        return;
    case OWNER_NETWORK_ADMIN:
        buffer_append_text(out, "your network team");
        return;
    case OWNER_TENANT_ADMIN:
        append_tenant_admin(out, result);
        return;
    case OWNER_APP_DEVELOPER:
        buffer_append_text(out, "whoever makes the program that sends or reads");
        return;
    case OWNER_DOMAIN_OWNER:
        buffer_format(out, "whoever looks after the DNS of %s", domain ? domain : "this name");
        return;
    case OWNER_PROVIDER:
        append_host_keeper(out, result);
        return;
    default:
        return;
    }
}

const char *wording_confidence(enum confidence confidence)
{
    static const char *const words[] = {
        [CONFIDENCE_NONE] = "",
        [CONFIDENCE_POSSIBLE] = "maybe",
        [CONFIDENCE_LIKELY] = "probably",
        [CONFIDENCE_CERTAIN] = "sure",
    };
    return words[confidence];
}

const char *wording_stage(enum stage stage)
{
    static const char *const words[] = {
        [STAGE_NONE] = "",
        [STAGE_RESOLVE] = "when its name was looked up",
        [STAGE_CONNECT] = "on connecting",
        [STAGE_GREETING] = "in its greeting",
        [STAGE_CAPABILITY] = "when asked what it offers",
        [STAGE_STARTTLS] = "when asked for encryption",
        [STAGE_TLS] = "in the TLS handshake",
        [STAGE_LOGIN] = "at login",
        [STAGE_MAILBOX] = "on opening the mailbox",
        [STAGE_SUBMIT] = "when given a message",
        [STAGE_GOODBYE] = "at goodbye",
    };
    return words[stage];
}

const char *wording_purpose(enum purpose purpose)
{
    static const char *const purposes[PURPOSE_COUNT] = {
        [PURPOSE_SNIFF] = "a second connection, to see what answers:",
        [PURPOSE_MSS] = "a second connection, with small packets only:",
        [PURPOSE_AGAIN] = "a second connection of the same kind:",
        [PURPOSE_EXERCISE] = "a further session, that tries what the mailbox can do:",
        [PURPOSE_SECOND_CLIENT] = "another session, as a second client:",
        [PURPOSE_ARRIVAL] = "a further session, that looks for a message:",
    };
    return purposes[purpose];
}

const char *wording_duration(int64_t ns, char text[static DURATION_SIZE])
{
    double ms = (double)ns / 1e6;
    if (ms < 0)
        snprintf(text, DURATION_SIZE, "?");
    else if (ns == 0)
        snprintf(text, DURATION_SIZE, "0 ms");
    else if (ms < 0.05)
        snprintf(text, DURATION_SIZE, "<0.1 ms");
    else if (ms < 0.95)
        snprintf(text, DURATION_SIZE, "%.1f ms", ms);
    else if (ms < 999.5)
        snprintf(text, DURATION_SIZE, "%.0f ms", ms);
    else if (ms < 9950)
        snprintf(text, DURATION_SIZE, "%.1f s", ms / 1000);
    else
        snprintf(text, DURATION_SIZE, "%.0f s", ms / 1000);
    return text;
}

const char *wording_provider(const struct result *result)
{
    const struct target_facts *target = &result->trace->target;
    bool known = target->provider && strcmp(target->provider, "generic") != 0;
    return known ? wording_or(target->provider_title, target->provider) : "this provider";
}

const char *wording_target(const struct result *result)
{
    const struct target_facts *target = &result->trace->target;
    return target->address ? target->address : wording_or(target->input, "");
}

/* ---- how far it came ---- */

static bool is_end_of(const struct step *step, enum status status)
{
    /* How the goodbye went is nobody's need. */
    return step->status == status && step->stage != STAGE_GOODBYE;
}

enum way wording_endpoint_way(const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    bool answered = false, whole = false;
    if (!attempt)
        return WAY_NONE;
    for (const struct step *step = attempt->steps; step; step = step->next) {
        if (is_end_of(step, STATUS_FAIL) || is_end_of(step, STATUS_CUT))
            return WAY_NONE;
        answered = answered || (step->stage == STAGE_GREETING && step->status != STATUS_SKIPPED);
        whole = whole || step->stage >= STAGE_LOGIN;
    }
    if (!answered || !whole)
        return WAY_NONE;
    bool proven = attempt->auth.outcome == LOGIN_ACCEPTED || attempt_took_message(attempt);
    return proven ? WAY_PROVEN : WAY_OPEN;
}

enum way wording_way(const struct result *result, unsigned needs)
{
    enum way best = WAY_NONE;
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next) {
        enum way way = (e->needs & needs) ? wording_endpoint_way(e) : WAY_NONE;
        best = way > best ? way : best;
    }
    return best;
}

enum login_block wording_login_block(const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    const struct step *step = attempt ? attempt_step(attempt, STAGE_LOGIN) : NULL;
    int block = step && step->blocked_by ? login_block_parse(step->blocked_by) : -1;
    if (step && step->error.kind == FAILURE_NO_MECHANISM)
        return BLOCK_NO_MECHANISM;
    if (block > 0)
        return (enum login_block)block;
    return attempt ? attempt->auth.held_by : BLOCK_NONE;
}

bool wording_mail_accepted(const struct result *result)
{
    const struct submission_facts *mail = result->trace->submission;
    return mail && mail->accepted;
}

bool wording_proven(const struct result *result)
{
    return wording_login_accepted(result) || wording_mail_accepted(result);
}

bool wording_login_accepted(const struct result *result)
{
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next)
        for (const struct attempt *a = e->attempts; a; a = a->next)
            if (a->auth.outcome == LOGIN_ACCEPTED)
                return true;
    return false;
}

const struct step *wording_held_back(const struct result *result)
{
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next)
        for (const struct attempt *a = e->attempts; a; a = a->next)
            for (const struct step *s = a->steps; s; s = s->next)
                if (s->blocked_by && login_block_parse(s->blocked_by) == BLOCK_REFUSED_EARLIER)
                    return s;
    return NULL;
}

/* ---- what it rests on ---- */

const struct finding *wording_cause(const struct result *result)
{
    const struct verdict *verdict = &result->verdict;
    const struct finding *of_class = NULL;
    if (!verdict->class_id)
        return NULL;
    for (const struct finding *f = result->findings; f; f = f->next) {
        if (!wording_same(f->class_id, verdict->class_id))
            continue;
        if (wording_same(f->endpoint, verdict->endpoint))
            return f;
        of_class = of_class ? of_class : f;
    }
    return of_class;
}

const struct endpoint *wording_endpoint(const struct result *result, const char *id)
{
    for (const struct endpoint *e = result->trace->endpoints; e; e = e->next)
        if (id && wording_same(e->id, id))
            return e;
    return NULL;
}

void wording_recipient(struct buffer *out, const struct result *result)
{
    const struct result *there = result->recipient;
    buffer_format(out, "The recipient's account, %s: %s", wording_target(there),
                  wording_or(there->verdict.summary, ""));
}
