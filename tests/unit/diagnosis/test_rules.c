/* Rules of the user's own: what they change, and what is said of a bad file. */
#include "base/text.h"
#include "diagnosis/classify.h"
#include "diagnosis/diagnose.h"
#include "diagnosis/rules.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A class with its members in front, so that a case can add to it or spoil one. */
#define CLASS(more)                                                                                \
    "{\"classes\":[{\"id\":\"own\",\"title\":\"Own.\",\"stage\":\"login\",\"owner\":\"user\","     \
    "\"meaning\":\"It is so.\",\"fix\":[\"Ask {admin}.\"]," more "}]}"
#define RULES(reply) "\"rules\":[{\"reply\":" reply "}]"
#define MORE(rule) "{\"rules\":[" rule "]}"

static struct rules *read_text(const char *text, char **ret_error)
{
    return rules_read(text_bytes(text), ret_error);
}

static const char *class_of(const struct rules *own, const char *line)
{
    struct words words = { .text = text_bytes(line), .protocol = -1, .own = own };
    struct classified classified = classify(&words);
    return classified.class ? classified.class->id : "none";
}

static void own_rules_stand_before_equal_ones(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *line, *class_id;
    } cases[] = {
        { CLASS(RULES("{\"all\":[\"The  Moon\"]}")), "571 the moon is full", "own" },
        { CLASS(RULES("{\"all\":[\"the moon\"]}")), "571 the sun is full", "none" },
        { CLASS(RULES("{\"all\":[\"moon\"],\"not\":[\"full\"]}")), "571 the moon is full", "none" },
        { CLASS(RULES("{\"code\":535}")), "535 what", "own" },
        { CLASS(RULES("{\"code\":\"5xx\"}")), "577 what", "own" },
        { CLASS(RULES("{\"enhanced\":\"5.7.139\"}")), "535 5.7.139 what", "own" },
        { CLASS(RULES("{\"enhanced\":\"5.7.900-905\"}")), "550 5.7.903 what", "own" },
        { CLASS(RULES("{\"enhanced\":\"5.7.900-905\"}")), "550 5.7.906 what", "none" },
        { CLASS(RULES("{\"protocol\":\"imap\",\"all\":[\"moon\"]}")), "571 the moon", "own" },
        /* Words of the catalogue beat a code of one's own. */
        { CLASS(RULES("{\"code\":535}")),
          "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
          "bad-credentials" },
        { MORE("{\"class\":\"throttled\",\"reply\":{\"all\":[\"the moon\"]}}"), "571 the moon",
          "throttled" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *error = NULL;
        struct rules *own = read_text(cases[i].rules, &error);
        if (!own)
            fail_msg("%s", error);
        const char *found = class_of(own, cases[i].line);
        bool none = strcmp(cases[i].class_id, "none") == 0;
        if (none ? strcmp(found, "own") == 0 : strcmp(found, cases[i].class_id) != 0)
            fail_msg("%s: %s", cases[i].line, found);
        rules_free(own);
    }
}

static void bad_files_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *words;
    } cases[] = {
        { "", "line 1" },
        { "{\n  \"rules\": [\n}", "line 3, column 1" },
        { "[]", "is not an object" },
        { "{}", "no rules in it" },
        { "{\"rules\":[],\"rules\":[]}", "line 1" },
        { "{\"rule\":[]}", "unknown member \"rule\"; there are classes, rules" },
        { "{\"classes\":{}}", "classes: is not a list" },
        { "{\"classes\":[1]}", "classes[0]: is not an object" },
        { "{\"classes\":[{}]}", "classes[0].id: is missing" },
        { CLASS("\"x\\u001b\":1"), "unknown member \"x\\x1b\"" },
        { CLASS("\"severity\":\"bad\"," RULES("{\"code\":535}")),
          "classes[0].severity: \"bad\" is none of info, warning, error" },
        { CLASS("\"severity\":1," RULES("{\"code\":535}")), "classes[0].severity: is not a text" },
        { CLASS("\"distinguish\":\" \"," RULES("{\"code\":535}")),
          "classes[0].distinguish: is empty" },
        { CLASS("\"distinguish\":\"a\\nb\"," RULES("{\"code\":535}")), "a line end" },
        { CLASS("\"distinguish\":\"see {moon}\"," RULES("{\"code\":535}")),
          "classes[0].distinguish: unknown place {moon}" },
        { CLASS("\"references\":\"RFC\"," RULES("{\"code\":535}")),
          "classes[0].references: is not a list" },
        { CLASS("\"references\":[1]," RULES("{\"code\":535}")),
          "classes[0].references[0]: is not a text" },
        { CLASS("\"commands\":[]"), "classes[0].rules: is not a list of rules" },
        { CLASS("\"rules\":[]"), "classes[0].rules: is not a list of rules" },
        { CLASS("\"rules\":[{}]"), "classes[0].rules[0]: reply is missing" },
        { CLASS(RULES("1")), "classes[0].rules[0].reply: is not an object" },
        { CLASS(RULES("{}")), "looks for nothing" },
        { CLASS(RULES("{\"protocol\":\"smtp\"}")), "looks for nothing" },
        { CLASS(RULES("{\"protocol\":\"http\",\"code\":535}")),
          "classes[0].rules[0].reply.protocol: \"http\" is none of smtp, imap, pop3" },
        { CLASS(RULES("{\"stage\":\"later\",\"code\":535}")), "reply.stage: \"later\" is none of" },
        { CLASS(RULES("{\"code\":99}")), "reply.code: is no reply code" },
        { CLASS(RULES("{\"code\":\"9xx\"}")), "reply.code: is no reply code" },
        { CLASS(RULES("{\"code\":\"5x5\"}")), "reply.code: is no reply code" },
        { CLASS(RULES("{\"code\":53.5}")), "reply.code: is no reply code" },
        { CLASS(RULES("{\"enhanced\":\"5.7.x\"}")), "reply.enhanced: is no enhanced status code" },
        { CLASS(RULES("{\"enhanced\":\"5.7.9-3\"}")), "is no enhanced status code" },
        { CLASS(RULES("{\"enhanced\":\"3.1.1\"}")), "is no enhanced status code" },
        { CLASS(RULES("{\"provider\":\"moon\",\"code\":535}")),
          "reply.provider: \"moon\" is no provider" },
        { CLASS(RULES("{\"all\":\"moon\"}")), "reply.all: is not a list" },
        { CLASS(RULES("{\"all\":[\" \"]}")), "reply.all[0]: is empty" },
        { CLASS(RULES("{\"event\":\"connect.timed_out\"}")), "unknown member \"event\"" },
        { CLASS("\"rules\":[{\"reply\":{\"code\":535},\"confidence\":\"sure\"}]"),
          "rules[0].confidence: \"sure\" is none of possible, likely, certain" },
        { CLASS("\"rules\":[{\"reply\":{\"code\":535},\"wrapper\":1}]"),
          "wrapper is neither true nor false" },
        { CLASS("\"rules\":[{\"reply\":{\"code\":535},\"example\":\"550 no\"}]"),
          "rules[0].example: its own rule does not match it" },
        { "{\"classes\":[{\"id\":\"Own\"}]}", "classes[0].id: \"Own\" is no id" },
        { "{\"classes\":[{\"id\":\"throttled\"}]}", "the catalogue has a class \"throttled\"" },
        { "{\"classes\":[{\"id\":\"own\",\"title\":\"1234567890123456789012345678901234567890"
          "123456789012345678901234567890123\"}]}",
          "classes[0].title: is longer than 72 characters" },
        { MORE("{\"class\":\"moon\",\"reply\":{\"code\":535}}"),
          "rules[0]: class \"moon\" is neither" },
        { MORE("{\"reply\":{\"code\":535}}"), "rules[0].class: is missing" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *error = NULL;
        struct rules *own = read_text(cases[i].rules, &error);
        if (own || !error || !strstr(error, cases[i].words))
            fail_msg("%s: %s", cases[i].rules, own ? "was taken" : error);
        free(error);
    }
}

/* Many and long: refused, not endured. */
static void a_file_is_bounded(void **state)
{
    (void)state;
    struct buffer text;
    char *error = NULL;
    buffer_init(&text, 1 << 22);
    buffer_append_text(&text, "{\"rules\":[");
    for (int i = 0; i <= RULES_LIMIT; i++)
        buffer_format(&text, "%s{\"class\":\"throttled\",\"reply\":{\"code\":451}}", i ? "," : "");
    buffer_append_text(&text, "]}");
    assert_null(rules_read(buffer_bytes(&text), &error));
    assert_non_null(strstr(error, "more than 1000 rules"));
    free(error);
    buffer_clear(&text);
    for (int i = 0; i < 100000; i++)
        buffer_append_text(&text, "[");
    assert_null(rules_read(buffer_bytes(&text), &error));
    free(error);
    buffer_done(&text);
}

static void a_run_is_judged_by_them(void **state)
{
    (void)state;
    char *error = NULL;
    struct rules *own = read_text(CLASS(RULES("{\"all\":[\"moon\"]}")), &error);
    struct story story = { .lines = "587 u refused 571 the moon is full\n993 u accepted" };
    struct result *result = story_tell(&story);
    diagnose_with(result, own);
    assert_string_equal(result->verdict.class_id, "own");
    assert_int_equal(result->verdict.status, VERDICT_FAIL);
    assert_string_equal(result->verdict.fix.items[0], "Ask the administrator of this mail server.");
    result_free(result);
    rules_free(own);
}

/* A password's fate is the catalogue's: no file may make a refusal harmless. */
static void the_gate_does_not_ask_them(void **state)
{
    (void)state;
    assert_int_equal(classify_login(SERVICE_SMTP, text_bytes("571 the moon is full"), NULL),
                     LOGIN_JUDGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_rules_stand_before_equal_ones),
        cmocka_unit_test(bad_files_are_told),
        cmocka_unit_test(a_file_is_bounded),
        cmocka_unit_test(a_run_is_judged_by_them),
        cmocka_unit_test(the_gate_does_not_ask_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
