/* What was tried in a mailbox: what is told of it, and what is no fault. */
#include "base/text.h"
#include "diagnosis/diagnose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A step of an exercise, behind a login that was accepted. */
struct tried {
    enum purpose purpose;
    const char *step;
    enum stage stage;
    enum failure_kind kind;
    const char *reply;
};

static struct step *add_step(struct trace *trace, struct attempt *attempt, const char *name,
                             enum stage stage)
{
    struct step *step = trace_add_step(trace, attempt, name, stage);
    step->status = STATUS_OK;
    step->duration_ns = 2000000000;
    return step;
}

static struct endpoint *add_way(struct trace *trace, enum service service)
{
    struct endpoint *e = trace_add_endpoint(trace);
    bool imap = service == SERVICE_IMAP;
    e->service = service;
    e->host = "mail.example.org";
    e->port = imap ? 993 : 995;
    e->id = imap ? "mail.example.org:993" : "mail.example.org:995";
    e->security = SECURITY_IMPLICIT;
    e->needs = NEED_READ | NEED_ENDPOINT;
    struct attempt *main = trace_add_attempt(trace, e, PURPOSE_MAIN);
    add_step(trace, main, "AUTHENTICATE", STAGE_LOGIN);
    add_step(trace, main, "EXAMINE", STAGE_MAILBOX);
    main->auth.outcome = LOGIN_ACCEPTED;
    return e;
}

static struct result *judge(enum service service, const struct tried *tried, size_t count,
                            const char *left)
{
    struct trace *trace = trace_new();
    struct result *result = result_new(trace);
    struct endpoint *e = add_way(trace, service);
    trace->target.needs = NEED_READ;
    struct attempt *exercise = trace_add_attempt(trace, e, PURPOSE_EXERCISE);
    struct attempt *second = trace_add_attempt(trace, e, PURPOSE_SECOND_CLIENT);
    exercise->exercise = arena_new(&trace->arena, sizeof *exercise->exercise);
    if (left)
        strings_add(&exercise->exercise->left, &trace->arena, left);
    for (size_t i = 0; i < count; i++) {
        struct attempt *of = tried[i].purpose == PURPOSE_EXERCISE ? exercise : second;
        struct step *step = add_step(trace, of, tried[i].step, tried[i].stage);
        step->status = tried[i].kind == FAILURE_NONE ? STATUS_OK : STATUS_FAIL;
        step->error.kind = tried[i].kind;
        step->reply = text_bytes(tried[i].reply);
    }
    diagnose(result);
    return result;
}

static void expect(const struct result *result, const char *class_id, const char *words)
{
    const struct finding *f = result->findings;
    if (!class_id) {
        assert_null(f);
        assert_int_equal(result->verdict.status, VERDICT_OK);
        return;
    }
    assert_non_null(f);
    assert_string_equal(f->class_id, class_id);
    assert_int_equal(f->severity, SEVERITY_WARNING);
    assert_non_null(strstr(f->title, words));
    assert_int_equal(result->verdict.status, VERDICT_WARNING);
    assert_int_equal(result->verdict.read, NEED_STATUS_OK);
}

#define OF_EXERCISE PURPOSE_EXERCISE
#define OF_SECOND PURPOSE_SECOND_CLIENT

static void all_that_is_refused_is_one_finding(void **state)
{
    (void)state;
    static const struct tried tried[] = {
        { OF_EXERCISE, "CREATE", STAGE_MAILBOX, FAILURE_NONE, NULL },
        { OF_EXERCISE, "SEARCH text", STAGE_MAILBOX, FAILURE_REFUSED, "a3 NO not indexed" },
        { OF_EXERCISE, "SEARCH from", STAGE_MAILBOX, FAILURE_WRONG_RESULT, "a4 OK done" },
        { OF_EXERCISE, "COPY", STAGE_MAILBOX, FAILURE_REFUSED, "a5 NO no copies" },
    };
    struct result *result = judge(SERVICE_IMAP, tried, 4, NULL);
    expect(result, "mailbox-operation-refused", "SEARCH text, COPY");
    const struct finding *wrong = result->findings->next;
    assert_string_equal(wrong->class_id, "mailbox-operation-wrong");
    assert_non_null(strstr(wrong->title, "SEARCH from"));
    assert_null(wrong->next);
    result_free(result);
}

static void words_that_are_known_say_more(void **state)
{
    (void)state;
    static const struct tried tried[] = {
        { OF_EXERCISE, "APPEND", STAGE_MAILBOX, FAILURE_REFUSED,
          "a3 BAD User is authenticated but not connected." },
    };
    struct result *result = judge(SERVICE_IMAP, tried, 1, NULL);
    expect(result, "authenticated-not-connected", "sign-in worked");
    result_free(result);
}

/* Of mail that is handed over too; but not that nothing is served, while the rest is. */
static void words_that_are_known_of_mail(void **state)
{
    (void)state;
    static const struct tried full[] = {
        { OF_EXERCISE, "APPEND", STAGE_MAILBOX, FAILURE_REFUSED,
          "a3 NO [OVERQUOTA] Quota exceeded (mailbox for user is full)" },
    };
    static const struct tried fault[] = {
        { OF_EXERCISE, "CREATE", STAGE_MAILBOX, FAILURE_NONE, NULL },
        { OF_EXERCISE, "SEARCH text", STAGE_MAILBOX, FAILURE_REFUSED,
          "a4 NO [SERVERBUG] Internal error occurred." },
        { OF_EXERCISE, "COPY", STAGE_MAILBOX, FAILURE_REFUSED, "a5 NO it does not exist" },
    };
    struct result *result = judge(SERVICE_IMAP, full, 1, NULL);
    expect(result, "quota-exceeded", "full");
    assert_int_equal(result->findings->stage, STAGE_MAILBOX);
    assert_null(result->findings->next);
    result_free(result);
    result = judge(SERVICE_IMAP, fault, 3, NULL);
    expect(result, "mailbox-operation-refused", "SEARCH text, COPY");
    assert_null(result->findings->next);
    result_free(result);
}

static void a_quiet_connection_that_is_dropped(void **state)
{
    (void)state;
    static const struct tried tried[] = {
        { OF_EXERCISE, "stay open", STAGE_MAILBOX, FAILURE_CONNECTION_RESET, NULL },
    };
    struct result *result = judge(SERVICE_IMAP, tried, 1, "maildoctor-exercise-x");
    expect(result, "mailbox-not-kept-open", "after 2 s");
    assert_string_equal(result->findings->next->class_id, "mailbox-left-behind");
    assert_non_null(strstr(result->findings->next->meaning, "maildoctor-exercise-x"));
    result_free(result);
}

/* The server ends the session in order: no firewall forgets a connection so. */
static void a_session_that_is_ended(void **state)
{
    (void)state;
    static const struct {
        struct tried tried;
        enum service service;
        const char *when;
    } cases[] = {
        { { OF_EXERCISE, "stay open", STAGE_MAILBOX, FAILURE_CONNECTION_CLOSED, NULL },
          SERVICE_IMAP,
          "after 2 s in which nothing was asked" },
        { { OF_EXERCISE, "second session", STAGE_MAILBOX, FAILURE_CONNECTION_CLOSED, NULL },
          SERVICE_POP3,
          "after 2 s in which nothing was asked" },
        { { OF_EXERCISE, "SEARCH text", STAGE_MAILBOX, FAILURE_CONNECTION_CLOSED, NULL },
          SERVICE_IMAP,
          "when asked for SEARCH text" },
        { { OF_SECOND, "PASS", STAGE_LOGIN, FAILURE_CONNECTION_CLOSED, NULL },
          SERVICE_POP3,
          "during the login" },
        { { OF_SECOND, "connect", STAGE_CONNECT, FAILURE_CONNECTION_REFUSED, NULL },
          SERVICE_IMAP,
          "as it was begun" },
        { { OF_SECOND, "greeting", STAGE_GREETING, FAILURE_TIMED_OUT, NULL },
          SERVICE_IMAP,
          "before its greeting" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result *result = judge(cases[i].service, &cases[i].tried, 1, NULL);
        expect(result, "server-went-away", "let this run in");
        assert_non_null(strstr(result->findings->meaning, cases[i].when));
        result_free(result);
    }
}

/* Then other classes know more; the way stays open in any case. */
static void what_speaks_for_itself(void **state)
{
    (void)state;
    static const struct {
        struct tried tried;
        const char *class_id, *words;
    } cases[] = {
        { { OF_SECOND, "greeting", STAGE_GREETING, FAILURE_CONNECTION_CLOSED,
            "* BYE Too many connections" },
          "too-many-connections",
          "" },
        { { OF_SECOND, "connect", STAGE_CONNECT, FAILURE_HOST_UNREACHABLE, NULL },
          "tcp-unreachable",
          "" },
        { { OF_EXERCISE, "SEARCH text", STAGE_MAILBOX, FAILURE_TIMED_OUT, NULL },
          "reply-timeout",
          "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result *result = judge(SERVICE_IMAP, &cases[i].tried, 1, NULL);
        expect(result, cases[i].class_id, cases[i].words);
        result_free(result);
    }
}

static void a_locked_mailbox_is_no_fault(void **state)
{
    (void)state;
    static const struct tried tried[] = {
        { OF_EXERCISE, "STAT", STAGE_MAILBOX, FAILURE_NONE, NULL },
        { OF_SECOND, "PASS", STAGE_LOGIN, FAILURE_REFUSED, "-ERR [IN-USE] locked" },
    };
    struct result *result = judge(SERVICE_POP3, tried, 2, NULL);
    expect(result, NULL, NULL);
    result_free(result);
    result = judge(SERVICE_IMAP, tried, 2, NULL); /* there it is one */
    assert_non_null(result->findings);
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_refused_is_one_finding),
        cmocka_unit_test(words_that_are_known_say_more),
        cmocka_unit_test(words_that_are_known_of_mail),
        cmocka_unit_test(a_quiet_connection_that_is_dropped),
        cmocka_unit_test(a_session_that_is_ended),
        cmocka_unit_test(what_speaks_for_itself),
        cmocka_unit_test(a_locked_mailbox_is_no_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
