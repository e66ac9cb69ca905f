/* DNS messages: what a query looks like on the wire, and what is made of answers good and bad. */
#include "probes/dns_message.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- building messages by hand ---- */

struct packet {
    uint8_t data[65536];
    size_t size;
    struct arena arena;
};

static int set_up(void **state)
{
    static struct packet packet;
    memset(&packet, 0, sizeof packet);
    *state = &packet;
    return 0;
}

static int tear_down(void **state)
{
    struct packet *p = *state;
    arena_done(&p->arena);
    return 0;
}

static void put(struct packet *p, const void *data, size_t size)
{
    assert_true(p->size + size <= sizeof p->data);
    memcpy(p->data + p->size, data, size);
    p->size += size;
}

static void put8(struct packet *p, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(p, &byte, 1);
}

static void put16(struct packet *p, unsigned value)
{
    put8(p, value >> 8);
    put8(p, value & 0xff);
}

/* "a.b" as labels, "" as the root. */
static void put_name(struct packet *p, const char *name)
{
    while (*name) {
        size_t length = strcspn(name, ".");
        put8(p, (unsigned)length);
        put(p, name, length);
        name += length + (name[length] == '.');
    }
    put8(p, 0);
}

static void begin(struct packet *p, unsigned flags, unsigned answers, unsigned authority,
                  unsigned additional, const char *name, enum dns_type type)
{
    p->size = 0;
    put16(p, 0x1234);
    put16(p, 0x8000 | flags);
    put16(p, 1);
    put16(p, answers);
    put16(p, authority);
    put16(p, additional);
    put_name(p, name);
    put16(p, (unsigned)type);
    put16(p, 1);
}

static void put_fixed(struct packet *p, unsigned type, unsigned size)
{
    put16(p, type);
    put16(p, 1);
    put16(p, 0);
    put16(p, 300);
    put16(p, size);
}

static void put_record(struct packet *p, const char *owner, unsigned type, const void *data,
                       size_t size)
{
    put_name(p, owner);
    put_fixed(p, type, (unsigned)size);
    put(p, data, size);
}

static void put_a(struct packet *p, const char *owner, const char *four)
{
    put_record(p, owner, DNS_A, four, 4);
}

/* A record whose data is PREFIX and then a name. */
static void put_named(struct packet *p, const char *owner, unsigned type, const void *prefix,
                      size_t prefix_size, const char *name)
{
    size_t name_size = *name ? strlen(name) + 2 : 1;
    put_name(p, owner);
    put_fixed(p, type, (unsigned)(prefix_size + name_size));
    put(p, prefix, prefix_size);
    put_name(p, name);
}

static void put_opt(struct packet *p, unsigned extended_rcode, const void *options, size_t size)
{
    put_name(p, "");
    put16(p, 41);
    put16(p, 1232);
    put8(p, extended_rcode);
    put8(p, 0);
    put16(p, 0);
    put16(p, (unsigned)size);
    put(p, options, size);
}

static struct dns_answer read_as(struct packet *p, const char *name, enum dns_type type)
{
    struct dns_answer answer;
    /* In space of its exact size, so that a sanitizer sees the first byte read behind it. */
    struct bytes copy = { .data = test_malloc(p->size ? p->size : 1), .size = p->size };
    memcpy((char *)copy.data, p->data, p->size);
    dns_answer_read(&answer, &p->arena, copy, name, type);
    test_free((char *)copy.data);
    return answer;
}

static void assert_malformed(struct packet *p, const char *name, enum dns_type type)
{
    struct dns_answer answer = read_as(p, name, type);
    assert_int_equal(answer.rcode, -1);
    assert_int_equal(answer.count, 0);
    assert_int_equal(answer.cname.count, 0);
}

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

static void addresses_are_read(void **state)
{
    struct packet *p = *state;
    begin(p, 0x0180, 3, 0, 0, "Mail.Example.com", DNS_A);
    put_a(p, "mail.example.COM", "\300\0\2\1");
    put_a(p, "mail.example.com", "\300\0\2\2");
    put_a(p, "mail.example.com", "\300\0\2\1"); /* again: kept once */
    struct dns_answer answer = read_as(p, "mail.example.com", DNS_A);
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
        begin(p, 0, 1, 0, 0, "x", DNS_AAAA);
        put_record(p, "x", DNS_AAAA, cases[i].bytes, 16);
        struct dns_answer answer = read_as(p, "x", DNS_AAAA);
        assert_int_equal(answer.count, 1);
        assert_string_equal(answer.records[0].text, cases[i].text);
    }
}

static void mx_and_srv_give_their_fields(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 2, 0, 0, "x", DNS_MX);
    put_named(p, "x", DNS_MX, "\0\12", 2, "mx.example.com");
    put_named(p, "x", DNS_MX, "\0\0", 2, "");
    struct dns_answer answer = read_as(p, "x", DNS_MX);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.records[0].text, "10 mx.example.com");
    assert_string_equal(answer.records[0].host, "mx.example.com");
    assert_int_equal(answer.records[0].preference, 10);
    assert_string_equal(answer.records[1].text, "0 .");
    assert_string_equal(answer.records[1].host, "");

    begin(p, 0, 1, 0, 0, "_submission._tcp.x", DNS_SRV);
    put_named(p, "_submission._tcp.x", DNS_SRV, "\0\1\0\2\2\113", 6, "smtp.example.com");
    answer = read_as(p, "_submission._tcp.x", DNS_SRV);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.records[0].text, "1 2 587 smtp.example.com");
    assert_int_equal(answer.records[0].port, 587);
    assert_int_equal(answer.records[0].weight, 2);
}

static void txt_is_quoted_and_escaped(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 2, 0, 0, "x", DNS_TXT);
    put_record(p, "x", DNS_TXT, "\3a\"b\4c\\\0\351", 9);
    put_record(p, "x", DNS_TXT, "\0", 1);
    struct dns_answer answer = read_as(p, "x", DNS_TXT);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.records[0].text, "\"a\\\"b\" \"c\\\\\\000\\233\"");
    assert_string_equal(answer.records[1].text, "\"\"");
}

static void hostile_bytes_in_names_are_escaped(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 1, 0, 0, "x", DNS_MX);
    put_named(p, "x", DNS_MX, "\0\1", 2, "a\033[31m\\ b");
    struct dns_answer answer = read_as(p, "x", DNS_MX);
    assert_string_equal(answer.records[0].host, "a\\027[31m\\\\\\032b");
}

static void aliases_are_followed_in_any_order(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 4, 0, 0, "a", DNS_A);
    put_a(p, "c", "\300\0\2\7");
    put_named(p, "b", DNS_CNAME, "", 0, "c");
    put_a(p, "other", "\300\0\2\11");
    put_named(p, "A", DNS_CNAME, "", 0, "b");
    struct dns_answer answer = read_as(p, "a", DNS_A);
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
    begin(p, 0, 1, 0, 0, "a", DNS_CNAME);
    put_named(p, "a", DNS_CNAME, "", 0, "b.example");
    struct dns_answer answer = read_as(p, "a", DNS_CNAME);
    assert_int_equal(answer.cname.count, 0);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.records[0].text, "b.example");
}

static void alias_loops_are_seen(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 2, 0, 0, "a", DNS_A);
    put_named(p, "a", DNS_CNAME, "", 0, "b");
    put_named(p, "b", DNS_CNAME, "", 0, "A");
    struct dns_answer answer = read_as(p, "a", DNS_A);
    assert_int_equal(answer.rcode, 0);
    assert_true(answer.cname_loop);
    assert_int_equal(answer.count, 0);

    begin(p, 0, 1, 0, 0, "a", DNS_A);
    put_named(p, "a", DNS_CNAME, "", 0, "a");
    assert_true(read_as(p, "a", DNS_A).cname_loop);
}

static struct dns_answer read_chain(struct packet *p, int links)
{
    char from[8] = "n0", to[8];
    begin(p, 0, (unsigned)links + 1, 0, 0, from, DNS_A);
    for (int i = 1; i <= links; i++) {
        snprintf(to, sizeof to, "n%d", i);
        put_named(p, from, DNS_CNAME, "", 0, to);
        memcpy(from, to, sizeof from);
    }
    put_a(p, from, "\300\0\2\7");
    return read_as(p, "n0", DNS_A);
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
    begin(p, 3, 0, 0, 0, "x", DNS_A);
    assert_int_equal(read_as(p, "x", DNS_A).rcode, 3);
    begin(p, 2, 0, 0, 1, "x", DNS_A);
    put_opt(p, 0, "\0\17\0\5\0\7bad", 9); /* EDE 7 with text */
    struct dns_answer answer = read_as(p, "x", DNS_A);
    assert_int_equal(answer.rcode, 2);
    assert_int_equal(answer.ede, 7);
    begin(p, 0, 0, 0, 1, "x", DNS_A);
    put_opt(p, 1, "", 0);
    assert_int_equal(read_as(p, "x", DNS_A).rcode, 16); /* BADVERS */
    /* Without a question, as some servers refuse. */
    memset(p, 0, 12);
    p->size = 12;
    p->data[2] = 0x80;
    p->data[3] = 5;
    assert_int_equal(read_as(p, "x", DNS_A).rcode, 5);
}

static void other_options_and_the_first_ede_only(void **state)
{
    struct packet *p = *state;
    begin(p, 0x0020, 1, 0, 1, "x", DNS_A);
    put_a(p, "x", "\300\0\2\1");
    put_opt(p, 0, "\0\12\0\2ab\0\17\0\2\0\26\0\17\0\2\0\1", 18);
    struct dns_answer answer = read_as(p, "x", DNS_A);
    assert_int_equal(answer.ede, 22);
    assert_true(answer.authentic);
    assert_int_equal(answer.count, 1);
}

static void truncated_messages_keep_what_is_whole(void **state)
{
    struct packet *p = *state;
    begin(p, 0x0200, 2, 0, 0, "x", DNS_A);
    put_a(p, "x", "\300\0\2\1");
    put_a(p, "x", "\300\0\2\2");
    p->size -= 2;
    struct dns_answer answer = read_as(p, "x", DNS_A);
    assert_true(answer.truncated);
    assert_int_equal(answer.rcode, 0);
    assert_int_equal(answer.count, 1);
}

/* ---- hostile messages ---- */

static void every_cut_is_malformed(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 3, 0, 1, "a.example", DNS_MX);
    put_named(p, "a.example", DNS_CNAME, "", 0, "b.example");
    put_named(p, "b.example", DNS_MX, "\0\12", 2, "mx.example");
    put_record(p, "b.example", DNS_TXT, "\3abc", 4);
    put_opt(p, 0, "\0\17\0\2\0\7", 6);
    size_t whole = p->size;
    assert_int_equal(read_as(p, "a.example", DNS_MX).count, 1);
    for (p->size = 0; p->size < whole; p->size++)
        assert_malformed(p, "a.example", DNS_MX);
}

static void wrong_data_sizes_are_malformed(void **state)
{
    struct packet *p = *state;
    static const struct {
        enum dns_type type;
        const char *data;
        size_t size;
    } cases[] = {
        { DNS_A, "\1\2\3", 3 },
        { DNS_A, "\1\2\3\4\5", 5 },
        { DNS_AAAA, "\1\2\3\4", 4 },
        { DNS_MX, "\0\12", 2 },
        { DNS_MX, "\0\12\1a\0x", 6 },
        { DNS_MX, "\0\12\77a\0", 5 },
        { DNS_SRV, "\0\1\0\2\0\3", 6 },
        { DNS_TXT, "\5abc", 4 },
        { DNS_MX, "\0\12\300\377", 4 },
        { DNS_MX, "\0\12\100a\0", 5 },
        { DNS_MX, "", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(p, 0, 1, 0, 0, "x", cases[i].type);
        put_record(p, "x", (unsigned)cases[i].type, cases[i].data, cases[i].size);
        assert_malformed(p, "x", cases[i].type);
    }
}

static void pointers_only_go_back(void **state)
{
    struct packet *p = *state;
    /* Onto itself. */
    begin(p, 0, 1, 0, 0, "x", DNS_A);
    size_t at = p->size;
    put16(p, 0xc000 | (unsigned)at);
    put_fixed(p, DNS_A, 4);
    put(p, "\1\2\3\4", 4);
    assert_malformed(p, "x", DNS_A);
    /* Two that point at each other: a label, then back to its start. */
    begin(p, 0, 1, 0, 0, "x", DNS_A);
    at = p->size;
    put(p, "\1y", 2);
    put16(p, 0xc000 | (unsigned)at);
    put_fixed(p, DNS_A, 4);
    put(p, "\1\2\3\4", 4);
    assert_malformed(p, "x", DNS_A);
    /* The question's name, as every server compresses. */
    begin(p, 0, 1, 0, 0, "x", DNS_A);
    put16(p, 0xc00c);
    put_fixed(p, DNS_A, 4);
    put(p, "\1\2\3\4", 4);
    assert_int_equal(read_as(p, "x", DNS_A).count, 1);
}

static void chains_of_pointers_are_bounded(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 2, 0, 0, "x", DNS_A);
    /* The second owner is the last of 200 pointers, each to the one before, the first to the
     * question's name. */
    put_name(p, "");
    put_fixed(p, DNS_TXT, 400);
    size_t previous = 12;
    for (int i = 0; i < 200; i++) {
        size_t here = p->size;
        put16(p, 0xc000 | (unsigned)previous);
        previous = here;
    }
    put16(p, 0xc000 | (unsigned)previous);
    put_fixed(p, DNS_A, 4);
    put(p, "\1\2\3\4", 4);
    assert_malformed(p, "x", DNS_A);
}

static void counts_may_not_lie(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 65535, 0, 0, "x", DNS_A);
    put_a(p, "x", "\1\2\3\4");
    assert_malformed(p, "x", DNS_A);
    begin(p, 0, 0, 0, 0, "x", DNS_A);
    p->data[5] = 2; /* two questions */
    assert_malformed(p, "x", DNS_A);
}

static void other_messages_are_no_answer(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 0, 0, 0, "x", DNS_A);
    p->data[2] &= 0x7f; /* a query */
    assert_malformed(p, "x", DNS_A);
    begin(p, 0x2800, 0, 0, 0, "x", DNS_A); /* an update's answer */
    assert_malformed(p, "x", DNS_A);
    begin(p, 0, 0, 0, 0, "y", DNS_A);
    assert_malformed(p, "x", DNS_A);
    begin(p, 0, 0, 0, 0, "x", DNS_MX);
    assert_malformed(p, "x", DNS_A);
}

static void records_of_other_classes_are_left_out(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 1, 0, 0, "x", DNS_A);
    put_a(p, "x", "\1\2\3\4");
    p->data[p->size - 4 - 7] = 3; /* CHAOS */
    assert_int_equal(read_as(p, "x", DNS_A).count, 0);
}

static void the_number_of_records_is_bounded(void **state)
{
    struct packet *p = *state;
    begin(p, 0, 4000, 0, 0, "x", DNS_A);
    for (int i = 0; i < 4000; i++) {
        char four[4] = { 10, 0, (char)(i >> 8), (char)i };
        put16(p, 0xc00c);
        put_fixed(p, DNS_A, 4);
        put(p, four, 4);
    }
    assert_int_equal(read_as(p, "x", DNS_A).count, DNS_RECORD_LIMIT);
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
        cmocka_unit_test_setup_teardown(addresses_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ipv6_is_written_as_rfc_5952_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mx_and_srv_give_their_fields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(txt_is_quoted_and_escaped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_bytes_in_names_are_escaped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(aliases_are_followed_in_any_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_alias_itself_can_be_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(alias_loops_are_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_chains_are_loops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_have_their_rcode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_options_and_the_first_ede_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(truncated_messages_keep_what_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_cut_is_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_data_sizes_are_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pointers_only_go_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(chains_of_pointers_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_may_not_lie, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_messages_are_no_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_of_other_classes_are_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_number_of_records_is_bounded, set_up, tear_down),
        cmocka_unit_test(words_for_rcodes_and_types),
    };
    return cmocka_run_group_tests_name("dns_message", tests, NULL, NULL);
}
