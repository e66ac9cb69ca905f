/* What ICMP and the walk of a path make of a connection that failed. */
#include "diagnosis/diagnose.h"
#include "story.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const char server[] = "192.0.2.10", here[] = "10.1.4.77:40000";

/* One endpoint, port 587, whose address failed with KIND. */
static struct address *failed(struct result **ret_result, const char *line)
{
    struct story story = { .needs = NEED_ENDPOINT, .lines = line };
    *ret_result = story_tell(&story);
    struct endpoint *endpoint = (*ret_result)->trace->endpoints;
    struct address *address = endpoint->addresses;
    address->text = server;
    address->family = 4;
    address->local = here;
    return address;
}

static bool says(const struct finding *finding, const char *words)
{
    for (const struct evidence *e = finding->evidence; e; e = e->next)
        if (memmem(e->line.data, e->line.size, words, strlen(words)))
            return true;
    return false;
}

struct icmp_case {
    const char *line;
    int code;
    const char *sender;
    const char *class_id, *said;
};

static const struct icmp_case icmp_cases[] = {
    { "587 u connect prohibited", 13, "10.9.0.1", "tcp-prohibited", "10.9.0.1 said: admin" },
    { "587 u connect connection_refused", 3, "10.9.0.1", "tcp-prohibited", "port unreachable" },
    { "587 u connect connection_refused", 3, "192.0.2.10", "tcp-refused", "port unreachable" },
    { "587 u connect host_unreachable", 1, "10.9.0.1", "tcp-unreachable", "host unreachable" },
    { "587 u connect prohibited", 13, "10.1.4.77", "tcp-blocked-here", "this machine" },
    { "587 u connect prohibited", 13, "10.1.4.7", "tcp-prohibited", "10.1.4.7 said" },
};

static void test_icmp(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof icmp_cases / sizeof *icmp_cases; i++) {
        const struct icmp_case *c = &icmp_cases[i];
        struct result *result;
        struct icmp icmp = { .type = 3, .code = c->code, .sender = c->sender };
        failed(&result, c->line)->icmp = &icmp;
        diagnose(result);
        assert_string_equal(result->verdict.class_id, c->class_id);
        assert_true(says(result->findings, c->said));
        result_free(result);
    }
}

/* This machine said no at once, and nobody out there was asked. */
static void test_at_once(void **state)
{
    (void)state;
    struct result *result;
    failed(&result, "587 u connect prohibited")->connect_ns = 0;
    diagnose(result);
    assert_string_equal(result->verdict.class_id, "tcp-blocked-here");
    result_free(result);
}

struct walk_case {
    const char *line;
    enum hop_answer third;
    bool control_further, confirmed;
    const char *class_id, *said, *title;
    enum confidence confidence;
};

static const struct walk_case walk_cases[] = {
    { "587 u connect timed_out", HOP_SILENT, true, true, "tcp-timeout",
      "dropped between 10.9.0.1 (hop 2) and 198.51.100.1 (hop 3): sure",
      "Port 587 is blocked between 10.9.0.1 and 198.51.100.1.", CONFIDENCE_LIKELY },
    { "587 u connect timed_out", HOP_SILENT, true, false, "tcp-timeout",
      "dropped between 10.9.0.1 (hop 2) and 198.51.100.1 (hop 3): maybe",
      "Port 587 may be blocked between 10.9.0.1 and 198.51.100.1.", CONFIDENCE_LIKELY },
    { "587 u connect timed_out", HOP_SILENT, false, false, "tcp-timeout", "no sign of life after",
      NULL, CONFIDENCE_LIKELY },
    { "587 u connect timed_out", HOP_OPEN, false, false, "tcp-timeout", "packets get lost", NULL,
      CONFIDENCE_POSSIBLE },
    { "587 u connect connection_refused", HOP_RESET, true, true, "tcp-prohibited", "reset forged",
      NULL, CONFIDENCE_CERTAIN },
    { "587 u connect connection_refused", HOP_RESET, false, false, "tcp-refused", NULL, NULL,
      CONFIDENCE_CERTAIN },
    { "587 u connect connection_reset", HOP_OPEN, true, true, "tcp-intercepted", "intercepted",
      NULL, CONFIDENCE_CERTAIN },
};

static void check_walk(const struct walk_case *c)
{
    struct hop end = { .ttl = 4, .answer = HOP_OPEN };
    struct hop far = { .next = &end, .ttl = 3, .answer = HOP_ROUTER, .sender = "198.51.100.1" };
    struct hop second = { .next = c->control_further ? &far : NULL,
                          .ttl = 2,
                          .answer = HOP_ROUTER,
                          .sender = "10.9.0.1" };
    struct hop third = { .ttl = 3, .answer = c->third };
    struct hop own = { .next = &third, .ttl = 2, .answer = HOP_ROUTER, .sender = "10.9.0.1" };
    struct path_facts path = { .control = server,
                               .control_port = 993,
                               .same_address = true,
                               .confirmed = c->confirmed,
                               .control_hops = &second };
    struct result *result;
    struct address *address = failed(&result, c->line);
    address->hops = &own;
    address->path = &path;
    diagnose(result);
    assert_string_equal(result->verdict.class_id, c->class_id);
    assert_int_equal(result->verdict.confidence, c->confidence);
    assert_true(!c->said || says(result->findings, c->said));
    if (c->title)
        assert_string_equal(result->verdict.title, c->title);
    result_free(result);
}

static void test_walks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof walk_cases / sizeof *walk_cases; i++)
        check_walk(&walk_cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_icmp), cmocka_unit_test(test_at_once),
                                        cmocka_unit_test(test_walks) };
    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
