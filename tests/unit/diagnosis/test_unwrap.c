/* What is found inside what was pasted. */
#include "diagnosis/unwrap.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct unwrapped unwrapped;

static void show(const char *given, const char *expected)
{
    struct bytes found = unwrapped.items[0].words.text;
    if (found.size == strlen(expected) && memcmp(found.data, expected, found.size) == 0)
        return;
    fail_msg("in \"%s\": found \"%.*s\", expected \"%s\"", given, (int)found.size, found.data,
             expected);
}

/* What is pasted, and the innermost words in it. */
static const struct {
    const char *given, *inner;
} cases[] = {
    { "535 5.7.3 no", "535 5.7.3 no" },
    { "Error: Invalid login: 535 5.7.3 no", "535 5.7.3 no" },
    { "SMTP Error: data not accepted.SMTP server error: DATA END command failed Detail: 5.7.60 no",
      "5.7.60 no" },
    { "The server response was: 5.7.57 SMTP; not authenticated", "5.7.57 SMTP; not authenticated" },
    { "got code \"530\", with message \"530 5.7.57 SMTP; no\".", "530 5.7.57 SMTP; no" },
    { "(535, b'5.7.8 Error: no')", "535 5.7.8 Error: no" },
    { "smtplib.SMTPDataError: (554, b'it isn\\'t so')", "554 it isn't so" },
    { "answer: 550 - b'5.7.1 Service unavailable'", "550 5.7.1 Service unavailable" },
    { "SMTPDataError: (554, b'5.7.1 <'ana'>: not here')", "554 5.7.1 <'ana'>: not here" },
    { "said: \"554 <\"ana m\"@x.example>: Relay denied\", port 25",
      "554 <\"ana m\"@x.example>: Relay denied" },
    { "Server Response: '553 not in rcpthosts (#5.7.1)', Port: 25",
      "553 not in rcpthosts (#5.7.1)" },
    { "Serverantwort: \xe2\x80\x9e"
      "550 5.7.1 no\xe2\x80\x9c, Port: 25",
      "550 5.7.1 no" },
    { "Risposta: \xe2\x80\x99"
      "553 5.7.1 no\xe2\x80\x98, Porta: 25",
      "553 5.7.1 no" },
    { "a r\xc3\xa9pondu : \xc2\xab\xc2\xa0"
      "550 5.1.1 non",
      "550 5.1.1 non" },
    { "530 5.7.57 no. Error: 535 5.7.139 off", "535 5.7.139 off" },
    { "451 4.4.0 responded with: \"421 4.4.1 Connection timed out.\" Attempted failover",
      "421 4.4.1 Connection timed out." },
    { "Nov 22 10:14:00 desk7 postfix/smtp[7]: server x.example[192.0.2.1] said: 535 5.7.3 no",
      "535 5.7.3 no" },
    { "Nov 22 10:14:00 desk7 postfix/smtp[7]: < x.example[192.0.2.1]:587: 501 5.5.124 no",
      "501 5.5.124 no" },
    { "Remote Server returned '<x> #5.7.1 smtp;550 5.7.1 RESOLVER.RST.AuthRequired",
      "550 5.7.1 RESOLVER.RST.AuthRequired" },
    { "Diagnostic-Code: smtp; 550-5.7.1 one 550 5.7.1 two", "550-5.7.1 one\n550 5.7.1 two" },
    { "535-5.7.8 Not accepted. See 535 5.7.8 https://example.org",
      "535-5.7.8 Not accepted. See\n535 5.7.8 https://example.org" },
    { "550 5.1.351 Remote server returned unknown -> 550 Unknown user", "550 Unknown user" },
    { "2026-11-22 10:14:00 SERVER -> CLIENT: 220-mx.example ESMTP", "220-mx.example ESMTP" },
    { "[2026-11-22 10:14:00] [77] [ERROR] 535 Incorrect", "535 Incorrect" },
    { "S: A01 NO AUTHENTICATE failed.", "NO AUTHENTICATE failed." },
    { "auth [PLAIN]: 2 NO AUTHENTICATE failed.", "NO AUTHENTICATE failed." },
    { "LIST command error: BAD [b'User is authenticated but not connected.']",
      "BAD [b'User is authenticated but not connected.']" },
    { "* BYE Connection closed. 14", "BYE Connection closed. 14" },
    { "(b'-ERR Logon failure: unknown user name or bad password.').",
      "-ERR Logon failure: unknown user name or bad password." },
    { "POP3< +OK ready", "+OK ready" },
    { "error: b'LOGIN failed.'", "LOGIN failed." },
    { "Can not authenticate to IMAP server: AUTHENTICATE failed.", "AUTHENTICATE failed." },
    { "{\"error_description\":\"AADSTS50057: disabled.\\r\\nTrace ID: 1\"}",
      "AADSTS50057: disabled.\nTrace ID: 1" },
    { "**535 5.7.139 \\[x\\] is\\_off**", "535 5.7.139 [x] is_off" },
    { "<p>550 5.1.10 <b>not</b>&nbsp;found &lt;x@y.example&gt;</p>",
      "550 5.1.10  not  found <x@y.example>" },
    { "> > 535 5.7.3 no", "535 5.7.3 no" },
    { "eyJzdGF0dXMiOiI0MDAifQ==", "{\"status\":\"400\"}" },
    /* ports, dates, sizes, HTTP and versions are no replies */
    { "getaddrinfo ENOTFOUND x.example x.example:443",
      "getaddrinfo ENOTFOUND x.example x.example:443" },
    { "HTTP/1.1 400 Bad Request", "HTTP/1.1 400 Bad Request" },
    { "waited 500 ms for gems/3.1.0 of 5.2.10 x", "waited 500 ms for gems/3.1.0 of 5.2.10 x" },
    { "a 'NO' response came", "a 'NO' response came" },
    { "", "" },
};

static void finds_innermost(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unwrap(&unwrapped, text_bytes(cases[i].given), NULL);
        assert_true(unwrapped.count >= 1);
        assert_int_equal(unwrapped.items[unwrapped.count - 1].kind, UNWRAP_WHOLE);
        show(cases[i].given, cases[i].inner);
    }
}

static void tells_protocols(void **state)
{
    static const struct {
        const char *given;
        int protocol;
    } lines[] = { { "535 5.7.3 no", SERVICE_SMTP },
                  { "A1 NO no", SERVICE_IMAP },
                  { "-ERR no", SERVICE_POP3 },
                  { "connection refused", -1 } };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        unwrap(&unwrapped, text_bytes(lines[i].given), NULL);
        assert_int_equal(unwrapped.items[0].words.protocol, lines[i].protocol);
    }
}

static void tells_providers(void **state)
{
    static const struct {
        const char *given, *provider;
    } lines[] = {
        { "server smtp.office365.com[192.0.2.1] said: no", "microsoft365" },
        { "535 5.7.3 no [AM0EXAMPLE.eurprd01.prod.outlook.com]", "microsoft365" },
        { "535 5.7.3 no [AM0EXAMPLE.EURPRD01.PROD.OUTLOOK.COM.]", "microsoft365" },
        { "connect to smtp.gmail.com:465", "gmail" },
        { "534-5.7.9 no x1sm1 - gsmtp", "gmail" },
        { "imap.mail.yahoo.com", "yahoo" },
        { "550 no such user ana@gmail.com", NULL },
        { "see https://support.google.com/mail/answer/78754", NULL },
        { "mail.example.org", NULL },
        { "a.b..c...-", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct provider *found = unwrap_provider(text_bytes(lines[i].given));
        if (lines[i].provider)
            assert_string_equal(found ? found->id : "nobody", lines[i].provider);
        else
            assert_null(found);
    }
}

static void given_provider_wins(void **state)
{
    (void)state;
    unwrap(&unwrapped, text_bytes("smtp.gmail.com"), provider_find("yahoo"));
    assert_string_equal(unwrapped.provider->id, "yahoo");
}

static void decodes_base64(void **state)
{
    char out[16];
    (void)state;
    assert_int_equal(unwrap_base64(text_bytes("aGVsbG8="), out, sizeof out), 5);
    assert_memory_equal(out, "hello", 5);
    assert_int_equal(unwrap_base64(text_bytes("aGVsbG8="), out, 2), 2);
    assert_int_equal(unwrap_base64(text_bytes("!"), out, sizeof out), 0);
    assert_int_equal(unwrap_base64_span(text_bytes("aGVsbG8== x")), 9);
    assert_int_equal(unwrap_base64_span(text_bytes("")), 0);
}

/* Every prefix of hostile texts: nothing is read or written past an end. */
static void survives_anything(void **state)
{
    static const char text[] =
        "\\\\x4\\u00\\ &lt;&# <style></p <b> **535-5.7.1\n535 (550, b'\xff\"'"
        " A1 NO [ALERT] -ERR eyJhbGciOiJub25lIn0= said: \"\0 x";
    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        char *exact = malloc(size ? size : 1);
        memcpy(exact, text, size);
        unwrap(&unwrapped, (struct bytes) { exact, size }, NULL);
        assert_in_range(unwrapped.count, 1, UNWRAP_ITEMS);
        free(exact);
    }
}

/* More replies than are kept, and more text than is looked at. */
static void keeps_bounds(void **state)
{
    size_t size = 4 * UNWRAP_LIMIT;
    char *text = malloc(size);
    (void)state;
    for (size_t i = 0; i < size; i++)
        text[i] = "550 5.1.1 a\n554 5.2.0 b\n"[i % 24];
    unwrap(&unwrapped, (struct bytes) { text, size }, NULL);
    assert_int_equal(unwrapped.count, UNWRAP_ITEMS);
    assert_true(unwrapped.plain.size <= UNWRAP_LIMIT);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_innermost), cmocka_unit_test(tells_protocols),
        cmocka_unit_test(tells_providers), cmocka_unit_test(given_provider_wins),
        cmocka_unit_test(decodes_base64),  cmocka_unit_test(survives_anything),
        cmocka_unit_test(keeps_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
