/* Planning, from a target to its endpoints, against name servers that are a table. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct plan_case {
    const char *title;
    const char *target;
    struct plan_options options;
    struct record records[RECORD_LIMIT];
    const char *shown;
};

/* ---- what is planned ---- */

#define MICROSOFT365                                                                               \
    "smtp.office365.com:587 smtp starttls offered send\n"                                          \
    "smtp.office365.com:25 smtp starttls optional send\n"                                          \
    "smtp.office365.com:465 smtp implicit not-offered\n"                                           \
    "outlook.office365.com:993 imap implicit offered read imap\n"                                  \
    "outlook.office365.com:143 imap starttls optional read imap\n"                                 \
    "outlook.office365.com:995 pop3 implicit offered read pop\n"                                   \
    "outlook.office365.com:110 pop3 starttls optional read pop\n"
#define SEVEN_OF(host)                                                                             \
    host ":587 smtp starttls unknown send any\n" host ":465 smtp implicit unknown send any\n" host \
         ":25 smtp starttls unknown transfer relay any\n" host                                     \
         ":993 imap implicit unknown read imap any\n" host                                         \
         ":143 imap starttls unknown read imap any\n" host                                         \
         ":995 pop3 implicit unknown read pop any\n" host                                          \
         ":110 pop3 starttls unknown read pop any\n"
#define SEVEN_GUESSED(host)                                                                        \
    host ":587 smtp starttls unknown guessed send\n" host                                          \
         ":465 smtp implicit unknown guessed send\n" host                                          \
         ":25 smtp starttls unknown guessed transfer relay\n" host                                 \
         ":993 imap implicit unknown guessed read imap\n" host                                     \
         ":143 imap starttls unknown guessed read imap\n" host                                     \
         ":995 pop3 implicit unknown guessed read pop\n" host                                      \
         ":110 pop3 starttls unknown guessed read pop\n"
#define MX_OF(domain, host)                                                                        \
    {                                                                                              \
        domain, "MX", "10 " host, FAILURE_NONE                                                     \
    }

static const int port_993[] = { 993 };
static const int port_143_25[] = { 143, 25 };
static const int port_2525[] = { 2525 };
static const int port_995[] = { 995 };
static const char *const named_hosts[] = { "other.example", "MAIL.example.org" };

static const struct plan_case cases[] = {
    { "a tenant is known by its MX",
      "ana@contoso.com",
      { 0 },
      { MX_OF("contoso.com", "contoso-com.mail.protection.outlook.com") },
      "microsoft365 worldwide send,read asked=1\n" MICROSOFT365 },
    { "a new tenant is known by the new MX",
      "contoso.com",
      { 0 },
      { MX_OF("contoso.com", "contoso-com.a-v1.mx.microsoft") },
      "microsoft365 worldwide send,read asked=3\n" MICROSOFT365 },
    { "the best MX that is known counts, whatever their order",
      "ana@contoso.com",
      { 0 },
      { { "contoso.com", "MX", "90 aspmx.l.google.com", FAILURE_NONE },
        { "contoso.com", "MX", "5 gateway.example", FAILURE_NONE },
        MX_OF("contoso.com", "contoso-com.mail.protection.outlook.com") },
      "microsoft365 worldwide send,read asked=1\n" MICROSOFT365 },
    { "a filtering MX in front of a tenant",
      "ana@contoso.com",
      { 0 },
      { MX_OF("contoso.com", "mx.filter.example"),
        { "autodiscover.contoso.com", "CNAME", "autodiscover.outlook.com", FAILURE_NONE },
        { "autodiscover.contoso.com", "A", "192.0.2.1", FAILURE_NONE } },
      "microsoft365 worldwide send,read asked=18\n" MICROSOFT365 },
    { "a known domain asks nobody",
      "ana@gmail.com",
      { 0 },
      { { 0 } },
      "gmail - send,read asked=0\n"
      "smtp.gmail.com:587 smtp starttls offered send\n"
      "smtp.gmail.com:465 smtp implicit offered send\n"
      "imap.gmail.com:993 imap implicit offered read imap\n"
      "pop.gmail.com:995 pop3 implicit offered read pop\n" },
    { "a named provider asks nobody",
      "ana@contoso.com",
      { .provider = "microsoft365-dod", .needs = NEED_SEND },
      { { 0 } },
      "microsoft365-dod dod send asked=0\n"
      "outlook-dod.office365.us:587 smtp starttls offered send\n"
      "outlook-dod.office365.us:25 smtp starttls optional send\n"
      "outlook-dod.office365.us:465 smtp implicit not-offered\n"
      "outlook-dod.office365.us:993 imap implicit offered read imap\n"
      "outlook-dod.office365.us:143 imap starttls optional read imap\n"
      "outlook-dod.office365.us:995 pop3 implicit offered read pop\n"
      "outlook-dod.office365.us:110 pop3 starttls optional read pop\n" },
    { "a need to relay adds the MX",
      "ana@gmail.com",
      { .needs = NEED_RELAY, .ports = (const int[]) { 25 }, .port_count = 1 },
      { MX_OF("gmail.com", "gmail-smtp-in.l.google.com") },
      "gmail - relay,endpoint asked=1\n"
      "gmail-smtp-in.l.google.com:25 smtp starttls offered guessed transfer relay endpoint\n" },
    { "only what opens a mailbox, of a known provider",
      "ana@outlook.com",
      { .services = 1U << SERVICE_IMAP | 1U << SERVICE_POP3, .needs = NEED_READ },
      { { 0 } },
      "outlook-consumer consumer read asked=0\n"
      "outlook.office365.com:993 imap implicit offered read imap\n"
      "outlook.office365.com:143 imap starttls optional read imap\n"
      "outlook.office365.com:995 pop3 implicit offered read pop\n"
      "outlook.office365.com:110 pop3 starttls optional read pop\n" },
    { "the route of submission: its port of the provider's host",
      "ana@contoso.com",
      { .route = &provider_routes[0], .needs = NEED_SEND },
      { MX_OF("contoso.com", "contoso-com.mail.protection.outlook.com") },
      "microsoft365 worldwide send asked=1\n"
      "smtp.office365.com:587 smtp starttls offered send\n" },
    { "the route of High Volume Email: a host of its own",
      "ana@contoso.com",
      { .route = &provider_routes[1], .needs = NEED_SEND },
      { { 0 } },
      "microsoft365-hve worldwide send asked=0\n"
      "smtp.hve.mx.microsoft:587 smtp starttls offered send\n" },
    { "Direct Send: the MX alone",
      "ana@contoso.com",
      { .route = &provider_routes[2], .needs = NEED_RELAY },
      { MX_OF("contoso.com", "contoso-com.mail.protection.outlook.com") },
      "microsoft365 worldwide relay asked=1\n"
      "contoso-com.mail.protection.outlook.com:25 smtp starttls offered guessed transfer relay\n" },
    { "a provider's host: its documented ports only, one that is offered must work",
      "smtp.office365.com",
      { 0 },
      { { 0 } },
      "microsoft365 worldwide any asked=0\n"
      "smtp.office365.com:587 smtp starttls offered send any\n"
      "smtp.office365.com:25 smtp starttls optional send\n"
      "smtp.office365.com:465 smtp implicit not-offered\n" },
    { "a provider's host, one port, not offered",
      "smtp.office365.com:465",
      { 0 },
      { { 0 } },
      "microsoft365 worldwide endpoint asked=0\n"
      "smtp.office365.com:465 smtp implicit not-offered endpoint\n" },
    { "port 25 of Microsoft 365 is submission",
      "smtp://smtp.office365.com:25",
      { 0 },
      { { 0 } },
      "microsoft365 worldwide endpoint asked=0\n"
      "smtp.office365.com:25 smtp starttls optional send endpoint\n" },
    { "a URL that contradicts the documents is taken as it is",
      "smtp://smtp.office365.com:465",
      { 0 },
      { { 0 } },
      "microsoft365 worldwide endpoint asked=0\n"
      "smtp.office365.com:465 smtp starttls unknown send endpoint\n" },
    { "an MX as the target",
      "contoso-com.mail.protection.outlook.com",
      { 0 },
      { { 0 } },
      "microsoft365 worldwide any asked=0\n"
      "contoso-com.mail.protection.outlook.com:25 smtp starttls offered guessed transfer relay "
      "any\n" },
    { "a bare host: all seven",
      "mail.example.org",
      { 0 },
      { { "mail.example.org", "A", "192.0.2.1", FAILURE_NONE } },
      "generic - any asked=3\n" SEVEN_OF("mail.example.org") },
    { "a bare host that is its own MX",
      "mail.example.org",
      { 0 },
      { MX_OF("mail.example.org", "MAIL.example.org") },
      "generic - any asked=3\n" SEVEN_OF("mail.example.org") },
    { "a name that does not exist is planned as a host: its resolution will tell",
      "nowhere.example",
      { 0 },
      { { 0 } },
      "generic - any asked=3\n" SEVEN_OF("nowhere.example") },
    { "an address of the network layer asks nobody",
      "2001:db8::1",
      { 0 },
      { { 0 } },
      "generic - any asked=0\n" SEVEN_OF("[2001:db8::1]") },
    { "a name that the user called a host asks nobody",
      "mail.example.org",
      { .hosts = named_hosts, .host_count = 2 },
      { MX_OF("mail.example.org", "mx.example.org") },
      "generic - any asked=0\n" SEVEN_OF("mail.example.org") },
    { "one port of an unknown host",
      "mail.example.org:25",
      { 0 },
      { { 0 } },
      "generic - endpoint asked=0\n"
      "mail.example.org:25 smtp starttls unknown transfer relay endpoint\n" },
    { "a user in the URL says that port 25 is for submission",
      "smtp://ana@mail.example.org:25",
      { 0 },
      { { 0 } },
      "generic - endpoint asked=0\n"
      "mail.example.org:25 smtp starttls unknown send endpoint\n" },
    { "an unusual port",
      "imaps://mail.example.org:10993",
      { 0 },
      { { 0 } },
      "generic - endpoint asked=0\n"
      "mail.example.org:10993 imap implicit unknown read imap endpoint\n" },
    { "only one port of a tenant",
      "ana@contoso.com",
      { .ports = port_993, .port_count = 1 },
      { MX_OF("contoso.com", "contoso-com.mail.protection.outlook.com") },
      "microsoft365 worldwide endpoint asked=1\n"
      "outlook.office365.com:993 imap implicit offered read imap endpoint\n" },
    { "ports that the provider does not document",
      "ana@gmail.com",
      { .ports = port_143_25, .port_count = 2 },
      { { 0 } },
      "gmail - endpoint asked=0\n"
      "imap.gmail.com:143 imap starttls unknown read imap endpoint\n"
      "smtp.gmail.com:25 smtp starttls unknown send endpoint\n" },
    { "a protocol that the provider does not have",
      "ana@icloud.com",
      { .ports = port_995, .port_count = 1 },
      { { 0 } },
      "icloud - endpoint asked=0\n"
      "smtp.mail.me.com:995 pop3 implicit unknown read pop endpoint\n"
      "imap.mail.me.com:995 pop3 implicit unknown read pop endpoint\n" },
    { "a customary port of a bare host",
      "mail.example.org",
      { .ports = port_2525, .port_count = 1, .needs = NEED_SEND },
      { { 0 } },
      "generic - send,endpoint asked=3\n"
      "mail.example.org:2525 smtp starttls unknown send endpoint\n" },
    { "SRV records, one service declined, one outside the domain",
      "ana@example.org",
      { 0 },
      { MX_OF("example.org", "mx.example.org"),
        { "_submission._tcp.example.org", "SRV", "0 1 587 smtp.example.org", FAILURE_NONE },
        { "_imaps._tcp.example.org", "SRV", "20 1 993 imap.hoster.example", FAILURE_NONE },
        { "_imaps._tcp.example.org", "SRV", "10 1 1993 in.Example.ORG", FAILURE_NONE },
        { "_pop3._tcp.example.org", "SRV", "0 0 0 .", FAILURE_NONE },
        { "mail.example.org", "A", "192.0.2.1", FAILURE_NONE },
        { "example.org", "A", "192.0.2.9", FAILURE_NONE } },
      "generic - send,read asked=18\n"
      "smtp.example.org:587 smtp starttls offered send\n"
      "in.example.org:1993 imap implicit offered read imap\n"
      "imap.hoster.example:993 imap implicit offered guessed read imap\n" },
    { "SRV records that lead to a known provider",
      "ana@example.org",
      { 0 },
      { MX_OF("example.org", "mx.filter.example"),
        { "_imaps._tcp.example.org", "SRV", "0 1 993 imap.mail.me.com", FAILURE_NONE } },
      "icloud - send,read asked=18\n"
      "smtp.mail.me.com:587 smtp starttls offered send\n"
      "imap.mail.me.com:993 imap implicit offered read imap\n" },
    { "names that are customary; two that are one server are tested once",
      "ana@example.org",
      { 0 },
      { MX_OF("example.org", "mx.example.org"),
        { "mail.example.org", "A", "192.0.2.1", FAILURE_NONE },
        { "smtp.example.org", "A", "192.0.2.1", FAILURE_NONE },
        { "imap.example.org", "AAAA", "2001:db8::1", FAILURE_NONE } },
      "generic - send,read asked=18\n" SEVEN_GUESSED(
          "mail.example.org") "imap.example.org:993 imap implicit unknown guessed read imap\n"
                              "imap.example.org:143 imap starttls unknown guessed read imap\n" },
    { "nothing but the domain itself and its MX",
      "ana@example.org",
      { 0 },
      { MX_OF("example.org", "mx.hoster.example"),
        { "example.org", "A", "192.0.2.9", FAILURE_NONE } },
      "generic - send,read asked=18\n" SEVEN_GUESSED(
          "example.org") "mx.hoster.example:25 smtp starttls offered guessed transfer relay\n" },
    { "nothing but the MX",
      "ana@example.org",
      { 0 },
      { MX_OF("example.org", "mx.hoster.example") },
      "generic - send,read asked=18\n"
      "mx.hoster.example:25 smtp starttls offered guessed transfer relay\n" },
    { "a domain without mail",
      "ana@example.org",
      { 0 },
      { { "example.org", "MX", "0 .", FAILURE_NONE } },
      "generic - send,read asked=18\n" },
    { "names that are none", /* what a hostile name server may say */
      "ana@example.org",
      { 0 },
      { { "example.org", "MX", "0 mx\\032.example", FAILURE_NONE },
        { "_imaps._tcp.example.org", "SRV", "0 1 993 a\x1b[31m.example", FAILURE_NONE },
        { "_imap._tcp.example.org", "SRV", "0 1 0 imap.example.org", FAILURE_NONE },
        { "_submission._tcp.example.org", "SRV", "0 1 99999 a.example.org", FAILURE_NONE } },
      "generic - send,read asked=18\n" },
    { "a domain that does not exist has nothing below it",
      "ana@nowhere.example",
      { 0 },
      { { 0 } },
      "generic - send,read asked=1\n" },
    { "a name server that fails",
      "ana@example.org",
      { 0 },
      { { "example.org", "MX", NULL, FAILURE_TIMED_OUT } },
      "generic - send,read asked=1\n" },
    { "told not to detect: a known host is one like any other",
      "smtp.office365.com",
      { .provider = "generic" },
      { { 0 } },
      "generic - any asked=0\n" SEVEN_OF("smtp.office365.com") },
    { "told not to detect: a domain is discovered",
      "ana@gmail.com",
      { .provider = "generic" },
      { MX_OF("gmail.com", "gmail-smtp-in.l.google.com"),
        { "imap.gmail.com", "A", "192.0.2.7", FAILURE_NONE } },
      "generic - send,read asked=18\n"
      "imap.gmail.com:993 imap implicit unknown guessed read imap\n"
      "imap.gmail.com:143 imap starttls unknown guessed read imap\n" },
};

/* ---- running a case ---- */

static void run_case(const struct plan_case *c)
{
    struct arena arena = { 0 };
    struct target target;
    struct buffer out;
    char *error = NULL;
    assert_true(target_parse(&target, &arena, c->target, &error));
    struct trace *trace = trace_new();
    struct loop *loop = loop_new();
    struct resolver resolver = { .loop = loop, .trace = trace, .records = c->records };
    struct shown shown = { .loop = loop };
    struct planning *planning =
        plan_start(loop, &resolver, trace, &target, &c->options, planned, &shown);
    assert_int_equal(shown.calls, 0);
    loop_run(loop);
    plan_stop(&planning);
    plan_stop(&planning);
    assert_int_equal(shown.calls, 1);
    assert_ptr_equal(shown.plan->provider, provider_find(trace->target.provider));
    buffer_init(&out, 65536);
    show_plan(&out, trace, resolver.asked);
    if (strcmp(buffer_bytes(&out).data, c->shown) != 0)
        fail_msg("%s:\n%s\nexpected:\n%s", c->title, buffer_bytes(&out).data, c->shown);
    buffer_done(&out);
    loop_free(loop);
    trace_free(trace);
    arena_done(&arena);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run_case(&cases[i]);
}

/* Stopped before the answer: done is never called, though the answer still comes. */
static void test_stop(void **state)
{
    (void)state;
    static const char *const targets[] = { "ana@contoso.com", "ana@gmail.com", "host.example",
                                           "host.example:993" };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        const struct record none[] = { { 0 } };
        struct arena arena = { 0 };
        struct target target;
        char *error = NULL;
        assert_true(target_parse(&target, &arena, targets[i], &error));
        struct trace *trace = trace_new();
        struct loop *loop = loop_new();
        struct resolver resolver = { .loop = loop, .trace = trace, .records = none };
        struct shown shown = { .loop = loop };
        struct plan_options options = { 0 };
        struct planning *planning =
            plan_start(loop, &resolver, trace, &target, &options, planned, &shown);
        plan_stop(&planning);
        assert_null(planning);
        loop_run(loop);
        assert_int_equal(shown.calls, 0);
        loop_free(loop);
        trace_free(trace);
        arena_done(&arena);
    }
}

/* However much a name server says, a plan stays small. */
static void test_bound(void **state)
{
    (void)state;
    enum { MANY = 400 };
    struct record *records = calloc(MANY + 1, sizeof *records);
    struct trace *trace = trace_new();
    for (size_t i = 0; i < MANY; i++)
        records[i] = (struct record) {
            .name = i % 2 ? "_imaps._tcp.example.org" : "example.org",
            .type = i % 2 ? "SRV" : "MX",
            .text = arena_format(&trace->arena,
                                 i % 2 ? "1 1 993 h%zu.example.org" : "1 h%zu.x.example", i),
        };
    struct arena arena = { 0 };
    struct target target;
    char *error = NULL;
    assert_true(target_parse(&target, &arena, "ana@example.org", &error));
    /* The fake holds no more than this; the real parser bounds its own. */
    records[RECORD_LIMIT].name = NULL;
    struct loop *loop = loop_new();
    struct resolver resolver = { .loop = loop, .trace = trace, .records = records };
    struct shown shown = { .loop = loop };
    struct plan_options options = { 0 };
    struct planning *planning =
        plan_start(loop, &resolver, trace, &target, &options, planned, &shown);
    loop_run(loop);
    size_t count = 0;
    for (const struct endpoint *e = trace->endpoints; e; e = e->next)
        count++;
    assert_int_equal(count, 2);
    plan_stop(&planning);
    loop_free(loop);
    trace_free(trace);
    arena_done(&arena);
    free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
