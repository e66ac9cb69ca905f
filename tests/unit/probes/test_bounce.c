/* Delivery reports: decoded where they are some, refused where they are none, bounded always. */
#include "probes/bounce_gmime.h"

#include "base/buffer.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define REPORT "Content-Type: multipart/report; report-type=delivery-status; boundary=in\r\n\r\n"
#define STATUS                                                                                     \
    "--in\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.contoso.com\r\n"  \
    "\r\nFinal-Recipient: rfc822; jo@contoso.com\r\n"
#define PLAIN "--in\r\nContent-Type: text/plain\r\n\r\nYour message did not arrive.\r\n"
#define RETURNED                                                                                   \
    "--in\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <0123@contoso.com>\r\n"               \
    "Subject: a test\r\n\r\nits body\r\n--in--\r\n"

static const char plain[] =
    "From: MAILER-DAEMON@contoso.com\r\nMIME-Version: 1.0\r\n" REPORT PLAIN STATUS
    "Action: failed\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n" RETURNED;
/* The same words, none of them as they are. */
static const char encoded[] =
    "MIME-Version: 1.0\r\n" REPORT "--in\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\nYour mess=\r\nage did=20not arrive.\r\n"
    "--in\r\nContent-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "UmVwb3J0aW5nLU1UQTogZG5zOyBteC5jb250b3NvLmNvbQ0KDQpBY3Rpb246IGZhaWxlZA0KRGlh\r\n"
    "Z25vc3RpYy1Db2RlOiBzbXRwOyA1NTAgNS4xLjEgdW5rbm93bg0K\r\n"
    "--in\r\nContent-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "TWVzc2FnZS1JRDogPDAxMjNAY29udG9zby5jb20+DQo=\r\n--in--\r\n";
static const char nested[] =
    "Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\nContent-Type: text/plain\r\n\r\n"
    "Scanned by a gateway.\r\n--out\r\n" REPORT
    "--in\r\nContent-Type: multipart/alternative; boundary=deep\r\n\r\n"
    "--deep\r\nContent-Type: text/plain\r\n\r\nYour message did not arrive.\r\n"
    "--deep\r\nContent-Type: text/html\r\n\r\n<b>Your message</b>\r\n--deep--\r\n" STATUS
    "Action: failed\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n" RETURNED "--out--\r\n";

static void test_reads(void **state)
{
    (void)state;
    const char *const messages[] = { plain, encoded, nested };
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct arena arena = { 0 };
        struct bounce bounce;
        assert_true(bounce_read(&arena, text_bytes(messages[i]), &bounce));
        assert_true(bounce.failed);
        assert_true(text_starts_fold(bounce.text, "Reporting-MTA: dns; mx.contoso.com"));
        assert_non_null(text_find_fold(bounce.text, "\nDiagnostic-Code: smtp; 550 5.1.1 unknown"));
        assert_non_null(text_find_fold(bounce.text, "Your message did not arrive."));
        assert_non_null(text_find_fold(bounce.text, "Message-ID: <0123@contoso.com>"));
        assert_null(text_find_fold(bounce.text, "its body"));
        assert_null(text_find_fold(bounce.text, "<b>"));
        assert_null(text_find_fold(bounce.text, "gateway"));
        arena_done(&arena);
    }
}

static void test_html_alone(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct bounce bounce;
    assert_true(bounce_read(&arena,
                            text_bytes(REPORT "--in\r\nContent-Type: text/html\r\n\r\n"
                                              "<p>It is full</p>\r\n" STATUS RETURNED),
                            &bounce));
    assert_true(bounce.failed); /* nothing says that it was not */
    assert_non_null(text_find_fold(bounce.text, "<p>It is full</p>"));
    arena_done(&arena);
}

static void test_notices(void **state)
{
    (void)state;
    const char *const messages[] = {
        REPORT PLAIN STATUS "Action: delayed\r\n" RETURNED,
        REPORT PLAIN STATUS "action:relayed\r\n" RETURNED,
        REPORT PLAIN STATUS "Action: delivered (it was read)\r\n" RETURNED,
    };
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct arena arena = { 0 };
        struct bounce bounce;
        assert_true(bounce_read(&arena, text_bytes(messages[i]), &bounce));
        assert_false(bounce.failed);
        arena_done(&arena);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    const char *const messages[] = {
        "",
        "\r\n",
        "Subject: multipart/report\r\n\r\nAction: failed\r\n",
        /* forwarded by somebody */
        "Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\nContent-Type: message/rfc822"
        "\r\n\r\n" REPORT STATUS "Action: failed\r\n" RETURNED "--out--\r\n",
        /* no fields of status, or not in a report */
        REPORT PLAIN RETURNED,
        "Content-Type: multipart/mixed; boundary=in\r\n\r\n" STATUS RETURNED,
        "Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n",
        "Content-Type: multipart/report\r\n\r\n" STATUS RETURNED,
    };
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct arena arena = { 0 };
        struct bounce bounce;
        assert_false(bounce_read(&arena, text_bytes(messages[i]), &bounce));
        assert_int_equal(bounce.text.size, 0);
        arena_done(&arena);
    }
}

/* Cut anywhere, and with any byte spoilt, it stays within its bounds. */
static void test_hostile(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct bounce bounce;
    for (size_t size = 0; size < sizeof encoded; size++)
        bounce_read(&arena, (struct bytes) { encoded, size }, &bounce);
    char copy[sizeof nested];
    for (size_t i = 0; i < sizeof nested; i++) {
        memcpy(copy, nested, sizeof nested);
        copy[i] = (char)(copy[i] ^ (i % 2 ? 0x80 : 0x0d));
        bounce_read(&arena, (struct bytes) { copy, sizeof copy }, &bounce);
        assert_true(bounce.text.size < 2 * BOUNCE_LIMIT);
    }
    arena_done(&arena);
}

/* Multiparts in one another, and parts without end. */
static void test_many(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct bounce bounce;
    struct buffer deep, wide;
    buffer_init(&deep, 4 * BOUNCE_LIMIT);
    buffer_init(&wide, 4 * BOUNCE_LIMIT);
    for (int i = 0; i < 2000; i++)
        buffer_format(&deep, "Content-Type: multipart/report; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
    buffer_append_text(&wide, REPORT STATUS);
    for (int i = 0; i < 4000; i++)
        buffer_append_text(&wide, "--in\r\nContent-Type: message/delivery-status\r\n\r\nx: y\r\n");
    assert_false(bounce_read(&arena, buffer_bytes(&deep), &bounce));
    assert_true(bounce_read(&arena, buffer_bytes(&wide), &bounce));
    assert_true(bounce.text.size > 0 && bounce.text.size < 1000);
    buffer_done(&deep);
    buffer_done(&wide);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),   cmocka_unit_test(test_html_alone),
        cmocka_unit_test(test_notices), cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests_name("bounce", tests, NULL, NULL);
}
