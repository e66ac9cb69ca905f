/* Names that are replaced so that a result can be handed on: where they stand in a text, what
 * becomes of them, and what stays. */
#include "base/text.h"
#include "result/json.h"
#include "result/share.h"
#include "result/share_private.h"
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *shared(const char *text, enum share_how how)
{
    struct share share = { .collecting = true };
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    share_text(&share, &out, text_bytes(text), how);
    assert_int_equal(buffer_size(&out), 0);
    share_settle(&share);
    share_text(&share, &out, text_bytes(text), how);
    buffer_append(&out, "", 1);
    char *copy = strdup(buffer_bytes(&out).data);
    buffer_done(&out);
    arena_done(&share.arena);
    return copy;
}

static const struct {
    const char *text, *expected;
} peers[] = {
    { "550 <ana@contoso.com>: no", "550 <user1@domain1.example>: no" },
    { "ana@contoso.com bob@contoso.com Ana@Contoso.com",
      "user1@domain1.example user2@domain1.example user1@domain1.example" },
    { "250-mail.contoso.com Hello [10.0.0.1], [192.0.2.9]",
      "250-host1.example Hello [192.0.2.1], [203.0.113.2]" },
    { "ana@contoso.com at mx.contoso.com.", "user1@domain1.example at host1.domain1.example." },
    { "fe80::1 2001:db8::9 ::1 127.0.0.1", "2001:db8:1::1 2001:db8::2 ::1 127.0.0.1" },
    { "04:17:22 5.7.139 1.2.3", "04:17:22 5.7.139 1.2.3" },
    { "smtp.office365.com ana@gmail.com https://aka.ms/x", "smtp.office365.com user1@gmail.com "
                                                           "https://aka.ms/x" },
    { "AB12.prod.outlook.com x-y.mail.protection.outlook.com",
      "host1.example host2.microsoft365.example" },
    { "Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
      "Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied" },
    { "queued as 4Xk3Qz91Ab, 250-AUTH SCRAM-SHA-256 8BITMIME",
      "queued as id1, 250-AUTH SCRAM-SHA-256 8BITMIME" },
    { "334 eyJzdGF0dXMiOiI0MDAifQ==", "334 eyJzdGF0dXMiOiI0MDAifQ==" },
    { "334 YW5hQGNvbnRvc28uY29t", "334 dXNlcjFAZG9tYWluMS5leGFtcGxl" },
    { "eyJzdWIiOiJhbmEifQ", "[hidden]" },
    { "[RgBSADQAUAA=]", "[[hidden]]" },
    { "u=ana%40contoso.com&x", "u=user1%40domain1.example&x" },
    { "b\u00fccher.ch xn--bcher-kva.ch", "host1.example host1.example" },
    { "* LIST () \"/\" \"Merger\"\r\n* LIST () \"/\" INBOX",
      "* LIST () \"/\" \"name1\"\r\n* LIST () \"/\" INBOX" },
    { "user1@domain1.example ana@x.org", "user2@domain2.example user3@domain3.example" },
    { "", "" },
    { "@ . .. a@ @b %zz % \xff\xfe \xc0", "@ . .. a@ @b %zz % \xff\xfe \xc0" },
};

static void test_peers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        char *found = shared(peers[i].text, SHARE_PEER);
        assert_string_equal(found, peers[i].expected);
        free(found);
    }
}

static void test_our_own_words(void **state)
{
    (void)state;
    char *found = shared("See learn.microsoft.com. Ask example.net or 10.0.0.1.", SHARE_OWN);
    assert_string_equal(found, "See learn.microsoft.com. Ask example.net or 192.0.2.1.");
    free(found);
}

static void test_distinguished(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        { "CN=mail.contoso.com,O=Contoso\\, Ltd,C=DE", "CN=host1.example,O=name1,C=DE" },
        { "CN=DigiCert Global Root G2,O=DigiCert Inc,C=US",
          "CN=DigiCert Global Root G2,O=DigiCert Inc,C=US" },
        { "CN=Ana's laptop", "CN=name1" },
        { "", "" },
        { "CN=\\", "CN=name1" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct share share = { .collecting = true };
        struct buffer out;
        buffer_init(&out, SIZE_MAX / 2);
        share_distinguished(&share, &out, text_bytes(rows[i].text));
        share_settle(&share);
        share_distinguished(&share, &out, text_bytes(rows[i].text));
        buffer_append(&out, "", 1);
        assert_string_equal(buffer_bytes(&out).data, rows[i].expected);
        buffer_done(&out);
        arena_done(&share.arena);
    }
}

/* However long, nothing makes it slow: the test has a time limit of its own. */
static void test_flood(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a.",    "a-",  "%25",      "%2525",  "25",      "a@", "1:",
        "YW5h-", "eyJ", "\xc3\xbc", "x.com ", "a%40b.c", "\"",
    };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct buffer text;
        buffer_init(&text, SIZE_MAX / 2);
        buffer_append_text(&text, "%");
        for (int k = 0; k < 20000; k++)
            buffer_append_text(&text, pieces[i]);
        buffer_append(&text, "", 1);
        char *found = shared(buffer_bytes(&text).data, SHARE_PEER);
        assert_non_null(found);
        free(found);
        buffer_done(&text);
    }
}

/* Everything that a result can hold, whose texts are hostile too; twice is once. */
static void test_whole(void **state)
{
    (void)state;
    struct result *result = sample_rich();
    share_results(&result, 1);
    json_t *once = result_to_json(result, true);
    share_results(&result, 1);
    json_t *twice = result_to_json(result, true);
    char *why = NULL;
    struct result *again = result_from_json(once, &why);
    assert_non_null(again);
    assert_int_equal(json_object_size(once), json_object_size(twice));
    result_free(again);
    result_free(result);
    json_decref(once);
    json_decref(twice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peers),         cmocka_unit_test(test_our_own_words),
        cmocka_unit_test(test_distinguished), cmocka_unit_test(test_flood),
        cmocka_unit_test(test_whole),
    };
    return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
