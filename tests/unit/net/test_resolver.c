/* Name resolution against a name server of our own: what each kind of answer, silence and refusal
 * becomes, in the answer given and in the rows of the trace. */
#include "resolver_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- one server ---- */

static void addresses_come_with_their_row(void **state)
{
    struct scene *s = *state;
    scene_start_chosen(s);
    const struct lookup *row = scene_ask(s, "Smtp.example.", DNS_A);
    assert_int_equal(s->got.answer.count, 2);
    assert_string_equal(s->got.answer.records[1].text, "192.0.2.2");
    assert_ptr_equal(row, s->trace->lookups);
    assert_string_equal(row->name, "Smtp.example");
    assert_string_equal(row->type, "A");
    assert_string_equal(row->server, fake_dns_text(s->server));
    assert_string_equal(row->transport, "udp");
    assert_int_equal(row->source, LOOKUP_DNS);
    assert_string_equal(row->rcode, "NOERROR");
    assert_int_equal(row->error.kind, FAILURE_NONE);
    assert_int_equal(row->answers.count, 2);
    assert_string_equal(row->answers.items[0], "192.0.2.1");
    assert_int_equal(row->cname.count, 0);
    assert_int_equal(row->ede, -1);
    assert_false(row->truncated || row->ad);
    assert_true(row->start_ns >= 0 && row->duration_ns > 0);
    assert_int_equal(s->trace->from.resolvers.count, 1);
    assert_string_equal(s->trace->from.resolvers.items[0], fake_dns_text(s->server));

    scene_ask(s, "smtp.example", DNS_AAAA);
    assert_string_equal(s->got.answer.records[0].text, "2001:db8::1");
    scene_ask(s, "mx.example", DNS_MX);
    assert_string_equal(s->got.answer.records[0].host, "mx.example");
    assert_int_equal(scene_row_count(s), 3);
}

static void each_outcome_has_its_name(void **state)
{
    struct scene *s = *state;
    static const struct {
        const char *name;
        enum failure_kind kind;
        const char *rcode;
        int queries;
    } cases[] = {
        { "nx.example", FAILURE_HOST_NOT_FOUND, "NXDOMAIN", 1 },
        { "nodata.example", FAILURE_NO_ADDRESS, "NOERROR", 1 },
        { "servfail.example", FAILURE_SERVER_FAILURE, "SERVFAIL", 1 },
        { "refused.example", FAILURE_QUERY_REFUSED, "REFUSED", 1 },
        { "odd.example", FAILURE_BAD_ANSWER, "RCODE11", 1 },
        { "never.example", FAILURE_BAD_ANSWER, "FORMERR", 2 },
        { "garbage.example", FAILURE_BAD_ANSWER, NULL, 1 },
        { "loop.example", FAILURE_BAD_ANSWER, "NOERROR", 1 },
        { "noedns.example", FAILURE_NONE, "NOERROR", 2 },
        { "twice.example", FAILURE_NONE, "NOERROR", 1 },
    };
    scene_start_chosen(s);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int before = fake_dns_udp_count(s->server);
        const struct lookup *row = scene_ask(s, cases[i].name, DNS_A);
        assert_int_equal(row->error.kind, cases[i].kind);
        assert_true((row->error.text[0] != '\0') == (cases[i].kind != FAILURE_NONE));
        if (cases[i].rcode)
            assert_string_equal(row->rcode, cases[i].rcode);
        else
            assert_null(row->rcode);
        assert_true((s->got.answer.count > 0) == (cases[i].kind == FAILURE_NONE));
        assert_int_equal(fake_dns_udp_count(s->server) - before, cases[i].queries);
        assert_true(scene_took_ms(s) < SHORT_MS);
        assert_int_equal(scene_row_count(s), i + 1);
    }
}

static void what_else_an_answer_says(void **state)
{
    struct scene *s = *state;
    scene_start_chosen(s);
    const struct lookup *row = scene_ask(s, "bogus.example", DNS_A);
    assert_int_equal(row->ede, 7);
    assert_int_equal(row->error.kind, FAILURE_SERVER_FAILURE);
    row = scene_ask(s, "ad.example", DNS_A);
    assert_true(row->ad);
    row = scene_ask(s, "alias.example", DNS_A);
    assert_int_equal(row->cname.count, 2);
    assert_string_equal(row->cname.items[0], "b.example");
    assert_string_equal(row->cname.items[1], "c.example");
    assert_string_equal(s->got.answer.records[0].text, "192.0.2.1");
}

static void forged_answers_are_left_out(void **state)
{
    struct scene *s = *state;
    scene_start_chosen(s);
    scene_ask(s, "wrongid.example", DNS_A);
    assert_int_equal(s->got.answer.count, 1);
    assert_string_equal(s->got.answer.records[0].text, "192.0.2.1");
}

static void silence_ends_with_the_budget(void **state)
{
    struct scene *s = *state;
    scene_start_chosen(s);
    const struct lookup *row = scene_ask(s, "silent.example", DNS_A);
    assert_int_equal(row->error.kind, FAILURE_TIMED_OUT);
    assert_null(row->rcode);
    assert_string_equal(row->transport, "");
    assert_true(scene_took_ms(s) >= SHORT_MS && scene_took_ms(s) < 2 * SHORT_MS);
    assert_true(row->duration_ns / NS_PER_MS >= SHORT_MS - 1);
    assert_true(fake_dns_udp_count(s->server) >= 3); /* sent again meanwhile */
    assert_int_equal(scene_row_count(s), 1);
}

static void a_closed_port_is_told_at_once(void **state)
{
    struct scene *s = *state;
    char closed[64];
    struct fake_dns *gone = fake_dns_new(s->loop, "127.0.0.1");
    snprintf(closed, sizeof closed, "%s", fake_dns_text(gone));
    fake_dns_free(gone);
    scene_start(s, (struct resolver_options) { .server = closed, .budget_ms = 5000 });
    const struct lookup *row = scene_ask(s, "a.example", DNS_A);
    assert_int_equal(row->error.kind, FAILURE_CONNECTION_REFUSED);
    assert_string_equal(row->transport, "");
    assert_true(scene_took_ms(s) < 1000);
}

static void truncation_is_noticed_and_tcp_has_it_all(void **state)
{
    struct scene *s = *state;
    scene_start_chosen(s);
    const struct lookup *row = scene_ask(s, "big.example", DNS_A);
    assert_true(row->truncated);
    assert_string_equal(row->transport, "tcp");
    assert_int_equal(row->error.kind, FAILURE_NONE);
    assert_int_equal(row->answers.count, 60);
    assert_int_equal(s->got.answer.count, 60);
    assert_int_equal(fake_dns_udp_count(s->server), 1);
    assert_int_equal(fake_dns_tcp_count(s->server), 1);
    assert_int_equal(scene_row_count(s), 1);
}

static void truncation_without_tcp_is_told(void **state)
{
    struct scene *s = *state;
    fake_dns_no_tcp(s->server);
    scene_start_chosen(s);
    const struct lookup *row = scene_ask(s, "big.example", DNS_A);
    assert_true(row->truncated);
    assert_string_equal(row->transport, "tcp");
    assert_int_equal(row->error.kind, FAILURE_CONNECTION_REFUSED);
    assert_non_null(strstr(row->error.text, "cut off over UDP"));
    assert_int_equal(s->got.answer.count, 0);
}

static void large_datagrams_come_whole(void **state)
{
    struct scene *s = *state;
    scene_start_chosen(s);
    const struct lookup *row = scene_ask(s, "large.example", DNS_A);
    assert_false(row->truncated);
    assert_string_equal(row->transport, "udp");
    assert_int_equal(row->answers.count, 60);
}

/* ---- questions ---- */

static void a_question_is_sent_once(void **state)
{
    struct scene *s = *state;
    scene_start_chosen(s);
    fake_dns_delay(s->server, 10);
    scene_begin(s, "a.example", DNS_A);
    scene_begin(s, "A.Example.", DNS_A);
    scene_begin(s, "a.example", DNS_AAAA);
    loop_run(s->loop);
    assert_int_equal(s->calls, 3);
    assert_int_equal(fake_dns_udp_count(s->server), 2);
    scene_ask(s, "a.EXAMPLE", DNS_A);
    assert_int_equal(s->got.answer.count, 2);
    assert_int_equal(fake_dns_udp_count(s->server), 2);
    assert_int_equal(scene_row_count(s), 2);
}

static void numeric_names_answer_themselves(void **state)
{
    struct scene *s = *state;
    scene_start_chosen(s);
    assert_null(scene_ask(s, "192.0.2.9", DNS_A));
    assert_int_equal(s->got.answer.count, 1);
    assert_string_equal(s->got.answer.records[0].text, "192.0.2.9");
    assert_null(scene_ask(s, "192.0.2.9", DNS_AAAA));
    assert_int_equal(s->got.answer.count, 0);
    assert_null(scene_ask(s, "2001:DB8::9", DNS_AAAA));
    assert_string_equal(s->got.answer.records[0].text, "2001:db8::9");
    assert_null(scene_ask(s, "localhost", DNS_A));
    assert_string_equal(s->got.answer.records[0].text, "127.0.0.1");
    assert_null(scene_ask(s, "a.localhost.", DNS_AAAA));
    assert_string_equal(s->got.answer.records[0].text, "::1");
    assert_int_equal(scene_row_count(s), 0);
    assert_int_equal(fake_dns_udp_count(s->server), 0);
}

static void names_that_are_none_are_not_sent(void **state)
{
    struct scene *s = *state;
    char name[300];
    scene_start_chosen(s);
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(scene_ask(s, name, DNS_A)->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_int_equal(scene_ask(s, "a..b", DNS_MX)->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_int_equal(scene_ask(s, "", DNS_A)->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_int_equal(scene_ask(s, ".", DNS_A)->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_int_equal(fake_dns_udp_count(s->server), 0);
}

static void nothing_is_added_to_a_name(void **state)
{
    struct scene *s = *state;
    char aliases[64];
    scene_write_file(aliases, "plain other.example\n");
    setenv("HOSTALIASES", aliases, 1);
    setenv("LOCALDOMAIN", "example", 1);
    scene_start_system(s, NULL); /* with "search example" */
    fake_dns_always(s->server, "nx");
    assert_string_equal(scene_ask(s, "plain", DNS_A)->name, "plain");
    assert_int_equal(fake_dns_udp_count(s->server), 1);
    unsetenv("HOSTALIASES");
    unsetenv("LOCALDOMAIN");
    unlink(aliases);
}

/* ---- options ---- */

static void bad_server_texts_are_refused(void **state)
{
    struct scene *s = *state;
    static const char *const bad[] = {
        "",          "dns.example", "192.0.2.1:",     "192.0.2.1:0", "192.0.2.1:65536",
        "[::1",      "[::1]x",      "[::1]:",         "192.0.2.1:x", "192.0.2.1 ",
        "\033[31mx", "::1]:53",     "[192.0.2.1:53]", ":53",         "192.0.2.1:53:",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *error = NULL;
        assert_null(resolver_new(s->loop, &(struct resolver_options) { .server = bad[i] }, s->trace,
                                 0, &error));
        assert_non_null(error);
        assert_null(strchr(error, '\033'));
        free(error);
    }
    static const struct {
        const char *text, *shown;
    } good[] = {
        { "192.0.2.1", "192.0.2.1:53" },
        { "192.0.2.1:5353", "192.0.2.1:5353" },
        { "2001:db8::1", "[2001:db8::1]:53" },
        { "[2001:db8::1]", "[2001:db8::1]:53" },
        { "[2001:db8::1]:5353", "[2001:db8::1]:5353" },
        { "fe80::1%lo", "[fe80::1%lo]:53" },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        scene_start(s, (struct resolver_options) { .server = good[i].text });
        assert_string_equal(s->trace->from.resolvers.items[i], good[i].shown);
        resolver_free(s->resolver);
        s->resolver = NULL;
    }
}

static void resolv_conf_is_read_as_the_c_library_does(void **state)
{
    struct scene *s = *state;
    scene_write_file(s->resolv_conf, "; nameserver 192.0.2.1\n"
                                     "domain example\n"
                                     "nameserver\n"
                                     "nameserver not-one\n"
                                     "nameserver 192.0.2.2 # first\n"
                                     "\tnameserver\t2001:db8::3\n"
                                     "nameserver 192.0.2.4\n"
                                     "nameserver 192.0.2.5\n");
    scene_start(s, (struct resolver_options) { .resolv_conf = s->resolv_conf });
    const struct strings *names = &s->trace->from.resolvers;
    assert_int_equal(names->count, 3);
    assert_string_equal(names->items[0], "192.0.2.2:53");
    assert_string_equal(names->items[1], "[2001:db8::3]:53");
    assert_string_equal(names->items[2], "192.0.2.4:53");
    resolver_free(s->resolver);
    scene_start(s, (struct resolver_options) { .resolv_conf = "/nonexistent" });
    assert_string_equal(names->items[3], "127.0.0.1:53");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(addresses_come_with_their_row, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(each_outcome_has_its_name, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(what_else_an_answer_says, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(forged_answers_are_left_out, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(silence_ends_with_the_budget, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(a_closed_port_is_told_at_once, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(truncation_is_noticed_and_tcp_has_it_all, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(truncation_without_tcp_is_told, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(large_datagrams_come_whole, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(a_question_is_sent_once, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(numeric_names_answer_themselves, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(names_that_are_none_are_not_sent, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_added_to_a_name, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(bad_server_texts_are_refused, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(resolv_conf_is_read_as_the_c_library_does, scene_set_up,
                                        scene_tear_down),
    };
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
