#include "result/result.h"
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_words_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < SEVERITY_COUNT; i++)
        assert_int_equal(severity_parse(severity_name((enum severity)i)), i);
    for (int i = CONFIDENCE_POSSIBLE; i < CONFIDENCE_COUNT; i++)
        assert_int_equal(confidence_parse(confidence_name((enum confidence)i)), i);
    for (int i = OWNER_USER; i < OWNER_COUNT; i++)
        assert_int_equal(owner_parse(owner_name((enum owner)i)), i);
    for (int i = 0; i < VERDICT_STATUS_COUNT; i++)
        assert_int_equal(verdict_status_parse(verdict_status_name((enum verdict_status)i)), i);
    for (int i = 0; i < NEED_STATUS_COUNT; i++)
        assert_int_equal(need_status_parse(need_status_name((enum need_status)i)), i);
    assert_int_equal(owner_parse(""), -1);
    assert_int_equal(confidence_parse(""), -1);
    assert_int_equal(severity_parse("fatal"), -1);
}

static int status_of(enum verdict_status status, const char *class_id, bool complete, bool strict)
{
    struct result *result = sample_empty();
    result->trace->complete = complete;
    result->verdict.status = status;
    result->verdict.class_id = class_id;
    int exit_status = result_exit_status(result, strict);
    result_free(result);
    return exit_status;
}

static void test_exit_status(void **state)
{
    (void)state;
    assert_int_equal(status_of(VERDICT_OK, NULL, true, false), 0);
    assert_int_equal(status_of(VERDICT_WARNING, "cert-weak", true, false), 1);
    assert_int_equal(status_of(VERDICT_WARNING, "cert-weak", true, true), 2);
    assert_int_equal(status_of(VERDICT_FAIL, "tcp-timeout", true, false), 2);
    assert_int_equal(status_of(VERDICT_UNKNOWN, NULL, true, false), 3);
    assert_int_equal(status_of(VERDICT_FAIL, "tcp-timeout", false, false), 2);
    assert_int_equal(status_of(VERDICT_FAIL, NULL, false, false), 3);
    assert_int_equal(status_of(VERDICT_OK, NULL, false, false), 3);
    assert_int_equal(status_of(VERDICT_WARNING, "cert-weak", false, true), 3);
}

static void test_lists_keep_their_order(void **state)
{
    (void)state;
    struct result *result = sample_empty();
    struct finding *first = result_add_finding(result), *second = result_add_finding(result);
    struct evidence *one = result_add_evidence(result, second);
    struct evidence *two = result_add_evidence(result, second);
    struct alternative *a = result_add_alternative(result), *b = result_add_alternative(result);
    assert_ptr_equal(result->findings, first);
    assert_ptr_equal(first->next, second);
    assert_ptr_equal(second->evidence, one);
    assert_ptr_equal(one->next, two);
    assert_ptr_equal(result->verdict.alternatives, a);
    assert_ptr_equal(a->next, b);
    result_free(result);
    result_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_both_ways),
        cmocka_unit_test(test_exit_status),
        cmocka_unit_test(test_lists_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
