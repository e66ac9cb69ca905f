/* Which of the addresses that servers greeted is this machine's public one. */
#include "engine/vantage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct trace *seen_as(const char *const *seen, size_t count)
{
    struct trace *trace = trace_new();
    for (size_t i = 0; i < count; i++) {
        struct endpoint *endpoint = trace_add_endpoint(trace);
        trace_add_attempt(trace, endpoint, 0)->seen_as = seen[i];
    }
    vantage_end(trace);
    return trace;
}

static void test_single(void **state)
{
    (void)state;
    static const struct {
        const char *seen;
        int is_public;
    } rows[] = {
        { "198.51.100.7", 1 },     { "10.0.0.5", 0 },
        { "11.0.0.5", 1 },         { "172.15.0.1", 1 },
        { "172.16.0.1", 0 },       { "172.31.255.255", 0 },
        { "172.32.0.1", 1 },       { "192.168.1.1", 0 },
        { "192.167.1.1", 1 },      { "100.64.0.1", 0 },
        { "100.127.255.255", 0 },  { "100.128.0.1", 1 },
        { "127.0.0.1", 0 },        { "169.254.9.9", 0 },
        { "0.0.0.0", 0 },          { "2001:db8::1", 1 },
        { "fc00::1", 0 },          { "fdff::1", 0 },
        { "fe00::1", 1 },          { "fe80::1", 0 },
        { "febf::1", 0 },          { "::1", 0 },
        { "::ffff:10.0.0.5", 0 },  { "::ffff:198.51.100.7", 1 },
        { "mail.example.org", 0 }, { "", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct trace *trace = seen_as(&rows[i].seen, 1);
        if (rows[i].is_public) {
            assert_non_null(trace->from.public_address);
            assert_string_equal(trace->from.public_address, rows[i].seen);
        } else if (trace->from.public_address) {
            fail_msg("%s is not public", rows[i].seen);
        }
        trace_free(trace);
    }
}

static void test_first_public(void **state)
{
    (void)state;
    static const char *const seen[] = { "10.0.0.5", "198.51.100.7", "198.51.100.8" };
    struct trace *trace = seen_as(seen, 3);
    assert_string_equal(trace->from.public_address, "198.51.100.7");
    trace_free(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_first_public),
    };
    return cmocka_run_group_tests_name("engine/vantage", tests, NULL, NULL);
}
