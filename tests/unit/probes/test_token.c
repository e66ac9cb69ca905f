#include "base/crypto.h"
#include "base/text.h"
#include "probes/token.h"
#include "probes/token_answer.h"
#include "probes/token_judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A token with these claims; released by buffer_done(). */
static struct bytes make(struct buffer *out, const char *claims)
{
    buffer_init(out, 65536);
    crypto_base64url_encode(out, text_bytes("{\"alg\":\"RS256\"}"));
    buffer_append_text(out, ".");
    crypto_base64url_encode(out, text_bytes(claims));
    buffer_append_text(out, ".c2lnbmF0dXJl");
    return buffer_bytes(out);
}

static void test_claims(void **state)
{
    struct buffer text;
    struct arena arena = { 0 };
    struct token token;
    (void)state;
    token_read(&token, &arena,
               make(&text, "{\"aud\":\"https://outlook.office365.com\",\"iss\":\"https://sts\","
                           "\"tid\":\"t-1\",\"appid\":\"a-1\",\"upn\":\"ana@contoso.com\","
                           "\"scp\":\"IMAP.AccessAsUser.All SMTP.Send\",\"ver\":\"1.0\","
                           "\"nbf\":100,\"exp\":200.5,\"roles\":[]}"));
    assert_true(token.readable);
    assert_int_equal(token.audience.count, 1);
    assert_string_equal(token.audience.items[0], "https://outlook.office365.com");
    assert_string_equal(token.tenant, "t-1");
    assert_string_equal(token.app, "a-1");
    assert_string_equal(token.user, "ana@contoso.com");
    assert_int_equal(token.scopes.count, 2);
    assert_string_equal(token.scopes.items[1], "SMTP.Send");
    assert_int_equal(token.roles.count, 0);
    assert_int_equal(token.not_before, 100);
    assert_int_equal(token.expires, 200);
    assert_false(token.app_only);
    assert_int_equal(strlen(token.digest), 8);
    buffer_done(&text);
    arena_done(&arena);
}

static void test_app_only(void **state)
{
    static const struct {
        const char *claims;
        bool app_only;
    } cases[] = {
        { "{\"appid\":\"a\",\"idtyp\":\"app\"}", true },
        { "{\"appid\":\"a\",\"idtyp\":\"user\"}", false },
        { "{\"appid\":\"a\",\"roles\":[\"IMAP.AccessAsApp\"]}", true },
        { "{\"azp\":\"a\"}", true }, /* App RBAC: no roles at all */
        { "{\"appid\":\"a\",\"scp\":\"SMTP.Send\"}", false },
        { "{\"appid\":\"a\",\"upn\":\"ana@contoso.com\"}", false },
        { "{\"sub\":\"somebody\"}", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer text;
        struct arena arena = { 0 };
        struct token token;
        token_read(&token, &arena, make(&text, cases[i].claims));
        if (token.app_only != cases[i].app_only)
            fail_msg("%s", cases[i].claims);
        buffer_done(&text);
        arena_done(&arena);
    }
}

/* None of these is bad; none of them can be read. */
static void test_opaque(void **state)
{
    static const char *const texts[] = {
        "EwBIA8l6BAAUopaque+token/with==",
        "ya29.a0AfH6SMBx",
        "ya29.a.b",
        "..",
        "a.b.c.d.e",
        "e30.!!!.x",
        "e30.bm8ganNvbg.x", /* "no json" */
        "e30.WzFd.x",       /* [1] */
        "e30.eyJhIjox.x",   /* cut off */
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena arena = { 0 };
        struct token token;
        token_read(&token, &arena, text_bytes(texts[i]));
        if (token.readable || !*token.digest)
            fail_msg("%s", texts[i]);
        arena_done(&arena);
    }
}

static void test_strange_claims(void **state)
{
    struct buffer text;
    struct arena arena = { 0 };
    struct token token;
    (void)state;
    token_read(&token, &arena,
               make(&text, "{\"aud\":[1,\"a\",null,\"\"],\"upn\":7,\"exp\":\"x\",\"nbf\":-5,"
                           "\"iat\":1e300,\"scp\":\"  a   b \",\"tid\":\"\"}"));
    assert_true(token.readable);
    assert_int_equal(token.audience.count, 1);
    assert_null(token.user);
    assert_null(token.tenant);
    assert_int_equal(token.expires, 0);
    assert_int_equal(token.not_before, 0);
    assert_int_equal(token.issued, 0);
    assert_int_equal(token.scopes.count, 2);
    buffer_done(&text);
    arena_done(&arena);
}

/* ---- judging ---- */

#define EXO "\"aud\":\"https://outlook.office365.com/\""
#define GOOD                                                                                       \
    EXO ",\"scp\":\"IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send\",\"upn\":"               \
        "\"ana@contoso.com\",\"tid\":\"11111111-2222-4333-8444-555555555555\",\"appid\":\"a\""
#define TIMES ",\"nbf\":1000,\"exp\":5000"

static const struct {
    const char *name, *claims;
    const char *provider, *service, *login, *tenant;
    const char *expected; /* "flaw weight, flaw weight"; "" nothing; "!" where it is certain */
} cases[] = {
    { "good", "{" GOOD TIMES "}", "microsoft365", "imap", "ana@contoso.com", NULL, "" },
    { "good, another case", "{" GOOD TIMES "}", "microsoft365", "smtp", "ANA@Contoso.com", NULL,
      "" },
    { "the other name of the audience",
      "{\"aud\":\"https://outlook.office.com\",\"scp\":\"SMTP.Send\"" TIMES "}", "microsoft365",
      "smtp", NULL, NULL, "" },
    { "the id of Exchange Online",
      "{\"aud\":\"00000002-0000-0ff1-ce00-000000000000\",\"scp\":\"SMTP.Send\"}", "microsoft365",
      "smtp", NULL, NULL, "" },
    { "expired", "{" GOOD ",\"exp\":2000}", "microsoft365", "imap", NULL, NULL, "expired 2" },
    { "expired a moment ago", "{" GOOD ",\"exp\":2900}", "microsoft365", "imap", NULL, NULL,
      "expired 1" },
    { "not yet valid", "{" GOOD ",\"nbf\":9000,\"exp\":9999}", "microsoft365", "imap", NULL, NULL,
      "not-yet-valid 2" },
    { "not yet, by a clock that is a little late", "{" GOOD ",\"nbf\":3100}", "microsoft365",
      "imap", NULL, NULL, "not-yet-valid 1" },
    { "Graph, with the same permission names",
      "{\"aud\":\"https://graph.microsoft.com\",\"scp\":\"SMTP.Send\"}", "microsoft365", "smtp",
      NULL, NULL, "wrong-audience 2!" },
    { "Graph by its id", "{\"aud\":\"00000003-0000-0000-c000-000000000000\"}", "microsoft365",
      "imap", NULL, NULL, "wrong-audience 2!" },
    { "anybody's", "{\"aud\":\"api://something\",\"exp\":2000}", "microsoft365", "imap", NULL, NULL,
      "wrong-audience 2!, expired 2" },
    { "another's address",
      "{\"aud\":[\"https://vault.azure.net\",\"https://office.com.example.org/a\"]}",
      "microsoft365", "imap", NULL, NULL, "wrong-audience 2!" },
    { "one that may be Exchange's", "{\"aud\":\"https://ps.outlook.com\"}", "microsoft365", "imap",
      NULL, NULL, "wrong-audience 2" },
    { "likewise, among others",
      "{\"aud\":[\"https://graph.microsoft.com\",\"https://outlook.com:443/\"]}", "microsoft365",
      "imap", NULL, NULL, "wrong-audience 2" },
    { "an id that nobody knows", "{\"aud\":\"12345678-0000-4000-8000-000000000001\"}",
      "microsoft365", "imap", NULL, NULL, "wrong-audience 2" },
    { "another cloud", "{\"aud\":\"https://outlook.office365.us\",\"scp\":\"SMTP.Send\"}",
      "microsoft365", "smtp", NULL, NULL, "wrong-tenant 2!" },
    { "the same one there", "{\"aud\":\"https://outlook.office365.us\",\"scp\":\"SMTP.Send\"}",
      "microsoft365-gcc-high", "smtp", NULL, NULL, "" },
    { "another protocol's", "{" EXO ",\"scp\":\"IMAP.AccessAsUser.All\"}", "microsoft365", "pop3",
      NULL, NULL, "missing-scope 2" },
    { "its own", "{" EXO ",\"scp\":\"IMAP.AccessAsUser.All\"}", "microsoft365", "imap", NULL, NULL,
      "" },
    { "a scope with its resource",
      "{" EXO ",\"scp\":\"https://outlook.office.com/IMAP.AccessAsUser.All\"}", "microsoft365",
      "imap", NULL, NULL, "" },
    { "no scope at all", "{" EXO ",\"upn\":\"ana@contoso.com\"}", "microsoft365", "imap", NULL,
      NULL, "missing-scope 2" },
    { "an app's", "{" EXO ",\"appid\":\"a\",\"roles\":[\"IMAP.AccessAsApp\"]}", "microsoft365",
      "imap", "ana@contoso.com", NULL, "app-only 0" },
    { "an app's, another protocol", "{" EXO ",\"appid\":\"a\",\"roles\":[\"IMAP.AccessAsApp\"]}",
      "microsoft365", "pop3", NULL, NULL, "missing-scope 2, app-only 0" },
    { "App RBAC: no roles", "{" EXO ",\"appid\":\"a\",\"idtyp\":\"app\"}", "microsoft365", "smtp",
      NULL, NULL, "app-only 0" },
    { "no roles, but IMAP", "{" EXO ",\"appid\":\"a\",\"idtyp\":\"app\"}", "microsoft365", "imap",
      NULL, NULL, "missing-scope 2, app-only 0" },
    { "another tenant", "{" GOOD "}", "microsoft365", "imap", NULL,
      "99999999-2222-4333-8444-555555555555", "wrong-tenant 2" },
    { "its own tenant", "{" GOOD "}", "microsoft365", "imap", NULL,
      "11111111-2222-4333-8444-555555555555", "" },
    { "a tenant by its domain", "{" GOOD "}", "microsoft365", "imap", NULL, "contoso.com", "" },
    { "a personal account at work",
      "{" EXO
      ",\"scp\":\"IMAP.AccessAsUser.All\",\"tid\":\"9188040d-6c67-4c5b-b112-36a304b66dad\"}",
      "microsoft365", "imap", NULL, NULL, "wrong-tenant 1" },
    { "work at a personal account", "{" GOOD "}", "outlook-consumer", "imap", NULL, NULL,
      "wrong-tenant 1" },
    { "somebody else", "{" GOOD "}", "microsoft365", "imap", "bob@contoso.com", NULL,
      "wrong-user 1" },
    { "a login that is no address", "{" GOOD "}", "microsoft365", "imap", "bob", NULL, "" },
    { "a provider with no authority", "{" GOOD ",\"exp\":2000}", "generic", "imap", NULL, NULL,
      "expired 2" },
    { "no provider", "{" GOOD "}", NULL, "imap", NULL, NULL, "" },
    { "a token that says nothing", "{\"sub\":\"x\"}", "gmail", "imap", NULL, NULL, "" },
};

/* Whether the judgements of a token with these claims are as expected. */
static bool is_judged(const char *claims, const struct token_question *question, const char *name,
                      const char *expected)
{
    struct buffer text;
    struct arena arena = { 0 };
    struct token token;
    struct token_judgement judgements[TOKEN_FLAW_COUNT];
    const char *found = "";
    token_read(&token, &arena, make(&text, claims));
    size_t count = token_judge(&token, question, &arena, judgements);
    for (size_t k = 0; k < count; k++)
        found = arena_format(&arena, "%s%s%s %d%s", found, k ? ", " : "",
                             token_flaw_name(judgements[k].flaw), (int)judgements[k].weight,
                             judgements[k].certain ? "!" : "");
    bool same = strcmp(found, expected) == 0;
    if (!same)
        print_error("%s: found \"%s\", expected \"%s\"\n", name, found, expected);
    buffer_done(&text);
    arena_done(&arena);
    return same;
}

static void test_judge(void **state)
{
    bool good = true;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct token_question question = {
            .service = cases[i].service,
            .provider = cases[i].provider ? provider_find(cases[i].provider) : NULL,
            .login = cases[i].login,
            .tenant = cases[i].tenant,
            .now = 3000,
        };
        good &= is_judged(cases[i].claims, &question, cases[i].name, cases[i].expected);
    }
    assert_true(good);
}

/* Which clock is wrong nobody knows; and no time zone makes one err by more than a day. */
static void test_clocks(void **state)
{
    enum { HOUR = 3600, NOW = 1000 * HOUR };
    static const struct {
        const char *name, *claims;
        int64_t there, obtained;
        const char *expected;
    } clocks[] = {
        { "nobody else tells", "{\"exp\":3596400}", 0, 0, "expired 2" },
        { "the server agrees", "{\"exp\":3596400}", NOW - 10, 0, "expired 2!" },
        { "by this machine's clock only", "{\"exp\":3596400}", NOW - 2 * HOUR, 0, "expired 1" },
        { "by the server's clock only", "{\"exp\":3603600}", NOW + 2 * HOUR, 0, "expired 1" },
        { "a moment ago by the server's", "{\"exp\":3596400}", NOW - HOUR + 200, 0, "expired 1" },
        { "before it was given out", "{\"exp\":3596400}", 0, NOW - 100, "expired 1" },
        { "after it was given out", "{\"exp\":3596400}", 0, NOW - 2 * HOUR, "expired 2" },
        { "a day ago", "{\"exp\":3510000}", 0, 0, "expired 2" },
        { "more than a day ago", "{\"exp\":3500000}", 0, 0, "expired 2!" },
        { "not yet", "{\"nbf\":3603600}", NOW, 0, "not-yet-valid 2" },
        { "by the server's already", "{\"nbf\":3603600}", NOW + HOUR, 0, "not-yet-valid 1" },
    };
    bool good = true;
    (void)state;
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        const struct token_question question = {
            .service = "imap", .now = NOW, .there = clocks[i].there, .obtained = clocks[i].obtained
        };
        good &= is_judged(clocks[i].claims, &question, clocks[i].name, clocks[i].expected);
    }
    assert_true(good);
}

/* Personal accounts and Google: never called bad. */
static void test_judge_opaque(void **state)
{
    struct arena arena = { 0 };
    struct token token;
    struct token_judgement judgements[TOKEN_FLAW_COUNT];
    const struct token_question question = { .service = "imap",
                                             .provider = provider_find("microsoft365") };
    (void)state;
    token_read(&token, &arena, text_bytes("EwBIA8l6BAAUopaque"));
    assert_int_equal(token_judge(&token, &question, &arena, judgements), 1);
    assert_int_equal(judgements[0].flaw, TOKEN_OPAQUE);
    assert_int_equal(judgements[0].weight, TOKEN_NOTE);
    arena_done(&arena);
}

/* ---- answers ---- */

static void test_answer(void **state)
{
    struct arena arena = { 0 };
    struct token_answer answer;
    (void)state;
    token_answer_read(&answer, &arena,
                      text_bytes("{\"access_token\":\"abc\",\"refresh_token\":\"def\","
                                 "\"expires_in\":\"3599\"}"));
    assert_true(answer.readable);
    assert_string_equal(secret_bytes(answer.access).data, "abc");
    assert_string_equal(secret_bytes(answer.refresh).data, "def");
    assert_int_equal(answer.expires_in, 3599);
    assert_null(answer.error);
    token_answer_done(&answer);
    token_answer_read(&answer, &arena,
                      text_bytes("{\"error\":\"invalid_client\",\"error_description\":"
                                 "\"AADSTS7000215: Invalid.\\r\\nTrace ID: 1\"}"));
    assert_string_equal(answer.error, "invalid_client");
    assert_string_equal(answer.detail, "AADSTS7000215: Invalid.");
    assert_int_equal(answer.interval, 5);
    token_answer_done(&answer);
    arena_done(&arena);
}

static void test_bad_answers(void **state)
{
    static const char *const texts[] = { "", "null", "<html>", "[]", "{\"access_token\":" };
    struct arena arena = { 0 };
    struct token_answer answer;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        token_answer_read(&answer, &arena, text_bytes(texts[i]));
        assert_false(answer.readable);
        assert_null(answer.access);
        token_answer_done(&answer);
    }
    /* A token goes into a command line of the protocol: nothing that could end it. */
    token_answer_read(&answer, &arena, text_bytes("{\"access_token\":\"a\\r\\nb\"}"));
    assert_null(answer.access);
    token_answer_done(&answer);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims),      cmocka_unit_test(test_app_only),
        cmocka_unit_test(test_opaque),      cmocka_unit_test(test_strange_claims),
        cmocka_unit_test(test_judge),       cmocka_unit_test(test_judge_opaque),
        cmocka_unit_test(test_clocks),      cmocka_unit_test(test_answer),
        cmocka_unit_test(test_bad_answers),
    };
    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
