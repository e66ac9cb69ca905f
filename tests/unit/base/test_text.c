#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bytes of(const char *text)
{
    return text_bytes(text);
}

static void compares_without_case(void **state)
{
    (void)state;
    assert_int_equal(text_lower('Q'), 'q');
    assert_int_equal(text_lower('['), '[');
    assert_int_equal(text_lower('@'), '@');
    assert_true(text_equal_fold("STARTTLS", "starttls"));
    assert_false(text_equal_fold("STARTTLS", "STARTTLSX"));
    assert_false(text_equal_fold("a", ""));
    assert_true(text_equal_fold("", ""));
    assert_false(text_equal_fold("\xc3\x89", "\xc3\xa9")); /* ASCII only */
    assert_true(text_starts_fold(of("Auth=PLAIN"), "AUTH="));
    assert_false(text_starts_fold(of("AUT"), "AUTH"));
    assert_true(text_starts_fold((struct bytes) { 0 }, ""));
    assert_true(text_ends_fold("smtp.Office365.COM", ".office365.com"));
    assert_false(text_ends_fold("com", "x.com"));
}

static void finds_words(void **state)
{
    (void)state;
    const char *line = "5.7.139 Authentication Unsuccessful";
    assert_ptr_equal(text_find_fold(of(line), "authentication"), line + 8);
    assert_null(text_find_fold(of(line), "successfully"));
    assert_null(text_find_fold(of(""), "x"));
    assert_non_null(text_find_fold(of("x"), ""));
    /* Not past the end of what was given. */
    assert_null(text_find_fold((struct bytes) { line, 10 }, "authentication"));
    assert_true(text_has_word(of("IMAP4rev1 STARTTLS  LOGINDISABLED"), "logindisabled"));
    assert_true(text_has_word(of("A"), "a"));
    assert_false(text_has_word(of("AUTH=PLAIN"), "AUTH"));
    assert_false(text_has_word(of("STARTTLSX"), "STARTTLS"));
    assert_false(text_has_word(of(""), "A"));
}

static void takes_lines(void **state)
{
    (void)state;
    struct bytes rest = of("one\r\ntwo\n\r\n\nlast\r"), line;
    static const char *const lines[] = { "one", "two", "", "", "last" };
    for (size_t i = 0; i < 5; i++) {
        assert_true(text_next_line(&rest, &line));
        assert_int_equal(line.size, strlen(lines[i]));
        assert_memory_equal(line.data, lines[i], line.size);
    }
    assert_false(text_next_line(&rest, &line));
    rest = (struct bytes) { 0 };
    assert_false(text_next_line(&rest, &line));
}

static void takes_numbers(void **state)
{
    static const struct {
        const char *text;
        int64_t number;
        const char *rest;
    } cases[] = {
        { "  12 3", 12, " 3" },
        { "4294967295", 4294967295, "" },
        { "4294967296 7", -1, " 7" },
        { "99999999999999999999", -1, "" },
        { "0x", 0, "x" },
        { "-1", -1, "-1" },
        { " (MODSEQ 9)", -1, "(MODSEQ 9)" },
        { "", -1, "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes text = of(cases[i].text);
        assert_int_equal(text_take_number(&text), cases[i].number);
        assert_int_equal(text.size, strlen(cases[i].rest));
        assert_memory_equal(text.data, cases[i].rest, text.size);
    }
    struct bytes nothing = { 0 };
    assert_int_equal(text_take_number(&nothing), -1);
}

static void trims(void **state)
{
    static const char *const cases[][2] = {
        { " \t a b \r\n", "a b" }, { "", "" }, { " \r\n", "" }, { "x", "x" }
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes trimmed = text_trim(of(cases[i][0]));
        assert_int_equal(trimmed.size, strlen(cases[i][1]));
        assert_memory_equal(trimmed.data, cases[i][1], trimmed.size);
    }
}

static void knows_utf8(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        { "a", 1 },
        { "\xc3\xa9", 2 },
        { "\xe2\x82\xac", 3 },
        { "\xf0\x9f\x93\xa7", 4 },
        { "\xf4\x8f\xbf\xbf", 4 }, /* U+10FFFF */
        { "", 0 },
        { "\x80", 0 },             /* a continuation on its own */
        { "\xc3", 0 },             /* cut off */
        { "\xe2\x82", 0 },         /* cut off */
        { "\xc3(", 0 },            /* no continuation */
        { "\xc0\xaf", 0 },         /* overlong */
        { "\xc1\xbf", 0 },         /* overlong */
        { "\xe0\x80\xaf", 0 },     /* overlong */
        { "\xf0\x80\x80\xaf", 0 }, /* overlong */
        { "\xed\xa0\x80", 0 },     /* surrogate */
        { "\xf4\x90\x80\x80", 0 }, /* past U+10FFFF */
        { "\xf8\x88\x80\x80\x80", 0 },
        { "\xff", 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(text_utf8_length(of(cases[i].text)), cases[i].length);
        assert_int_equal(text_is_utf8(of(cases[i].text)),
                         cases[i].length > 0 || cases[i].text[0] == '\0');
    }
    assert_true(text_is_utf8(of("caf\xc3\xa9 \xf0\x9f\x93\xa7")));
    assert_false(text_is_utf8(of("caf\xe9")));
    assert_int_equal(text_utf8_length((struct bytes) { "\0", 1 }), 1);
}

static const char *escaped(struct buffer *out, struct bytes text)
{
    buffer_clear(out);
    text_escape(out, text);
    buffer_append(out, "", 1);
    return buffer_bytes(out).data;
}

static void escapes_what_may_not_be_printed(void **state)
{
    static const char *const cases[][2] = {
        { "plain text", "plain text" },
        { "caf\xc3\xa9", "caf\xc3\xa9" },
        { "back\\slash", "back\\x5cslash" },
        { "\x1b[31m\x07", "\\x1b[31m\\x07" },
        { "a\r\nb\t", "a\\x0d\\x0ab\\x09" },
        { "\x7f", "\\x7f" },
        { "\xc2\x9b", "\\xc2\\x9b" },          /* C1: CSI */
        { "\xe9", "\\xe9" },                   /* Latin-1 */
        { "\xe2\x80\xae", "\\xe2\\x80\\xae" }, /* right-to-left override */
        { "\xe2\x80\xa8", "\\xe2\\x80\\xa8" }, /* line separator */
        { "\xef\xbb\xbf", "\\xef\\xbb\\xbf" }, /* byte order mark */
        { "\xe2\x82", "\\xe2\\x82" },
    };
    (void)state;
    struct buffer out;
    buffer_init(&out, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(escaped(&out, of(cases[i][0])), cases[i][1]);
    assert_string_equal(escaped(&out, (struct bytes) { "a\0b", 3 }), "a\\x00b");
    assert_string_equal(escaped(&out, (struct bytes) { 0 }), "");
    buffer_done(&out);
}

/* Every byte, every pair of bytes: what is escaped comes back as it was. */
static void escaping_loses_nothing(void **state)
{
    (void)state;
    struct buffer out, back;
    buffer_init(&out, 100);
    buffer_init(&back, 100);
    for (int value = 0; value < 65536; value++) {
        char text[2] = { (char)(value >> 8), (char)value };
        const char *shown = escaped(&out, (struct bytes) { text, 2 });
        assert_true(text_is_utf8(of(shown)));
        for (const char *p = shown; *p; p++)
            assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
        buffer_clear(&back);
        text_unescape(&back, shown);
        assert_int_equal(buffer_size(&back), 2);
        assert_memory_equal(buffer_bytes(&back).data, text, 2);
    }
    buffer_done(&out);
    buffer_done(&back);
}

static void unescapes_only_what_escape_wrote(void **state)
{
    static const char *const cases[][2] = {
        { "\\x41\\x4a\\x4A", "AJJ" }, { "\\x4", "\\x4" },   { "\\", "\\" }, { "\\n", "\\n" },
        { "\\xg1", "\\xg1" },         { "\\\\x41", "\\A" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        buffer_init(&out, 100);
        text_unescape(&out, cases[i][0]);
        assert_int_equal(buffer_size(&out), strlen(cases[i][1]));
        assert_memory_equal(buffer_bytes(&out).data, cases[i][1], buffer_size(&out));
        buffer_done(&out);
    }
}

static void decodes_a_user_of_a_url(void **state)
{
    static const struct {
        const char *text, *user; /* NULL: refused */
    } cases[] = {
        { "ana", "ana" },
        { "ana%40contoso.com", "ana@contoso.com" },
        { "%c3%A9", "\xc3\xa9" },
        { "100%25", "100%" },
        { "", "" },
        { "100%", NULL },
        { "a%4", NULL },
        { "a%zz", NULL },
        { "a%00b", NULL },
        { "a%0d%0a", NULL },
        { "a\x7f", NULL },
        { "%e9", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char user[40];
        snprintf(user, sizeof user, "%s", cases[i].text);
        const char *complaint = text_decode_user(user);
        assert_int_equal(complaint == NULL, cases[i].user != NULL);
        if (!complaint)
            assert_string_equal(user, cases[i].user);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_without_case),
        cmocka_unit_test(finds_words),
        cmocka_unit_test(takes_lines),
        cmocka_unit_test(takes_numbers),
        cmocka_unit_test(trims),
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(escapes_what_may_not_be_printed),
        cmocka_unit_test(escaping_loses_nothing),
        cmocka_unit_test(unescapes_only_what_escape_wrote),
        cmocka_unit_test(decodes_a_user_of_a_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
