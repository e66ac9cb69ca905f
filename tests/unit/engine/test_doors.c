/* Who may connect where: places at an address, and addresses that turned somebody away. */
#include "engine/doors.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const one[] = { "192.0.2.1" };
static const char *const two[] = { "192.0.2.1", "192.0.2.2" };
static const char *const other[] = { "2001:db8::9" };

struct guest {
    struct doors_request request;
    int granted;
    struct loop *loop; /* stopped when it is let in; NULL: not */
};

static void let_in(void *arg)
{
    struct guest *guest = arg;
    guest->granted++;
    if (guest->loop)
        loop_stop(guest->loop);
}

static void ask(struct doors *doors, struct guest *guest, const char *const *addresses,
                size_t count)
{
    guest->request.granted = let_in;
    guest->request.arg = guest;
    doors_ask(doors, &guest->request, addresses, count);
}

static void leave(struct doors *doors, struct guest *guest, const char *address, bool turned_away)
{
    doors_leave(doors, &guest->request, address, turned_away);
}

static void test_places(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct doors *doors = doors_new(loop, 2);
    struct guest guests[5] = { 0 };
    ask(doors, &guests[0], one, 1);
    ask(doors, &guests[1], two, 2);
    ask(doors, &guests[2], one, 1);
    ask(doors, &guests[3], two, 2);
    ask(doors, &guests[4], other, 1);
    assert_true(guests[0].granted && guests[1].granted && guests[4].granted);
    assert_false(guests[2].granted || guests[3].granted);
    leave(doors, &guests[0], NULL, false);
    loop_run(loop);
    assert_int_equal(guests[2].granted, 1);
    assert_int_equal(guests[3].granted, 0);
    leave(doors, &guests[3], NULL, false); /* waits no longer */
    leave(doors, &guests[1], NULL, false);
    loop_run(loop);
    assert_int_equal(guests[3].granted, 0);
    leave(doors, &guests[2], NULL, false);
    leave(doors, &guests[2], NULL, false); /* twice is legal */
    leave(doors, &guests[4], NULL, false);
    doors_free(doors);
    loop_free(loop);
}

/* An address given twice is one place. */
static void test_address_twice(void **state)
{
    (void)state;
    static const char *const twice[] = { "192.0.2.1", "192.0.2.1" };
    struct loop *loop = loop_new();
    struct doors *doors = doors_new(loop, 1);
    struct guest guest = { 0 };
    ask(doors, &guest, twice, 2);
    assert_int_equal(guest.granted, 1);
    leave(doors, &guest, NULL, false);
    ask(doors, &guest, one, 1);
    assert_int_equal(guest.granted, 2);
    leave(doors, &guest, NULL, false);
    doors_free(doors);
    loop_free(loop);
}

static void test_turned_away(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct doors *doors = doors_new(loop, 8);
    struct guest first = { 0 }, second = { 0 }, late = { .loop = loop }, elsewhere = { 0 };
    ask(doors, &first, two, 2);
    ask(doors, &second, two, 2);
    int64_t began = clock_mono_ns();
    leave(doors, &first, "192.0.2.1", true);
    leave(doors, &second, "192.0.2.1", true); /* the same refusal: it counts once */
    ask(doors, &late, one, 1);
    ask(doors, &elsewhere, &two[1], 1);
    assert_int_equal(late.granted, 0);
    assert_int_equal(elsewhere.granted, 1); /* the other address said nothing */
    loop_run(loop);
    int64_t waited_ms = (clock_mono_ns() - began) / 1000000;
    assert_int_equal(late.granted, 1);
    assert_true(waited_ms >= DOORS_FIRST_MS - 1 && waited_ms < 2 * DOORS_FIRST_MS);
    leave(doors, &late, "192.0.2.1", false); /* it lets people in again */
    ask(doors, &late, one, 1);
    assert_int_equal(late.granted, 2);
    leave(doors, &late, NULL, false);
    leave(doors, &elsewhere, NULL, false);
    doors_free(doors);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_address_twice),
        cmocka_unit_test(test_turned_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
