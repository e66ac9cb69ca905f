/* IPv4 works and IPv6 does not: when that is so, how sure it is, and what it costs. */
#include "diagnosis/diagnose.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

enum { MS = 1000000, ADDRESSES = 3 };

/* Addresses that two working endpoints have beside their IPv4 one. */
struct extra {
    int endpoint; /* 0 or 1 */
    int family;
    enum failure_kind kind; /* FAILURE_NONE: it works; CANCELLED: it was not waited for */
    int ms;
    bool icmp;
};

struct family_case {
    const char *label;
    struct extra extras[ADDRESSES];
    const char *class_id; /* the first finding's; NULL: none */
    enum severity severity;
    enum confidence confidence;
    const char *felt;
};

#define BROKEN "ipv6-broken"

static const struct family_case cases[] = {
    { "silence at both",
      { { 0, 6, FAILURE_TIMED_OUT, 3250, false }, { 1, 6, FAILURE_TIMED_OUT, 3250, false } },
      BROKEN,
      SEVERITY_WARNING,
      CONFIDENCE_LIKELY,
      "waits for at least 3.3 s" },
    { "two silent addresses, one after the other",
      { { 0, 6, FAILURE_TIMED_OUT, 3250, false }, { 0, 6, FAILURE_TIMED_OUT, 3250, false } },
      BROKEN,
      SEVERITY_WARNING,
      CONFIDENCE_LIKELY,
      "waits for at least 6.5 s" },
    { "one silence may be lost packets",
      { { 0, 6, FAILURE_TIMED_OUT, 3250, false } },
      BROKEN,
      SEVERITY_WARNING,
      CONFIDENCE_POSSIBLE,
      "waits for at least 3.3 s" },
    { "refused at once",
      { { 0, 6, FAILURE_CONNECTION_REFUSED, 20, false } },
      BROKEN,
      SEVERITY_INFO,
      CONFIDENCE_CERTAIN,
      "notices hardly anything" },
    { "a router says no, late",
      { { 0, 6, FAILURE_HOST_UNREACHABLE, 3070, true } },
      BROKEN,
      SEVERITY_WARNING,
      CONFIDENCE_CERTAIN,
      "waits for 3.1 s" },
    { "a router has no route",
      { { 0, 6, FAILURE_NETWORK_UNREACHABLE, 20, true } },
      BROKEN,
      SEVERITY_INFO,
      CONFIDENCE_CERTAIN,
      "notices hardly anything" },
    { "this machine has none",
      { { 0, 6, FAILURE_NETWORK_UNREACHABLE, 0, false } },
      "tcp-unreachable",
      SEVERITY_INFO,
      CONFIDENCE_CERTAIN,
      NULL },
    { "IPv6 works elsewhere: one silent address is no family",
      { { 0, 6, FAILURE_TIMED_OUT, 3250, false }, { 1, 6, FAILURE_NONE, 20, false } },
      "tcp-timeout",
      SEVERITY_WARNING,
      CONFIDENCE_LIKELY,
      NULL },
    { "another IPv6 address works",
      { { 0, 6, FAILURE_TIMED_OUT, 3250, false }, { 0, 6, FAILURE_NONE, 20, false } },
      "tcp-timeout",
      SEVERITY_WARNING,
      CONFIDENCE_LIKELY,
      NULL },
    { "not waited for",
      { { 0, 6, FAILURE_CANCELLED, 900, false } },
      NULL,
      SEVERITY_INFO,
      CONFIDENCE_CERTAIN,
      NULL },
    { "one of two was not waited for",
      { { 0, 6, FAILURE_TIMED_OUT, 3250, false }, { 0, 6, FAILURE_CANCELLED, 900, false } },
      "tcp-timeout",
      SEVERITY_WARNING,
      CONFIDENCE_LIKELY,
      NULL },
    { "both families",
      { { 0, 6, FAILURE_NONE, 20, false } },
      NULL,
      SEVERITY_INFO,
      CONFIDENCE_CERTAIN,
      NULL },
    { "a dead IPv4 address",
      { { 0, 4, FAILURE_TIMED_OUT, 3250, false } },
      "tcp-timeout",
      SEVERITY_WARNING,
      CONFIDENCE_LIKELY,
      NULL },
};

static void add(struct trace *trace, const struct extra *extra, int number)
{
    static struct icmp icmp = { 1, 3, "2001:db8::fe" };
    struct endpoint *endpoint = extra->endpoint ? trace->endpoints->next : trace->endpoints;
    struct address *address = trace_add_address(trace, endpoint);
    address->text = arena_format(&trace->arena, extra->family == 6 ? "2001:db8::%d" : "192.0.2.1%d",
                                 number + 1);
    address->family = extra->family;
    address->connect_ns = extra->ms * (int64_t)MS;
    address->icmp = extra->icmp ? &icmp : NULL;
    address->status = extra->kind == FAILURE_NONE        ? STATUS_OK
                      : extra->kind == FAILURE_CANCELLED ? STATUS_CUT
                                                         : STATUS_FAIL;
    if (extra->kind != FAILURE_NONE)
        address->error = failure_make(extra->kind, "%s", "");
}

static void check(const struct family_case *c)
{
    struct result *result =
        story_tell(&(struct story) { .lines = "587 u accepted\n993 u accepted" });
    for (int i = 0; i < ADDRESSES && c->extras[i].family; i++)
        add(result->trace, &c->extras[i], i);
    diagnose(result);
    const struct finding *first = result->findings;
    const char *found = first ? first->class_id : "nothing";
    if (strcmp(found, c->class_id ? c->class_id : "nothing") != 0)
        fail_msg("%s: %s", c->label, found);
    if (first && (first->severity != c->severity || first->confidence != c->confidence))
        fail_msg("%s: severity %d, confidence %d", c->label, first->severity, first->confidence);
    if (c->felt && !strstr(first->meaning, c->felt))
        fail_msg("%s: %s", c->label, first->meaning);
    assert_int_not_equal(result->verdict.status, VERDICT_FAIL);
    result_free(result);
}

static void families_are_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(families_are_compared) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
