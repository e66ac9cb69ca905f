/* Who is asked and who is believed: the hosts file and several name servers; and how it all ends.
 */
#include "resolver_scene.h"

#include "base/clock.h"
#include "net/evidence.h"

#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the hosts file ---- */

static const char hosts_text[] = "127.0.0.1 localhost # us\n"
                                 "203.0.113.5\tmail.example alias.local\n"
                                 "203.0.113.6 MAIL.example\n"
                                 "not-an-address mail.example\n"
                                 "2001:db8:0::5 v6.example\n"
                                 "#203.0.113.7 mail.example";

static void the_hosts_file_wins_as_for_every_client(void **state)
{
    struct scene *s = *state;
    scene_start_system(s, hosts_text);
    fake_dns_delay(s->server, 30);
    const struct lookup *row = scene_ask(s, "mail.example", DNS_A);
    assert_int_equal(row->source, LOOKUP_HOSTS);
    assert_string_equal(row->server, s->hosts);
    assert_int_equal(s->got.answer.count, 2);
    assert_string_equal(s->got.answer.records[0].text, "203.0.113.5");
    assert_string_equal(s->got.answer.records[1].text, "203.0.113.6");
    /* DNS is asked beside it, but nobody waits; while it is open its row says so. */
    assert_int_equal(row->next->source, LOOKUP_DNS);
    assert_int_equal(row->next->duration_ns, -1);
    assert_int_equal(row->next->error.kind, FAILURE_CANCELLED);
    scene_ask(s, "other.example", DNS_A);
    assert_int_equal(row->next->error.kind, FAILURE_NONE);
    assert_string_equal(row->next->answers.items[0], "192.0.2.1");
    scene_ask(s, "mail.example", DNS_A);
    assert_string_equal(s->got.answer.records[0].text, "203.0.113.5");

    row = scene_ask(s, "v6.example", DNS_A);
    assert_int_equal(row->source, LOOKUP_HOSTS);
    assert_int_equal(row->error.kind, FAILURE_NO_ADDRESS);
    assert_int_equal(s->got.answer.count, 0);
    scene_ask(s, "v6.example", DNS_AAAA);
    assert_string_equal(s->got.answer.records[0].text, "2001:db8::5");
    row = scene_ask(s, "localhost", DNS_A);
    assert_int_equal(row->source, LOOKUP_HOSTS);
    assert_null(row->next);
    assert_int_equal(scene_ask(s, "mx.example", DNS_MX)->source, LOOKUP_DNS);
}

static void a_chosen_server_wins_over_the_hosts_file(void **state)
{
    struct scene *s = *state;
    scene_write_file(s->hosts, hosts_text);
    scene_start(
        s, (struct resolver_options) { .server = fake_dns_text(s->server), .hosts = s->hosts });
    const struct lookup *row = scene_ask(s, "mail.example", DNS_A);
    assert_int_equal(row->source, LOOKUP_DNS);
    assert_string_equal(s->got.answer.records[0].text, "192.0.2.1");
    assert_int_equal(s->trace->lookups->source, LOOKUP_HOSTS);
    fake_dns_always(s->server, "nx");
    row = scene_ask(s, "alias.local", DNS_A);
    assert_int_equal(row->source, LOOKUP_HOSTS);
    assert_string_equal(s->got.answer.records[0].text, "203.0.113.5");
    assert_int_equal(row->next->error.kind, FAILURE_HOST_NOT_FOUND);
}

/* ---- more than one server ---- */

static void add_second(struct scene *s)
{
    s->second = fake_dns_new(s->loop, "127.0.0.1");
    scene_start_system(s, NULL);
    assert_int_equal(s->trace->from.resolvers.count, 2);
}

static void a_refusal_is_taken_to_the_next_server(void **state)
{
    struct scene *s = *state;
    static const char *const labels[] = { "refused", "servfail", "garbage", "odd" };
    add_second(s);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%zu.example", i);
        fake_dns_always(s->server, labels[i]);
        const struct lookup *row = scene_ask(s, name, DNS_A);
        assert_string_equal(row->server, fake_dns_text(s->second));
        assert_int_equal(row->error.kind, FAILURE_NONE);
        assert_int_equal(scene_row_count(s), 2 * (i + 1));
        assert_true(scene_took_ms(s) < SHORT_MS / 2);
    }
    fake_dns_always(s->server, "nx"); /* that is an answer */
    assert_int_equal(scene_ask(s, "last.example", DNS_A)->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_int_equal(scene_row_count(s), 9);
}

static void silence_is_taken_to_the_next_server(void **state)
{
    struct scene *s = *state;
    add_second(s);
    fake_dns_always(s->server, "silent");
    const struct lookup *row = scene_ask(s, "a.example", DNS_A);
    assert_string_equal(row->server, fake_dns_text(s->second));
    assert_int_equal(s->got.answer.count, 2);
    assert_true(scene_took_ms(s) >= SHORT_MS / 2 && scene_took_ms(s) < SHORT_MS);
    assert_int_equal(s->trace->lookups->error.kind, FAILURE_TIMED_OUT);
    assert_true(s->trace->lookups->duration_ns / NS_PER_MS >= SHORT_MS / 2);
}

static void late_answers_are_welcome(void **state)
{
    struct scene *s = *state;
    add_second(s);
    fake_dns_no_tcp(s->server);
    fake_dns_delay(s->server, SHORT_MS * 3 / 4);
    fake_dns_always(s->second, "silent");
    const struct lookup *row = scene_ask(s, "a.example", DNS_A);
    assert_string_equal(row->server, fake_dns_text(s->server));
    assert_int_equal(s->got.answer.count, 2);
    assert_true(row->duration_ns / NS_PER_MS >= SHORT_MS * 3 / 4 - 1);
    assert_int_equal(row->next->error.kind, FAILURE_CANCELLED);
    assert_true(row->next->duration_ns >= 0);
}

static void when_all_fail_the_one_that_spoke_is_told(void **state)
{
    struct scene *s = *state;
    add_second(s);
    fake_dns_always(s->server, "silent");
    fake_dns_always(s->second, "servfail");
    const struct lookup *row = scene_ask(s, "a.example", DNS_A);
    assert_string_equal(row->server, fake_dns_text(s->second));
    assert_int_equal(row->error.kind, FAILURE_SERVER_FAILURE);
    assert_true(scene_took_ms(s) >= SHORT_MS); /* the first was waited for */
    assert_int_equal(s->trace->lookups->error.kind, FAILURE_TIMED_OUT);
}

/* ---- ending ---- */

static void free_inside(void *arg, const struct resolution *resolution)
{
    struct scene *s = arg;
    resolver_free(s->resolver);
    s->resolver = NULL;
    s->got = *resolution;
    s->calls++;
    loop_stop(s->loop);
}

static void it_may_be_freed_in_its_own_call(void **state)
{
    struct scene *s = *state;
    scene_start_chosen(s);
    fake_dns_delay(s->server, 5);
    resolver_ask(s->resolver, "a.example", DNS_A, free_inside, s);
    resolver_ask(s->resolver, "a.example", DNS_A, scene_take, s);
    resolver_ask(s->resolver, "silent.example", DNS_A, scene_take, s);
    loop_run(s->loop);
    assert_int_equal(s->calls, 1);
    assert_int_equal(s->got.answer.count, 2);
}

static void stop_at(void *arg)
{
    struct scene *s = arg;
    loop_stop(s->loop);
}

static void open_questions_end_without_a_call(void **state)
{
    struct scene *s = *state;
    scene_start_chosen(s);
    scene_begin(s, "silent.example", DNS_A);
    fake_dns_always(s->server, "big");
    scene_begin(s, "big.example", DNS_A);
    loop_timer_start(s->loop, 20, stop_at, s);
    fake_dns_always(s->server, "silent");
    loop_run(s->loop);
    resolver_free(s->resolver);
    s->resolver = NULL;
    loop_timer_start(s->loop, 20, stop_at, s);
    loop_run(s->loop);
    assert_int_equal(s->calls, 0);
    for (const struct lookup *row = s->trace->lookups; row; row = row->next) {
        assert_int_equal(row->error.kind, FAILURE_CANCELLED);
        assert_true(row->duration_ns >= 15 * NS_PER_MS);
    }
}

/* ---- a loop that is late ---- */

/* Answers one query at once, with no address, from a thread: the loop is asleep. */
static void *answer_one(void *arg)
{
    int fd = *(int *)arg;
    uint8_t data[512];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t got = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&from, &size);
    if (got > 12) {
        data[2] |= 0x80;
        sendto(fd, data, (size_t)got, 0, (struct sockaddr *)&from, size);
    }
    return NULL;
}

/* The kernel begins to stamp packets a moment after the first socket has asked for it, and stamps
 * those that came before when they are read: so one asks early enough. */
static void have_packets_stamped(int fd)
{
#ifdef __linux__
    int on = 1;
    struct timespec moment = { .tv_nsec = 100 * NS_PER_MS };
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    nanosleep(&moment, NULL);
#else
    (void)fd;
#endif
}

static void oversleep(void *arg)
{
    (void)arg;
    struct timespec t = { .tv_sec = 1 }; /* longer than the budget */
    nanosleep(&t, NULL);
}

static void a_late_loop_does_not_make_a_server_silent(void **state)
{
    struct scene *s = *state;
    struct net_address address;
    char text[EVIDENCE_ADDRESS_SIZE];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    pthread_t thread;
    assert_true(net_address_parse(&address, "127.0.0.1", 0));
    assert_int_equal(bind(fd, (struct sockaddr *)&address.storage, address.size), 0);
    getsockname(fd, (struct sockaddr *)&address.storage, &address.size);
    have_packets_stamped(fd);
    assert_int_equal(pthread_create(&thread, NULL, answer_one, &fd), 0);
    scene_start(s, (struct resolver_options) { .server = net_address_text_port(&address, text),
                                               .budget_ms = SHORT_MS });
    loop_timer_start(s->loop, 0, oversleep, s);
    const struct lookup *row = scene_ask(s, "a.example", DNS_A);
    pthread_join(thread, NULL);
    close(fd);
    assert_int_equal(row->error.kind, FAILURE_NO_ADDRESS);
    assert_string_equal(row->rcode, "NOERROR");
#ifdef __linux__
    assert_true(row->duration_ns < (int64_t)SHORT_MS * NS_PER_MS); /* when it came, not when read */
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_hosts_file_wins_as_for_every_client, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(a_chosen_server_wins_over_the_hosts_file, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_is_taken_to_the_next_server, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(silence_is_taken_to_the_next_server, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(late_answers_are_welcome, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(when_all_fail_the_one_that_spoke_is_told, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(it_may_be_freed_in_its_own_call, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(open_questions_end_without_a_call, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(a_late_loop_does_not_make_a_server_silent, scene_set_up,
                                        scene_tear_down),
    };
    return cmocka_run_group_tests_name("resolver_order", tests, NULL, NULL);
}
