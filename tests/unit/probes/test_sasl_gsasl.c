/* SCRAM against the library's own server: both prove the password, and a server that cannot is
 * found out. */
#include "base/text.h"
#include "probes/sasl.h"

#include <gsasl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *server_password;
/* What the server binds to; NULL: nothing. */
static const char *server_exporter, *server_unique;

static int answer(Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
    (void)context;
    const char *value = property == GSASL_PASSWORD          ? server_password
                        : property == GSASL_CB_TLS_EXPORTER ? server_exporter
                        : property == GSASL_CB_TLS_UNIQUE   ? server_unique
                                                            : NULL;
    if (!value)
        return GSASL_NO_CALLBACK;
    gsasl_property_set(session, property, value);
    return GSASL_OK;
}

enum ending { ACCEPTED, REFUSED_BY_SERVER, REFUSED_BY_CLIENT };

static struct sasl_binding client_binding;

/* Plays NAME to its end. SPOIL: the server's last message is changed. */
static enum ending play(const char *name, const char *password, bool spoil, bool *ret_proven)
{
    Gsasl *context;
    Gsasl_session *server;
    struct secret *secret = secret_new(text_bytes(password));
    struct sasl_login login = { .user = "ana", .password = secret };
    struct sasl_exchange client = { .login = &login, .mechanism = name, .binding = client_binding };
    const struct sasl_mechanism *mechanism = sasl_find(name);
    assert_int_equal(gsasl_init(&context), GSASL_OK);
    gsasl_callback_set(context, answer);
    assert_int_equal(gsasl_server_start(context, name, &server), GSASL_OK);
    struct buffer said;
    buffer_init(&said, 4096);
    enum ending ending = ACCEPTED;
    bool open =
        !mechanism->client_first || mechanism->respond(&client, (struct bytes) { 0 }, &said);
    assert_true(open);
    for (int result = GSASL_NEEDS_MORE; result == GSASL_NEEDS_MORE;) {
        char *reply = NULL;
        size_t size = 0;
        struct bytes bytes = buffer_bytes(&said);
        result = gsasl_step(server, bytes.data, bytes.size, &reply, &size);
        buffer_clear(&said);
        if (result != GSASL_OK && result != GSASL_NEEDS_MORE) {
            ending = REFUSED_BY_SERVER;
            break;
        }
        if (spoil && size > 4 && memcmp(reply, "v=", 2) == 0)
            reply[3] = reply[3] == 'A' ? 'B' : 'A';
        if (size && !mechanism->respond(&client, (struct bytes) { reply, size }, &said))
            ending = REFUSED_BY_CLIENT;
        gsasl_free(reply);
        if (ending == REFUSED_BY_CLIENT)
            break;
    }
    *ret_proven = sasl_is_proven(&client);
    assert_true(client.secret_said);
    sasl_done(&client);
    assert_null(client.library);
    sasl_done(&client); /* twice is legal */
    gsasl_finish(server);
    gsasl_done(context);
    buffer_done(&said);
    secret_free(secret);
    return ending;
}

static const char *const names[] = { "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5" };

static void right(void **state)
{
    (void)state;
    bool proven;
    server_password = "correct horse";
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(play(names[i], "correct horse", false, &proven), ACCEPTED);
        assert_true(proven);
    }
}

static void wrong(void **state)
{
    (void)state;
    bool proven;
    server_password = "battery staple";
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(play(names[i], "correct horse", false, &proven), REFUSED_BY_SERVER);
}

static void a_server_that_does_not_know_it(void **state)
{
    (void)state;
    bool proven;
    server_password = "correct horse";
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(play(names[i], "correct horse", true, &proven), REFUSED_BY_CLIENT);
        assert_false(proven);
    }
}

/* It accepts as soon as the name was said. */
static void a_server_that_proves_nothing(void **state)
{
    (void)state;
    struct secret *secret = secret_new(text_bytes("correct horse"));
    struct sasl_login login = { .user = "ana", .password = secret };
    struct sasl_exchange client = { .login = &login, .mechanism = "SCRAM-SHA-256" };
    struct buffer said;
    buffer_init(&said, 4096);
    assert_true(sasl_find("SCRAM-SHA-256")->respond(&client, (struct bytes) { 0 }, &said));
    assert_false(client.secret_said);
    assert_false(sasl_is_proven(&client));
    sasl_done(&client);
    buffer_done(&said);
    secret_free(secret);
}

/* Where its proof should stand it says that the login failed: that wants an empty answer, and no
 * more than one. */
static void a_server_that_says_why(void **state)
{
    (void)state;
    struct secret *secret = secret_new(text_bytes("pencil"));
    struct sasl_login login = { .user = "user", .password = secret };
    struct sasl_exchange client = { .login = &login, .mechanism = "SCRAM-SHA-1" };
    const struct sasl_mechanism *mechanism = sasl_find("SCRAM-SHA-1");
    struct bytes why = text_bytes("e=invalid-proof");
    struct buffer said, challenge;
    buffer_init(&said, 4096);
    buffer_init(&challenge, 4096);
    assert_true(mechanism->respond(&client, (struct bytes) { 0 }, &said));
    buffer_append(&said, "", 1);
    buffer_format(&challenge, "r=%sX,s=c2FsdA==,i=4096",
                  strstr(buffer_bytes(&said).data, ",r=") + strlen(",r="));
    buffer_clear(&said);
    assert_true(mechanism->respond(&client, buffer_bytes(&challenge), &said));
    buffer_clear(&said);
    assert_true(sasl_is_error_challenge(mechanism, why));
    assert_false(sasl_is_error_challenge(mechanism, text_bytes("v=c2FsdA==")));
    assert_true(mechanism->respond(&client, why, &said));
    assert_int_equal(buffer_size(&said), 0);
    assert_false(client.unproven);
    assert_false(sasl_is_proven(&client)); /* should it accept after all */
    assert_false(mechanism->respond(&client, why, &said));
    assert_false(client.unproven);
    assert_non_null(client.trouble);
    sasl_done(&client);
    buffer_done(&challenge);
    buffer_done(&said);
    secret_free(secret);
}

/* The bytes "mine" in base64, and others. */
static const char mine[] = "bWluZQ==", other[] = "b3RoZXI=";

static enum ending play_bound(const char *type, const char *exporter, const char *unique)
{
    enum ending endings[2];
    bool proven;
    server_password = "correct horse";
    server_exporter = exporter, server_unique = unique;
    client_binding = (struct sasl_binding) { type, { "mine", 4 } };
    endings[0] = play("SCRAM-SHA-256-PLUS", "correct horse", false, &proven);
    endings[1] = play("SCRAM-SHA-1-PLUS", "correct horse", false, &proven);
    assert_int_equal(endings[0], endings[1]);
    assert_int_equal(proven, endings[0] == ACCEPTED);
    /* The same without -PLUS: a server that could bind must not take it for a downgrade. */
    assert_int_equal(play("SCRAM-SHA-256", "correct horse", false, &proven), ACCEPTED);
    server_exporter = server_unique = NULL;
    client_binding = (struct sasl_binding) { 0 };
    return endings[0];
}

static void bound_to_the_connection(void **state)
{
    (void)state;
    assert_int_equal(play_bound("tls-exporter", mine, NULL), ACCEPTED);
    assert_int_equal(play_bound("tls-unique", NULL, mine), ACCEPTED);
    assert_int_equal(play_bound("tls-exporter", other, NULL), REFUSED_BY_SERVER);
    assert_int_equal(play_bound("tls-unique", NULL, other), REFUSED_BY_SERVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right),
        cmocka_unit_test(wrong),
        cmocka_unit_test(a_server_that_does_not_know_it),
        cmocka_unit_test(a_server_that_proves_nothing),
        cmocka_unit_test(a_server_that_says_why),
        cmocka_unit_test(bound_to_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
