/* --proxy's URL: what is taken, and that a refusal never repeats it. */
#include "engine/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_good(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum proxy_kind kind;
        const char *host;
        int port;
        const char *user, *shown;
    } rows[] = {
        { "socks5://127.0.0.1:1080", PROXY_SOCKS5, "127.0.0.1", 1080, NULL,
          "socks5://127.0.0.1:1080" },
        { "socks5h://Proxy.Example.COM:1080/", PROXY_SOCKS5, "proxy.example.com", 1080, NULL,
          "socks5://proxy.example.com:1080" },
        { "HTTP://joe@proxy.example:3128", PROXY_HTTP, "proxy.example", 3128, "joe",
          "http://joe@proxy.example:3128" },
        { "http://[2001:db8::1]:8080", PROXY_HTTP, "2001:db8::1", 8080, NULL,
          "http://[2001:db8::1]:8080" },
        { "socks5://ana@contoso.com@10.0.0.1:1", PROXY_SOCKS5, "10.0.0.1", 1, "ana@contoso.com",
          "socks5://ana@contoso.com@10.0.0.1:1" },
        { "socks5://a%3Ab%25@10.0.0.1:1", PROXY_SOCKS5, "10.0.0.1", 1, "a:b%",
          "socks5://a:b%@10.0.0.1:1" },
        { "http://b\xc3\xbc"
          "cher.example:65535",
          PROXY_HTTP, "xn--bcher-kva.example", 65535, NULL, "http://xn--bcher-kva.example:65535" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena = { 0 };
        struct proxy_settings settings;
        char *error = NULL;
        print_message("# %s\n", rows[i].url);
        assert_true(proxy_parse(&settings, &arena, rows[i].url, &error));
        assert_int_equal(settings.kind, rows[i].kind);
        assert_string_equal(settings.host, rows[i].host);
        assert_int_equal(settings.port, rows[i].port);
        assert_string_equal(settings.user ? settings.user : "", rows[i].user ? rows[i].user : "");
        assert_string_equal(settings.shown, rows[i].shown);
        assert_null(settings.password);
        arena_done(&arena);
    }
}

static void test_bad(void **state)
{
    (void)state;
    static const struct {
        const char *url, *says;
    } rows[] = {
        { "", "HOST:PORT" },
        { "socks5:", "HOST:PORT" },
        { "proxy.example:1080", "HOST:PORT" },
        { "socks4://proxy.example:1080", "neither socks5 nor http" },
        { "https://proxy.example:1080", "neither socks5 nor http" },
        { "socks5://proxy.example", "HOST:PORT" },
        { "socks5://proxy.example:", "the port" },
        { "socks5://proxy.example:0", "the port" },
        { "socks5://proxy.example:65536", "the port" },
        { "socks5://proxy.example:1080x", "the port" },
        { "socks5://proxy.example:1080/path", "the port" },
        { "socks5://:1080", "the host" },
        { "socks5://a b:1080", "the host" },
        { "socks5://[::1:1080", "HOST:PORT" },
        { "socks5://[::1]1080", "HOST:PORT" },
        { "socks5://@proxy.example:1080", "before the @" },
        { "socks5://joe:hunter2@proxy.example:1080", "a password does not belong" },
        { "http://joe:@proxy.example:1080", "a password does not belong" },
        { "http://joe:hunter2@x@proxy.example:1080", "a password does not belong" },
        { "ftp://joe:hunter2@proxy.example:1080", "neither" },
        { "joe:hunter2@proxy.example:1080", "HOST:PORT" },
        { "socks5://joe:hunter2", "the port" },
        { "socks5://j%zz@proxy.example:1080", "%" },
        { "socks5://j%0d@proxy.example:1080", "control" },
        { "socks5://j%ff@proxy.example:1080", "UTF-8" },
        { "http://a%3Ab@proxy.example:1080", "colon" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena = { 0 };
        struct proxy_settings settings;
        char *error = NULL;
        print_message("# %s\n", rows[i].url);
        assert_false(proxy_parse(&settings, &arena, rows[i].url, &error));
        assert_non_null(strstr(error, rows[i].says));
        assert_null(strstr(error, "hunter2"));
        assert_null(strchr(error, '\n'));
        free(error);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_good), cmocka_unit_test(test_bad) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
