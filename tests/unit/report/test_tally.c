/* What is said of many targets while they are checked, and at the end. */
#include "report/tally.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void count(struct tally *tally, enum verdict_status status, const char *class_id,
                  size_t times)
{
    while (times--)
        tally_count(tally, &(struct verdict) { .status = status, .class_id = class_id });
}

static void expect(struct buffer *out, const char *words)
{
    buffer_append(out, "", 1);
    assert_string_equal(buffer_bytes(out).data, words);
    buffer_clear(out);
}

static void test_words(void **state)
{
    (void)state;
    struct tally tally = { .total = 1000, .before = 100 };
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    tally_line(&out, &tally, 0, 80);
    expect(&out, "100 of 1000, 0.0/s");
    count(&tally, VERDICT_OK, NULL, 80);
    count(&tally, VERDICT_FAIL, "tcp-timeout", 3);
    count(&tally, VERDICT_FAIL, "bad-credentials", 7);
    count(&tally, VERDICT_WARNING, "cert-weak", 9);
    tally_count_error(&tally);
    tally_line(&out, &tally, INT64_C(10000000000), 80);
    expect(&out, "200 of 1000, 10/s, 80 s left; 10 failed: 7 bad-credentials, 3 tcp-timeout");
    tally_line(&out, &tally, INT64_C(10000000000), 21);
    expect(&out, "200 of 1000, 10/s, 8");
    tally_line(&out, &tally, INT64_C(1000000000000), 80);
    expect(&out, "200 of 1000, 0.1/s, 2.2 h left; 10 failed: 7 bad-credentials, 3 tcp-timeout");
    tally_summary(&out, &tally, INT64_C(10000000000));
    expect(&out, "100 targets in 10 s, 100 before: 80 ok, 9 with warnings, 10 failed; 1 not tried: "
                 "see their \"error\"\n"
                 "       7 bad-credentials\n"
                 "       3 tcp-timeout\n");
    buffer_done(&out);
}

static void test_exit_status(void **state)
{
    (void)state;
    struct tally tally = { 0 };
    assert_int_equal(tally_exit_status(&tally, true), 0);
    count(&tally, VERDICT_WARNING, "cert-weak", 1);
    assert_int_equal(tally_exit_status(&tally, false), 1);
    assert_int_equal(tally_exit_status(&tally, true), 2);
    tally_count_error(&tally);
    assert_int_equal(tally_exit_status(&tally, false), 3);
    count(&tally, VERDICT_FAIL, "tcp-timeout", 1);
    assert_int_equal(tally_exit_status(&tally, false), 2);
}

/* A user's own rules may name any number of classes. */
static void test_many_classes(void **state)
{
    (void)state;
    struct tally tally = { 0 };
    char name[2 * TALLY_NAME_SIZE];
    for (int i = 0; i < 2 * TALLY_CLASSES; i++) {
        snprintf(name, sizeof name, "%d-%0*d", i, TALLY_NAME_SIZE, 0);
        count(&tally, VERDICT_FAIL, name, 2);
    }
    assert_int_equal(tally.class_count, TALLY_CLASSES);
    assert_int_equal(tally.classes[0].count, 2);
    assert_int_equal(tally_done(&tally), 4 * TALLY_CLASSES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_exit_status),
        cmocka_unit_test(test_many_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
