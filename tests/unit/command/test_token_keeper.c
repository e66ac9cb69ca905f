/* When a token is used, renewed or not asked for. */
#include "command/token_keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW = 1000000, NEED = 1290 }; /* of runs every 15 minutes */

static enum token_choice choose(int64_t age, int64_t left, int64_t held, bool passing)
{
    const struct token_kept kept = {
        .obtained = NOW - age,
        .expires = NOW + left,
        .held_until = held ? NOW + held : 0,
        .passing = passing,
    };
    return token_keeper_choose(&kept, NEED, NOW);
}

static void a_token_is_used_until_it_nears_its_end(void **state)
{
    (void)state;
    const struct token_kept none = { .expires = 0 };
    assert_int_equal(token_keeper_choose(&none, NEED, NOW), TOKEN_ASK);
    assert_int_equal(choose(0, 3600, 0, false), TOKEN_USE);
    assert_int_equal(choose(3600 - NEED, NEED, 0, false), TOKEN_USE);
    assert_int_equal(choose(3600 - NEED + 1, NEED - 1, 0, false), TOKEN_ASK);
    assert_int_equal(choose(3600, 0, 0, false), TOKEN_ASK);
    assert_int_equal(choose(7200, -3600, 0, false), TOKEN_ASK);
}

static void a_short_one_for_half_its_life(void **state)
{
    (void)state;
    assert_int_equal(choose(0, 1000, 0, false), TOKEN_USE);
    assert_int_equal(choose(500, 500, 0, false), TOKEN_USE);
    assert_int_equal(choose(501, 499, 0, false), TOKEN_ASK);
    /* What does not last through a run is none. */
    assert_int_equal(choose(0, 299, 0, false), TOKEN_ASK);
}

static void who_refused_is_left_alone(void **state)
{
    (void)state;
    struct token_kept refused = { .held_until = NOW + 1 };
    assert_int_equal(token_keeper_choose(&refused, NEED, NOW), TOKEN_REFUSE);
    assert_int_equal(token_keeper_choose(&refused, NEED, NOW + 1), TOKEN_ASK);
    refused.passing = true;
    assert_int_equal(token_keeper_choose(&refused, NEED, NOW), TOKEN_REFUSE);
    /* A clock that was set back holds nobody up for days. */
    refused.held_until = NOW + 86400;
    assert_int_equal(token_keeper_choose(&refused, NEED, NOW), TOKEN_ASK);
}

static void the_old_token_serves_while_the_authority_is_away(void **state)
{
    (void)state;
    assert_int_equal(choose(3000, 600, 60, true), TOKEN_USE);
    assert_int_equal(choose(3000, 600, 0, true), TOKEN_ASK);
    assert_int_equal(choose(3400, 200, 60, true), TOKEN_REFUSE);
    /* A secret that was refused is told at once. */
    assert_int_equal(choose(3000, 600, 60, false), TOKEN_REFUSE);
}

static void for_how_long(void **state)
{
    (void)state;
    assert_int_equal(token_keeper_hold(false, 0), 300);
    assert_int_equal(token_keeper_hold(true, 0), 30);
    assert_int_equal(token_keeper_hold(false, 17), 17);
    assert_int_equal(token_keeper_hold(true, 17), 17);
    assert_int_equal(token_keeper_hold(false, 3600), 3600);
    assert_int_equal(token_keeper_hold(false, 31536000), 3600);
    assert_int_equal(token_keeper_hold(false, -5), 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_used_until_it_nears_its_end),
        cmocka_unit_test(a_short_one_for_half_its_life),
        cmocka_unit_test(who_refused_is_left_alone),
        cmocka_unit_test(the_old_token_serves_while_the_authority_is_away),
        cmocka_unit_test(for_how_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
