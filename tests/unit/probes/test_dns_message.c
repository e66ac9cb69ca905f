/* DNS messages: what a query looks like on the wire, and what is made of answers. */
#include "dns_craft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- queries ---- */

static void query_is_as_the_rfcs_say(void **state)
{
    (void)state;
    static const uint8_t expected[] = { 0xab, 0xcd, 0x01, 0x20, 0,    1,   0, 0, 0,  0, 0,
                                        1,    1,    'a',  2,    'b',  'c', 0, 0, 28, 0, 1,
                                        0,    0,    41,   0x04, 0xd0, 0,   0, 0, 0,  0, 0 };
    uint8_t query[DNS_QUERY_LIMIT];
    assert_int_equal(dns_query_make(query, 0xabcd, "a.bc", DNS_AAAA), sizeof expected);
    assert_memory_equal(query, expected, sizeof expected);
    assert_int_equal(dns_query_make(query, 0xabcd, "a.bc.", DNS_AAAA), sizeof expected);
    assert_memory_equal(query, expected, sizeof expected);
    assert_int_equal(dns_query_plain(query, sizeof expected), sizeof expected - 11);
    assert_int_equal(query[11], 0);
}

static void escapes_in_names_stand_for_bytes(void **state)
{
    (void)state;
    uint8_t query[DNS_QUERY_LIMIT];
    assert_true(dns_query_make(query, 0, "a\\.b\\032.c", DNS_A) > 0);
    assert_memory_equal(query + 12, "\4a.b \1c\0", 8);
    assert_int_equal(dns_query_make(query, 0, "a\\256", DNS_A), 0);
    assert_int_equal(dns_query_make(query, 0, "a\\25", DNS_A), 0);
    assert_int_equal(dns_query_make(query, 0, "a\\", DNS_A), 0);
}

static void what_is_no_name_makes_no_query(void **state)
{
    (void)state;
    uint8_t query[DNS_QUERY_LIMIT];
    char name[300];
    static const char *const bad[] = { "", ".", "a..b", ".a", "a.." };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(dns_query_make(query, 0, bad[i], DNS_A), 0);
    memset(name, 'x', sizeof name);
    name[63] = '\0';
    assert_true(dns_query_make(query, 0, name, DNS_A) > 0);
    name[63] = 'x';
    name[64] = '\0';
    assert_int_equal(dns_query_make(query, 0, name, DNS_A), 0);
    /* 255 bytes on the wire are the longest: here 63 + 63 + 63 + 61 and their lengths. */
    memset(name, 'x', sizeof name);
    name[63] = name[127] = name[191] = '.';
    name[253] = '\0';
    size_t longest = dns_query_make(query, 0, name, DNS_A);
    assert_int_equal(longest, 12 + 255 + 4 + 11);
    assert_true(longest <= DNS_QUERY_LIMIT);
    name[253] = 'x';
    name[254] = '\0';
    assert_int_equal(dns_query_make(query, 0, name, DNS_A), 0);
}

/* ---- answers ---- */

/* RFC 2308 section 2.1: whoever knows that a name is not there says which zone it is not in. */
static void a_denial_names_its_zone(void **state)
{
    static const struct {
        const char *owner;
        const char *zone;
    } cases[] = { { "example.com", "example.com" },
                  { "COM", "COM" },
                  { "", "." },
                  { "no.example.com", "no.example.com" },
                  { "example.org", NULL },
                  { "o.example.com", NULL },
                  { "a.no.example.com", NULL } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct packet *p = *state;
        dns_begin(p, 0x0183, 0, 1, 0, "no.example.com", DNS_A);
        dns_put_record(p, cases[i].owner, 6, "\0\0", 2);
        struct dns_answer answer = dns_read_as(p, "no.example.com", DNS_A);
        assert_int_equal(answer.rcode, 3);
        if (cases[i].zone)
            assert_string_equal(answer.zone, cases[i].zone);
        else
            assert_null(answer.zone);
    }
}

static void addresses_are_read(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0x0180, 3, 0, 0, "Mail.Example.com", DNS_A);
    dns_put_a(p, "mail.example.COM", "\300\0\2\1");
    dns_put_a(p, "mail.example.com", "\300\0\2\2");
    dns_put_a(p, "mail.example.com", "\300\0\2\1"); /* again: kept once */
    struct dns_answer answer = dns_read_as(p, "mail.example.com", DNS_A);
    assert_int_equal(answer.rcode, 0);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.records[0].text, "192.0.2.1");
    assert_string_equal(answer.records[1].text, "192.0.2.2");
    assert_int_equal(answer.records[0].ttl, 300);
    assert_null(answer.records[0].host);
    assert_int_equal(answer.ede, -1);
    assert_false(answer.authentic);
    assert_false(answer.truncated);
}

static void ipv6_is_written_as_rfc_5952_says(void **state)
{
    struct packet *p = *state;
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        { "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1" },
        { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "::" },
        { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", "::1" },
        { "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0", "2001:db8::" },
        { "\x20\1\x0d\xb8\0\0\0\1\0\1\0\1\0\1\0\1", "2001:db8:0:1:1:1:1:1" },
        { "\x20\1\0\0\0\0\0\1\0\0\0\0\0\0\0\1", "2001:0:0:1::1" },
        { "\x20\1\x0d\xb8\0\0\0\0\0\1\0\0\0\0\0\1", "2001:db8::1:0:0:1" },
        { "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", "::ffff:192.0.2.1" },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dns_begin(p, 0, 1, 0, 0, "x", DNS_AAAA);
        dns_put_record(p, "x", DNS_AAAA, cases[i].bytes, 16);
        struct dns_answer answer = dns_read_as(p, "x", DNS_AAAA);
        assert_int_equal(answer.count, 1);
        assert_string_equal(answer.records[0].text, cases[i].text);
    }
}

static void mx_and_srv_give_their_fields(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 2, 0, 0, "x", DNS_MX);
    dns_put_named(p, "x", DNS_MX, "\0\12", 2, "mx.example.com");
    dns_put_named(p, "x", DNS_MX, "\0\0", 2, "");
    struct dns_answer answer = dns_read_as(p, "x", DNS_MX);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.records[0].text, "10 mx.example.com");
    assert_string_equal(answer.records[0].host, "mx.example.com");
    assert_int_equal(answer.records[0].preference, 10);
    assert_string_equal(answer.records[1].text, "0 .");
    assert_string_equal(answer.records[1].host, "");

    dns_begin(p, 0, 1, 0, 0, "_submission._tcp.x", DNS_SRV);
    dns_put_named(p, "_submission._tcp.x", DNS_SRV, "\0\1\0\2\2\113", 6, "smtp.example.com");
    answer = dns_read_as(p, "_submission._tcp.x", DNS_SRV);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.records[0].text, "1 2 587 smtp.example.com");
    assert_int_equal(answer.records[0].port, 587);
    assert_int_equal(answer.records[0].weight, 2);
}

static void txt_is_quoted_and_escaped(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 2, 0, 0, "x", DNS_TXT);
    dns_put_record(p, "x", DNS_TXT, "\3a\"b\4c\\\0\351", 9);
    dns_put_record(p, "x", DNS_TXT, "\0", 1);
    struct dns_answer answer = dns_read_as(p, "x", DNS_TXT);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.records[0].text, "\"a\\\"b\" \"c\\\\\\000\\233\"");
    assert_string_equal(answer.records[1].text, "\"\"");
}

static void hostile_bytes_in_names_are_escaped(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 1, 0, 0, "x", DNS_MX);
    dns_put_named(p, "x", DNS_MX, "\0\1", 2, "a\033[31m\\ b");
    struct dns_answer answer = dns_read_as(p, "x", DNS_MX);
    assert_string_equal(answer.records[0].host, "a\\027[31m\\\\\\032b");
}

static void aliases_are_followed_in_any_order(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 4, 0, 0, "a", DNS_A);
    dns_put_a(p, "c", "\300\0\2\7");
    dns_put_named(p, "b", DNS_CNAME, "", 0, "c");
    dns_put_a(p, "other", "\300\0\2\11");
    dns_put_named(p, "A", DNS_CNAME, "", 0, "b");
    struct dns_answer answer = dns_read_as(p, "a", DNS_A);
    assert_int_equal(answer.cname.count, 2);
    assert_string_equal(answer.cname.items[0], "b");
    assert_string_equal(answer.cname.items[1], "c");
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.records[0].text, "192.0.2.7");
    assert_false(answer.cname_loop);
}

static void an_alias_itself_can_be_asked_for(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 1, 0, 0, "a", DNS_CNAME);
    dns_put_named(p, "a", DNS_CNAME, "", 0, "b.example");
    struct dns_answer answer = dns_read_as(p, "a", DNS_CNAME);
    assert_int_equal(answer.cname.count, 0);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.records[0].text, "b.example");
}

static void alias_loops_are_seen(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 2, 0, 0, "a", DNS_A);
    dns_put_named(p, "a", DNS_CNAME, "", 0, "b");
    dns_put_named(p, "b", DNS_CNAME, "", 0, "A");
    struct dns_answer answer = dns_read_as(p, "a", DNS_A);
    assert_int_equal(answer.rcode, 0);
    assert_true(answer.cname_loop);
    assert_int_equal(answer.count, 0);

    dns_begin(p, 0, 1, 0, 0, "a", DNS_A);
    dns_put_named(p, "a", DNS_CNAME, "", 0, "a");
    assert_true(dns_read_as(p, "a", DNS_A).cname_loop);
}

static struct dns_answer read_chain(struct packet *p, int links)
{
    char from[8] = "n0", to[8];
    dns_begin(p, 0, (unsigned)links + 1, 0, 0, from, DNS_A);
    for (int i = 1; i <= links; i++) {
        snprintf(to, sizeof to, "n%d", i);
        dns_put_named(p, from, DNS_CNAME, "", 0, to);
        memcpy(from, to, sizeof from);
    }
    dns_put_a(p, from, "\300\0\2\7");
    return dns_read_as(p, "n0", DNS_A);
}

static void long_chains_are_loops(void **state)
{
    struct packet *p = *state;
    struct dns_answer answer = read_chain(p, DNS_CNAME_LIMIT);
    assert_false(answer.cname_loop);
    assert_int_equal(answer.cname.count, DNS_CNAME_LIMIT);
    assert_int_equal(answer.count, 1);
    assert_true(read_chain(p, DNS_CNAME_LIMIT + 1).cname_loop);
}

static void refusals_have_their_rcode(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 3, 0, 0, 0, "x", DNS_A);
    assert_int_equal(dns_read_as(p, "x", DNS_A).rcode, 3);
    dns_begin(p, 2, 0, 0, 1, "x", DNS_A);
    dns_put_opt(p, 0, "\0\17\0\5\0\7bad", 9); /* EDE 7 with text */
    struct dns_answer answer = dns_read_as(p, "x", DNS_A);
    assert_int_equal(answer.rcode, 2);
    assert_int_equal(answer.ede, 7);
    dns_begin(p, 0, 0, 0, 1, "x", DNS_A);
    dns_put_opt(p, 1, "", 0);
    assert_int_equal(dns_read_as(p, "x", DNS_A).rcode, 16); /* BADVERS */
    /* Without a question, as some servers refuse. */
    memset(p, 0, 12);
    p->size = 12;
    p->data[2] = 0x80;
    p->data[3] = 5;
    assert_int_equal(dns_read_as(p, "x", DNS_A).rcode, 5);
}

static void other_options_and_the_first_ede_only(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0x0020, 1, 0, 1, "x", DNS_A);
    dns_put_a(p, "x", "\300\0\2\1");
    dns_put_opt(p, 0, "\0\12\0\2ab\0\17\0\2\0\26\0\17\0\2\0\1", 18);
    struct dns_answer answer = dns_read_as(p, "x", DNS_A);
    assert_int_equal(answer.ede, 22);
    assert_true(answer.authentic);
    assert_int_equal(answer.count, 1);
}

static void truncated_messages_keep_what_is_whole(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0x0200, 2, 0, 0, "x", DNS_A);
    dns_put_a(p, "x", "\300\0\2\1");
    dns_put_a(p, "x", "\300\0\2\2");
    p->size -= 2;
    struct dns_answer answer = dns_read_as(p, "x", DNS_A);
    assert_true(answer.truncated);
    assert_int_equal(answer.rcode, 0);
    assert_int_equal(answer.count, 1);
}

static void words_for_rcodes_and_types(void **state)
{
    (void)state;
    assert_string_equal(dns_rcode_name(0), "NOERROR");
    assert_string_equal(dns_rcode_name(3), "NXDOMAIN");
    assert_string_equal(dns_rcode_name(16), "BADVERS");
    assert_null(dns_rcode_name(11));
    assert_null(dns_rcode_name(-1));
    assert_string_equal(dns_type_name(DNS_AAAA), "AAAA");
    assert_string_equal(dns_type_name(DNS_SRV), "SRV");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(query_is_as_the_rfcs_say),
        cmocka_unit_test(escapes_in_names_stand_for_bytes),
        cmocka_unit_test(what_is_no_name_makes_no_query),
        cmocka_unit_test_setup_teardown(a_denial_names_its_zone, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(addresses_are_read, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(ipv6_is_written_as_rfc_5952_says, dns_set_up,
                                        dns_tear_down),
        cmocka_unit_test_setup_teardown(mx_and_srv_give_their_fields, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(txt_is_quoted_and_escaped, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(hostile_bytes_in_names_are_escaped, dns_set_up,
                                        dns_tear_down),
        cmocka_unit_test_setup_teardown(aliases_are_followed_in_any_order, dns_set_up,
                                        dns_tear_down),
        cmocka_unit_test_setup_teardown(an_alias_itself_can_be_asked_for, dns_set_up,
                                        dns_tear_down),
        cmocka_unit_test_setup_teardown(alias_loops_are_seen, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(long_chains_are_loops, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(refusals_have_their_rcode, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(other_options_and_the_first_ede_only, dns_set_up,
                                        dns_tear_down),
        cmocka_unit_test_setup_teardown(truncated_messages_keep_what_is_whole, dns_set_up,
                                        dns_tear_down),
        cmocka_unit_test(words_for_rcodes_and_types),
    };
    return cmocka_run_group_tests_name("dns_message", tests, NULL, NULL);
}
