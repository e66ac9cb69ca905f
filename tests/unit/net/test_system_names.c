/* The system's own lookup, beside the loop. */
#include "net/system_names.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct heard {
    struct loop *loop;
    int calls;
    size_t count;
    enum failure_kind kind;
    char first[64];
};

static void take(void *arg, const struct system_answer *answer)
{
    struct heard *heard = arg;
    heard->calls++;
    heard->count = answer->count;
    heard->kind = answer->failure.kind;
    if (answer->count)
        strncpy(heard->first, answer->addresses[0], sizeof heard->first - 1);
    loop_stop(heard->loop);
}

static struct heard ask(const char *name, int family)
{
    struct heard heard = { .loop = loop_new() };
    struct system_names *names = system_names_start(heard.loop, name, family, take, &heard);
    assert_non_null(names);
    loop_run(heard.loop);
    system_names_stop(&names);
    loop_free(heard.loop);
    return heard;
}

static void a_name_of_this_machine(void **state)
{
    (void)state;
    struct heard heard = ask("localhost", 4);
    assert_int_equal(heard.calls, 1);
    assert_int_equal(heard.kind, FAILURE_NONE);
    assert_string_equal(heard.first, "127.0.0.1");
    assert_int_equal(ask("192.0.2.7", 0).count, 1);
}

static void a_name_that_is_none(void **state)
{
    (void)state;
    struct heard heard = ask("bad name.", 0);
    assert_int_equal(heard.calls, 1);
    assert_int_equal(heard.count, 0);
    assert_int_not_equal(heard.kind, FAILURE_NONE);
}

/* Whoever stops listening is held up by nothing, and called no more. */
static void nobody_listens(void **state)
{
    (void)state;
    struct heard heard = { .loop = loop_new() };
    int64_t before = clock_mono_ns();
    for (int i = 0; i < 20; i++) {
        struct system_names *names = system_names_start(heard.loop, "localhost", 0, take, &heard);
        system_names_stop(&names);
        assert_null(names);
        system_names_stop(&names);
    }
    loop_free(heard.loop);
    assert_int_equal(heard.calls, 0);
    assert_true(clock_mono_ns() - before < 1000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_of_this_machine),
        cmocka_unit_test(a_name_that_is_none),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
