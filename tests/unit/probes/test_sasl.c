#include "probes/sasl.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct secret *password, *token;
    struct arena arena;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture) {
        .password = secret_new(text_bytes("correct horse")),
        .token = secret_new(text_bytes("EwBtoken.value")),
    };
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    secret_free(f->password);
    secret_free(f->token);
    arena_done(&f->arena);
    return 0;
}

enum { PASSWORD = 1, TOKEN = 2, BOUND = 4 };

static const struct {
    const char *offered;
    int secrets;
    const char *forced;
    const char *expected; /* NULL: none */
} choices[] = {
    { "LOGIN XOAUTH2", PASSWORD, NULL, "LOGIN" },
    { "LOGIN XOAUTH2", TOKEN, NULL, "XOAUTH2" },
    { "LOGIN XOAUTH2", PASSWORD | TOKEN, NULL, "XOAUTH2" },
    { "LOGIN PLAIN", PASSWORD, NULL, "PLAIN" },
    { "plain login", PASSWORD, NULL, "PLAIN" },
    { "OAUTHBEARER XOAUTH2", TOKEN, NULL, "XOAUTH2" },
    { "OAUTHBEARER", TOKEN, NULL, "OAUTHBEARER" },
    { "OAUTHBEARER", PASSWORD, NULL, NULL },
    { "PLAIN LOGIN", TOKEN, NULL, NULL },
    { "PLAIN LOGIN", PASSWORD | TOKEN, NULL, "PLAIN" },
    { "DIGEST-MD5 NTLM GSSAPI", PASSWORD | TOKEN, NULL, NULL },
    { "CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS", PASSWORD, NULL, "SCRAM-SHA-256" },
    { "CRAM-MD5 SCRAM-SHA-1", PASSWORD, NULL, "SCRAM-SHA-1" },
    { "CRAM-MD5 LOGIN", PASSWORD, NULL, "LOGIN" },
    { "CRAM-MD5", TOKEN, NULL, NULL },
    { "PLAIN-CLIENTTOKEN XOAUTH LOGINX", PASSWORD | TOKEN, NULL, NULL },
    { "", PASSWORD, NULL, NULL },
    { "PLAIN LOGIN", PASSWORD, "LOGIN", "LOGIN" },
    { "PLAIN LOGIN", PASSWORD, "XOAUTH2", NULL },
    { "PLAIN XOAUTH2", PASSWORD, "XOAUTH2", NULL },
    { "PLAIN XOAUTH2", PASSWORD | TOKEN, "PLAIN", "PLAIN" },
    { "OAUTHBEARER XOAUTH2", TOKEN, "OAUTHBEARER", "OAUTHBEARER" },
    { "CRAM-MD5", PASSWORD, "CRAM-MD5", "CRAM-MD5" },
    { "SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS CRAM-MD5", PASSWORD | BOUND, NULL,
      "SCRAM-SHA-256-PLUS" },
    { "SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS CRAM-MD5", PASSWORD, NULL, "CRAM-MD5" },
    { "SCRAM-SHA-256-PLUS SCRAM-SHA-1", PASSWORD | BOUND, NULL, "SCRAM-SHA-1" },
    { "SCRAM-SHA-256-PLUS SCRAM-SHA-1", PASSWORD | BOUND, "SCRAM-SHA-256-PLUS",
      "SCRAM-SHA-256-PLUS" },
    { "SCRAM-SHA-256-PLUS SCRAM-SHA-1", PASSWORD, "SCRAM-SHA-256-PLUS", NULL },
};

static const struct sasl_binding nothing, something = { .type = "tls-exporter" };

static struct strings words(struct arena *arena, const char *text)
{
    struct strings list = { 0 };
    while (*text) {
        size_t size = strcspn(text, " ");
        strings_add(&list, arena, arena_copy_bytes(arena, (struct bytes) { text, size }).data);
        text += size + (text[size] == ' ');
    }
    return list;
}

static void the_best_that_fits_is_chosen(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        struct sasl_login login = {
            .user = "ana@contoso.com",
            .password = choices[i].secrets & PASSWORD ? f->password : NULL,
            .token = choices[i].secrets & TOKEN ? f->token : NULL,
            .mechanism = choices[i].forced,
        };
        struct strings offered = words(&f->arena, choices[i].offered);
        const struct sasl_mechanism *chosen =
            sasl_choose(&login, &offered, choices[i].secrets & BOUND ? &something : &nothing);
        const char *saw = chosen ? chosen->name : "none";
        if (strcmp(saw, choices[i].expected ? choices[i].expected : "none") != 0)
            fail_msg("case %zu (%s): %s", i, choices[i].offered, saw);
    }
}

static void without_a_name_nothing_is_chosen(void **state)
{
    struct fixture *f = *state;
    struct sasl_login login = { .password = f->password };
    struct strings offered = words(&f->arena, "PLAIN");
    assert_null(sasl_choose(&login, &offered, &nothing));
}

/* A mechanism's response to CHALLENGE, and whether it had one. */
static void expect(struct sasl_exchange *exchange, const char *mechanism, const char *challenge,
                   bool answers, const char *wanted, size_t size)
{
    struct buffer out;
    buffer_init(&out, 4096);
    bool answered = sasl_find(mechanism)->respond(exchange, text_bytes(challenge), &out);
    assert_int_equal(answered, answers);
    if (answers) {
        assert_int_equal(buffer_size(&out), size);
        if (size)
            assert_memory_equal(buffer_bytes(&out).data, wanted, size);
    }
    buffer_done(&out);
}

#define EXPECT(exchange, mechanism, challenge, wanted)                                             \
    expect(exchange, mechanism, challenge, true, wanted, sizeof(wanted) - 1)

static struct sasl_exchange begin(struct sasl_login *login, struct fixture *f, const char *user)
{
    *login = (struct sasl_login) { .user = user, .password = f->password, .token = f->token };
    return (struct sasl_exchange) { .login = login, .host = "mail.example.com", .port = 993 };
}

static void plain(void **state)
{
    struct sasl_login login;
    struct sasl_exchange x = begin(&login, *state, "ana@contoso.com");
    assert_true(sasl_find("PLAIN")->client_first);
    EXPECT(&x, "PLAIN", "", "\0ana@contoso.com\0correct horse");
    assert_true(x.secret_said);
    expect(&x, "PLAIN", "more?", false, "", 0);
}

static void login_says_the_name_before_the_password(void **state)
{
    struct sasl_login login;
    struct sasl_exchange x = begin(&login, *state, "ana@contoso.com");
    assert_false(sasl_find("LOGIN")->client_first);
    EXPECT(&x, "LOGIN", "Username:", "ana@contoso.com");
    assert_false(x.secret_said);
    EXPECT(&x, "LOGIN", "anything", "correct horse");
    assert_true(x.secret_said);
    expect(&x, "LOGIN", "Password:", false, "", 0);
}

static void xoauth2(void **state)
{
    struct sasl_login login;
    struct sasl_exchange x = begin(&login, *state, "ana@contoso.com");
    EXPECT(&x, "XOAUTH2", "",
           "user=ana@contoso.com\x01"
           "auth=Bearer EwBtoken.value\x01\x01");
    assert_true(x.secret_said);
    EXPECT(&x, "XOAUTH2", "{\"status\":\"400\"}", "");
    expect(&x, "XOAUTH2", "{}", false, "", 0);
}

static void oauthbearer(void **state)
{
    struct sasl_login login;
    struct sasl_exchange x = begin(&login, *state, "a=b,c@contoso.com");
    EXPECT(&x, "OAUTHBEARER", "",
           "n,a=a=3Db=2Cc@contoso.com,\x01host=mail.example.com\x01port=993\x01"
           "auth=Bearer EwBtoken.value\x01\x01");
    EXPECT(&x, "OAUTHBEARER", "{\"status\":\"invalid_token\"}", "\x01");
    expect(&x, "OAUTHBEARER", "{}", false, "", 0);
}

static void oauthbearer_may_not_know_the_host(void **state)
{
    struct sasl_login login;
    struct sasl_exchange x = begin(&login, *state, "ana");
    x.host = NULL;
    EXPECT(&x, "OAUTHBEARER", "",
           "n,a=ana,\x01"
           "auth=Bearer EwBtoken.value\x01\x01");
}

static void error_challenges(void **state)
{
    (void)state;
    const struct sasl_mechanism *xoauth2 = sasl_find("xoauth2"), *plain = sasl_find("PLAIN");
    assert_true(sasl_is_error_challenge(xoauth2, text_bytes("{\"status\":\"400\"}")));
    assert_true(sasl_is_error_challenge(sasl_find("OAUTHBEARER"), text_bytes(" {}\r\n")));
    assert_false(sasl_is_error_challenge(xoauth2, text_bytes("")));
    assert_false(sasl_is_error_challenge(xoauth2, text_bytes("Username:")));
    assert_false(sasl_is_error_challenge(plain, text_bytes("{}")));
    assert_null(sasl_find("DIGEST-MD5"));
    assert_null(sasl_find(""));
}

/* Another's mailbox: named beside the login, and nowhere in its stead. */
static void anothers_mailbox(void **state)
{
    struct fixture *f = *state;
    struct sasl_login login = { .user = "ana@contoso.com",
                                .mailbox = "shared@contoso.com",
                                .password = f->password,
                                .token = f->token };
    struct sasl_exchange x = { .login = &login };
    EXPECT(&x, "PLAIN", "", "shared@contoso.com\0ana@contoso.com\0correct horse");
    x = (struct sasl_exchange) { .login = &login };
    EXPECT(&x, "XOAUTH2", "",
           "user=shared@contoso.com\x01"
           "auth=Bearer EwBtoken.value\x01\x01");
    x = (struct sasl_exchange) { .login = &login };
    EXPECT(&x, "OAUTHBEARER", "",
           "n,a=shared@contoso.com,\x01"
           "auth=Bearer EwBtoken.value\x01\x01");
    struct strings offered = { 0 };
    strings_add(&offered, &f->arena, "LOGIN");
    login.token = NULL;
    assert_null(sasl_choose(&login, &offered, &nothing));
    strings_add(&offered, &f->arena, "PLAIN");
    assert_string_equal(sasl_choose(&login, &offered, &nothing)->name, "PLAIN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anothers_mailbox),
        cmocka_unit_test(the_best_that_fits_is_chosen),
        cmocka_unit_test(without_a_name_nothing_is_chosen),
        cmocka_unit_test(plain),
        cmocka_unit_test(login_says_the_name_before_the_password),
        cmocka_unit_test(xoauth2),
        cmocka_unit_test(oauthbearer),
        cmocka_unit_test(oauthbearer_may_not_know_the_host),
        cmocka_unit_test(error_challenges),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
