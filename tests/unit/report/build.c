#include "build.h"

#include <string.h>

static struct result *build(const char *input)
{
    struct result *result = sample_empty();
    struct trace *trace = result->trace;
    trace->duration_ns = MS(5400);
    trace->target.input = input;
    trace->from = (struct vantage) { .host = "desk7", .os = "Debian 12", .kernel = "6.1" };
    sample_add(trace, &trace->from.addresses, "10.1.4.77");
    return result;
}

struct result *build_microsoft(const char *address)
{
    struct result *result = build(address);
    struct target_facts *target = &result->trace->target;
    target->address = address;
    target->domain = strchr(address, '@') + 1;
    target->provider = "microsoft365";
    target->provider_title = "Microsoft 365";
    target->cloud = "worldwide";
    target->needs = NEED_SEND | NEED_READ;
    result->trace->from.public_address = "203.0.113.9";
    return result;
}

struct result *build_generic(const char *input)
{
    struct result *result = build(input);
    struct target_facts *target = &result->trace->target;
    const char *at = strchr(input, '@');
    target->address = at ? input : NULL;
    target->domain = at ? at + 1 : NULL;
    target->provider = "generic";
    target->provider_title = "generic";
    target->needs = at ? NEED_SEND | NEED_READ : NEED_ANY;
    return result;
}

struct endpoint *build_last(struct result *result)
{
    struct endpoint *last = result->trace->endpoints;
    while (last->next)
        last = last->next;
    return last;
}

static struct attempt *attempt_of(struct result *result)
{
    return endpoint_attempt(build_last(result), PURPOSE_MAIN);
}

struct endpoint *build_unreached(struct result *result, const char *host, int port,
                                 enum expectation expectation)
{
    struct endpoint *endpoint = sample_endpoint(result->trace, host, port);
    endpoint->expectation = expectation;
    return endpoint;
}

struct attempt *build_endpoint(struct result *result, const char *host, int port)
{
    struct endpoint *endpoint = sample_endpoint(result->trace, host, port);
    struct attempt *attempt = trace_add_attempt(result->trace, endpoint, PURPOSE_MAIN);
    sample_step(result->trace, attempt, "resolve", STAGE_RESOLVE, STATUS_OK, 0, MS(3));
    return attempt;
}

void build_connect(struct result *result, double ms)
{
    struct address *address = trace_add_address(result->trace, build_last(result));
    address->text = "52.98.41.130";
    address->family = 4;
    address->status = STATUS_OK;
    address->chosen = true;
    address->connect_ns = MS(ms);
    build_good(result, "connect", STAGE_CONNECT, ms);
}

void build_no_connect(struct result *result, const char *text, enum failure_kind kind, double ms)
{
    struct address *address = trace_add_address(result->trace, build_last(result));
    address->text = text;
    address->family = strchr(text, ':') ? 6 : 4;
    address->status = STATUS_FAIL;
    address->error = failure_make(kind, "%s", "");
    address->connect_ns = MS(ms);
}

void build_good(struct result *result, const char *name, enum stage stage, double ms)
{
    sample_step(result->trace, attempt_of(result), name, stage, STATUS_OK, MS(10), MS(ms));
}

void build_tls(struct result *result, double ms)
{
    struct arena *arena = &result->trace->arena;
    struct tls_facts *tls = arena_new(arena, sizeof *tls);
    struct certificate *leaf = arena_new(arena, sizeof *leaf);
    leaf->subject = "CN=outlook.com";
    leaf->issuer = "CN=DigiCert Global Root G2";
    leaf->key = "RSA-2048";
    leaf->signature = "RSA-SHA256";
    leaf->sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    leaf->not_before = 1767225600;
    leaf->not_after = 1798761599;
    *tls = (struct tls_facts) {
        .version = "TLS1.3",
        .cipher = "AES-256-GCM",
        .group = "X25519",
        .sni = build_last(result)->host,
        .verified = true,
        .trust_loaded = true,
        .name_checked = true,
        .name_matches = true,
        .checked_name = build_last(result)->host,
        .ocsp = "none",
        .chain = leaf,
    };
    attempt_of(result)->tls = tls;
    build_good(result, "TLS handshake", STAGE_TLS, ms);
}

struct tls_facts *build_certificate_problem(struct result *result, const char *problem)
{
    struct tls_facts *tls = attempt_of(result)->tls;
    tls->verified = false;
    sample_add(result->trace, &tls->problems, problem);
    return tls;
}

void build_skipped(struct result *result, const char *name, enum stage stage, const char *why)
{
    struct attempt *attempt = attempt_of(result);
    sample_step(result->trace, attempt, name, stage, STATUS_SKIPPED, MS(90), 0)->blocked_by = why;
    if (stage == STAGE_LOGIN)
        attempt->auth.held_by = (enum login_block)login_block_parse(why);
}

struct step *build_failed(struct result *result, const char *name, enum stage stage, double ms,
                          enum failure_kind kind, const char *reply)
{
    struct step *step =
        sample_step(result->trace, attempt_of(result), name, stage, STATUS_FAIL, MS(120), MS(ms));
    step->error = failure_make(kind, "%s", "");
    step->reply = sample_bytes(reply);
    if (stage == STAGE_LOGIN)
        attempt_of(result)->auth.outcome = LOGIN_JUDGED;
    return step;
}

void build_login_ok(struct result *result, double ms)
{
    build_good(result, "AUTH", STAGE_LOGIN, ms);
    attempt_of(result)->auth.outcome = LOGIN_ACCEPTED;
    attempt_of(result)->auth.mechanism = "LOGIN";
}

void build_way(struct result *result, const char *host, int port, double connect_ms, double tls_ms)
{
    build_endpoint(result, host, port);
    build_connect(result, connect_ms);
    build_good(result, "greeting", STAGE_GREETING, 20);
    build_good(result, "capabilities", STAGE_CAPABILITY, 20);
    if (tls_ms > 0)
        build_tls(result, tls_ms);
}

struct finding *build_finding(struct result *result, const char *class_id, enum severity severity,
                              enum stage stage, const char *endpoint, const char *title)
{
    struct finding *finding = result_add_finding(result);
    finding->class_id = class_id;
    finding->severity = severity;
    finding->stage = stage;
    finding->endpoint = endpoint;
    finding->title = title;
    finding->confidence = CONFIDENCE_CERTAIN;
    return finding;
}

void build_evidence(struct result *result, struct finding *finding, const char *step,
                    const char *line)
{
    struct evidence *evidence = result_add_evidence(result, finding);
    evidence->endpoint = finding->endpoint;
    evidence->step = step;
    evidence->line = sample_bytes(line);
}

void build_verdict(struct result *result, const struct finding *finding, enum owner owner,
                   enum confidence confidence, const char *summary, const char *meaning)
{
    struct verdict *verdict = &result->verdict;
    verdict->status = finding->severity == SEVERITY_WARNING ? VERDICT_WARNING : VERDICT_FAIL;
    verdict->class_id = finding->class_id;
    verdict->title = finding->title;
    verdict->summary = summary;
    verdict->meaning = meaning;
    verdict->owner = owner;
    verdict->confidence = confidence;
    verdict->endpoint = *finding->endpoint ? finding->endpoint : NULL;
}
