/* What a provider publishes for firewalls: the step that says what to allow, and addresses that are
 * not on the list. */
#include "diagnosis/diagnose.h"
#include "diagnosis/survey.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { RANGES = 150 };

/* The list of HOST, with ports 587 and 993. */
static struct published *publish(struct trace *trace, const char *host, const char *date)
{
    struct published *p = trace_add_published(trace);
    p->source = "the list";
    p->date = date;
    p->tcp_ports = "587,993";
    strings_add(&p->hosts, &trace->arena, host);
    strings_add(&p->ranges, &trace->arena, "52.96.0.0/14");
    strings_add(&p->ranges, &trace->arena, "2603:1006::/40");
    return p;
}

/* The step that says what to allow; NULL: there is none. */
static const char *allowed(const struct finding *finding)
{
    for (size_t i = 0; finding && i < finding->fix.count; i++)
        if (strstr(finding->fix.items[i], "allow, exactly"))
            return finding->fix.items[i];
    return NULL;
}

static void the_firewall_is_told_what_to_allow(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *class_id;
        int port;
        bool told;
    } rows[] = {
        { "587 o connect timed_out", "tcp-timeout", 587, true },
        { "587 o connect prohibited", "tcp-prohibited", 587, true },
        { "993 o greeting connection_reset", "tcp-reset", 993, true },
        { "587 o connect connection_refused", "tcp-refused", 587, false },
        { "25 o connect timed_out", "tcp-timeout", 25, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result *result =
            story_tell(&(struct story) { .provider = "microsoft365", .lines = rows[i].lines });
        publish(result->trace, result->trace->endpoints->host, "2026-08-14");
        diagnose(result);
        const struct finding *finding = story_finding(result, rows[i].class_id, rows[i].port);
        assert_non_null(finding);
        assert_int_equal(allowed(finding) != NULL, rows[i].told);
        result_free(result);
    }
}

static void the_list_is_named(void **state)
{
    (void)state;
    struct result *result = story_tell(
        &(struct story) { .provider = "microsoft365", .lines = "587 o connect timed_out" });
    const char *host = result->trace->endpoints->host;
    struct published *p = publish(result->trace, host, "2026-08-14");
    diagnose(result);
    char words[512];
    snprintf(words, sizeof words,
             "What the firewall is to allow, exactly: TCP 587,993 to %s, by address 52.96.0.0/14, "
             "2603:1006::/40; after the list of 2026-08-14 (the list).",
             host);
    assert_string_equal(allowed(story_finding(result, "tcp-timeout", 587)), words);
    result->findings = NULL;
    p->date = NULL;
    for (int i = 2; i < RANGES; i++)
        strings_add(&p->ranges, &result->trace->arena, "192.0.2.0/24");
    diagnose(result);
    const char *step = allowed(story_finding(result, "tcp-timeout", 587));
    assert_non_null(strstr(step, "192.0.2.0/24 and 50 more; after the list of the list."));
    result_free(result);
}

/* Clouds of one provider may share the names of their servers. */
static void each_list_of_the_name_is_named(void **state)
{
    (void)state;
    struct result *result = story_tell(
        &(struct story) { .provider = "microsoft365", .lines = "587 o connect timed_out" });
    const char *host = result->trace->endpoints->host;
    publish(result->trace, host, "2026-08-14");
    publish(result->trace, "elsewhere.example", "2026-08-14");
    publish(result->trace, host, "2026-03-31");
    diagnose(result);
    const char *step = allowed(story_finding(result, "tcp-timeout", 587));
    assert_non_null(strstr(step, "list of 2026-08-14 (the list); or TCP 587,993 to "));
    assert_non_null(strstr(step, "list of 2026-03-31 (the list)."));
    assert_null(strstr(step, "elsewhere"));
    result_free(result);
}

static void nothing_published_is_nothing_to_allow(void **state)
{
    (void)state;
    struct result *result = story_tell(&(struct story) { .lines = "587 u connect timed_out" });
    diagnose(result);
    const struct finding *finding = story_finding(result, "tcp-timeout", 587);
    assert_non_null(finding);
    assert_null(allowed(finding));
    result_free(result);
}

static void an_address_that_is_not_listed_is_worth_knowing(void **state)
{
    (void)state;
    static const struct {
        const char *type, *answer;
        bool beside, found;
    } rows[] = {
        { "A", "52.98.41.130", false, false },       { "A", "203.0.114.9", false, true },
        { "A", "203.0.114.9", true, false },         { "A", "10.1.2.3", false, false },
        { "AAAA", "2603:1006::9", false, false },    { "AAAA", "2a01:111::9", false, true },
        { "MX", "10 mx.example.com", false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result *result = story_tell(
            &(struct story) { .provider = "microsoft365", .lines = "993 o open\n995 o open" });
        struct trace *trace = result->trace;
        publish(trace, trace->endpoints->host, "2026-08-14");
        struct lookup *lookup = trace_add_lookup(trace);
        lookup->name = trace->endpoints->host;
        lookup->type = rows[i].type;
        lookup->server = "192.0.2.53:53";
        lookup->rcode = "NOERROR";
        lookup->beside = rows[i].beside;
        strings_add(&lookup->answers, &trace->arena, rows[i].answer);
        diagnose(result);
        const struct finding *finding = NULL;
        for (const struct finding *f = result->findings; f; f = f->next)
            if (strcmp(f->class_id, "address-unlisted") == 0) {
                assert_null(finding); /* once a name */
                finding = f;
            }
        assert_int_equal(finding != NULL, rows[i].found);
        if (finding) {
            assert_int_equal(finding->severity, SEVERITY_INFO);
            assert_int_equal(finding->confidence, CONFIDENCE_POSSIBLE);
            assert_non_null(strstr(finding->meaning, rows[i].answer));
        }
        assert_null(result->verdict.class_id);
        result_free(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_firewall_is_told_what_to_allow),
        cmocka_unit_test(the_list_is_named),
        cmocka_unit_test(each_list_of_the_name_is_named),
        cmocka_unit_test(nothing_published_is_nothing_to_allow),
        cmocka_unit_test(an_address_that_is_not_listed_is_worth_knowing),
    };
    return cmocka_run_group_tests_name("findings_published", tests, NULL, NULL);
}
