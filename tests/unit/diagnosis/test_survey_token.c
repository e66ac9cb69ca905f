/* To which server an access token does not go at all, and what the result says of that. */
#include "base/text.h"
#include "diagnosis/diagnose.h"
#include "diagnosis/token_class.h"
#include "story.h"
#include "teller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { HOUR = 3600 };

static void give_token(struct trace *trace, const char *audience, int64_t expires)
{
    trace->token = arena_new(&trace->arena, sizeof *trace->token);
    *trace->token = (struct token_facts) {
        .source = "--token-file",
        .sha256 = "01234567",
        .readable = audience != NULL,
        .expires = expires,
    };
    if (!audience)
        return;
    strings_add(&trace->token->audience, &trace->arena, audience);
    strings_add(&trace->token->scopes, &trace->arena, "SMTP.Send");
    strings_add(&trace->token->scopes, &trace->arena, "IMAP.AccessAsUser.All");
}

/* A greeting with the time there, AHEAD of the run's. */
static const char *greeting(struct trace *trace, int64_t ahead)
{
    time_t there = (time_t)(STORY_NOW + ahead);
    char date[64];
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", gmtime(&there));
    return arena_format(&trace->arena, "220 a.example ESMTP MAIL Service ready at %s", date);
}

static void only_what_is_certain_is_kept(void **state)
{
    static const char exchange[] = "https://outlook.office.com",
                      graph[] = "https://graph.microsoft.com";
    static const struct {
        const char *name;
        const char *provider, *audience;
        int64_t life; /* from the run's start on */
        int ahead;    /* the server's clock; -1: it does not tell */
        enum login_block block;
    } cases[] = {
        { "a good one", "microsoft365", exchange, HOUR, 0, BLOCK_NONE },
        { "Graph's", "microsoft365", graph, HOUR, -1, BLOCK_TOKEN_AUDIENCE },
        { "another cloud's", "microsoft365", "https://outlook.office365.us", HOUR, -1,
          BLOCK_TOKEN_AUDIENCE },
        { "one that cannot be read", "microsoft365", NULL, 0, 0, BLOCK_NONE },
        { "over, and the server knows the time", "microsoft365", exchange, -HOUR, 0,
          BLOCK_TOKEN_EXPIRED },
        { "over by this clock alone", "microsoft365", exchange, -HOUR, -1, BLOCK_NONE },
        { "over for days", "microsoft365", exchange, -100 * HOUR, -1, BLOCK_TOKEN_EXPIRED },
        { "Graph's, at a server that may pass it on", NULL, graph, HOUR, -1, BLOCK_NONE },
        { "over, at a server that may not look", NULL, exchange, -100 * HOUR, 0, BLOCK_NONE },
    };
    bool good = true;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct story story = { .provider = cases[i].provider, .lines = "587 o open" };
        struct result *result = story_tell(&story);
        struct trace *trace = result->trace;
        const struct attempt *attempt = trace->endpoints->attempts;
        give_token(trace, cases[i].audience, STORY_NOW + cases[i].life);
        if (cases[i].ahead >= 0)
            attempt_step(attempt, STAGE_GREETING)->reply =
                text_bytes(greeting(trace, cases[i].ahead));
        enum login_block block = token_unfit(trace, trace->endpoints, attempt);
        if (block != cases[i].block) {
            print_error("%s: \"%s\"\n", cases[i].name, login_block_name(block));
            good = false;
        }
        result_free(result);
    }
    assert_true(good);
}

/* It is the fault of every way that it was kept from, and said once. */
static void the_result_says_why(void **state)
{
    static const struct story story = { .provider = "microsoft365",
                                        .lines = "587 o held token-audience\n"
                                                 "993 o held token-audience" };
    struct result *result = story_tell(&story);
    const struct finding *finding;
    (void)state;
    give_token(result->trace, "https://graph.microsoft.com", STORY_NOW + HOUR);
    diagnose(result);
    assert_string_equal(result->verdict.class_id, "oauth-wrong-audience");
    assert_int_equal(result->verdict.confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(result->verdict.send, NEED_STATUS_FAIL);
    assert_int_equal(result->verdict.read, NEED_STATUS_FAIL);
    finding = story_finding(result, "oauth-wrong-audience", 993);
    assert_non_null(finding);
    assert_non_null(text_find_fold(finding->evidence->line, "access token not sent: it is for"));
    assert_null(story_finding(result, "oauth-wrong-audience", 0)); /* no second one, of nowhere */
    assert_null(story_finding(result, "login-held-back", 993));
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_certain_is_kept),
        cmocka_unit_test(the_result_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
