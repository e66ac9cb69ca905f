/* The test message, and the addresses it is from and to. */
#include "probes/submission.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct submission plain = {
    .from = "ana@contoso.com",
    .to = "bo@example.com",
    .message_id = "0123456789abcdef.maildoctor@contoso.com",
    .run_id = "0123456789abcdef",
    .tool = "maildoctor/0",
    .now_s = 1709164799, /* the last second of a leap year's 28th of February */
};

static const char *written(const struct submission *submission, struct buffer *out)
{
    buffer_init(out, 65536);
    submission_write(submission, out);
    buffer_append(out, "", 1);
    return buffer_bytes(out).data;
}

static void test_headers(void **state)
{
    (void)state;
    struct buffer out;
    const char *text = written(&plain, &out);
    static const char *const lines[] = {
        "Date: Wed, 28 Feb 2024 23:59:59 +0000\r\n",
        "From: <ana@contoso.com>\r\n",
        "To: <bo@example.com>\r\n",
        "Message-ID: <0123456789abcdef.maildoctor@contoso.com>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "X-Maildoctor: maildoctor/0; run=0123456789abcdef\r\n",
        "Content-Type: text/plain; charset=us-ascii\r\n",
        "Content-Transfer-Encoding: 7bit\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_non_null(strstr(text, lines[i]));
    buffer_done(&out);
}

/* RFC 5321 section 2.3.8 and RFC 5322 section 2.1.1: CR LF only, and short lines. */
static void test_lines(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 65536);
    submission_write(&plain, &out);
    struct bytes text = buffer_bytes(&out), rest = text, line;
    size_t lines = 0, sum = 0;
    while (text_next_line(&rest, &line)) {
        assert_true(line.size <= 78);
        lines++;
        sum += line.size + 2;
    }
    assert_int_equal(sum, text.size);
    for (size_t i = 0; i < text.size; i++)
        assert_true((unsigned char)text.data[i] < 0x80);
    assert_true(lines > 12);
    buffer_done(&out);
}

static void test_beyond_ascii(void **state)
{
    (void)state;
    struct submission submission = plain;
    struct buffer out;
    assert_false(submission_needs_utf8(&submission));
    submission.to = "j\xc3\xb6rg@example.com";
    assert_true(submission_needs_utf8(&submission));
    const char *text = written(&submission, &out);
    assert_non_null(strstr(text, "To: <j\xc3\xb6rg@example.com>\r\n"));
    assert_non_null(strstr(text, "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"));
    buffer_done(&out);
}

static void test_dots(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4096);
    submission_stuff(text_bytes(".\r\n..x\r\ny.\r\n\r\nend"), &out);
    buffer_append(&out, "", 1);
    assert_string_equal(buffer_bytes(&out).data, "..\r\n...x\r\ny.\r\n\r\nend\r\n.\r\n");
    buffer_done(&out);
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const good[] = { "a@b",
                                        "a.b+c@example.com",
                                        "\"a b\"@example.com",
                                        "\"a\\\"b\"@example.com",
                                        "j\xc3\xb6rg@example.com",
                                        "!#$%&'*+-/=?^_`{|}~@example.com" };
    static const char *const bad[] = { "",           "a",         "@b",      "a@",
                                       ".a@b",       "a.@b",      "a..b@c",  "a>b@c",
                                       "a b@c",      "a\r\nb@c",  "a@b@c",   "\"a@b",
                                       "\"a\"b\"@c", "\"a\\\"@c", "a\xff@c", "\"a\nb\"@c" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(submission_is_address(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (submission_is_address(bad[i]))
            fail_msg("taken for an address: %s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),      cmocka_unit_test(test_lines),
        cmocka_unit_test(test_beyond_ascii), cmocka_unit_test(test_dots),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
