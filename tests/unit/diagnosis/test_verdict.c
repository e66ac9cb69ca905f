/* What a verdict says beside its class: alternatives, statuses, weights, what was not tested. The
 * tables of runs and their answers are in test_verdict_*.c. */
#include "diagnosis/diagnose.h"
#include "diagnosis/verdict.h"
#include "verdict_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

/* A domain without any mail server: what its own lookups said is the answer. */
static void a_domain_without_mail(void **state)
{
    (void)state;
    struct result *result = story_tell(&(struct story) { .lines = "" });
    struct lookup *lookup = trace_add_lookup(result->trace);
    lookup->name = "example.org";
    lookup->type = "MX";
    lookup->server = "192.0.2.53:53";
    lookup->rcode = "NXDOMAIN";
    lookup->error = failure_make(FAILURE_HOST_NOT_FOUND, "%s", "");
    findings_make(result);
    assert_string_equal(verdict_make_named(result), "no-service");
    assert_string_equal(result->verdict.class_id, "dns-nxdomain");
    assert_int_equal(result->verdict.send, FAIL);
    assert_int_equal(result_exit_status(result, false), 2);
    assert_non_null(strstr(result->verdict.meaning, "example.org"));
    result_free(result);
}

/* A name server that knows says which zone has no such name; a filter denies it out of nothing. */
static void a_denial_is_as_sure_as_its_zone(void **state)
{
    (void)state;
    static const char *const zones[] = { NULL, "org" };
    static const enum confidence sure[] = { CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };
    for (size_t i = 0; i < 2; i++) {
        struct result *result = story_tell(&(struct story) { .lines = "" });
        struct lookup *lookup = trace_add_lookup(result->trace);
        lookup->name = "example.org";
        lookup->type = "MX";
        lookup->server = "192.0.2.53:53";
        lookup->rcode = "NXDOMAIN";
        lookup->zone = zones[i];
        lookup->error = failure_make(FAILURE_HOST_NOT_FOUND, "%s", "");
        diagnose(result);
        assert_string_equal(result->verdict.class_id, "dns-nxdomain");
        assert_int_equal(result->verdict.confidence, sure[i]);
        assert_int_equal(result->verdict.alternatives != NULL, !zones[i]);
        result_free(result);
    }
}

/* A foreign MX and no server for people: nothing failed, and nobody is to blame. */
static void a_domain_that_publishes_no_servers(void **state)
{
    (void)state;
    struct result *result = story_tell(&(struct story) { .lines = "25 otg dns host_not_found" });
    struct lookup *lookup = trace_add_lookup(result->trace);
    lookup->name = "example.org";
    lookup->type = "MX";
    lookup->server = "192.0.2.53:53";
    lookup->rcode = "NOERROR";
    strings_add(&lookup->answers, &result->trace->arena, "10 mail.example.org");
    findings_make(result);
    assert_string_equal(verdict_make_named(result), "unpublished");
    assert_string_equal(result->verdict.class_id, "settings-unpublished");
    assert_int_equal(result->verdict.status, VERDICT_UNKNOWN);
    assert_int_equal(result->verdict.owner, OWNER_USER);
    assert_int_equal(result->verdict.send, NONE);
    assert_int_equal(result_exit_status(result, false), 3);
    assert_non_null(strstr(result->verdict.title, "example.org does not publish"));
    result_free(result);
}

static struct result *judged(const struct story *story)
{
    struct result *result = story_tell(story);
    diagnose(result);
    return result;
}

static const struct alternative *alternative(const struct result *result, const char *id)
{
    for (const struct alternative *a = result->verdict.alternatives; a; a = a->next)
        if (strcmp(a->class_id, id) == 0)
            return a;
    return NULL;
}

/* On Microsoft 365 a wrong password and a missing second factor read alike. */
static void wrong_password_names_the_second_factor(void **state)
{
    (void)state;
    struct result *result =
        judged(&(struct story) { .provider = M365, .lines = "587 o refused " INCORRECT });
    const struct alternative *other = alternative(result, "mfa-or-app-password-required");
    assert_int_equal(result->verdict.confidence, CONFIDENCE_LIKELY);
    assert_non_null(other);
    assert_int_equal(other->in_favour.count, 1);
    assert_non_null(strstr(result->verdict.fix.items[0], "Sign in on the provider's web page"));
    result_free(result);
}

/* Commands for Exchange Online are of no use at another provider. */
static void commands_are_for_their_provider(void **state)
{
    (void)state;
    for (int microsoft = 0; microsoft < 2; microsoft++) {
        struct result *result = judged(&(struct story) { .provider = microsoft ? M365 : NULL,
                                                         .lines = "587 o refused 535 5.7.3 no" });
        assert_string_equal(result->verdict.class_id, "auth-rejected-unspecified");
        assert_int_equal(result->verdict.commands.count > 0, microsoft);
        bool entra = false;
        for (size_t i = 0; i < result->verdict.fix.count; i++)
            entra = entra || strstr(result->verdict.fix.items[i], "Entra");
        assert_int_equal(entra, microsoft);
        assert_true(result->verdict.fix.count > 1);
        result_free(result);
    }
}

static void a_certain_cause_has_no_neighbours(void **state)
{
    (void)state;
    struct result *result =
        judged(&(struct story) { .provider = M365, .lines = "587 o refused " TENANT });
    assert_int_equal(result->verdict.confidence, CONFIDENCE_CERTAIN);
    assert_null(result->verdict.alternatives);
    result_free(result);
}

/* What another port was stopped by is kept, with what it does not explain. */
static void other_causes_are_alternatives(void **state)
{
    (void)state;
    struct result *result = judged(&(struct story) {
        .needs = NEED_SEND, .lines = "587 u connect timed_out\n465 u refused " POSTFIX });
    const struct alternative *other = alternative(result, "tcp-timeout");
    assert_non_null(other);
    assert_string_equal(other->in_favour.items[0], "it is what stopped mail.example.org:587");
    assert_string_equal(other->against.items[0],
                        "mail.example.org:465 was stopped by bad-credentials");
    result_free(result);
}

static void endpoints_get_their_status(void **state)
{
    (void)state;
    struct result *result = judged(&(struct story) {
        .provider = M365,
        .lines = "587 o weak key\n25 p connect timed_out\n465 n notwaited\n993 o accepted\n"
                 "995 o cut" });
    static const enum status expected[] = { STATUS_WARNING, STATUS_FAIL, STATUS_SKIPPED, STATUS_OK,
                                            STATUS_SKIPPED };
    const struct endpoint *e = result->trace->endpoints;
    for (size_t i = 0; i < 5; i++, e = e->next)
        assert_int_equal(e->status, expected[i]);
    assert_string_equal(result->verdict.send_by, "smtp.office365.com:587");
    assert_string_equal(result->verdict.read_by, "outlook.office365.com:993");
    result_free(result);
}

/* Severities follow the needs: what nobody needs any more is for information. */
static void findings_lose_their_weight_when_the_need_is_met(void **state)
{
    (void)state;
    struct result *result = judged(&(struct story) {
        .lines = "587 u accepted\n465 u connect connection_refused\n993 u accepted\n"
                 "143 u greeting timed_out" });
    assert_int_equal(story_finding(result, "tcp-refused", 465)->severity, SEVERITY_INFO);
    assert_int_equal(story_finding(result, "greeting-timeout", 143)->severity, SEVERITY_INFO);
    assert_int_equal(result->verdict.status, VERDICT_OK);
    result_free(result);
}

static bool untested(const struct result *result, const char *words)
{
    for (size_t i = 0; i < result->verdict.not_tested.count; i++)
        if (strstr(result->verdict.not_tested.items[i], words))
            return true;
    return false;
}

static void a_login_that_port_25_does_not_try(void **state)
{
    (void)state;
    struct result *result =
        story_tell(&(struct story) { .needs = NEED_RELAY, .lines = "25 otg connect timed_out" });
    result->trace->target.user = "ana";
    diagnose(result);
    assert_true(untested(result, "the login (mail between servers"));
    result_free(result);
}

static void what_was_not_tested_is_said(void **state)
{
    (void)state;
    struct result *result = judged(&(struct story) { .lines = "587 u open\n993 ug held "
                                                              "guessed-host" });
    assert_true(untested(result, "none was given"));
    assert_true(untested(result, "guess"));
    assert_true(untested(result, "other networks"));
    assert_false(untested(result, "submitted"));
    assert_non_null(strstr(result->verdict.summary, "not tested"));
    result_free(result);
    result = judged(&(struct story) { .lines = "587 u accepted\n993 u accepted" });
    assert_true(untested(result, "nothing was submitted"));
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_without_mail),
        cmocka_unit_test(a_denial_is_as_sure_as_its_zone),
        cmocka_unit_test(a_domain_that_publishes_no_servers),
        cmocka_unit_test(wrong_password_names_the_second_factor),
        cmocka_unit_test(commands_are_for_their_provider),
        cmocka_unit_test(a_certain_cause_has_no_neighbours),
        cmocka_unit_test(other_causes_are_alternatives),
        cmocka_unit_test(endpoints_get_their_status),
        cmocka_unit_test(findings_lose_their_weight_when_the_need_is_met),
        cmocka_unit_test(a_login_that_port_25_does_not_try),
        cmocka_unit_test(what_was_not_tested_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
