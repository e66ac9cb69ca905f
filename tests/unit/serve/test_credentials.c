/* HTTP's basic authentication. */
#include "serve/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool match;
    } rows[] = {
        { "Basic cHJvbTpzZXNhbWU=", true },
        { "basic cHJvbTpzZXNhbWU=", true },
        { "BASIC  cHJvbTpzZXNhbWU= ", true },
        { NULL, false },
        { "", false },
        { "Basic", false },
        { "Basic ", false },
        { "Basic !!!", false },
        { "Bearer cHJvbTpzZXNhbWU=", false },
        { "cHJvbTpzZXNhbWU=", false },
        { "Basic cHJvbTpzZXNhbQ==", false }, /* prom:sesam */
        { "Basic cHJvbTpzZXNhbWVz", false }, /* prom:sesames */
        { "Basic cHJvbTo=", false },         /* prom: */
    };
    struct secret *login = secret_new((struct bytes) { "prom:sesame", 11 });
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (credentials_match(login, rows[i].header) != rows[i].match)
            fail_msg("%s", rows[i].header ? rows[i].header : "(none)");
    secret_free(login);
}

static void test_long(void **state)
{
    (void)state;
    static char header[8192] = "Basic ";
    memset(header + 6, 'A', sizeof header - 7);
    struct secret *login = secret_new((struct bytes) { "prom:sesame", 11 });
    assert_false(credentials_match(login, header));
    secret_free(login);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
