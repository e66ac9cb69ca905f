/* Name services compared: what is false, what is blocked, what differs, and what only looks so. */
#include "diagnosis/diagnose.h"
#include "diagnosis/survey.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define M365 "microsoft365"
#define OWN "192.0.2.53:53"
#define OTHER "198.51.100.53:53"
#define SYSTEM "this system"

enum { ROWS = 6 };

/* A row of the trace about the host; NAME NULL: the host of the story. */
struct row {
    const char *server, *type;
    const char *answer; /* NULL: none */
    enum failure_kind kind;
    const char *name;
};

struct dns_case {
    const char *label;
    struct story story;
    struct row rows[ROWS];
    const char *class_id; /* the first finding's; NULL: there is none of this kind */
    enum severity severity;
    enum confidence confidence;
};

#define DEAD "993 o connect timed_out"
#define FINE "993 o open"
#define SURE CONFIDENCE_CERTAIN
#define LIKELY CONFIDENCE_LIKELY
#define MAYBE CONFIDENCE_POSSIBLE
#define HIJACKED "dns-hijacked"
#define DISAGREE "dns-disagreement"
#define MISSING FAILURE_HOST_NOT_FOUND

static const struct dns_case cases[] = {
    /* ---- false addresses ---- */
    { "a provider at a private address",
      { .provider = M365, .lines = DEAD },
      { { OWN, "A", "10.1.2.3", 0, NULL } },
      HIJACKED,
      SEVERITY_ERROR,
      LIKELY },
    { "a provider at the null address",
      { .provider = M365, .lines = DEAD },
      { { OWN, "A", "0.0.0.0", 0, NULL }, { OWN, "AAAA", "::", 0, NULL } },
      HIJACKED,
      SEVERITY_ERROR,
      LIKELY },
    { "and anything else is somewhere too",
      { .provider = M365, .lines = DEAD },
      { { OWN, "A", "192.168.1.1", 0, NULL },
        { OWN, "A", "192.168.1.1", 0, "maildoctor-x.invalid" } },
      HIJACKED,
      SEVERITY_ERROR,
      SURE },
    { "a company's gateway with a good certificate",
      { .provider = M365, .lines = FINE },
      { { OWN, "A", "10.1.2.3", 0, NULL } },
      HIJACKED,
      SEVERITY_INFO,
      LIKELY },
    { "nothing was tried but what is not offered",
      { .provider = M365, .lines = "465 n connect timed_out" },
      { { OWN, "A", "10.1.2.3", 0, NULL } },
      HIJACKED,
      SEVERITY_INFO,
      LIKELY },
    { "a company's own server inside",
      { .lines = DEAD },
      { { OWN, "A", "10.1.2.3", 0, NULL } },
      NULL,
      SEVERITY_INFO,
      LIKELY },
    { "a server on this machine",
      { .lines = DEAD },
      { { OWN, "A", "127.0.0.1", 0, NULL } },
      NULL,
      SEVERITY_INFO,
      LIKELY },
    { "any name at the null address",
      { .lines = DEAD },
      { { OWN, "A", "0.0.0.0", 0, NULL } },
      HIJACKED,
      SEVERITY_ERROR,
      MAYBE },
    { "a public address",
      { .provider = M365, .lines = DEAD },
      { { OWN, "A", "52.98.41.130", 0, NULL } },
      NULL,
      SEVERITY_INFO,
      LIKELY },
    /* ---- disagreement ---- */
    { "the system knows it, the name server does not",
      { .lines = FINE },
      { { OWN, "A", "203.0.113.9", 0, NULL }, { SYSTEM, "A/AAAA", NULL, MISSING, NULL } },
      DISAGREE,
      SEVERITY_WARNING,
      LIKELY },
    { "the second name server denies it",
      { .lines = FINE },
      { { OWN, "A", "203.0.113.9", 0, NULL },
        { OTHER, "A", NULL, MISSING, NULL },
        { OTHER, "AAAA", NULL, MISSING, NULL } },
      DISAGREE,
      SEVERITY_WARNING,
      LIKELY },
    { "the second one is silent",
      { .lines = FINE },
      { { OWN, "A", "203.0.113.9", 0, NULL }, { OTHER, "A", NULL, FAILURE_TIMED_OUT, NULL } },
      DISAGREE,
      SEVERITY_WARNING,
      LIKELY },
    { "inside it is private, outside public",
      { .lines = FINE },
      { { OWN, "A", "10.0.0.9", 0, NULL }, { OTHER, "A", "203.0.113.9", 0, NULL } },
      DISAGREE,
      SEVERITY_WARNING,
      LIKELY },
    { "they agree",
      { .lines = FINE },
      { { OWN, "A", "203.0.113.9", 0, NULL },
        { OTHER, "A", "203.0.113.9", 0, NULL },
        { SYSTEM, "A/AAAA", "203.0.113.9", 0, NULL } },
      NULL,
      SEVERITY_INFO,
      LIKELY },
    { "both deny it",
      { .lines = FINE },
      { { OWN, "A", NULL, FAILURE_NO_ADDRESS, NULL }, { OTHER, "A", NULL, MISSING, NULL } },
      NULL,
      SEVERITY_INFO,
      LIKELY },
    { "one family only, at both",
      { .lines = FINE },
      { { OWN, "A", "203.0.113.9", 0, NULL },
        { OWN, "AAAA", NULL, FAILURE_NO_ADDRESS, NULL },
        { OTHER, "A", "203.0.113.9", 0, NULL },
        { OTHER, "AAAA", NULL, FAILURE_NO_ADDRESS, NULL } },
      NULL,
      SEVERITY_INFO,
      LIKELY },
    { "other addresses",
      { .lines = FINE },
      { { OWN, "A", "203.0.113.9", 0, NULL }, { OTHER, "A", "203.0.113.77", 0, NULL } },
      DISAGREE,
      SEVERITY_INFO,
      MAYBE },
    { "other addresses of a big service",
      { .provider = M365, .lines = FINE },
      { { OWN, "A", "52.98.41.130", 0, NULL }, { OTHER, "A", "40.99.1.2", 0, NULL } },
      NULL,
      SEVERITY_INFO,
      LIKELY },
    { "the system had a passing trouble",
      { .lines = FINE },
      { { OWN, "A", "203.0.113.9", 0, NULL },
        { SYSTEM, "A/AAAA", NULL, FAILURE_SERVER_FAILURE, NULL } },
      NULL,
      SEVERITY_INFO,
      LIKELY },
    { "the second one was not waited for",
      { .lines = FINE },
      { { OWN, "A", "203.0.113.9", 0, NULL },
        { OTHER, "A", NULL, FAILURE_CANCELLED, NULL },
        { OTHER, "AAAA", NULL, FAILURE_NO_ADDRESS, NULL } },
      NULL,
      SEVERITY_INFO,
      LIKELY },
};

static void add(struct trace *trace, const struct row *row)
{
    struct lookup *lookup = trace_add_lookup(trace);
    bool system = strcmp(row->server, SYSTEM) == 0;
    lookup->name = row->name ? row->name : trace->endpoints->host;
    lookup->type = row->type;
    lookup->server = row->server;
    lookup->source = system ? LOOKUP_GETADDRINFO : LOOKUP_DNS;
    lookup->beside = strcmp(row->server, OWN) != 0;
    if (row->answer)
        strings_add(&lookup->answers, &trace->arena, row->answer);
    if (row->kind != FAILURE_NONE)
        lookup->error = failure_make(row->kind, "%s", "");
}

static void check(const struct dns_case *c)
{
    struct result *result = story_tell(&c->story);
    for (int i = 0; i < ROWS && c->rows[i].server; i++)
        add(result->trace, &c->rows[i]);
    diagnose(result);
    const struct finding *found = NULL;
    for (const struct finding *f = result->findings; f && !found; f = f->next)
        if (strcmp(f->class_id, HIJACKED) == 0 || strcmp(f->class_id, DISAGREE) == 0)
            found = f;
    if ((found == NULL) != (c->class_id == NULL) ||
        (found && strcmp(found->class_id, c->class_id) != 0))
        fail_msg("%s: %s", c->label, found ? found->class_id : "nothing");
    if (found && (found->severity != c->severity || found->confidence != c->confidence))
        fail_msg("%s: severity %d, confidence %d", c->label, found->severity, found->confidence);
    if (found && found->severity == SEVERITY_ERROR)
        assert_string_equal(result->verdict.class_id, found->class_id);
    result_free(result);
}

static void name_services_are_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}

/* A router's word is not the name server's. */
static void who_blocks_is_named(void **state)
{
    static struct icmp icmp = { 3, 13, NULL };
    static const struct {
        const char *server, *sender, *class_id;
    } senders[] = {
        { OWN, "10.77.1.1", "dns-blocked" },
        { OWN, "192.0.2.5", "dns-blocked" },
        { OWN, "192.0.2.53", "dns-timeout" },
        { "[2001:db8::53]:53", "2001:db8::53", "dns-timeout" },
        { "[2001:db8::53]:53", "2001:db8::1", "dns-blocked" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        struct result *result = story_tell(&(struct story) { .lines = "587 u dns prohibited" });
        for (struct lookup *l = result->trace->lookups; l; l = l->next) {
            l->server = senders[i].server;
            l->icmp = &icmp;
        }
        icmp.sender = senders[i].sender;
        diagnose(result);
        assert_string_equal(result->verdict.class_id, senders[i].class_id);
        if (strcmp(senders[i].class_id, "dns-blocked") == 0)
            assert_non_null(strstr(result->verdict.meaning, senders[i].sender));
        result_free(result);
    }
}

/* A name server that UDP does not reach is a fault of the network, though the run went on. */
static void a_server_over_tcp_only(void **state)
{
    static struct icmp icmp = { 3, 13, "10.77.1.1" };
    static const struct {
        const char *first, *second; /* the transports that brought the answers */
        bool truncated;             /* the second: UDP brought the beginning */
        bool refused;
        const char *class_id;
        enum confidence confidence;
    } servers[] = {
        { "tcp", "tcp", false, false, "dns-udp-blocked", LIKELY },
        { "tcp", "tcp", false, true, "dns-udp-blocked", SURE },
        { "tcp", "udp", false, false, NULL, 0 },
        { "tcp", "tcp", true, false, NULL, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        struct result *result = story_tell(&(struct story) { .lines = FINE });
        struct lookup *rows[2] = { trace_add_lookup(result->trace),
                                   trace_add_lookup(result->trace) };
        for (int k = 0; k < 2; k++) {
            rows[k]->name = "mail.example.org";
            rows[k]->type = k ? "AAAA" : "A";
            rows[k]->server = OWN;
            rows[k]->rcode = "NOERROR";
            rows[k]->transport = k ? servers[i].second : servers[i].first;
        }
        rows[0]->udp_failed = true;
        rows[0]->icmp = servers[i].refused ? &icmp : NULL;
        rows[1]->truncated = servers[i].truncated;
        diagnose(result);
        if (servers[i].class_id) {
            assert_string_equal(result->verdict.class_id, servers[i].class_id);
            assert_int_equal(result->verdict.status, VERDICT_WARNING);
            assert_int_equal(result->verdict.confidence, servers[i].confidence);
            assert_true(!servers[i].refused ==
                        !strstr(result->verdict.meaning, "10.77.1.1 on the way refused"));
        } else {
            assert_int_equal(result->verdict.status, VERDICT_OK);
        }
        result_free(result);
    }
}

static void special_addresses_are_known(void **state)
{
    static const char *const special[] = {
        "10.255.0.1", "172.16.0.1",  "172.31.255.255", "192.168.0.1", "127.0.0.1",       "0.0.0.0",
        "100.64.0.1", "100.127.1.1", "169.254.1.1",    "198.19.0.1",  "255.255.255.255", "::",
        "::1",        "fd00::1",     "fc12::1",        "fe80::1",     "febf::1"
    };
    static const char *const public[] = { "52.98.41.130", "172.15.0.1",   "172.32.0.1",
                                          "100.63.0.1",   "100.128.0.1",  "192.167.1.1",
                                          "198.20.0.1",   "2603:1026::1", "2001:db8::1",
                                          "fc::1",        "fe:1::1",      "",
                                          "text",         "1.2.3.4.5" };
    (void)state;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (!survey_special_address(special[i]))
            fail_msg("%s", special[i]);
    for (size_t i = 0; i < sizeof public / sizeof *public; i++)
        if (survey_special_address(public[i]))
            fail_msg("%s", public[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_services_are_compared),
        cmocka_unit_test(who_blocks_is_named),
        cmocka_unit_test(a_server_over_tcp_only),
        cmocka_unit_test(special_addresses_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
