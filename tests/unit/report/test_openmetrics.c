/* Several results in one exposition: what a single report cannot show. */
#include "base/text.h"
#include "cases.h"
#include "report/openmetrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct result *case_named(const char *name)
{
    for (const struct report_case *c = report_cases; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c->make();
    fail_msg("no case %s", name);
    return NULL;
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static void test_several(void **state)
{
    (void)state;
    struct result *bad = case_named("tenant-switch"), *good = case_named("all-well");
    const struct openmetrics_source sources[] = { { bad, "office" }, { good, "home \"\\\n" } };
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    openmetrics_append(&out, sources, 2, false);
    openmetrics_end(&out);
    buffer_append(&out, "", 1);
    const char *text = buffer_bytes(&out).data;
    assert_int_equal(count(text, "# TYPE probe_success gauge\n"), 1);
    assert_non_null(strstr(text, "# TYPE probe_success gauge\n"
                                 "probe_success{target=\"office\"} 0\n"
                                 "probe_success{target=\"home \\\"\\\\\\\\x0a\"} 1\n"));
    assert_non_null(strstr(text, "maildoctor_failure{target=\"office\",class=\"smtp-auth-"));
    assert_int_equal(count(text, "# EOF\n"), 1);
    buffer_done(&out);
    result_free(bad);
    result_free(good);
}

/* A saved file may hold an endpoint twice; a series may not. */
static void test_repeated_endpoint(void **state)
{
    (void)state;
    struct result *result = case_named("all-well");
    struct endpoint *second = result->trace->endpoints->next;
    second->id = result->trace->endpoints->id;
    second->status = result->trace->endpoints->status = STATUS_OK;
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    openmetrics_append(&out, &(struct openmetrics_source) { .result = result }, 1, false);
    buffer_append(&out, "", 1);
    char series[200] = "maildoctor_endpoint_success{endpoint=\"";
    strcat(series, second->id);
    assert_int_equal(count(buffer_bytes(&out).data, series), 1);
    buffer_done(&out);
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_repeated_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
