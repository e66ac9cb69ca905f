/* The words of stages and failures, and the clock's. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/stage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void every_stage_comes_back(void **state)
{
    (void)state;
    assert_string_equal(stage_name(STAGE_NONE), "");
    for (int i = STAGE_NONE + 1; i < STAGE_COUNT; i++) {
        assert_true(stage_name((enum stage)i)[0] != '\0');
        assert_int_equal(stage_parse(stage_name((enum stage)i)), i);
    }
    assert_int_equal(stage_parse("handshake"), STAGE_NONE);
    assert_int_equal(stage_parse(""), STAGE_NONE);
}

static void every_failure_comes_back(void **state)
{
    (void)state;
    assert_string_equal(failure_name(FAILURE_NONE), "");
    for (int i = FAILURE_NONE + 1; i < FAILURE_COUNT; i++) {
        assert_true(failure_name((enum failure_kind)i)[0] != '\0');
        assert_int_equal(failure_parse(failure_name((enum failure_kind)i)), i);
    }
    assert_int_equal(failure_parse("timedout"), FAILURE_NONE);
    assert_int_equal(failure_parse(""), FAILURE_NONE);
}

static void failures_are_made(void **state)
{
    (void)state;
    struct failure failure = failure_make(FAILURE_REFUSED, "code %d", 535);
    assert_int_equal(failure.kind, FAILURE_REFUSED);
    assert_int_equal(failure.system, 0);
    assert_string_equal(failure.text, "code 535");
    char words[500];
    memset(words, 'x', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    failure = failure_make(FAILURE_REFUSED, "%s", words);
    assert_int_equal(strlen(failure.text), sizeof failure.text - 1);
}

static void errno_values_have_kinds(void **state)
{
    static const struct {
        int error;
        enum failure_kind kind;
    } cases[] = {
        { ETIMEDOUT, FAILURE_TIMED_OUT },
        { ECONNREFUSED, FAILURE_CONNECTION_REFUSED },
        { EHOSTUNREACH, FAILURE_HOST_UNREACHABLE },
        { ENETUNREACH, FAILURE_NETWORK_UNREACHABLE },
        { EADDRNOTAVAIL, FAILURE_ADDRESS_NOT_AVAILABLE },
        { EACCES, FAILURE_PROHIBITED },
        { ECONNRESET, FAILURE_CONNECTION_RESET },
        { EPIPE, FAILURE_CONNECTION_RESET },
        { EINVAL, FAILURE_SYSTEM },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct failure failure = failure_from_errno(cases[i].error);
        assert_int_equal(failure.kind, cases[i].kind);
        assert_int_equal(failure.system, cases[i].error);
        assert_string_equal(failure.text, strerror(cases[i].error));
    }
}

static void times_are_written_and_read(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { 1795342445123000000, "2026-11-22T10:14:05.123Z" },
        { 951782400000000000, "2000-02-29T00:00:00.000Z" },
        { 9214646400000000000, "2262-01-01T00:00:00.000Z" },
    };
    (void)state;
    char text[CLOCK_TEXT_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(clock_format(cases[i].ns, text), cases[i].text);
        assert_int_equal(clock_parse(cases[i].text), cases[i].ns);
    }
    assert_string_equal(clock_format(-1, text), "1969-12-31T23:59:59.999Z");
    assert_int_equal(clock_parse("2026-11-22T10:14:05Z"), 1795342445000000000);
    assert_int_equal(clock_parse("2026-11-22T10:14:05.5Z"), 1795342445500000000);
    assert_int_equal(clock_parse("2026-11-22T10:14:05.1234567891Z"), 1795342445123456789);
}

static void bad_times_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "now",
        "2026-11-22",
        "2026-11-22T10:14:05",
        "2026-11-22T10:14:05+01:00",
        "2026-11-22T10:14:05.Z",
        "2026-11-22T10:14:05.5",
        "2026-11-22T10:14:05Z ",
        "2026-13-22T10:14:05Z",
        "2026-02-31T10:14:05Z",
        "2026-11-22T25:14:05Z",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "2262-12-31T23:59:59Z",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (clock_parse(cases[i]) != -1)
            print_error("%s\n", cases[i]);
        assert_int_equal(clock_parse(cases[i]), -1);
    }
}

static void clocks_go_on(void **state)
{
    (void)state;
    int64_t before = clock_mono_ns();
    assert_true(clock_mono_ns() >= before);
    assert_true(clock_real_ns() > 1700000000000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage_comes_back),
        cmocka_unit_test(every_failure_comes_back),
        cmocka_unit_test(failures_are_made),
        cmocka_unit_test(errno_values_have_kinds),
        cmocka_unit_test(times_are_written_and_read),
        cmocka_unit_test(bad_times_are_refused),
        cmocka_unit_test(clocks_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
