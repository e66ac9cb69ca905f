/* The error that the caller saw elsewhere, held against runs. */
#include "verdict_case.h"

#include "base/text.h"
#include "diagnosis/diagnose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEALTHY "587 o accepted\n993 o accepted"
#define SENDAS "554 5.2.252 SendAsDenied; ana@example.org not allowed to send as boss@example.org"

struct reported_case {
    const char *name;
    struct story story;
    const char *words;
    const char *class_id; /* of the words; NULL: unknown */
    int relation;
    int status; /* of enum verdict_status, with or without the words */
    int confidence;
    const char *compare; /* stands in one of the steps; NULL: there are none */
};

static const struct reported_case cases[] = {
    { "the same refusal",
      { .provider = M365, .lines = "587 o refused " TENANT "\n993 o accepted" },
      "SmtpClientAuthentication is disabled for the Tenant",
      "smtp-auth-disabled-tenant",
      REPORTED_AGREES,
      VERDICT_FAIL,
      CONFIDENCE_CERTAIN,
      NULL },
    { "what is likely twice is not certain",
      { .provider = M365, .lines = "587 o refused " INCORRECT },
      "AUTH failed: " INCORRECT,
      "bad-credentials",
      REPORTED_AGREES,
      VERDICT_FAIL,
      CONFIDENCE_LIKELY,
      NULL },
    { "words that say more than those of this run",
      { .provider = M365, .lines = "587 o refused 535 5.7.3 Authentication unsuccessful" },
      "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
      "bad-credentials",
      REPORTED_FITS,
      VERDICT_FAIL,
      CONFIDENCE_POSSIBLE,
      NULL },
    { "words that say less",
      { .lines = "587 u refused " POSTFIX "\n993 u held refused-elsewhere" },
      "curl: (67) Login denied",
      "auth-rejected-unspecified",
      REPORTED_FITS,
      VERDICT_FAIL,
      CONFIDENCE_LIKELY,
      NULL },
    { "somebody came further",
      { .provider = M365, .lines = "587 o connect timed_out\n993 o accepted" },
      "535 5.7.8 Error: authentication failed",
      "bad-credentials",
      REPORTED_CONTRADICTS,
      VERDICT_FAIL,
      CONFIDENCE_LIKELY,
      "network" },
    { "the run came further",
      { .provider = M365, .lines = "587 o refused " TENANT "\n993 o accepted" },
      "connect ETIMEDOUT 52.98.41.130:587",
      "tcp-timeout",
      REPORTED_CONTRADICTS,
      VERDICT_FAIL,
      CONFIDENCE_CERTAIN,
      "network" },
    { "a login that works here",
      { .provider = M365, .lines = HEALTHY },
      INCORRECT,
      "bad-credentials",
      REPORTED_CONTRADICTS,
      VERDICT_OK,
      CONFIDENCE_CERTAIN,
      "password stored there" },
    { "a name that is found here",
      { .lines = "587 u accepted\n993 u accepted" },
      "getaddrinfo ENOTFOUND mail.example.org",
      "dns-nxdomain",
      REPORTED_CONTRADICTS,
      VERDICT_OK,
      CONFIDENCE_CERTAIN,
      "name server" },
    { "the wrong kind of encryption: the good ones are named",
      { .provider = M365, .lines = HEALTHY },
      "ssl3_get_record:wrong version number",
      "protocol-mismatch",
      REPORTED_CONTRADICTS,
      VERDICT_OK,
      CONFIDENCE_CERTAIN,
      "smtp.office365.com 587 with STARTTLS" },
    { "an address that is listed there",
      { .provider = M365, .lines = HEALTHY },
      "550 5.7.606 Access denied, banned sending IP [192.0.2.9]",
      "client-ip-blocked",
      REPORTED_UNTESTED,
      VERDICT_OK,
      CONFIDENCE_CERTAIN,
      "network" },
    { "a message was not submitted",
      { .provider = M365, .lines = HEALTHY },
      SENDAS,
      "send-as-denied",
      REPORTED_UNTESTED,
      VERDICT_OK,
      CONFIDENCE_CERTAIN,
      "From address: ana@example.org" },
    { "no login was given",
      { .provider = M365, .lines = "587 o open\n993 o open" },
      INCORRECT,
      "bad-credentials",
      REPORTED_UNTESTED,
      VERDICT_OK,
      CONFIDENCE_CERTAIN,
      "password stored there" },
    { "a silent port 25 that nobody needs",
      { .provider = M365, .lines = "587 o accepted\n25 p connect timed_out\n993 o accepted" },
      "connect to smtp.office365.com[52.98.41.130]:25: Connection timed out",
      "tcp-timeout",
      REPORTED_AGREES,
      VERDICT_OK,
      CONFIDENCE_CERTAIN,
      "587 with STARTTLS" },
    { "words that nobody knows",
      { .provider = M365, .lines = HEALTHY },
      "the moon is full",
      NULL,
      REPORTED_UNKNOWN,
      VERDICT_OK,
      CONFIDENCE_CERTAIN,
      NULL },
    { "words that tell no fault",
      { .provider = M365, .lines = HEALTHY },
      "235 2.7.0 Authentication successful",
      NULL,
      REPORTED_UNKNOWN,
      VERDICT_OK,
      CONFIDENCE_CERTAIN,
      NULL },
};

static bool compares(const struct reported *reported, const char *words)
{
    for (size_t i = 0; words && i < reported->compare.count; i++)
        if (strstr(reported->compare.items[i], words))
            return true;
    return !words && reported->compare.count == 0;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int check(const struct reported_case *c)
{
    struct result *result = story_tell(&c->story);
    result->trace->target.reported = text_bytes(c->words);
    diagnose(result);
    const struct verdict *v = &result->verdict;
    const struct reported *r = v->reported;
    bool good = r && same(r->class_id, c->class_id) && (int)r->relation == c->relation &&
                (int)v->status == c->status && (int)v->confidence == c->confidence &&
                compares(r, c->compare) && r->summary && r->line.size && !r->title == !c->class_id;
    if (!good)
        printf("# %s: class %s, %s, verdict %s %s: %s (%zu to compare: %s)\n", c->name,
               r->class_id ? r->class_id : "none", reported_relation_name(r->relation),
               verdict_status_name(v->status), confidence_name(v->confidence), r->summary,
               r->compare.count, r->compare.count ? r->compare.items[0] : "");
    result_free(result);
    return !good;
}

static void every_report_finds_its_place(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        bad += check(&cases[i]);
    assert_int_equal(bad, 0);
}

/* Two that are only possible make it likely. */
static void agreement_strengthens(void **state)
{
    (void)state;
    struct story story = { .lines = "587 u refused 571 the moon is full\n993 u open" };
    enum confidence confidence[2];
    for (int i = 0; i < 2; i++) {
        struct result *result = story_tell(&story);
        if (i)
            result->trace->target.reported = text_bytes("curl: (67) Login denied");
        diagnose(result);
        confidence[i] = result->verdict.confidence;
        struct evidence *last = result->findings->evidence;
        while (last->next)
            last = last->next;
        assert_int_equal(strcmp(last->step, "reported") == 0, i);
        result_free(result);
    }
    assert_int_equal(confidence[0], CONFIDENCE_POSSIBLE);
    assert_int_equal(confidence[1], CONFIDENCE_LIKELY);
}

static void a_run_without_a_report_has_none(void **state)
{
    (void)state;
    struct result *result = story_tell(&cases[0].story);
    diagnose(result);
    assert_null(result->verdict.reported);
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_report_finds_its_place),
        cmocka_unit_test(agreement_strengthens),
        cmocka_unit_test(a_run_without_a_report_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
