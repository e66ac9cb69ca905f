#include "base/text.h"
#include "build.h"
#include "report/progress.h"
#include "report/width.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void draws(struct progress *progress, const struct trace *trace, double now_ms, int columns,
                  const char *expected)
{
    struct buffer out;
    buffer_init(&out, 65536);
    progress_draw(progress, &out, trace, MS(now_ms), columns, true);
    buffer_append(&out, "", 1);
    assert_string_equal(buffer_bytes(&out).data, expected);
    buffer_done(&out);
}

static void test_from_the_start(void **state)
{
    (void)state;
    struct result *result = build_generic("ana@example.org");
    struct progress progress = { 0 };
    draws(&progress, result->trace, 300, 80,
          "Looking for the mail servers of ana@example.org 0.3 s\x1b[K\n");
    struct endpoint *endpoint = sample_endpoint(result->trace, "mail.example.org", 587);
    draws(&progress, result->trace, 400, 80,
          "\r\x1b[1A"
          "Checking ana@example.org 0.4 s\x1b[K\n"
          "  587 mail.example.org  waiting\x1b[K\n");
    struct attempt *attempt = trace_add_attempt(result->trace, endpoint, PURPOSE_MAIN);
    struct step *step = trace_add_step(result->trace, attempt, "connect", STAGE_CONNECT);
    step->start_ns = MS(400);
    draws(&progress, result->trace, 900, 80,
          "\r\x1b[2A"
          "Checking ana@example.org 0.9 s\x1b[K\n"
          "  587 mail.example.org  connecting 0.5 s\x1b[K\n");
    step->status = STATUS_OK;
    step->duration_ns = MS(510);
    struct address *address = trace_add_address(result->trace, endpoint);
    address->status = STATUS_OK;
    address->chosen = true;
    address->connect_ns = MS(510);
    struct step *login = trace_add_step(result->trace, attempt, "AUTH", STAGE_LOGIN);
    login->start_ns = MS(1000);
    draws(&progress, result->trace, 3500, 80,
          "\r\x1b[2A"
          "Checking ana@example.org 3.5 s\x1b[K\n"
          "  587 mail.example.org  logging in 2.5 s\x1b[K\n");
    login->status = STATUS_OK;
    login->duration_ns = MS(2600);
    attempt->auth.outcome = LOGIN_ACCEPTED;
    draws(&progress, result->trace, 3600, 80,
          "\r\x1b[2A"
          "Checking ana@example.org 3.6 s\x1b[K\n"
          "  587 mail.example.org  login ok 2.6 s\x1b[K\n");
    struct buffer out;
    buffer_init(&out, 100);
    progress_clear(&progress, &out);
    buffer_append(&out, "", 1);
    assert_string_equal(buffer_bytes(&out).data, "\r\x1b[2A\x1b[J");
    buffer_clear(&out);
    progress_clear(&progress, &out);
    assert_int_equal(buffer_size(&out), 0);
    buffer_done(&out);
    result_free(result);
}

/* Fewer lines than before: the rest of the old block goes. */
static void test_shrinking(void **state)
{
    (void)state;
    struct result *result = build_generic("x.example");
    struct progress progress = { .lines = 5 };
    draws(&progress, result->trace, 100, 80,
          "\r\x1b[5ALooking for the mail servers of x.example 0.1 s\x1b[K\n\x1b[J");
    result_free(result);
}

/* Every line stays within the columns; none is erased behind a full line. */
static void test_narrow(void **state)
{
    (void)state;
    struct result *result = build_microsoft("ana@contoso.com");
    for (int i = 0; i < 20; i++)
        build_way(result, "a-very-long-name-of-a-server.outlook.office365.com", 587, 21, 48);
    for (int columns = 1; columns < 100; columns++) {
        struct progress progress = { 0 };
        struct buffer out;
        buffer_init(&out, 65536);
        progress_draw(&progress, &out, result->trace, MS(100), columns, false);
        assert_int_equal(progress.lines, 15);
        struct bytes rest = buffer_bytes(&out), line;
        while (text_next_line(&rest, &line)) {
            bool erased = line.size >= 3 && memcmp(line.data + line.size - 3, "\x1b[K", 3) == 0;
            line.size -= erased ? 3 : 0;
            assert_true(width_columns(line) <= (size_t)columns);
            assert_int_equal(erased, width_columns(line) < (size_t)columns);
            assert_null(memchr(line.data, '\x1b', line.size));
        }
        buffer_done(&out);
    }
    result_free(result);
}

static void test_hostile_names(void **state)
{
    (void)state;
    struct result *result = build_generic("ana\x1b[2J@example.org");
    build_way(result, "mail\x1b[31m\r.example", 587, 1, 1);
    struct progress progress = { 0 };
    draws(&progress, result->trace, 100, 120,
          "Checking ana\\x1b[2J@example.org 0.1 s\x1b[K\n"
          "  587 mail\\x1b[31m\\x0d.example  waiting for its turn to log in\x1b[K\n");
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_the_start),
        cmocka_unit_test(test_shrinking),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_hostile_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
