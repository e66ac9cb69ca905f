/* DNS messages that lie: none of them is more than malformed. */
#include "dns_craft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_cut_is_malformed(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 3, 0, 1, "a.example", DNS_MX);
    dns_put_named(p, "a.example", DNS_CNAME, "", 0, "b.example");
    dns_put_named(p, "b.example", DNS_MX, "\0\12", 2, "mx.example");
    dns_put_record(p, "b.example", DNS_TXT, "\3abc", 4);
    dns_put_opt(p, 0, "\0\17\0\2\0\7", 6);
    size_t whole = p->size;
    assert_int_equal(dns_read_as(p, "a.example", DNS_MX).count, 1);
    for (p->size = 0; p->size < whole; p->size++)
        dns_assert_malformed(p, "a.example", DNS_MX);
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
        dns_begin(p, 0, 1, 0, 0, "x", cases[i].type);
        dns_put_record(p, "x", (unsigned)cases[i].type, cases[i].data, cases[i].size);
        dns_assert_malformed(p, "x", cases[i].type);
    }
}

static void pointers_only_go_back(void **state)
{
    struct packet *p = *state;
    /* Onto itself. */
    dns_begin(p, 0, 1, 0, 0, "x", DNS_A);
    size_t at = p->size;
    dns_put16(p, 0xc000 | (unsigned)at);
    dns_put_fixed(p, DNS_A, 4);
    dns_put(p, "\1\2\3\4", 4);
    dns_assert_malformed(p, "x", DNS_A);
    /* Two that point at each other: a label, then back to its start. */
    dns_begin(p, 0, 1, 0, 0, "x", DNS_A);
    at = p->size;
    dns_put(p, "\1y", 2);
    dns_put16(p, 0xc000 | (unsigned)at);
    dns_put_fixed(p, DNS_A, 4);
    dns_put(p, "\1\2\3\4", 4);
    dns_assert_malformed(p, "x", DNS_A);
    /* The question's name, as every server compresses. */
    dns_begin(p, 0, 1, 0, 0, "x", DNS_A);
    dns_put16(p, 0xc00c);
    dns_put_fixed(p, DNS_A, 4);
    dns_put(p, "\1\2\3\4", 4);
    assert_int_equal(dns_read_as(p, "x", DNS_A).count, 1);
}

static void chains_of_pointers_are_bounded(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 2, 0, 0, "x", DNS_A);
    /* The second owner is the last of 200 pointers, each to the one before, the first to the
     * question's name. */
    dns_put_name(p, "");
    dns_put_fixed(p, DNS_TXT, 400);
    size_t previous = 12;
    for (int i = 0; i < 200; i++) {
        size_t here = p->size;
        dns_put16(p, 0xc000 | (unsigned)previous);
        previous = here;
    }
    dns_put16(p, 0xc000 | (unsigned)previous);
    dns_put_fixed(p, DNS_A, 4);
    dns_put(p, "\1\2\3\4", 4);
    dns_assert_malformed(p, "x", DNS_A);
}

static void counts_may_not_lie(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 65535, 0, 0, "x", DNS_A);
    dns_put_a(p, "x", "\1\2\3\4");
    dns_assert_malformed(p, "x", DNS_A);
    dns_begin(p, 0, 0, 0, 0, "x", DNS_A);
    p->data[5] = 2; /* two questions */
    dns_assert_malformed(p, "x", DNS_A);
}

static void other_messages_are_no_answer(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 0, 0, 0, "x", DNS_A);
    p->data[2] &= 0x7f; /* a query */
    dns_assert_malformed(p, "x", DNS_A);
    dns_begin(p, 0x2800, 0, 0, 0, "x", DNS_A); /* an update's answer */
    dns_assert_malformed(p, "x", DNS_A);
    dns_begin(p, 0, 0, 0, 0, "y", DNS_A);
    dns_assert_malformed(p, "x", DNS_A);
    dns_begin(p, 0, 0, 0, 0, "x", DNS_MX);
    dns_assert_malformed(p, "x", DNS_A);
}

static void records_of_other_classes_are_left_out(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 1, 0, 0, "x", DNS_A);
    dns_put_a(p, "x", "\1\2\3\4");
    p->data[p->size - 4 - 7] = 3; /* CHAOS */
    assert_int_equal(dns_read_as(p, "x", DNS_A).count, 0);
}

static void the_number_of_records_is_bounded(void **state)
{
    struct packet *p = *state;
    dns_begin(p, 0, 4000, 0, 0, "x", DNS_A);
    for (int i = 0; i < 4000; i++) {
        char four[4] = { 10, 0, (char)(i >> 8), (char)i };
        dns_put16(p, 0xc00c);
        dns_put_fixed(p, DNS_A, 4);
        dns_put(p, four, 4);
    }
    assert_int_equal(dns_read_as(p, "x", DNS_A).count, DNS_RECORD_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_cut_is_malformed, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(wrong_data_sizes_are_malformed, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(pointers_only_go_back, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(chains_of_pointers_are_bounded, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(counts_may_not_lie, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(other_messages_are_no_answer, dns_set_up, dns_tear_down),
        cmocka_unit_test_setup_teardown(records_of_other_classes_are_left_out, dns_set_up,
                                        dns_tear_down),
        cmocka_unit_test_setup_teardown(the_number_of_records_is_bounded, dns_set_up,
                                        dns_tear_down),
    };
    return cmocka_run_group_tests_name("dns_hostile", tests, NULL, NULL);
}
