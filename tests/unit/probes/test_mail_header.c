/* The header of a message that arrived. */
#include "probes/mail_header.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_fields(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct bytes rest = text_bytes(
        "Received: from a\r\n\tby b\r\nno field\r\n: nothing\r\nTo:x\r\n\r\nBody: y\r\n");
    struct mail_field field;
    assert_true(mail_header_next(&rest, &arena, &field));
    assert_int_equal(field.name.size, 8);
    assert_string_equal(field.value, "from a by b");
    assert_true(mail_header_next(&rest, &arena, &field));
    assert_memory_equal(field.name.data, "To", 2);
    assert_string_equal(field.value, "x");
    assert_false(mail_header_next(&rest, &arena, &field));
    arena_done(&arena);
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at_s;
    } dates[] = {
        { "Thu, 1 Jan 1970 00:00:00 +0000", 0 },
        { " Sat, 21 Nov 2026 22:20:00 +0000 (UTC)", 1795299600 },
        { "Sat, 21 Nov 2026 23:20:00 +0100", 1795299600 },
        { "21 Nov 2026 17:20:00 -0500", 1795299600 },
        { "21 Nov 2026 22:20 GMT", 1795299600 },
        { "Thu, 29 Feb 2024 12:00:00 +0000", 1709208000 },
        { "", -1 },
        { "yesterday", -1 },
        { "Sat, 21 Foo 2026 22:20:00 +0000", -1 },
        { "Sat, 41 Nov 2026 22:20:00 +0000", -1 },
        { "Sat, 21 Nov 99999 22:20:00 +0000", -1 },
        { "Sat, 21 ovD 2026 22:20:00 +0000", -1 },
    };
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
        if (mail_header_date(dates[i].text) != dates[i].at_s)
            fail_msg("%s: %lld", dates[i].text, (long long)mail_header_date(dates[i].text));
}

static void test_received(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct mail_received received = mail_header_received(
        &arena,
        "from client.example (unknown [192.0.2.7]) by mx.example.com (Postfix) with ESMTPSA id "
        "B3F50AF for <a@b>; Sat, 21 Nov 2026 22:20:00 +0000 (UTC)");
    assert_string_equal(received.from, "client.example");
    assert_string_equal(received.by, "mx.example.com");
    assert_int_equal(received.at_s, 1795299600);
    received = mail_header_received(&arena, "nobody knows");
    assert_null(received.from);
    assert_null(received.by);
    assert_int_equal(received.at_s, -1);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_received),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
