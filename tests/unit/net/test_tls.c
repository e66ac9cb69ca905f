/* Sessions over memory that succeed: handshakes, data, the goodbye. */
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

/* ---- good sessions ---- */

static void talks_at_any_piece_size(void **state)
{
    static const size_t pieces[] = { 1, 2, 3, 5, 7, 64, 1000, 1 << 20 };
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct pair pair;
        pair_shake(&pair, host, &(struct tls_server_options) { .identity = identity }, pieces[i]);
        assert_ready(&pair);
        pair_send(&pair, pair.client, pair.server, "EHLO probe\r\n");
        pair_send(&pair, pair.server, pair.client, "250 ok\r\n");
        pair_done(&pair);
    }
}

static void carries_long_data(void **state)
{
    (void)state;
    enum { SIZE = 200 * 1024 };
    struct pair pair;
    struct failure failure = { 0 };
    char *sent = calloc(1, SIZE), *got = calloc(1, SIZE + 2);
    for (size_t i = 0; i < SIZE; i++)
        sent[i] = (char)(i * 7 + i / 256);
    pair_shake(&pair, host, &(struct tls_server_options) { .identity = identity }, 16384);
    assert_true(tls_write(pair.client, (struct bytes) { sent, SIZE }));
    while (pair_carry(&pair)) {
    }
    assert_int_equal(pair_read(pair.server, got, SIZE + 2, &failure), -1);
    assert_memory_equal(sent, got, SIZE);
    pair_done(&pair);
    free(sent);
    free(got);
}

/* The Finished and the first command leave in one write: nothing has to be flushed in between. */
static void finished_and_command_share_a_buffer(void **state)
{
    (void)state;
    struct pair pair;
    struct buffer flight;
    struct failure failure = { 0 };
    pair_flight(&pair, host, identity, &flight);
    buffer_clear(tls_out(pair.client));
    tls_feed(pair.client, buffer_bytes(&flight));
    assert_int_equal(tls_handshake(pair.client, &failure), TLS_READY);
    size_t finished = buffer_size(tls_out(pair.client));
    assert_true(finished > 0);
    assert_true(tls_write(pair.client, text_bytes("EHLO probe\r\n")));
    assert_true(buffer_size(tls_out(pair.client)) > finished);
    tls_feed(pair.server, buffer_bytes(tls_out(pair.client)));
    assert_int_equal(tls_handshake(pair.server, &failure), TLS_READY);
    char text[64];
    assert_int_equal(pair_read(pair.server, text, sizeof text, &failure), -1);
    assert_string_equal(text, "EHLO probe\r\n");
    buffer_done(&flight);
    pair_done(&pair);
}

static void offers_the_name_but_no_address(void **state)
{
    static const struct {
        const char *host, *sni;
    } cases[] = {
        { "smtp.example.test", "smtp.example.test" },
        { "smtp.example.test.", "smtp.example.test" },
        { "192.0.2.1", NULL },
        { "2001:db8::1", NULL },
        { "fe80::1%eth0", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pair pair;
        struct arena arena = { 0 };
        char name[256] = "";
        size_t size = sizeof name;
        unsigned type;
        pair_shake(&pair, cases[i].host, &(struct tls_server_options) { .identity = identity },
                   1000);
        assert_ready(&pair);
        int error = gnutls_server_name_get(pair.server->session, name, &size, &type, 0);
        struct tls_facts facts = described(pair.client, &arena);
        if (cases[i].sni) {
            assert_int_equal(error, 0);
            assert_string_equal(name, cases[i].sni);
            assert_string_equal(facts.sni, cases[i].sni);
        } else {
            assert_int_equal(error, GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
            assert_null(facts.sni);
        }
        arena_done(&arena);
        pair_done(&pair);
    }
}

static void says_which_version_and_cipher(void **state)
{
    (void)state;
    struct pair pair;
    struct arena arena = { 0 };
    pair_shake(&pair, host, &(struct tls_server_options) { .identity = identity }, 1000);
    struct tls_facts facts = described(pair.client, &arena);
    assert_string_equal(facts.version, "TLS1.3");
    assert_string_equal(facts.cipher, "AES-256-GCM");
    assert_non_null(facts.group);
    assert_null(facts.alert);
    assert_true(facts.verified);
    pair_done(&pair);
    arena_done(&arena);
}

static void server_of_the_past_is_described(void **state)
{
    (void)state;
    struct pair pair;
    struct arena arena = { 0 };
    struct tls_server_options options = { .identity = identity, .only_tls10 = true };
    pair_shake(&pair, host, &options, 7);
    assert_ready(&pair);
    pair_send(&pair, pair.client, pair.server, "EHLO probe\r\n");
    struct tls_facts facts = described(pair.client, &arena);
    assert_string_equal(facts.version, "TLS1.0");
    assert_true(facts.verified);
    pair_done(&pair);
    arena_done(&arena);
}

static void answers_a_key_update(void **state)
{
    (void)state;
    struct pair pair;
    pair_shake(&pair, host, &(struct tls_server_options) { .identity = identity }, 3);
    assert_ready(&pair);
    assert_int_equal(gnutls_session_key_update(pair.server->session, GNUTLS_KU_PEER), 0);
    pair_send(&pair, pair.server, pair.client, "250 ok\r\n");
    pair_send(&pair, pair.client, pair.server, "NOOP\r\n");
    pair_done(&pair);
}

static void declines_a_renegotiation(void **state)
{
    (void)state;
    struct pair pair;
    char text[64];
    struct failure failure = { 0 };
    struct tls_server_options options = { .identity = identity, .only_tls10 = true };
    pair_shake(&pair, host, &options, 1000);
    assert_ready(&pair);
    assert_int_equal(gnutls_rehandshake(pair.server->session), 0);
    pair_send(&pair, pair.server, pair.client, "250 ok\r\n");
    while (pair_carry(&pair)) {
    }
    assert_int_equal(pair_read(pair.server, text, sizeof text, &failure), -1);
    assert_string_equal(pair.server->alert, "no_renegotiation");
    pair_send(&pair, pair.client, pair.server, "NOOP\r\n");
    pair_done(&pair);
}

static void goodbye_is_heard(void **state)
{
    (void)state;
    struct pair pair;
    char text[64];
    struct failure failure = { 0 };
    pair_shake(&pair, host, &(struct tls_server_options) { .identity = identity }, 1000);
    assert_true(tls_write(pair.server, text_bytes("221 bye\r\n")));
    tls_close(pair.server);
    while (pair_carry(&pair)) {
    }
    assert_int_equal(tls_read(pair.client, text, sizeof text, &failure), 9);
    assert_int_equal(tls_read(pair.client, text, sizeof text, &failure), 0);
    assert_int_equal(tls_read(pair.client, text, sizeof text, &failure), 0);
    pair_done(&pair);

    /* Many servers just hang up. */
    pair_shake(&pair, host, &(struct tls_server_options) { .identity = identity }, 1000);
    tls_feed_end(pair.client);
    assert_int_equal(tls_read(pair.client, text, sizeof text, &failure), 0);
    assert_int_equal(failure.kind, FAILURE_NONE);
    pair_done(&pair);
}

/* ---- channel bindings ---- */

/* Both ends of a session know the same bytes, and no other session has them. */
static void logins_can_be_bound_to_it(void **state)
{
    (void)state;
    char seen[2][32] = { 0 };
    for (int i = 0; i < 2; i++) {
        struct pair pair;
        struct buffer ours, theirs;
        buffer_init(&ours, 256);
        buffer_init(&theirs, 256);
        pair_shake(&pair, host, &(struct tls_server_options) { .identity = identity }, 16384);
        assert_ready(&pair);
        assert_string_equal(tls_channel_binding(pair.client, &ours), "tls-exporter");
        assert_string_equal(tls_channel_binding(pair.server, &theirs), "tls-exporter");
        assert_int_equal(buffer_size(&ours), sizeof seen[i]); /* RFC 9266 section 4.2 */
        assert_int_equal(buffer_size(&theirs), sizeof seen[i]);
        memcpy(seen[i], buffer_bytes(&ours).data, sizeof seen[i]);
        assert_memory_equal(seen[i], buffer_bytes(&theirs).data, sizeof seen[i]);
        buffer_done(&ours);
        buffer_done(&theirs);
        pair_done(&pair);
    }
    assert_memory_not_equal(seen[0], seen[1], sizeof seen[0]);
}

static void not_to_the_past(void **state)
{
    (void)state;
    struct pair pair;
    struct buffer data;
    buffer_init(&data, 256);
    struct tls_server_options options = { .identity = identity, .only_tls10 = true };
    pair_shake(&pair, host, &options, 16384);
    assert_ready(&pair);
    assert_null(tls_channel_binding(pair.client, &data));
    assert_int_equal(buffer_size(&data), 0);
    buffer_done(&data);
    pair_done(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(talks_at_any_piece_size),
        cmocka_unit_test(carries_long_data),
        cmocka_unit_test(finished_and_command_share_a_buffer),
        cmocka_unit_test(offers_the_name_but_no_address),
        cmocka_unit_test(says_which_version_and_cipher),
        cmocka_unit_test(server_of_the_past_is_described),
        cmocka_unit_test(answers_a_key_update),
        cmocka_unit_test(declines_a_renegotiation),
        cmocka_unit_test(goodbye_is_heard),
        cmocka_unit_test(logins_can_be_bound_to_it),
        cmocka_unit_test(not_to_the_past),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
