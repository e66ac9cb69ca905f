/* Boxes on the way: what is theirs, and what must not be blamed on one. */
#include "diagnosis/diagnose.h"
#include "story.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define M365 "microsoft365"
#define STARS "220 ****************2******0***"

/* A story of one endpoint, and what the server said in it. NULL: as the story has it. */
struct box_case {
    const char *label;
    struct story story;
    const char *greeting;   /* reply to the connect */
    const char *capability; /* in clear */
    const char *issuer;     /* of the certificate */
    const char *name;       /* in the certificate, which then does not match */
    const char *added_root;
    const char *class_id; /* the first finding's; NULL: there is none */
    enum severity severity;
};

static const struct box_case cases[] = {
    /* ---- rewriting ---- */
    { "a keyword is blotted out",
      { .lines = "587 u starttls not_offered" },
      NULL,
      "XXXXXXXA",
      NULL,
      NULL,
      NULL,
      "middlebox-rewriting",
      SEVERITY_ERROR },
    { "the greeting too",
      { .lines = "587 u starttls not_offered" },
      STARS,
      NULL,
      NULL,
      NULL,
      NULL,
      "middlebox-rewriting",
      SEVERITY_ERROR },
    { "stars, and yet STARTTLS works",
      { .lines = "587 u open" },
      STARS,
      NULL,
      NULL,
      NULL,
      NULL,
      "middlebox-rewriting",
      SEVERITY_WARNING },
    { "a keyword is blotted out, and yet STARTTLS works",
      { .lines = "25 u open" },
      NULL,
      "XXXXXXXXXXXXXXXXXXXXXXB",
      NULL,
      NULL,
      NULL,
      "middlebox-rewriting",
      SEVERITY_WARNING },
    { "a greeting that is fond of stars",
      { .lines = "587 u open" },
      "220 mail.example.org ESMTP *** Unauthorised use is forbidden ***",
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      SEVERITY_INFO },
    { "a short private keyword",
      { .lines = "587 u open" },
      NULL,
      "XXX",
      NULL,
      NULL,
      NULL,
      NULL,
      SEVERITY_INFO },
    { "private keywords",
      { .lines = "587 u open" },
      NULL,
      "XCLIENT NAME ADDR",
      NULL,
      NULL,
      NULL,
      NULL,
      SEVERITY_INFO },
    { "a server without STARTTLS",
      { .lines = "587 u starttls not_offered" },
      "220 mail.example.org ESMTP",
      "SIZE 100",
      NULL,
      NULL,
      NULL,
      "starttls-unavailable",
      SEVERITY_ERROR },
    { "a provider without STARTTLS",
      { .provider = M365, .lines = "587 o starttls not_offered" },
      NULL,
      "SIZE 100",
      NULL,
      NULL,
      NULL,
      "middlebox-rewriting",
      SEVERITY_ERROR },
    { "a port that no document of a provider names",
      { .provider = M365, .lines = "587 u starttls not_offered" },
      NULL,
      "SIZE 100",
      NULL,
      NULL,
      NULL,
      "starttls-unavailable",
      SEVERITY_ERROR },
    /* ---- portals ---- */
    { "a web page at a provider's port",
      { .provider = M365, .lines = "587 o greeting protocol_mismatch HTTP" },
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      "captive-portal",
      SEVERITY_ERROR },
    { "a web server at a port of one's own",
      { .lines = "587 u greeting protocol_mismatch HTTP" },
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      "protocol-mismatch",
      SEVERITY_ERROR },
    { "this network wants a sign-in",
      { .lines = "587 u greeting protocol_mismatch HTTP" },
      "HTTP/1.1 511 Network Authentication Required",
      NULL,
      NULL,
      NULL,
      NULL,
      "captive-portal",
      SEVERITY_ERROR },
    { "another protocol at a provider's port",
      { .provider = M365, .lines = "587 o greeting protocol_mismatch SSH" },
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      "protocol-mismatch",
      SEVERITY_ERROR },
    /* ---- redirection ---- */
    { "the hoster's server",
      { .provider = M365, .lines = "587 o cert name" },
      "220-cp7.hoster.example ESMTP Exim",
      NULL,
      NULL,
      "*.hoster.example",
      NULL,
      "connection-redirected",
      SEVERITY_ERROR },
    { "its greeting alone",
      { .provider = M365, .lines = "587 o open" },
      "220 cp7.hoster.example ESMTP Exim",
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      SEVERITY_INFO },
    { "its certificate alone",
      { .provider = M365, .lines = "587 o cert name" },
      "220 AM0PR01CA0001.outlook.office365.com Microsoft ESMTP",
      NULL,
      NULL,
      "*.hoster.example",
      NULL,
      "cert-name-mismatch",
      SEVERITY_ERROR },
    { "greeting and certificate of two houses",
      { .provider = M365, .lines = "587 o cert name" },
      "220 cp7.hoster.example ESMTP",
      NULL,
      NULL,
      "other.example",
      NULL,
      "cert-name-mismatch",
      SEVERITY_ERROR },
    { "a name of one's own before a hoster's server",
      { .lines = "587 u cert name" },
      "220 cp7.hoster.example ESMTP",
      NULL,
      NULL,
      "*.hoster.example",
      NULL,
      "cert-name-mismatch",
      SEVERITY_ERROR },
    { "one of the provider's other names",
      { .provider = M365, .lines = "587 o cert name" },
      "220 x.hoster.example ESMTP",
      NULL,
      NULL,
      "smtp.office365.com",
      NULL,
      "cert-name-mismatch",
      SEVERITY_ERROR },
    /* ---- inspection ---- */
    { "a virus scanner before a provider",
      { .provider = M365, .lines = "993 o cert private" },
      NULL,
      NULL,
      "CN=Avast Web/Mail Shield Root,O=Avast",
      NULL,
      NULL,
      "tls-intercepted",
      SEVERITY_ERROR },
    { "and before a server of one's own",
      { .lines = "993 u cert private" },
      NULL,
      NULL,
      "CN=Zscaler Intermediate Root CA",
      NULL,
      NULL,
      "tls-intercepted",
      SEVERITY_ERROR },
    { "this machine trusts the scanner",
      { .provider = M365, .lines = "993 o open" },
      NULL,
      NULL,
      "CN=ESET SSL Filter CA",
      NULL,
      NULL,
      "tls-intercepted",
      SEVERITY_WARNING },
    { "a root was added, and a provider rests on it",
      { .provider = M365, .lines = "993 o open" },
      NULL,
      NULL,
      NULL,
      NULL,
      "CN=Contoso Inspection",
      "tls-intercepted",
      SEVERITY_WARNING },
    { "a company's own root for its own server",
      { .lines = "993 u open" },
      NULL,
      NULL,
      NULL,
      NULL,
      "CN=Contoso Root",
      NULL,
      SEVERITY_INFO },
    { "an unknown issuer before a provider",
      { .provider = M365, .lines = "993 o cert private" },
      NULL,
      NULL,
      "CN=Somebody",
      NULL,
      NULL,
      "cert-untrusted",
      SEVERITY_ERROR },
    { "an old device without the root",
      { .provider = M365, .lines = "993 o cert chain" },
      NULL,
      NULL,
      "CN=DigiCert Cloud Services CA-1,O=DigiCert Inc",
      NULL,
      NULL,
      "cert-untrusted",
      SEVERITY_ERROR },
    { "a mail gateway with the maker's own certificate",
      { .lines = "993 u cert self" },
      NULL,
      NULL,
      "CN=Fortinet_CA_SSL",
      NULL,
      NULL,
      "cert-untrusted",
      SEVERITY_ERROR },
    { "the same for another name",
      { .lines = "993 u cert name" },
      NULL,
      NULL,
      "CN=FortiGate CA",
      "fortimail.local",
      NULL,
      "cert-name-mismatch",
      SEVERITY_ERROR },
};

static void spoil(const struct box_case *c, struct trace *trace)
{
    struct attempt *attempt = trace->endpoints->attempts;
    struct step *greeting = attempt_step(attempt, STAGE_GREETING);
    struct tls_facts *tls = attempt->tls;
    if (c->greeting)
        greeting->reply = text_bytes(c->greeting);
    if (c->capability)
        strings_add(&attempt->capabilities.before, &trace->arena, c->capability);
    if (c->issuer)
        tls->chain->issuer = c->issuer;
    if (c->added_root)
        tls->added_root = c->added_root;
    if (c->name) {
        tls->chain->names.count = 0;
        strings_add(&tls->chain->names, &trace->arena, c->name);
    }
}

static void boxes_are_told_from_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct box_case *c = &cases[i];
        struct result *result = story_tell(&c->story);
        spoil(c, result->trace);
        diagnose(result);
        const struct finding *first = result->findings;
        const char *lead = result->verdict.class_id;
        const char *found = first ? first->class_id : NULL;
        if ((c->class_id == NULL) != (found == NULL) || (found && strcmp(found, c->class_id) != 0))
            fail_msg("%s: %s, not %s", c->label, found ? found : "nothing",
                     c->class_id ? c->class_id : "nothing");
        if (c->class_id) {
            if (first->severity != c->severity || !lead || strcmp(lead, c->class_id) != 0)
                fail_msg("%s: severity %d, verdict %s", c->label, first->severity, lead);
            assert_non_null(first->evidence);
        }
        result_free(result);
    }
}

/* What is offered inside TLS only stands beside the blotted words. */
static void what_was_hidden_is_shown(void **state)
{
    (void)state;
    struct result *result = story_tell(&(struct story) { .lines = "587 u open" });
    struct attempt *attempt = result->trace->endpoints->attempts;
    struct capability_facts *facts = &attempt->capabilities;
    struct arena *arena = &result->trace->arena;
    static const char *const after[] = { "SIZE 10", "PIPELINING", "AUTH PLAIN", "DSN" };
    strings_add(&facts->before, arena, "SIZE 10");
    strings_add(&facts->before, arena, "XXXXXXXX");
    facts->before_seen = facts->after_seen = true;
    for (size_t i = 0; i < 4; i++)
        strings_add(&facts->after, arena, after[i]);
    findings_make(result);
    struct finding *finding = story_finding(result, "middlebox-rewriting", 587);
    assert_non_null(finding);
    const struct evidence *last = finding->evidence;
    while (last->next)
        last = last->next;
    assert_memory_equal(last->line.data, "offered only there: PIPELINING, DSN", last->line.size);
    assert_non_null(strstr(finding->meaning, "XXXXXXXX"));
    result_free(result);
}

/* What the two further connections of ENDPOINT show: packets are missing again at the same place,
 * and small ones got through. */
static void compare_packets(struct trace *trace, struct endpoint *endpoint, enum status again,
                            enum status small, int lost)
{
    static const struct failure missing = { .kind = FAILURE_TIMED_OUT };
    struct attempt *second = trace_add_attempt(trace, endpoint, PURPOSE_AGAIN);
    struct step *step = trace_add_step(trace, second, "TLS handshake", STAGE_TLS);
    step->status = again;
    step->error = again == STATUS_FAIL ? missing : (struct failure) { 0 };
    struct attempt *third = trace_add_attempt(trace, endpoint, PURPOSE_MSS);
    trace_add_step(trace, third, "TLS handshake", STAGE_TLS)->status = small;
    third->tcp = arena_new(&trace->arena, sizeof *third->tcp);
    third->tcp->total_retrans = lost;
}

/* Large packets that stall twice and small ones that all arrive tell a narrow link from a slow
 * server and from losses; two ports are surer than one. */
static void large_packets_are_missed(void **state)
{
    static const struct {
        const char *lines;
        int asked; /* endpoints that were looked at again */
        enum status again, small;
        int lost; /* of the small packets */
        const char *class_id;
        enum confidence confidence;
    } stalls[] = {
        { "993 u tls timed_out", 0, 0, 0, 0, "tls-handshake-failed", CONFIDENCE_LIKELY },
        { "993 u tls timed_out", 1, STATUS_FAIL, STATUS_OK, 0, "path-mtu-blackhole",
          CONFIDENCE_LIKELY },
        { "993 u tls timed_out", 1, STATUS_OK, STATUS_OK, 0, "tls-handshake-failed",
          CONFIDENCE_LIKELY },
        { "993 u tls timed_out", 1, STATUS_CUT, STATUS_OK, 0, "tls-handshake-failed",
          CONFIDENCE_LIKELY },
        { "993 u tls timed_out", 1, STATUS_FAIL, STATUS_OK, 1, "tls-handshake-failed",
          CONFIDENCE_LIKELY },
        { "993 u tls timed_out\n465 u tls timed_out", 2, STATUS_FAIL, STATUS_OK, 0,
          "path-mtu-blackhole", CONFIDENCE_CERTAIN },
        { "993 u tls timed_out\n465 u tls timed_out", 2, STATUS_FAIL, STATUS_FAIL, 0,
          "tls-handshake-failed", CONFIDENCE_LIKELY },
        { "993 u tls connection_reset", 1, STATUS_FAIL, STATUS_OK, 0, "tls-handshake-failed",
          CONFIDENCE_LIKELY },
        { "993 u accepted", 1, STATUS_FAIL, STATUS_OK, 0, NULL, CONFIDENCE_CERTAIN },
    };
    (void)state;
    for (size_t i = 0; i < sizeof stalls / sizeof *stalls; i++) {
        struct result *result = story_tell(&(struct story) { .lines = stalls[i].lines });
        struct endpoint *e = result->trace->endpoints;
        for (int k = 0; k < stalls[i].asked; k++, e = e->next)
            compare_packets(result->trace, e, stalls[i].again, stalls[i].small, stalls[i].lost);
        diagnose(result);
        const struct finding *first = result->findings;
        assert_string_equal(first ? first->class_id : "",
                            stalls[i].class_id ? stalls[i].class_id : "");
        if (first)
            assert_int_equal(first->confidence, stalls[i].confidence);
        result_free(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_are_told_from_servers),
        cmocka_unit_test(what_was_hidden_is_shown),
        cmocka_unit_test(large_packets_are_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
