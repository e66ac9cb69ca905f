#include "result/json.h"

#include "base/memory.h"
#include "result/json_rows.h"

#include <stdio.h>
#include <stdlib.h>

enum { SCHEMA_VERSION = 1 };

/* What the walkers of json_write.c and json_read.c rely on. */
_Static_assert(sizeof(enum stage) == sizeof(int) && sizeof(enum severity) == sizeof(int) &&
                   sizeof(enum failure_kind) == sizeof(int),
               "an enum that is no int");
_Static_assert(offsetof(struct lookup, next) == 0 && offsetof(struct address, next) == 0 &&
                   offsetof(struct certificate, next) == 0 && offsetof(struct step, next) == 0 &&
                   offsetof(struct exchange, next) == 0 && offsetof(struct attempt, next) == 0 &&
                   offsetof(struct endpoint, next) == 0 && offsetof(struct evidence, next) == 0 &&
                   offsetof(struct finding, next) == 0 && offsetof(struct hop, next) == 0 &&
                   offsetof(struct alternative, next) == 0 && offsetof(struct published, next) == 0,
               "a list without its link in front");

/* ---- the trace ---- */

#define OF target_facts
static const struct shape_field target_rows[] = {
    { PEER("input", input, SHAPE_ALWAYS) },
    { PEER("address", address, SHAPE_NULL) },
    { PEER("user", user, SHAPE_NULL) },
    { PEER("mailbox", mailbox, SHAPE_LEAVE_OUT) },
    { PEER("domain", domain, SHAPE_NULL) },
    { OWN("provider", provider, SHAPE_NULL) },
    { OWN("provider_title", provider_title, SHAPE_NULL) },
    { OWN("cloud", cloud, SHAPE_NULL) },
    { NEEDS("needs", needs) },
    { BYTES("reported", reported, SHAPE_LEAVE_OUT) },
    { DATE_IF("secret_expires", secret_expires) },
};
static const struct shape target_shape = { SHAPE(target_rows) };
#undef OF

#define OF vantage
static const struct shape_field vantage_rows[] = {
    { PEER("host", host, SHAPE_ALWAYS) },
    { PEER("os", os, SHAPE_ALWAYS) },
    { PEER("kernel", kernel, SHAPE_ALWAYS) },
    { PEERS("addresses", addresses) },
    { PEER("public_address", public_address, SHAPE_LEAVE_OUT) },
    { PEERS("resolvers", resolvers) },
    { OWN("icmp", icmp, SHAPE_LEAVE_OUT) },
    { PEER("proxy", proxy, SHAPE_LEAVE_OUT) },
};
static const struct shape vantage_shape = { SHAPE(vantage_rows) };
#undef OF

#define OF certificate
static const struct shape_field certificate_rows[] = {
    { PEER("subject", subject, SHAPE_ALWAYS) },
    { PEER("issuer", issuer, SHAPE_ALWAYS) },
    { PEERS("names", names) },
    { PEER("common_name", common_name, SHAPE_NULL) },
    { DATE("not_before", not_before) },
    { DATE("not_after", not_after) },
    { PEER("key", key, SHAPE_ALWAYS) },
    { INT("key_bits", key_bits) },
    { PEER("signature", signature, SHAPE_ALWAYS) },
    { PEER("sha256", sha256, SHAPE_ALWAYS) },
    { FLAG("self_issued", self_issued) },
    { FLAG("authority", authority) },
};
static const struct shape certificate_shape = { SHAPE(certificate_rows) };
#undef OF

#define OF tls_facts
static const struct shape_field tls_rows[] = {
    { PEER("version", version, SHAPE_NULL) },
    { PEER("cipher", cipher, SHAPE_NULL) },
    { PEER("group", group, SHAPE_NULL) },
    { PEER("sni", sni, SHAPE_NULL) },
    { FLAG("verified", verified) },
    { FLAG("trust_loaded", trust_loaded) },
    { PEER("added_root", added_root, SHAPE_LEAVE_OUT) },
    { PEERS("problems", problems) },
    { FLAG("name_checked", name_checked) },
    { FLAG("name_matches", name_matches) },
    { PEER("checked_name", checked_name, SHAPE_NULL) },
    { PEER("ocsp", ocsp, SHAPE_NULL) },
    { PEER("alert", alert, SHAPE_NULL) },
    { LIST("chain", chain, certificate_shape, SHAPE_ALWAYS) },
};
static const struct shape tls_shape = { SHAPE(tls_rows) };
#undef OF

#define OF step
static const struct shape_field step_rows[] = {
    { OWN("name", name, SHAPE_ALWAYS) },
    { ENUM("stage", stage, WORDS_STAGE, SHAPE_NULL) },
    { ENUM("status", status, WORDS_STATUS, SHAPE_ALWAYS) },
    { MS("start_ms", start_ns) },
    { MS_OPEN("duration_ms", duration_ns) },
    { INT_IF("budget_ms", budget_ms, 0) },
    { BYTES("reply", reply, SHAPE_LEAVE_OUT) },
    { GROUP("error", error, json_failure_shape, SHAPE_LEAVE_OUT) },
    { OWN("blocked_by", blocked_by, SHAPE_LEAVE_OUT) },
};
static const struct shape step_shape = { SHAPE(step_rows) };
#undef OF

#define OF exchange
static const struct shape_field exchange_rows[] = {
    { MS("at_ms", at_ns) },
    { ROW("direction", SHAPE_LETTER, SHAPE_ALWAYS), .offset = AT(direction), .words = "CS*" },
    { BYTES("line", line, SHAPE_ALWAYS) },
};
static const struct shape exchange_shape = { SHAPE(exchange_rows) };
#undef OF

#define OF capability_facts
static bool no_capability(const void *item)
{
    const struct capability_facts *facts = item;
    return !facts->before_seen && !facts->after_seen;
}
static const struct shape_field capability_rows[] = {
    { SEEN("before_tls", before, before_seen) },
    { SEEN("after_tls", after, after_seen) },
};
static const struct shape capability_shape = { SHAPE(capability_rows), .empty = no_capability };
#undef OF

#define OF auth_facts
static bool no_auth(const void *item)
{
    const struct auth_facts *facts = item;
    return !facts->mechanism && facts->offered.count == 0 && facts->outcome == LOGIN_NOT_TRIED &&
           facts->held_by == BLOCK_NONE;
}
static const struct shape_field auth_rows[] = {
    { PEER("mechanism", mechanism, SHAPE_NULL) },
    { PEERS("offered", offered) },
    { ENUM("outcome", outcome, WORDS_OUTCOME, SHAPE_ALWAYS) },
    { ENUM("held_by", held_by, WORDS_BLOCK, SHAPE_LEAVE_OUT) },
};
static const struct shape auth_shape = { SHAPE(auth_rows), .empty = no_auth };
#undef OF

#define OF proxy_facts
static const struct shape_field proxy_rows[] = {
    { PEER("asked", asked, SHAPE_ALWAYS) },
    { FLAG("heard", heard) },
    { LIST("addresses", addresses, json_address_shape, SHAPE_ALWAYS) },
};
static const struct shape proxy_shape = { SHAPE(proxy_rows) };
#undef OF

#define OF exercise_facts
static const struct shape_field exercise_rows[] = {
    { PEER("folder", folder, SHAPE_NULL) },
    { PEERS("left", left) },
    { PEERS("swept", swept) },
    { OWN("second_session", second_session, SHAPE_LEAVE_OUT) },
};
static const struct shape exercise_shape = { SHAPE(exercise_rows) };
#undef OF

#define OF attempt
static const struct shape_field attempt_rows[] = {
    { ENUM("purpose", purpose, WORDS_PURPOSE, SHAPE_ALWAYS) },
    { PEER("address", address, SHAPE_ALWAYS) },
    { MS("start_ms", start_ns) },
    { OBJECT("proxy", proxy, proxy_shape) },
    { LIST("steps", steps, step_shape, SHAPE_ALWAYS) },
    { OBJECT("tls", tls, tls_shape) },
    { GROUP("capabilities", capabilities, capability_shape, SHAPE_LEAVE_OUT) },
    { GROUP("auth", auth, auth_shape, SHAPE_LEAVE_OUT) },
    { OBJECT("tcp", tcp, json_tcp_shape) },
    { OBJECT("exercise", exercise, exercise_shape) },
    { PEER("session_id", session_id, SHAPE_LEAVE_OUT) },
    { PEER("seen_as", seen_as, SHAPE_LEAVE_OUT) },
    { LIST("transcript", transcript, exchange_shape, SHAPE_TRANSCRIPT) },
};
static const struct shape attempt_shape = { SHAPE(attempt_rows) };
#undef OF

#define OF endpoint
static const struct shape_field endpoint_rows[] = {
    { PEER("id", id, SHAPE_ALWAYS) },
    { CONST("role", "mail") },
    { ENUM("service", service, WORDS_SERVICE, SHAPE_ALWAYS) },
    { PEER("host", host, SHAPE_ALWAYS) },
    { INT("port", port) },
    { ENUM("security", security, WORDS_SECURITY, SHAPE_ALWAYS) },
    { ENUM("expectation", expectation, WORDS_EXPECTATION, SHAPE_ALWAYS) },
    { FLAG("guessed", guessed) },
    { FLAG("transfer", transfer) },
    { NEEDS("needs", needs) },
    { ENUM("status", status, WORDS_STATUS, SHAPE_ALWAYS) },
    { LIST("addresses", addresses, json_address_shape, SHAPE_ALWAYS) },
    { LIST("attempts", attempts, attempt_shape, SHAPE_ALWAYS) },
};
static const struct shape endpoint_shape = { SHAPE(endpoint_rows) };
#undef OF

#define OF submission_facts
static const struct shape_field submission_rows[] = {
    { PEER("from", from, SHAPE_ALWAYS) },
    { PEER("to", to, SHAPE_ALWAYS) },
    { PEER("message_id", message_id, SHAPE_ALWAYS) },
    { OWN("run_id", run_id, SHAPE_ALWAYS) },
    { FLAG("rcpt_only", rcpt_only) },
    { FLAG("anonymous", anonymous) },
    { OWN("route", route, SHAPE_LEAVE_OUT) },
    { OWN("limit", limit, SHAPE_LEAVE_OUT) },
    { PEER("endpoint", endpoint, SHAPE_NULL) },
    { INT_IF("size", size, 0) },
    { FLAG("recipient_taken", recipient_taken) },
    { FLAG("accepted", accepted) },
    { FLAG_IF("withheld", withheld) },
};
static const struct shape submission_shape = { SHAPE(submission_rows) };
#undef OF

#define OF token_facts
static const struct shape_field token_rows[] = {
    { OWN("source", source, SHAPE_ALWAYS) },
    { PEER("authority", authority, SHAPE_LEAVE_OUT) },
    { FLAG("asked_in_vain", asked_in_vain) },
    { FLAG("authority_silent", authority_silent) },
    { FLAG("authority_unfit", authority_unfit) },
    { FLAG("unvouched", unvouched) },
    { BYTES("refusal", refusal, SHAPE_LEAVE_OUT) },
    { OWN("sha256", sha256, SHAPE_NULL) },
    { FLAG("readable", readable) },
    { PEERS("audience", audience) },
    { PEERS("scopes", scopes) },
    { PEERS("roles", roles) },
    { FLAG("app_only", app_only) },
    { PEER("user", user, SHAPE_NULL) },
    { PEER("app_name", app_name, SHAPE_NULL) },
    { PEER("app", app, SHAPE_NULL) },
    { PEER("tenant", tenant, SHAPE_NULL) },
    { PEER("issuer", issuer, SHAPE_NULL) },
    { PEER("version", version, SHAPE_NULL) },
    { PEER("tenant_asked", tenant_asked, SHAPE_LEAVE_OUT) },
    { DATE_IF("issued", issued) },
    { DATE_IF("not_before", not_before) },
    { DATE_IF("expires", expires) },
    { DATE_IF("obtained", obtained) },
};
static const struct shape token_shape = { SHAPE(token_rows) };
#undef OF

#define OF passage
static const struct shape_field passage_rows[] = {
    { PEER("from", from, SHAPE_NULL) },
    { PEER("by", by, SHAPE_NULL) },
    { ROW("at", SHAPE_DATE, SHAPE_ALWAYS), .offset = AT(at_s) },
    { INT_IF("delay_s", delay_s, -1) },
};
static const struct shape passage_shape = { SHAPE(passage_rows) };
#undef OF

#define OF delivery_facts
static const struct shape_field delivery_rows[] = {
    { PEER("endpoint", endpoint, SHAPE_NULL) },
    { PEER("account", account, SHAPE_LEAVE_OUT) },
    { FLAG("copy_only", copy_only) },
    { FLAG("arrived", arrived) },
    { FLAG("junk", junk) },
    { PEER("folder", folder, SHAPE_NULL) },
    { MS_OPEN("found_ms", found_ns) },
    { MS("waited_ms", waited_ns) },
    { LIST("passages", passages, passage_shape, SHAPE_ALWAYS) },
    { PEERS("authentication", authentication) },
    { BYTES("bounce", bounce, SHAPE_LEAVE_OUT) },
    { BYTES("diagnostic", diagnostic, SHAPE_LEAVE_OUT) },
    { INT("removed", removed) },
    { INT("left", left) },
};
static const struct shape delivery_shape = { SHAPE(delivery_rows) };
#undef OF

/* The trace's members stand on both sides of the verdict. */
#define OF trace
static const struct shape_field run_rows[] = {
    { FLAG("complete", complete) },
    { OWN("cut_by", cut_by, SHAPE_NULL) },
    { GROUP("target", target, target_shape, SHAPE_ALWAYS) },
    { INSTANT("started", started_real_ns) },
    { MS("duration_ms", duration_ns) },
    { GROUP("from", from, vantage_shape, SHAPE_ALWAYS) },
};
static const struct shape run_shape = { SHAPE(run_rows) };
static const struct shape_field observed_rows[] = {
    { OBJECT("token", token, token_shape) },
    { LIST("lookups", lookups, json_lookup_shape, SHAPE_ALWAYS) },
    { LIST("endpoints", endpoints, endpoint_shape, SHAPE_ALWAYS) },
    { OBJECT("submission", submission, submission_shape) },
    { OBJECT("delivery", delivery, delivery_shape) },
    { LIST("published", published, json_published_shape, SHAPE_LEAVE_OUT) },
};
static const struct shape observed_shape = { SHAPE(observed_rows) };
#undef OF

/* ---- what it means ---- */

#define OF evidence
static const struct shape_field evidence_rows[] = {
    { PEER("endpoint", endpoint, SHAPE_ALWAYS) }, { PEER("address", address, SHAPE_LEAVE_OUT) },
    { PEER("step", step, SHAPE_ALWAYS) },         { MS("at_ms", at_ns) },
    { BYTES("line", line, SHAPE_ALWAYS) },
};
static const struct shape evidence_shape = { SHAPE(evidence_rows) };
#undef OF

#define OF finding
static const struct shape_field finding_rows[] = {
    { OWN("class", class_id, SHAPE_ALWAYS) },
    { ENUM("severity", severity, WORDS_SEVERITY, SHAPE_ALWAYS) },
    { ENUM("stage", stage, WORDS_STAGE, SHAPE_NULL) },
    { ENUM("owner", owner, WORDS_OWNER, SHAPE_NULL) },
    { ENUM("confidence", confidence, WORDS_CONFIDENCE, SHAPE_NULL) },
    { PEER("endpoint", endpoint, SHAPE_ALWAYS) },
    { PEER("address", address, SHAPE_LEAVE_OUT) },
    { OWN("title", title, SHAPE_ALWAYS) },
    { OWN("meaning", meaning, SHAPE_ALWAYS) },
    { OWNS("fix", fix) },
    { OWNS("commands", commands) },
    { LIST("evidence", evidence, evidence_shape, SHAPE_ALWAYS) },
    { OWNS("references", references) },
};
static const struct shape finding_shape = { SHAPE(finding_rows) };
#undef OF

#define OF alternative
static const struct shape_field alternative_rows[] = {
    { OWN("class", class_id, SHAPE_ALWAYS) },
    { OWN("title", title, SHAPE_ALWAYS) },
    { ENUM("confidence", confidence, WORDS_CONFIDENCE, SHAPE_NULL) },
    { OWNS("for", in_favour) },
    { OWNS("against", against) },
};
static const struct shape alternative_shape = { SHAPE(alternative_rows) };
#undef OF

#define OF reported
static const struct shape_field reported_rows[] = {
    { OWN("class", class_id, SHAPE_NULL) },
    { OWN("title", title, SHAPE_NULL) },
    { ENUM("confidence", confidence, WORDS_CONFIDENCE, SHAPE_NULL) },
    { ENUM("relation", relation, WORDS_RELATION, SHAPE_ALWAYS) },
    { BYTES("line", line, SHAPE_ALWAYS) },
    { OWN("summary", summary, SHAPE_ALWAYS) },
    { OWNS("compare", compare) },
};
static const struct shape reported_shape = { SHAPE(reported_rows) };
#undef OF

#define OF verdict
static const struct shape_field need_rows[] = {
    { ENUM("send", send, WORDS_NEED_STATUS, SHAPE_ALWAYS) },
    { ENUM("read", read, WORDS_NEED_STATUS, SHAPE_ALWAYS) },
};
static const struct shape need_shape = { SHAPE(need_rows) };
static const struct shape_field verdict_rows[] = {
    { ENUM("status", status, WORDS_VERDICT, SHAPE_ALWAYS) },
    { OWN("class", class_id, SHAPE_NULL) },
    { OWN("title", title, SHAPE_NULL) },
    { OWN("summary", summary, SHAPE_ALWAYS) },
    { OWN("meaning", meaning, SHAPE_NULL) },
    { ENUM("owner", owner, WORDS_OWNER, SHAPE_NULL) },
    { ENUM("confidence", confidence, WORDS_CONFIDENCE, SHAPE_NULL) },
    { PEER("endpoint", endpoint, SHAPE_NULL) },
    { OWNS("fix", fix) },
    { OWNS("commands", commands) },
    { SET("needs", need_shape) },
    { PEER("send_by", send_by, SHAPE_NULL) },
    { PEER("read_by", read_by, SHAPE_NULL) },
    { LIST("alternatives", alternatives, alternative_shape, SHAPE_ALWAYS) },
    { OWNS("not_tested", not_tested) },
    { OBJECT("reported", reported, reported_shape) },
};
static const struct shape verdict_shape = { SHAPE(verdict_rows) };
#undef OF

#define OF result
static const struct shape_field tool_rows[] = {
    { CONST("name", "maildoctor") },
    { OWN("version", tool_version, SHAPE_ALWAYS) },
    { OWN("catalogue_date", catalogue_date, SHAPE_ALWAYS) },
};
static const struct shape tool_shape = { SHAPE(tool_rows) };
static const struct shape_field head_rows[] = { { SET("tool", tool_shape) } };
static const struct shape head_shape = { SHAPE(head_rows) };
static const struct shape_field judged_rows[] = {
    { GROUP("verdict", verdict, verdict_shape, SHAPE_ALWAYS) },
};
static const struct shape judged_shape = { SHAPE(judged_rows) };
static const struct shape_field found_rows[] = {
    { LIST("findings", findings, finding_shape, SHAPE_ALWAYS) },
};
static const struct shape found_shape = { SHAPE(found_rows) };
#undef OF

/* ---- both ways ---- */

static void write_members(json_t *json, const struct result *result, bool transcript)
{
    shape_write(json, &run_shape, result->trace, transcript);
    shape_write(json, &judged_shape, result, transcript);
    shape_write(json, &observed_shape, result->trace, transcript);
    shape_write(json, &found_shape, result, transcript);
}

json_t *result_to_json(const struct result *result, bool transcript)
{
    /* An allocation that fails ends the program (memory.h): no half-written output. */
    json_set_alloc_funcs(memory_new, free);
    json_t *json = json_object();
    json_object_set_new(json, "schema_version", json_integer(SCHEMA_VERSION));
    shape_write(json, &head_shape, result, transcript);
    write_members(json, result, transcript);
    if (result->recipient) {
        json_t *recipient = json_object();
        write_members(recipient, result->recipient, transcript);
        json_object_set_new(json, "recipient", recipient);
    }
    return json;
}

void result_visit(struct result *result, shape_text *visit, void *arg)
{
    shape_visit(&run_shape, result->trace, visit, arg);
    shape_visit(&judged_shape, result, visit, arg);
    shape_visit(&observed_shape, result->trace, visit, arg);
    shape_visit(&found_shape, result, visit, arg);
}

static bool check_version(struct shape_reader *reader, const json_t *json)
{
    const json_t *version = json_object_get(json, "schema_version");
    if (!json_is_integer(version))
        return shape_refuse(reader, "this is no result of maildoctor (no schema_version)");
    if (json_integer_value(version) != SCHEMA_VERSION)
        return shape_refuse(reader, "this result has another schema_version than 1");
    return true;
}

/* The end of a transcript is remembered so that it can grow. */
static void end_transcripts(struct trace *trace)
{
    for (struct endpoint *endpoint = trace->endpoints; endpoint; endpoint = endpoint->next)
        for (struct attempt *attempt = endpoint->attempts; attempt; attempt = attempt->next)
            for (struct exchange *line = attempt->transcript; line; line = line->next)
                attempt->transcript_end = line;
}

static bool read_members(struct shape_reader *reader, const json_t *json, struct result *result)
{
    struct trace *trace = result->trace;
    reader->arena = &trace->arena;
    bool good = shape_read(reader, json, &run_shape, trace) &&
                shape_read(reader, json, &judged_shape, result) &&
                shape_read(reader, json, &observed_shape, trace) &&
                shape_read(reader, json, &found_shape, result);
    end_transcripts(trace);
    return good;
}

static bool read_recipient(struct shape_reader *reader, const json_t *json, struct result *result)
{
    if (!json)
        return true;
    snprintf(reader->path, sizeof reader->path, "recipient");
    if (!json_is_object(json))
        return shape_refuse(reader, "is not an object");
    result->trace->recipient = trace_new();
    result->recipient = result_new(result->trace->recipient);
    result->recipient->catalogue_date = result->catalogue_date;
    return read_members(reader, json, result->recipient);
}

struct result *result_from_json(const json_t *json, char **ret_error)
{
    struct result *result = result_new(trace_new());
    struct shape_reader reader = { .arena = &result->trace->arena };
    if (check_version(&reader, json) && shape_read(&reader, json, &head_shape, result) &&
        read_members(&reader, json, result) &&
        read_recipient(&reader, json_object_get(json, "recipient"), result))
        return result;
    result_free(result);
    *ret_error = reader.error;
    return NULL;
}
