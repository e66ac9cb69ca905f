/* The plugin format: ranges as the guidelines define them, states, and a line that stays one. */
#include "base/text.h"
#include "cases.h"
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double fine, alerts;
    } cases[] = {
        { "10", 10, 10.1 },  { "10", 0, -1 },     { "10:", 10, 9.9 },  { "~:10", -5, 11 },
        { "10:20", 15, 9 },  { "10:20", 20, 21 }, { "@10:20", 9, 10 }, { "@10:20", 21, 20 },
        { "0.5", 0.4, 0.6 }, { "-3:-1", -2, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct alert_limits limits = { 0 };
        assert_true(alert_limits_parse(&limits, cases[i].text));
        assert_false(range_alerts(&limits.total, cases[i].fine));
        assert_true(range_alerts(&limits.total, cases[i].alerts));
    }
    assert_false(range_alerts(&(struct range) { 0 }, 1e9));
}

static void test_lists(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      "x",         "login", "login=", "=5",
        "5,",    "20:10",     "5 ",    "0x10",   "1e3",
        "tea=5", "login=5=6", "nan",   "inf",    "@",
        "5:6:7", "login=~",   ".",     "--5:",   "99999999999999999999999999999999999999999:"
    };
    struct alert_limits limits = { 0 };
    assert_true(alert_limits_parse(&limits, "total=20,login=5,certificate=14,tls=@1:2"));
    assert_string_equal(limits.certificate.text, "14:");
    assert_true(range_alerts(&limits.certificate, 13.9));
    assert_false(range_alerts(&limits.certificate, 400));
    assert_true(range_alerts(&limits.phases[STAGE_LOGIN], 5.1));
    assert_true(range_alerts(&limits.phases[STAGE_TLS], 1.5));
    assert_false(range_alerts(&limits.phases[STAGE_CONNECT], 99));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (alert_limits_parse(&limits, bad[i]))
            fail_msg("'%s' was taken", bad[i]);
}

static struct result *case_named(const char *name)
{
    for (const struct report_case *c = report_cases; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c->make();
    fail_msg("no case %s", name);
    return NULL;
}

static void check_state(const char *name, const char *warning, const char *critical, int status,
                        const char *start)
{
    struct alert_limits warn = { 0 }, alarm = { 0 };
    assert_true((!warning || alert_limits_parse(&warn, warning)) &&
                (!critical || alert_limits_parse(&alarm, critical)));
    const struct report_options options = { .warning = &warn, .critical = &alarm };
    const struct report_format *format = report_format_find("nagios");
    struct result *result = case_named(name);
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    format->write(&out, result, &options);
    assert_int_equal(report_status(format, result, &options), status);
    assert_true(text_starts_fold(buffer_bytes(&out), start));
    buffer_done(&out);
    result_free(result);
}

static void test_states(void **state)
{
    (void)state;
    check_state("all-well", NULL, NULL, 0, "MAIL OK: NO FAULT");
    check_state("all-well", "5", NULL, 1, "MAIL WARNING: NO FAULT");
    check_state("all-well", "5", "total=5.3", 2, "MAIL CRITICAL: NO FAULT");
    check_state("all-well", NULL, "login=1", 2, "MAIL CRITICAL: NO FAULT");
    check_state("all-well", "certificate=40", NULL, 1, "MAIL WARNING: NO FAULT");
    check_state("all-well", "certificate=39", NULL, 0, "MAIL OK: NO FAULT");
    check_state("tenant-switch", "5", NULL, 2, "MAIL CRITICAL: CANNOT SEND");
    check_state("weak-certificate", NULL, NULL, 1, "MAIL WARNING: ");
    /* A limit passed says nothing of a run that was cut short. */
    check_state("interrupted", NULL, "1", 3, "MAIL UNKNOWN: INTERRUPTED");
}

/* One bar in all, in the first line: whatever stands behind a bar are numbers. */
static void test_one_bar(void **state)
{
    (void)state;
    static const struct report_options options = { .verbose = true, .transcript = true };
    struct result *result = case_hostile();
    struct endpoint *endpoint = result->trace->endpoints;
    endpoint->id = endpoint->host = "a|b='c' 'x'=1;2";
    result->verdict.summary = result->verdict.meaning = "| 'total'=0s | 'login'=0s\nMAIL OK";
    sample_add(result->trace, &result->verdict.commands, "Get-Mailbox | Set-Mailbox");
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    report_nagios(&out, result, &options);
    struct bytes rest = buffer_bytes(&out), line;
    const char *bar = memchr(rest.data, '|', rest.size);
    assert_true(rest.size < 8192 && text_is_utf8(rest));
    assert_true(bar && !memchr(bar + 1, '|', rest.size - (size_t)(bar + 1 - rest.data)));
    assert_true(text_next_line(&rest, &line) && bar < line.data + line.size);
    assert_non_null(
        memmem(bar, (size_t)(line.data + line.size - bar), "'a_b__c_ _x__1;2 login'=2.1s;;;0", 32));
    buffer_done(&out);
    result_free(result);
}

static void test_flood_is_cut(void **state)
{
    (void)state;
    static const struct report_options options = { .verbose = true, .transcript = true };
    struct result *result = case_flood();
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    report_nagios(&out, result, &options);
    assert_true(buffer_size(&out) < 8192);
    buffer_done(&out);
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),       cmocka_unit_test(test_lists),
        cmocka_unit_test(test_states),       cmocka_unit_test(test_one_bar),
        cmocka_unit_test(test_flood_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
