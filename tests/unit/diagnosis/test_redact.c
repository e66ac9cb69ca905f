/* What is hidden, and what is not. */
#include "diagnosis/redact.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(struct bytes given, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    bool hidden = redact(&out, given);
    struct bytes found = buffer_bytes(&out);
    if (found.size != strlen(expected) ||
        (found.size && memcmp(found.data, expected, found.size) != 0))
        fail_msg("\"%.*s\": found \"%.*s\", expected \"%s\"", (int)given.size, given.data,
                 (int)found.size, found.data, expected);
    assert_int_equal(hidden, strstr(expected, REDACTED) != NULL);
    buffer_done(&out);
}

static const struct {
    const char *given, *expected;
} hidden[] = {
    { "AUTH PLAIN AGFuYQBodW50ZXIyMg==", "AUTH PLAIN [removed]" },
    { "C: AUTH LOGIN YW5hQGE=", "C: AUTH LOGIN [removed]" },
    { "334 UGFzc3dvcmQ6", "334 [removed]" },
    { "(334, b'UGFzc3dvcmQ6')", "(334, b'[removed]')" },
    { "a AUTHENTICATE PLAIN AGFuYQBodW50ZXIyMg==", "a AUTHENTICATE PLAIN [removed]" },
    { "> aHVudGVyMjI=", "> [removed]" },
    { "password=a C: aHVudGVyMjI=", "password=[removed] C: [removed]" },
    { "PASS hunter 22", "PASS [removed]" },
    { "A1 LOGIN ana \"hunter 22\"", "A1 LOGIN ana [removed]" },
    { "Bearer abcdefghijklmnop.q-r_s/t+u==", "Bearer [removed]" },
    { "x eyJhbGciOiJub25lIn0.eyJhIjoiYiJ9.c2ln y", "x [removed] y" },
    { "password=hunter22 next", "password=[removed] next" },
    { "{\"password\": \"hun ter\", \"a\": 1}", "{\"password\": \"[removed]\", \"a\": 1}" },
    { "password: hunter22", "password: [removed]" },
    { "imaps://ana:hunter22@mail.example.org/", "imaps://ana:[removed]@mail.example.org/" },
    { "one\npass=x\nthree", "one\npass=[removed]\nthree" },
    { "AUTH PLAIN AGFuYQBodW50ZXIyMg==\r\n535 no", "AUTH PLAIN [removed]\r\n535 no" },
};

static const char *const shown[] = {
    "",
    "\n",
    "AUTH LOGIN",
    "250-AUTH LOGIN PLAIN XOAUTH2",
    "AUTH PLAIN failed",
    "A1 NO LOGIN failed.",
    "535 5.7.8 bad password: try again",
    "unknown user name or bad password.",
    "the token expired",
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.org",
    "[QQBNADAAUABSADAAMQBDAEEAMAAwADAAMQAuAGUAeABhAG0AcABsAGUA]",
    "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
    "https://example.org:8080/a@b",
    "Password Command Failed: 534-5.7.9 Application-specific password required",
};

static void hides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        check(text_bytes(hidden[i].given), hidden[i].expected);
}

static void leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        check(text_bytes(shown[i]), shown[i]);
}

/* Every prefix, each in space of its exact size. */
static void survives_anything(void **state)
{
    static const char text[] =
        "AUTH PLAIN = 334 <' PASS  A1 LOGIN \"a\" \" pass='\0' ://a:b@ Bearer "
        "eyJhbGciOiJub25lIn0.x. \"token\":\"\\\"";
    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        char *exact = malloc(size ? size : 1);
        struct buffer out;
        memcpy(exact, text, size);
        buffer_init(&out, 1 << 20);
        redact(&out, (struct bytes) { exact, size });
        buffer_done(&out);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides),
        cmocka_unit_test(leaves),
        cmocka_unit_test(survives_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
