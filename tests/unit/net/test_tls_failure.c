/* Sessions over memory that fail, and what is said of it. */
#include "tls_pair.h"

#include "base/text.h"
#include "net/tls_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char host[] = "smtp.example.test";

static struct pair_roots roots;
static struct tls_identity *identity;

static int set_up(void **state)
{
    (void)state;
    pair_roots_init(&roots);
    identity = pair_identity(roots.authority, host);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_identity_free(identity);
    pair_roots_done(&roots);
    return 0;
}

static void assert_ready(const struct pair *pair)
{
    assert_string_equal(pair->client_failure.text, "");
    assert_int_equal(pair->client_progress, TLS_READY);
    assert_int_equal(pair->server_progress, TLS_READY);
}

/* The client's view of the session so far. */
static struct tls_facts described(const struct tls *client, struct arena *arena)
{
    struct tls_facts facts;
    tls_describe(client, roots.trust, pair_now(), arena, &facts);
    return facts;
}

/* ---- handshakes that fail ---- */

static void no_common_cipher_is_an_alert(void **state)
{
    (void)state;
    struct pair pair;
    struct arena arena = { 0 };
    struct tls_server_options options = { .identity = identity, .no_common_cipher = true };
    pair_shake(&pair, host, &options, 1);
    assert_int_equal(pair.client_progress, TLS_FAILED);
    assert_int_equal(pair.server_progress, TLS_FAILED);
    assert_int_equal(pair.client_failure.kind, FAILURE_TLS_HANDSHAKE);
    assert_string_equal(pair.client_failure.text, "TLS alert handshake_failure (40)");
    struct tls_facts facts = described(pair.client, &arena);
    assert_string_equal(facts.alert, "handshake_failure");
    assert_null(facts.version);
    assert_null(facts.chain);
    assert_false(facts.verified);
    pair_done(&pair);
    arena_done(&arena);
}

static void version_refusals(void **state)
{
    static const unsigned char alert[] = { 0x15, 3, 1, 0, 2, 2, 70 };
    unsigned char hello[5 + 4 + 38] = { 0x16, 3, 0, 0, 42, 2, 0, 0, 38, 3, 0 };
    struct tls *client;
    struct failure failure = { 0 };
    (void)state;
    assert_int_equal(pair_answer(&client, host, alert, sizeof alert, &failure), TLS_FAILED);
    assert_int_equal(failure.kind, FAILURE_TLS_VERSION);
    assert_string_equal(failure.text, "TLS alert protocol_version (70)");
    tls_free(client);

    hello[sizeof hello - 2] = 0x2f;
    assert_int_equal(pair_answer(&client, host, hello, sizeof hello, &failure), TLS_FAILED);
    assert_int_equal(failure.kind, FAILURE_TLS_VERSION);
    assert_non_null(strstr(failure.text, "SSL 3.0"));
    tls_free(client);
}

static void every_alert_has_its_name(void **state)
{
    (void)state;
    for (int i = 1; i < 256; i++) {
        unsigned char alert[] = { 0x15, 3, 3, 0, 2, 2, (unsigned char)i };
        struct tls *client;
        struct failure failure = { 0 };
        assert_int_equal(pair_answer(&client, host, alert, sizeof alert, &failure), TLS_FAILED);
        assert_int_equal(failure.kind, i == 70 ? FAILURE_TLS_VERSION : FAILURE_TLS_HANDSHAKE);
        assert_non_null(strstr(failure.text, tls_alert_name(i)));
        assert_string_equal(client->alert, tls_alert_name(i));
        tls_free(client);
    }
    assert_string_equal(tls_alert_name(1000), "unassigned");
}

static void a_warning_does_not_end_it(void **state)
{
    static const unsigned char warning[] = { 0x15, 3, 1, 0, 2, 1, 112 };
    (void)state;
    struct pair pair;
    struct arena arena = { 0 };
    struct buffer flight;
    struct failure failure = { 0 };
    pair_flight(&pair, host, identity, &flight);
    tls_feed(pair.client, (struct bytes) { (const char *)warning, sizeof warning });
    assert_int_equal(tls_handshake(pair.client, &failure), TLS_WANTS_MORE);
    tls_feed(pair.client, buffer_bytes(&flight));
    assert_int_equal(tls_handshake(pair.client, &failure), TLS_READY);
    assert_string_equal(described(pair.client, &arena).alert, "unrecognized_name");
    buffer_done(&flight);
    pair_done(&pair);
    arena_done(&arena);
}

static void plain_text_is_no_tls(void **state)
{
    static const char *const words[] = {
        "220 mail.example.test ESMTP\r\n",
        "* OK ready\r\n",
        "+OK ready\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\026\001\002\003\004 no record of any version",
    };
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct tls *client;
        struct failure failure = { 0 };
        assert_int_equal(pair_answer(&client, host, words[i], strlen(words[i]), &failure),
                         TLS_FAILED);
        assert_int_equal(failure.kind, FAILURE_PROTOCOL_MISMATCH);
        struct bytes first = tls_first_bytes(client);
        assert_true(first.size >= 10 && first.size <= 16);
        assert_memory_equal(first.data, words[i], first.size);
        /* It stays failed, and says the same again. */
        struct failure again = { 0 };
        assert_int_equal(tls_handshake(client, &again), TLS_FAILED);
        assert_memory_equal(&again, &failure, sizeof failure);
        assert_false(tls_write(client, text_bytes("x")));
        tls_free(client);
    }
    /* Too short for a record, then the end. */
    struct tls *client;
    struct failure failure = { 0 };
    assert_int_equal(pair_answer(&client, host, "hi\n", 3, &failure), TLS_WANTS_MORE);
    tls_feed_end(client);
    assert_int_equal(tls_handshake(client, &failure), TLS_FAILED);
    assert_int_equal(failure.kind, FAILURE_PROTOCOL_MISMATCH);
    tls_free(client);
}

/* The peer hangs up after each possible number of bytes. */
static void early_close_is_told_as_such(void **state)
{
    (void)state;
    struct pair pair;
    struct buffer flight;
    pair_flight(&pair, host, identity, &flight);
    struct bytes bytes = buffer_bytes(&flight);
    pair_done(&pair);
    for (size_t size = 0; size <= 11; size++) {
        struct tls *client;
        struct failure failure = { 0 };
        assert_int_equal(pair_answer(&client, host, bytes.data, size, &failure), TLS_WANTS_MORE);
        tls_feed_end(client);
        assert_int_equal(tls_handshake(client, &failure), TLS_FAILED);
        assert_int_equal(failure.kind, FAILURE_CONNECTION_CLOSED);
        assert_string_equal(failure.text, "in the TLS handshake");
        tls_free(client);
    }
    buffer_done(&flight);
    for (size_t cut = 12; cut < 700; cut += 13) {
        struct failure failure = { 0 };
        pair_flight(&pair, host, identity, &flight);
        size_t size = cut < buffer_size(&flight) ? cut : buffer_size(&flight) - 1;
        tls_feed(pair.client, (struct bytes) { buffer_bytes(&flight).data, size });
        assert_int_equal(tls_handshake(pair.client, &failure), TLS_WANTS_MORE);
        tls_feed_end(pair.client);
        assert_int_equal(tls_handshake(pair.client, &failure), TLS_FAILED);
        assert_int_equal(failure.kind, FAILURE_CONNECTION_CLOSED);
        buffer_done(&flight);
        pair_done(&pair);
    }
}

/* One byte of the server's flight is turned over: whatever comes of it is told, nothing breaks. */
static void a_broken_flight_is_a_failure(void **state)
{
    (void)state;
    for (size_t at = 0; at < 900; at += 29) {
        struct pair pair;
        struct buffer flight;
        struct arena arena = { 0 };
        struct failure failure = { 0 };
        pair_flight(&pair, host, identity, &flight);
        if (at < buffer_size(&flight))
            flight.space[flight.start + at] ^= 0x55;
        tls_feed(pair.client, buffer_bytes(&flight));
        tls_handshake(pair.client, &failure);
        tls_feed_end(pair.client);
        enum tls_progress progress = tls_handshake(pair.client, &failure);
        struct tls_facts facts = described(pair.client, &arena);
        if (progress == TLS_FAILED) {
            assert_true(failure.kind != FAILURE_NONE);
            assert_true(failure.text[0] != '\0');
            assert_false(facts.verified);
        } else {
            /* GnuTLS does not look at the random middlebox-compatibility bytes. */
            assert_int_equal(progress, TLS_READY);
        }
        buffer_done(&flight);
        pair_done(&pair);
        arena_done(&arena);
    }
}

static void garbage_after_the_handshake_ends_it(void **state)
{
    static const char record[] = "\x17\x03\x03\x00\x20"
                                 "abcdefghijklmnopqrstuvwxyz012345";
    (void)state;
    struct pair pair;
    char text[64];
    struct failure failure = { 0 };
    pair_shake(&pair, host, &(struct tls_server_options) { .identity = identity }, 1000);
    assert_ready(&pair);
    tls_feed(pair.client, (struct bytes) { record, sizeof record - 1 });
    assert_int_equal(tls_read(pair.client, text, sizeof text, &failure), -2);
    assert_int_equal(failure.kind, FAILURE_PROTOCOL_VIOLATION);
    /* The server hears of it. */
    assert_true(buffer_size(tls_out(pair.client)) > 0);
    assert_false(tls_write(pair.client, text_bytes("x")));
    pair_done(&pair);
}

static void a_flood_is_bounded(void **state)
{
    (void)state;
    enum { SIZE = 64 * 1024 };
    char *flood = calloc(1, SIZE);
    struct pair pair;
    char text[64];
    struct failure failure = { 0 };
    pair_shake(&pair, host, &(struct tls_server_options) { .identity = identity }, 1000);
    assert_ready(&pair);
    for (int i = 0; i < 100; i++)
        tls_feed(pair.client, (struct bytes) { flood, SIZE });
    assert_true(pair.client->in.capacity <= 2 * TLS_IN_LIMIT);
    assert_int_equal(tls_read(pair.client, text, sizeof text, &failure), -2);
    assert_int_equal(failure.kind, FAILURE_PROTOCOL_VIOLATION);
    pair_done(&pair);

    /* A handshake message that never ends: records of a ServerHello which claims 16 MB. */
    struct tls *client = tls_new(host);
    enum tls_progress progress = tls_handshake(client, &failure);
    for (int i = 0; i < 100 && progress == TLS_WANTS_MORE; i++) {
        memcpy(flood, "\x16\x03\x03\x40\x00", 5);
        if (i == 0)
            memcpy(flood + 5, "\x02\xff\xff\xff\x03\x03", 6);
        tls_feed(client, (struct bytes) { flood, 5 + 16384 });
        progress = tls_handshake(client, &failure);
        assert_true(i * 16384 < 2 * TLS_IN_LIMIT);
    }
    assert_int_equal(progress, TLS_FAILED);
    assert_int_equal(failure.kind, FAILURE_PROTOCOL_VIOLATION);
    tls_free(client);
    free(flood);
}

/* TLS 1.3 tells a client without a certificate only after the handshake. */
static void refusal_of_a_client_without_certificate(void **state)
{
    (void)state;
    struct pair pair;
    char text[64];
    struct failure failure = { 0 };
    struct tls_server_options options = { .identity = identity, .wants_certificate = true };
    pair_shake(&pair, host, &options, 1000);
    assert_int_equal(pair.client_progress, TLS_READY);
    assert_int_equal(pair.server_progress, TLS_FAILED);
    assert_int_equal(tls_read(pair.client, text, sizeof text, &failure), -2);
    assert_int_equal(failure.kind, FAILURE_TLS_HANDSHAKE);
    assert_string_equal(failure.text, "TLS alert certificate_required (116) after the handshake: "
                                      "the server wants a client certificate");
    pair_done(&pair);

    options.only_tls10 = true;
    pair_shake(&pair, host, &options, 1000);
    assert_int_equal(pair.client_progress, TLS_FAILED);
    assert_int_equal(pair.client_failure.kind, FAILURE_TLS_HANDSHAKE);
    assert_non_null(pair.client->alert);
    pair_done(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_common_cipher_is_an_alert),
        cmocka_unit_test(version_refusals),
        cmocka_unit_test(every_alert_has_its_name),
        cmocka_unit_test(a_warning_does_not_end_it),
        cmocka_unit_test(plain_text_is_no_tls),
        cmocka_unit_test(early_close_is_told_as_such),
        cmocka_unit_test(a_broken_flight_is_a_failure),
        cmocka_unit_test(garbage_after_the_handshake_ends_it),
        cmocka_unit_test(a_flood_is_bounded),
        cmocka_unit_test(refusal_of_a_client_without_certificate),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
