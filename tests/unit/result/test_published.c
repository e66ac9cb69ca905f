/* Lists that providers publish: names, ports and ranges. */
#include "result/published.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_names(void **state)
{
    (void)state;
    assert_true(published_names("smtp.office365.com", "smtp.office365.com"));
    assert_true(published_names("smtp.office365.com", "SMTP.Office365.com."));
    assert_false(published_names("smtp.office365.com", "xsmtp.office365.com"));
    assert_false(published_names("smtp.office365.com", "office365.com"));
    assert_true(
        published_names("*.mail.protection.outlook.com", "a-b.mail.protection.outlook.com"));
    assert_false(published_names("*.mail.protection.outlook.com", "mail.protection.outlook.com"));
    assert_false(published_names("*.mx.microsoft", ".mx.microsoft"));
    assert_false(published_names("", "a"));
}

static void test_ports(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct published p = { .tcp_ports = "443, 587,50000-50059" };
    strings_add(&p.hosts, &arena, "a.example.com");
    static const struct {
        int port;
        bool listed;
    } ports[] = {
        { 0, true },     { 443, true },   { 587, true },   { 58, false },    { 25, false },
        { 50000, true }, { 50030, true }, { 50059, true }, { 50060, false }, { 49999, false },
    };
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        assert_int_equal(published_concerns(&p, "a.example.com", ports[i].port), ports[i].listed);
    assert_false(published_concerns(&p, "b.example.com", 443));
    arena_done(&arena);
}

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *range, *address;
        bool is_range, holds;
    } rows[] = {
        { "40.96.0.0/13", "40.96.0.1", true, true },
        { "40.96.0.0/13", "40.103.255.255", true, true },
        { "40.96.0.0/13", "40.104.0.0", true, false },
        { "0.0.0.0/0", "192.0.2.1", true, true },
        { "0.0.0.0/0", "2001:db8::1", true, false },
        { "13.107.6.152/31", "13.107.6.153", true, true },
        { "13.107.6.152/31", "13.107.6.154", true, false },
        { "204.79.197.215/32", "204.79.197.215", true, true },
        { "2603:1016::/36", "2603:1016:0fff::1", true, true },
        { "2603:1016::/36", "2603:1016:1000::1", true, false },
        { "2620:1ec:8f0::/46", "2620:1ec:8f3:ffff::1", true, true },
        { "2620:1ec:8f0::/46", "2620:1ec:8f4::", true, false },
        { "::1/128", "::1", true, true },
        { "40.96.0.0/33", "40.96.0.1", false, false },
        { "40.96.0.0", "40.96.0.0", false, false },
        { "40.96.0.0/", "40.96.0.0", false, false },
        { "40.96.0.0/-1", "40.96.0.0", false, false },
        { "40.96/16", "40.96.0.0", false, false },
        { "2603:1016::/129", "2603:1016::", false, false },
        { "/8", "10.0.0.1", false, false },
        { "name/8", "10.0.0.1", false, false },
        { "40.96.0.0/13", "no address", true, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena = { 0 };
        struct published p = { .tcp_ports = "25" };
        strings_add(&p.ranges, &arena, rows[i].range);
        if (published_is_range(rows[i].range) != rows[i].is_range ||
            published_holds(&p, rows[i].address) != rows[i].holds)
            fail_msg("%s, %s", rows[i].range, rows[i].address);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_names), cmocka_unit_test(test_ports),
                                        cmocka_unit_test(test_ranges) };
    return cmocka_run_group_tests_name("published", tests, NULL, NULL);
}
