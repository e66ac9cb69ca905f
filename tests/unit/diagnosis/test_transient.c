/* Faults that often pass: each is a class that there is, and none is a judgement. */
#include "diagnosis/catalogue.h"
#include "diagnosis/transient.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { TRANSIENT_COUNT = 23 }; /* rows of the table: a mistyped one would be no class */

static void test_all_are_classes(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t i = 0; i < catalogue_class_count; i++) {
        const struct class_entry *class = &catalogue_classes[i];
        if (!class_is_transient(class->id))
            continue;
        count++;
        if (class->judged == JUDGED_YES)
            fail_msg("%s judges a secret", class->id);
    }
    assert_int_equal(count, TRANSIENT_COUNT);
}

static void test_others(void **state)
{
    (void)state;
    assert_true(class_is_transient("tcp-reset"));
    assert_false(class_is_transient("bad-credentials"));
    assert_false(class_is_transient("cert-expired"));
    assert_false(class_is_transient("none-such"));
    assert_false(class_is_transient(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_are_classes),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests_name("transient", tests, NULL, NULL);
}
