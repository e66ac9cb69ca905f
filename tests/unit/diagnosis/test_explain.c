/* One line, one block: which words decide. */
#include "diagnosis/explain.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define OFF                                                                                        \
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "       \
    "Tenant."

static struct explainer *explainer;

static int set_up(void **state)
{
    (void)state;
    explainer = explainer_new(NULL, NULL, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    explainer_free(explainer);
    return 0;
}

static const char *id(const struct judgement *judgement)
{
    return judgement->classified.class ? judgement->classified.class->id : "unknown";
}

static void expect_block(const char *text, const char *class_id)
{
    struct judgement found = explain_block(explainer, text_bytes(text));
    if (strcmp(id(&found), class_id) != 0)
        fail_msg("\"%s\": found %s, expected %s", text, id(&found), class_id);
}

static void inner_reply_decides(void **state)
{
    (void)state;
    struct judgement found =
        explain_words(explainer, text_bytes("530 5.7.57 Client not authenticated to send mail. "
                                            "Error: " OFF));
    assert_string_equal(id(&found), "smtp-auth-disabled-tenant");
    assert_int_equal(found.weight, WEIGHT_WORDS);
    assert_true(text_starts_fold(found.words, "535 5.7.139"));
}

/* "Invalid login" is Nodemailer's word for whatever was refused. */
static void wrappers_noun_is_not_trusted(void **state)
{
    (void)state;
    struct judgement found = explain_words(
        explainer, text_bytes("Error: Invalid login: 432 4.3.2 Concurrent connections limit "
                              "exceeded."));
    assert_string_equal(id(&found), "throttled");
}

static void last_refusal_decides(void **state)
{
    (void)state;
    expect_block("S: 504 5.7.4 Unrecognized authentication type\nC: AUTH LOGIN\nS: " OFF,
                 "smtp-auth-disabled-tenant");
    expect_block("S: " OFF "\nC: QUIT\nS: 221 2.0.0 Service closing transmission channel",
                 "smtp-auth-disabled-tenant");
}

static void consequences_do_not_decide(void **state)
{
    (void)state;
    expect_block(OFF "\n530 5.7.57 Client not authenticated to send mail.",
                 "smtp-auth-disabled-tenant");
    expect_block(OFF "\n421 4.4.2 Connection dropped", "smtp-auth-disabled-tenant");
    expect_block("530 5.7.57 Client not authenticated to send mail.",
                 "authentication-required-to-send");
}

static void reports_own_field_decides(void **state)
{
    (void)state;
    expect_block("My program says 535 5.7.3 Authentication unsuccessful\n"
                 "Diagnostic-Code: smtp; 554 5.7.1 <a@b.example>:\n Relay access denied\n"
                 "535 5.7.3 Authentication unsuccessful",
                 "relay-denied");
}

static void travel_is_no_cause(void **state)
{
    (void)state;
    expect_block("Subject: " OFF "\nX-Note: 554 5.7.1 Relay access denied\nnothing else",
                 "unknown");
}

static void broken_lines_are_joined(void **state)
{
    (void)state;
    expect_block("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication\nis disabled "
                 "for the Tenant.",
                 "smtp-auth-disabled-tenant");
    expect_block("host x.example said: 554 5.7.1\n    Relay access\n    denied (in reply to RCPT)",
                 "relay-denied");
}

static void classes_are_made_once(void **state)
{
    (void)state;
    struct judgement found = explain_words(explainer, text_bytes(OFF)), none = { 0 };
    const struct explained *one = explain_class(explainer, &found);
    assert_ptr_equal(one, explain_class(explainer, &found));
    assert_string_equal(one->class_id, "smtp-auth-disabled-tenant");
    assert_true(one->fix.count > 0);
    assert_null(explain_class(explainer, &none)->class_id);
    found.provider = provider_find("microsoft365");
    const struct explained *there = explain_class(explainer, &found);
    assert_ptr_not_equal(one, there);
    assert_int_not_equal(one->number, there->number);
    assert_string_equal(there->provider, "microsoft365");
}

static void reports_are_known(void **state)
{
    (void)state;
    assert_true(explain_is_report(text_bytes("a\n\nDiagnostic-Code: smtp; 550 no")));
    assert_true(explain_is_report(text_bytes("Received: from a by b\n\nhello")));
    assert_false(explain_is_report(text_bytes("535 no\n\n550 no")));
    assert_false(explain_is_report((struct bytes) { NULL, 0 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inner_reply_decides),       cmocka_unit_test(wrappers_noun_is_not_trusted),
        cmocka_unit_test(last_refusal_decides),      cmocka_unit_test(consequences_do_not_decide),
        cmocka_unit_test(reports_own_field_decides), cmocka_unit_test(travel_is_no_cause),
        cmocka_unit_test(broken_lines_are_joined),   cmocka_unit_test(classes_are_made_once),
        cmocka_unit_test(reports_are_known),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
