#include "base/memory.h"
#include "base/text.h"
#include "plan/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A10 "aaaaaaaaaa"
#define A63 A10 A10 A10 A10 A10 A10 "aaa"

struct good {
    const char *input;
    const char *shown; /* as show() writes it */
};

static const struct good goods[] = {
    { "ana@contoso.com", "address ana@contoso.com domain=contoso.com" },
    { "Ana.B+x@Contoso.COM.", "address Ana.B+x@contoso.com domain=contoso.com" },
    { "jos\xc3\xa9@m\xc3\xbcnchen.example",
      "address jos\xc3\xa9@xn--mnchen-3ya.example domain=xn--mnchen-3ya.example" },
    { "a@b@contoso.com", "address a@b@contoso.com domain=contoso.com" },
    { "ana@localhost", "address ana@localhost domain=localhost" },
    { "contoso.com", "name host=contoso.com" },
    { "MAIL", "name host=mail" },
    { "stra\xc3\x9f"
      "e.example",
      "name host=xn--strae-oqa.example" }, /* IDNA 2008 keeps the sharp s */
    { "xn--strae-oqa.example", "name host=xn--strae-oqa.example" },
    { "_dmarc.contoso.com", "name host=_dmarc.contoso.com" },
    { "192.0.2.1", "name host=192.0.2.1" },
    { "2001:DB8::1", "name host=2001:db8::1" },
    { "::1", "name host=::1" },
    { "2001:db8::993", "name host=2001:db8::993" },
    { "[2001:db8::1:993]", "name host=2001:db8::1:993" },
    { "1:2:3:4:5:6:7:993", "name host=1:2:3:4:5:6:7:993" },
    { "[2001:db8:0::1]", "name host=2001:db8::1" },
    { "smtp.office365.com:587", "host:port host=smtp.office365.com port=587 smtp starttls" },
    { "host.example:25", "host:port host=host.example port=25 smtp starttls" },
    { "host.example:2525", "host:port host=host.example port=2525 smtp starttls" },
    { "[2001:db8::1]:993", "host:port host=2001:db8::1 port=993 imap implicit" },
    { "192.0.2.1:110", "host:port host=192.0.2.1 port=110 pop3 starttls" },
    { "smtp://h.example", "url host=h.example port=587 smtp starttls" },
    { "SMTPS://h.example/", "url host=h.example port=465 smtp implicit" },
    { "imap://h.example", "url host=h.example port=143 imap starttls" },
    { "imaps://h.example:10993", "url host=h.example port=10993 imap implicit" },
    { "pop3://[::1]", "url host=::1 port=110 pop3 starttls" },
    { "pop3s://[::1]:1995", "url host=::1 port=1995 pop3 implicit" },
    { "imaps://ana%40contoso.com@outlook.office365.com",
      "url ana@contoso.com domain=contoso.com host=outlook.office365.com port=993 imap implicit "
      "user=ana@contoso.com" },
    { "imaps://ana@contoso.com@outlook.office365.com",
      "url ana@contoso.com domain=contoso.com host=outlook.office365.com port=993 imap implicit "
      "user=ana@contoso.com" },
    { "smtp://CONTOSO%5Cana@h.example",
      "url host=h.example port=587 smtp starttls user=CONTOSO\\ana" },
    { "pop3://jos%C3%A9@h.example", "url host=h.example port=110 pop3 starttls user=jos\xc3\xa9" },
    { A63 "." A63 "." A63 ".com", "name host=" A63 "." A63 "." A63 ".com" },
};

struct bad {
    const char *input;
    const char *words; /* of the message */
};

static const struct bad bads[] = {
    { "", "empty" },
    { "ana@", "needs a domain" },
    { "@contoso.com", "before the @" },
    { "ana@contoso..com", "empty" },
    { "ana@.com", "empty" },
    { "ana@contoso.com:587", "takes no port" },
    { "ana@192.0.2.1", "end in a number" },
    { "a b@contoso.com", "blank" },
    { "ana@con\ttoso.com", "control" },
    { "ana@con\xc2\x85toso.com", "control" },
    { "host\x1b[31m.example", "control" },
    { "\xff\xfe.example", "UTF-8" },
    { "\xed\xa0\x80.example", "UTF-8" },
    { "caf\xc3", "UTF-8" },
    { A63 "a.com", "63" },
    { A63 "." A63 "." A63 "." A63, "253" },
    { "ana@" A63 "." A63 "." A63 "." A63 "." A63, "253" },
    { "-host.example", "hyphen" },
    { "host-.example", "hyphen" },
    { "ho$t.example", "host name" },
    { "1.2.3", "end in a number" },
    { "999.1.1.1", "end in a number" },
    { "587", "end in a number" },
    { "host:", "no number" },
    { "host:0", "65535" },
    { "host:65536", "65535" },
    { "host:99999999999999999999", "65535" },
    { "host:-1", "no number" },
    { "host:587x", "no number" },
    { "host:8080", "URL" },
    { "1:2:3", "colons" },
    { "2001:db8::1:zz", "colons" },
    { "::1:993", "write [::1]:993 for a port, or [::1:993] for the address" },
    { "imaps://2001:db8::1:993", "[2001:db8::1]:993" },
    { "[2001:db8::1", "closed" },
    { "[192.0.2.1]:25", "no IPv6" },
    { "[]:25", "no IPv6" },
    { "[::1]25", "may follow" },
    { "host.example/path", "path" },
    { "http://contoso.com", "scheme" },
    { "://contoso.com", "scheme" },
    { "imaps://", "host is missing" },
    { "imaps://ana@", "host is missing" },
    { "imaps://@h.example", "before the @" },
    { "imaps://h.example/INBOX", "leave off" },
    { "imaps://h.example?x", "leave off" },
    { "imaps://ana:secret@h.example", "password" },
    { "imaps://ana;AUTH=PLAIN@h.example", "--auth" },
    { "imaps://a%@h.example", "hexadecimal" },
    { "imaps://a%0d%0ab@h.example", "control" },
    { "imaps://a%00@h.example", "control" },
    { "imaps://a%ff@h.example", "UTF-8" },
    { "imaps://h.example:0", "65535" },
    { "xn--zzzzzz--\xc3\xbc.example", "internationalised" },
};

static void show(struct buffer *out, const struct target *t)
{
    static const char *const kinds[] = {
        [TARGET_ADDRESS] = "address",
        [TARGET_NAME] = "name",
        [TARGET_HOST_PORT] = "host:port",
        [TARGET_URL] = "url",
    };
    buffer_append_text(out, kinds[t->kind]);
    if (t->address)
        buffer_format(out, " %s domain=%s", t->address, t->domain);
    if (t->host)
        buffer_format(out, " host=%s", t->host);
    if (t->port)
        buffer_format(out, " port=%d", t->port);
    if (t->service >= 0)
        buffer_format(out, " %s %s", service_name((enum service)t->service),
                      security_name((enum security)t->security));
    if (t->user)
        buffer_format(out, " user=%s", t->user);
    buffer_append(out, "", 1);
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
        struct arena arena = { 0 };
        struct target target;
        struct buffer shown;
        char *error = NULL;
        buffer_init(&shown, 4096);
        if (!target_parse(&target, &arena, goods[i].input, &error))
            fail_msg("%s", error);
        show(&shown, &target);
        assert_string_equal(buffer_bytes(&shown).data, goods[i].shown);
        assert_string_equal(target.input, goods[i].input);
        buffer_done(&shown);
        arena_done(&arena);
    }
}

static void assert_one_clean_line(const char *error)
{
    assert_non_null(error);
    assert_in_range(strlen(error), 10, 400);
    assert_true(text_is_utf8(text_bytes(error)));
    for (const char *p = error; *p; p++)
        assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
    assert_null(strstr(error, "\xc2\x85"));
    assert_null(strstr(error, "secret"));
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        struct arena arena = { 0 };
        struct target target;
        char *error = NULL;
        if (target_parse(&target, &arena, bads[i].input, &error))
            fail_msg("taken: %s", bads[i].input);
        assert_one_clean_line(error);
        if (!strstr(error, bads[i].words))
            fail_msg("\"%s\" is not in: %s", bads[i].words, error);
        free(error);
        arena_done(&arena);
    }
}

/* Long input is refused before work is spent on it, and not repeated whole. */
static void test_long(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    static const char *const heads[] = { "", "ana@", "imaps://", "\xc3\xbc" };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct arena arena = { 0 };
        struct target target;
        char *error = NULL;
        char *input = memory_new(SIZE);
        memset(input, 'a', SIZE - 1);
        memcpy(input, heads[i], strlen(heads[i]));
        assert_false(target_parse(&target, &arena, input, &error));
        assert_one_clean_line(error);
        free(error);
        free(input);
        arena_done(&arena);
    }
}

/* Every truncation and every single changed byte of what is legal ends well, one way or the other.
 */
static void test_mangled(void **state)
{
    (void)state;
    static const char bytes[] = "\x00\x01\x0a %:@[]/?#.-;\x80\xc3\xe2\xff";
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
        size_t size = strlen(goods[i].input);
        for (size_t at = 0; at < size; at++)
            for (size_t b = 0; b < sizeof bytes - 1; b++) {
                struct arena arena = { 0 };
                struct target target;
                char *error = NULL, *input = memory_copy(goods[i].input);
                input[at] = bytes[b];
                if (!target_parse(&target, &arena, input, &error))
                    assert_one_clean_line(error);
                free(error);
                free(input);
                arena_done(&arena);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_mangled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
