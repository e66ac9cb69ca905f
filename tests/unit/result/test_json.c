#include "result/json.h"
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* to -> from -> to must not change anything. */
static void round_trip(struct result *result)
{
    json_t *first = result_to_json(result, true);
    char *error = NULL;
    struct result *read = result_from_json(first, &error);
    if (!read)
        fail_msg("%s", error);
    json_t *second = result_to_json(read, true);
    assert_true(json_equal(first, second));
    json_decref(first);
    json_decref(second);
    result_free(read);
    result_free(result);
}

static void test_round_trips(void **state)
{
    (void)state;
    round_trip(sample_rich());
    round_trip(sample_empty());
    round_trip(sample_incomplete());
}

static struct result *reread(struct result *result)
{
    json_t *json = result_to_json(result, true);
    char *text = json_dumps(json, JSON_REAL_PRECISION(15));
    json_decref(json);
    json = json_loads(text, 0, NULL);
    assert_non_null(json);
    free(text);
    char *error = NULL;
    struct result *read = result_from_json(json, &error);
    json_decref(json);
    assert_non_null(read);
    result_free(result);
    return read;
}

static void test_bytes_survive(void **state)
{
    (void)state;
    struct result *original = sample_rich(), *read = reread(sample_rich());
    const struct attempt *a = original->trace->endpoints->attempts;
    const struct attempt *b = read->trace->endpoints->attempts;
    assert_int_equal(a->steps->reply.size, b->steps->reply.size);
    assert_memory_equal(a->steps->reply.data, b->steps->reply.data, a->steps->reply.size);
    assert_string_equal(original->trace->target.input, read->trace->target.input);
    assert_string_equal(a->tls->chain->next->subject, b->tls->chain->next->subject);
    assert_int_equal(b->tls->chain->not_after, INT64_C(253402300799));
    assert_int_equal(b->steps->duration_ns, 5200001000);
    assert_string_equal(read->verdict.commands.items[0], "Set-It 'C:\\x' -On $true");
    assert_string_equal(read->findings->meaning, "It is off for contoso\\ana.");
    assert_string_equal(read->trace->endpoints->addresses->next->error.text,
                        original->trace->endpoints->addresses->next->error.text);
    result_free(original);
    result_free(read);
}

static void test_absence_survives(void **state)
{
    (void)state;
    struct result *read = reread(sample_incomplete());
    const struct trace *trace = read->trace;
    assert_false(trace->complete);
    assert_string_equal(trace->cut_by, "interrupt");
    assert_int_equal(trace->lookups->duration_ns, -1);
    assert_int_equal(trace->lookups->ede, -1);
    assert_null(trace->lookups->rcode);
    assert_int_equal(trace->endpoints->addresses->connect_ns, -1);
    assert_int_equal(trace->endpoints->addresses->rtt_ns, -1);
    assert_null(trace->endpoints->addresses->local);
    assert_int_equal(trace->endpoints->attempts->steps->duration_ns, -1);
    assert_null(trace->endpoints->attempts->tls);
    assert_null(read->verdict.class_id);
    assert_int_equal(trace->started_real_ns, SAMPLE_STARTED);
    result_free(read);
}

/* A list that was read may grow like any other. */
static void test_transcript_grows(void **state)
{
    (void)state;
    struct result *read = reread(sample_rich());
    struct attempt *attempt = read->trace->endpoints->attempts;
    trace_add_exchange(read->trace, attempt, '*', sample_bytes("again"));
    int count = 0;
    for (const struct exchange *x = attempt->transcript; x; x = x->next)
        count++;
    assert_int_equal(count, 4);
    result_free(read);
}

static void test_transcript_is_asked_for(void **state)
{
    (void)state;
    struct result *result = sample_rich();
    json_t *json = result_to_json(result, false);
    json_t *endpoint = json_array_get(json_object_get(json, "endpoints"), 0);
    json_t *attempt = json_array_get(json_object_get(endpoint, "attempts"), 0);
    assert_non_null(attempt);
    assert_null(json_object_get(attempt, "transcript"));
    json_decref(json);
    result_free(result);
}

static void test_order_is_stable(void **state)
{
    (void)state;
    static const char *const names[] = { "schema_version", "tool",    "complete",    "cut_by",
                                         "target",         "started", "duration_ms", "from",
                                         "verdict",        "lookups", "endpoints",   "findings" };
    struct result *result = sample_empty();
    json_t *json = result_to_json(result, false);
    size_t at = 0;
    const char *name;
    json_t *value;
    json_object_foreach(json, name, value)
    {
        assert_true(at < sizeof names / sizeof *names);
        assert_string_equal(name, names[at++]);
    }
    assert_int_equal(at, sizeof names / sizeof *names);
    json_decref(json);
    result_free(result);
}

/* Each is the rich result with one member replaced. */
static void refuses(const char *path, json_t *value, const char *message)
{
    struct result *result = sample_rich();
    json_t *json = result_to_json(result, true), *at = json;
    char copy[128];
    strcpy(copy, path);
    char *save = NULL, *part = strtok_r(copy, ".", &save), *next;
    while ((next = strtok_r(NULL, ".", &save))) {
        at = *part >= '0' && *part <= '9' ? json_array_get(at, (size_t)atoi(part))
                                          : json_object_get(at, part);
        part = next;
    }
    if (value)
        json_object_set_new(at, part, value);
    else
        json_object_del(at, part);
    char *error = NULL;
    struct result *read = result_from_json(json, &error);
    assert_null(read);
    assert_string_equal(error, message);
    free(error);
    json_decref(json);
    result_free(result);
}

static void test_refusals(void **state)
{
    (void)state;
    refuses("schema_version", json_integer(2), "this result has another schema_version than 1");
    refuses("schema_version", NULL, "this is no result of maildoctor (no schema_version)");
    refuses("target", NULL, "target: is missing");
    refuses("started", json_string("yesterday"), "started: is not a time");
    refuses("endpoints.0.port", json_string("587"),
            "endpoints[0].port: is not a whole number of fitting size");
    refuses("endpoints.0.port", json_integer(INT64_C(1) << 40),
            "endpoints[0].port: is not a whole number of fitting size");
    refuses("endpoints.0.status", json_string("fine"),
            "endpoints[0].status: is a word that this version does not know");
    refuses("endpoints.0.attempts.0.steps.0.start_ms", json_real(1e300),
            "endpoints[0].attempts[0].steps[0].start_ms: is not a number of milliseconds");
    refuses("endpoints.0.attempts.0.transcript.0.direction", json_string("X"),
            "endpoints[0].attempts[0].transcript[0].direction: is none of its letters");
    refuses("verdict.needs", json_array(), "verdict.needs: is not an object");
    refuses("lookups", json_object(), "lookups: is not a list");
    refuses("findings.0.fix", json_pack("[i]", 1), "findings[0].fix[0]: is not a text");
    refuses("target.needs", json_pack("[s]", "fly"),
            "target.needs: holds a word that this version does not know");
    refuses("endpoints.0.attempts.0.tls.chain.0.not_after", json_string("2026-13-99"),
            "endpoints[0].attempts[0].tls.chain[0].not_after: is not a time");
}

static void test_no_object(void **state)
{
    (void)state;
    char *error = NULL;
    json_t *list = json_array();
    assert_null(result_from_json(list, &error));
    assert_string_equal(error, "this is no result of maildoctor (no schema_version)");
    free(error);
    json_decref(list);
}

/* A later version of this schema may add members. */
static void test_unknown_members_are_ignored(void **state)
{
    (void)state;
    struct result *result = sample_rich();
    json_t *json = result_to_json(result, true);
    json_object_set_new(json, "weather", json_string("fine"));
    char *error = NULL;
    struct result *read = result_from_json(json, &error);
    assert_non_null(read);
    json_decref(json);
    result_free(read);
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_bytes_survive),
        cmocka_unit_test(test_absence_survives),
        cmocka_unit_test(test_transcript_grows),
        cmocka_unit_test(test_transcript_is_asked_for),
        cmocka_unit_test(test_order_is_stable),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_no_object),
        cmocka_unit_test(test_unknown_members_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
