/* Name servers that only TCP reaches. */
#include "resolver_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { UNIT_MS = SHORT_MS / 7, LONG_MS = 5000, LONG_UNIT_MS = LONG_MS / 7 };

static void dropped_questions_go_over_tcp(void **state)
{
    struct scene *s = *state;
    fake_dns_no_udp(s->server, false);
    scene_start(
        s, (struct resolver_options) { .server = fake_dns_text(s->server), .budget_ms = LONG_MS });
    const struct lookup *row = scene_ask(s, "a.example", DNS_A);
    assert_true(row->udp_failed);
    assert_string_equal(row->transport, "tcp");
    assert_string_equal(row->rcode, "NOERROR");
    assert_int_equal(row->error.kind, FAILURE_NONE);
    assert_int_equal(s->got.answer.count, 2);
    assert_int_equal(scene_row_count(s), 1);
    assert_true(scene_took_ms(s) >= 2 * LONG_UNIT_MS && scene_took_ms(s) < LONG_MS);
    int tried = fake_dns_udp_count(s->server);
    assert_true(tried >= 6); /* what is said of UDP does not rest on two packets */
    /* Nobody waits for UDP a second time. */
    row = scene_ask(s, "a.example", DNS_AAAA);
    assert_false(row->udp_failed);
    assert_string_equal(row->transport, "tcp");
    assert_int_equal(s->got.answer.count, 2);
    assert_true(scene_took_ms(s) < 2 * LONG_UNIT_MS);
    assert_int_equal(fake_dns_udp_count(s->server), tried);
}

static void refused_questions_go_over_tcp_at_once(void **state)
{
    struct scene *s = *state;
    fake_dns_no_udp(s->server, true);
    scene_start(
        s, (struct resolver_options) { .server = fake_dns_text(s->server), .budget_ms = LONG_MS });
    const struct lookup *row = scene_ask(s, "nx.example", DNS_A);
    assert_true(row->udp_failed);
    assert_string_equal(row->transport, "tcp");
    assert_int_equal(row->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_true(scene_took_ms(s) < 2 * LONG_UNIT_MS);
}

/* Late is not silent: both came from the same server, which had to ask others first. */
static void a_slow_server_is_not_a_silent_one(void **state)
{
    struct scene *s = *state;
    fake_dns_delay(s->server, 2 * UNIT_MS + 80);
    scene_start_chosen(s);
    const struct lookup *row = scene_ask(s, "a.example", DNS_A);
    assert_int_equal(fake_dns_tcp_count(s->server), 1);
    assert_false(row->udp_failed);
    assert_string_equal(row->transport, "udp");
    assert_int_equal(s->got.answer.count, 2);
}

static void refused_over_udp_and_silent_over_tcp(void **state)
{
    struct scene *s = *state;
    fake_dns_no_udp(s->server, true);
    scene_start_chosen(s);
    const struct lookup *row = scene_ask(s, "silent.example", DNS_A);
    assert_int_equal(row->error.kind, FAILURE_CONNECTION_REFUSED);
    assert_false(row->udp_failed);
    assert_string_equal(row->transport, "");
    assert_true(scene_took_ms(s) >= 2 * UNIT_MS && scene_took_ms(s) < SHORT_MS);
}

/* The share has no time left for a proof: the answer counts, and nothing is said of UDP. */
static void no_time_to_prove_it(void **state)
{
    struct scene *s = *state;
    fake_dns_no_udp(s->server, false);
    s->second = fake_dns_new(s->loop, "127.0.0.1");
    fake_dns_always(s->second, "silent");
    scene_start_system(s, NULL);
    const struct lookup *row = scene_ask(s, "a.example", DNS_A);
    assert_string_equal(row->server, fake_dns_text(s->server));
    assert_string_equal(row->transport, "tcp");
    assert_int_equal(row->error.kind, FAILURE_NONE);
    assert_int_equal(s->got.answer.count, 2);
    assert_false(row->udp_failed);
}

static void stop(void *arg)
{
    struct scene *s = arg;
    loop_stop(s->loop);
}

static void freed_at_any_moment(void **state)
{
    struct scene *s = *state;
    fake_dns_no_udp(s->server, false);
    for (int wait_ms = UNIT_MS; wait_ms < SHORT_MS; wait_ms += UNIT_MS) {
        scene_start_chosen(s);
        scene_begin(s, "a.example", DNS_A);
        s->waiting = 2; /* only the timer ends the loop */
        struct loop_timer *timer = loop_timer_start(s->loop, wait_ms, stop, s);
        loop_run(s->loop);
        loop_timer_stop(&timer);
        resolver_free(s->resolver);
    }
    s->resolver = NULL;
}

int main(void)
{
#define SCENE(name) cmocka_unit_test_setup_teardown(name, scene_set_up, scene_tear_down)
    const struct CMUnitTest tests[] = {
        SCENE(dropped_questions_go_over_tcp),        SCENE(refused_questions_go_over_tcp_at_once),
        SCENE(a_slow_server_is_not_a_silent_one),    SCENE(no_time_to_prove_it),
        SCENE(refused_over_udp_and_silent_over_tcp), SCENE(freed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
