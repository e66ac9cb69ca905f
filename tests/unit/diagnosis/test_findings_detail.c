/* What findings say beside their class: once for one cause, with the run's own words and values. */
#include "diagnosis/diagnose.h"
#include "story.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define M365 "microsoft365"

static bool has(const char *text, const char *part)
{
    return text && strstr(text, part);
}

static struct result *surveyed(const struct story *story)
{
    struct result *result = story_tell(story);
    findings_make(result);
    return result;
}

static size_t count(const struct result *result)
{
    size_t n = 0;
    for (const struct finding *f = result->findings; f; f = f->next)
        n++;
    return n;
}

static void a_healthy_run_has_no_findings(void **state)
{
    (void)state;
    struct result *result = surveyed(&(struct story) {
        .lines = "25 ut open\n587 u accepted\n993 u parting timed_out\n143 u held "
                 "shown-elsewhere\n995 u held no-credential" });
    assert_int_equal(count(result), 0);
    result_free(result);
}

/* Four ports of a host that does not exist are one finding, not four. */
static void a_name_is_spoken_of_once(void **state)
{
    (void)state;
    struct result *result = surveyed(&(struct story) {
        .lines = "587 u dns host_not_found\n465 u dns host_not_found\n993 u dns host_not_found" });
    assert_int_equal(count(result), 1);
    result_free(result);
}

/* With an option for one family the other one was not asked for: nobody published too little. */
static void one_family_was_asked_for(void **state)
{
    (void)state;
    for (int hosts = 0; hosts < 2; hosts++) {
        struct result *result = story_tell(&(struct story) { .lines = "587 u dns no_address" });
        struct trace *trace = result->trace;
        trace->lookups = trace->lookups->next; /* the AAAA question alone */
        if (hosts) {
            trace->lookups->source = LOOKUP_HOSTS;
            trace->lookups->server = "/etc/hosts";
            trace->lookups->rcode = NULL;
        }
        findings_make(result);
        const struct finding *f = story_finding(result, "address-family-missing", 0);
        assert_non_null(f);
        assert_int_equal(count(result), 1);
        assert_int_equal(f->owner, OWNER_USER);
        assert_true(has(f->title, "has no IPv6 address"));
        struct bytes line = f->evidence->line;
        if (hosts)
            assert_true(
                text_starts_fold(line, "/etc/hosts has the name, with IPv4 addresses only"));
        result_free(result);
    }
}

/* What is said of a hang-up fits to when it happened, and to what was heard. */
static void a_hang_up_is_told_by_its_time(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *class_id, *part;
        const char *words;
    } rows[] = {
        { "143 u greeting connection_closed", "connection-closed", "hung up before its greeting",
          NULL },
        { "143 u ehlo connection_closed", "connection-closed", "hung up after its greeting", NULL },
        { "143 u ehlo connection_closed", "hung-up-with-words", "said goodbye after its greeting",
          "* BYE xyzzy" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result *result = story_tell(&(struct story) { .lines = rows[i].lines });
        if (rows[i].words)
            attempt_failed_step(result->trace->endpoints->attempts)->reply =
                text_bytes(rows[i].words);
        findings_make(result);
        const struct finding *f = story_finding(result, rows[i].class_id, 143);
        assert_non_null(f);
        assert_true(has(f->meaning, rows[i].part));
        result_free(result);
    }
}

static void aliases_that_lead_in_a_circle(void **state)
{
    (void)state;
    struct result *result = story_tell(&(struct story) { .lines = "587 u dns bad_answer" });
    for (struct lookup *l = result->trace->lookups; l; l = l->next) {
        l->rcode = "NOERROR";
        strings_add(&l->cname, &result->trace->arena, "b.example.org");
        strings_add(&l->cname, &result->trace->arena, "mail.example.org");
    }
    findings_make(result);
    const struct finding *f = story_finding(result, "dns-alias-loop", 0);
    assert_non_null(f);
    assert_int_equal(f->owner, OWNER_DOMAIN_OWNER);
    assert_true(
        has(f->evidence->line.data, "mail.example.org -> b.example.org -> mail.example.org"));
    result_free(result);
}

/* A second name server that answers makes the first one's silence no fault. */
static void another_name_server_answers(void **state)
{
    (void)state;
    struct result *result = story_tell(&(struct story) { .lines = "587 u accepted" });
    static const char *const types[] = { "A", "A", "AAAA", "AAAA" };
    for (size_t i = 0; i < 4; i++) {
        struct lookup *lookup = trace_add_lookup(result->trace);
        lookup->name = "mail.example.org";
        lookup->type = types[i];
        lookup->server = "192.0.2.53:53";
        if (i % 2 == 0)
            lookup->error = failure_make(FAILURE_TIMED_OUT, "%s", "");
        else
            lookup->rcode = "NOERROR";
        if (i == 1)
            strings_add(&lookup->answers, &result->trace->arena, "192.0.2.1");
        if (i == 3)
            lookup->error = failure_make(FAILURE_NO_ADDRESS, "%s", "");
    }
    findings_make(result);
    assert_int_equal(count(result), 0);
    /* Without that second answer about IPv6 it is worth a warning. */
    result->trace->lookups->next->next->next = NULL;
    findings_make(result);
    assert_int_equal(story_finding(result, "dns-timeout", 0)->severity, SEVERITY_WARNING);
    result_free(result);
}

static void what_answers_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *title;
        int port;
    } mismatches[] = {
        { "587 u greeting protocol_mismatch HTTP", "On this port HTTP answers, not SMTP.", 587 },
        { "143 u greeting protocol_mismatch POP3", "On this port POP3 answers, not IMAP.", 143 },
        { "587 u greeting protocol_mismatch TLS", "On this port TLS answers, not SMTP.", 587 },
        { "993 u tls protocol_mismatch IMAP", "On this port IMAP in plain text answers, not TLS.",
          993 },
        { "587 u greeting protocol_mismatch", "On this port something else answers, not SMTP.",
          587 },
    };
    for (size_t i = 0; i < sizeof mismatches / sizeof *mismatches; i++) {
        struct result *result = surveyed(&(struct story) { .lines = mismatches[i].lines });
        const struct finding *f = story_finding(result, "protocol-mismatch", mismatches[i].port);
        assert_non_null(f);
        assert_string_equal(f->title, mismatches[i].title);
        result_free(result);
    }
}

/* A held back login says whose refusal it rests on, of the same protocol where there is one. */
static void held_back_names_the_refusal(void **state)
{
    (void)state;
    struct result *result = surveyed(&(struct story) {
        .lines = "465 u held refused-elsewhere\n993 u refused a1 NO [AUTHENTICATIONFAILED] no\n"
                 "587 u refused 535 5.7.8 Error: authentication failed\n"
                 "143 u held refused-elsewhere\n995 ug held guessed-host" });
    const struct finding *smtp = story_finding(result, "login-held-back", 465);
    const struct finding *imap = story_finding(result, "login-held-back", 143);
    const struct finding *pop = story_finding(result, "login-held-back", 995);
    assert_true(has(smtp->meaning, "mail.example.org:587 already refused it (bad-credentials)"));
    assert_true(has(imap->meaning, "mail.example.org:993 already refused it (bad-credentials)"));
    assert_true(has(pop->meaning, "guess"));
    assert_int_equal(smtp->severity, SEVERITY_INFO);
    result_free(result);
}

/* An earlier run's refusal is the finding of one endpoint; the others are held back. */
static void an_earlier_refusal_is_said_once(void **state)
{
    (void)state;
    struct result *result = surveyed(
        &(struct story) { .lines = "587 u earlier 535 5.7.8 Error: authentication failed\n"
                                   "993 u earlier 535 5.7.8 Error: authentication failed" });
    assert_non_null(story_finding(result, "bad-credentials", 587));
    assert_null(story_finding(result, "bad-credentials", 993));
    assert_non_null(story_finding(result, "login-held-back", 993));
    result_free(result);
}

/* The run's own values stand in the steps: the command can be pasted as it is. */
static void steps_hold_the_run_s_values(void **state)
{
    (void)state;
    struct result *result = surveyed(&(struct story) {
        .provider = M365,
        .lines = "587 o refused 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication "
                 "is disabled for the Tenant.\n993 o connect timed_out" });
    const struct finding *tenant = story_finding(result, "smtp-auth-disabled-tenant", 587);
    const char *command = "Set-CASMailbox ana@example.org -SmtpClientAuthenticationDisabled $false";
    assert_string_equal(tenant->fix.items[0], command);
    assert_string_equal(tenant->commands.items[0], command);
    assert_true(has(tenant->fix.items[1], "Wait up to an hour"));
    assert_true(has(tenant->meaning, "This says nothing about the password: do not reset it."));
    assert_string_equal(tenant->title, "Your organisation has switched SMTP AUTH off.");
    const struct finding *silent = story_finding(result, "tcp-timeout", 993);
    assert_true(
        has(silent->fix.items[1], "allow TCP port 993 from this machine to outlook.office365.com"));
    result_free(result);
}

/* Every row of a reply is kept as it came. */
static void evidence_is_word_for_word(void **state)
{
    (void)state;
    struct result *result = surveyed(&(struct story) {
        .lines =
            "587 u refused 535-5.7.8 Not accepted.\\n535 5.7.8 \x1b[1mAuthentication failed" });
    const struct evidence *e = story_finding(result, "bad-credentials", 587)->evidence;
    struct bytes expected = text_bytes("535-5.7.8 Not accepted.\r\n535 5.7.8 \x1b[1mAuthentication "
                                       "failed");
    assert_int_equal(e->line.size, expected.size);
    assert_memory_equal(e->line.data, expected.data, expected.size);
    assert_string_equal(e->endpoint, "mail.example.org:587");
    assert_string_equal(e->address, "192.0.2.1");
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_run_has_no_findings),
        cmocka_unit_test(a_name_is_spoken_of_once),
        cmocka_unit_test(one_family_was_asked_for),
        cmocka_unit_test(a_hang_up_is_told_by_its_time),
        cmocka_unit_test(aliases_that_lead_in_a_circle),
        cmocka_unit_test(another_name_server_answers),
        cmocka_unit_test(what_answers_is_named),
        cmocka_unit_test(held_back_names_the_refusal),
        cmocka_unit_test(an_earlier_refusal_is_said_once),
        cmocka_unit_test(steps_hold_the_run_s_values),
        cmocka_unit_test(evidence_is_word_for_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
