/* How often paths may be walked. */
#include "engine/path_limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#define S ((int64_t)1000000000)

static void once_an_hour(void **state)
{
    (void)state;
    struct path_limits *limits = path_limits_new();
    assert_true(path_limits_take(limits, "192.0.2.1", 587, 5 * S));
    assert_false(path_limits_take(limits, "192.0.2.1", 587, 6 * S));
    assert_true(path_limits_take(limits, "192.0.2.1", 993, 6 * S));
    assert_true(path_limits_take(limits, "2001:db8::1", 587, 6 * S));
    assert_false(path_limits_take(limits, "192.0.2.1", 587, 3604 * S));
    assert_true(path_limits_take(limits, "192.0.2.1", 587, 3605 * S));
    assert_false(path_limits_take(limits, "192.0.2.1", 587, 7204 * S));
    path_limits_free(limits);
}

static void many_addresses(void **state)
{
    (void)state;
    struct path_limits *limits = path_limits_new();
    int taken = 0;
    for (int i = 0; i < 5000; i++) {
        char address[32];
        snprintf(address, sizeof address, "192.0.%d.%d", i / 256, i % 256);
        taken += path_limits_take(limits, address, 587, i * S);
    }
    /* No more than are remembered within an hour: nobody is walked twice for being forgotten. */
    assert_true(taken >= 1024 && taken < 5000);
    assert_false(path_limits_take(limits, "192.0.19.135", 587, 5000 * S)); /* the last one */
    path_limits_free(limits);
}

static void one_at_a_time(void **state)
{
    (void)state;
    struct path_limits *limits = path_limits_new();
    assert_true(path_limits_enter(limits));
    assert_false(path_limits_enter(limits));
    path_limits_leave(limits);
    assert_true(path_limits_enter(limits));
    path_limits_leave(limits);
    assert_true(path_limits_enter(NULL) && path_limits_enter(NULL));
    path_limits_leave(NULL);
    assert_true(path_limits_take(NULL, "192.0.2.1", 587, 0));
    path_limits_free(limits);
    path_limits_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(once_an_hour),
                                        cmocka_unit_test(many_addresses),
                                        cmocka_unit_test(one_at_a_time) };
    return cmocka_run_group_tests_name("path_limits", tests, NULL, NULL);
}
