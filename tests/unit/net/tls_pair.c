#include "tls_pair.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

int64_t pair_now(void)
{
    static int64_t now;
    if (!now)
        now = time(NULL);
    return now;
}

struct tls_trust *pair_trust(const char *pem)
{
    char path[] = "/tmp/maildoctor-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, pem, strlen(pem)), strlen(pem));
    close(fd);
    char *error = NULL;
    struct tls_trust *trust =
        tls_trust_load(&(struct tls_trust_options) { .ca_file = path }, &error);
    unlink(path);
    assert_non_null(trust);
    assert_null(error);
    return trust;
}

void pair_roots_init(struct pair_roots *roots)
{
    roots->authority = tls_authority_new("Test Root");
    assert_non_null(roots->authority);
    roots->trust = pair_trust(tls_authority_pem(roots->authority));
}

void pair_roots_done(struct pair_roots *roots)
{
    tls_trust_free(roots->trust);
    tls_authority_free(roots->authority);
}

struct tls_identity *pair_identity(const struct tls_authority *authority, const char *name)
{
    const char *names[] = { name, NULL };
    struct tls_identity *identity = tls_identity_issue(
        authority, &(struct tls_identity_options) { .names = names,
                                                    .not_before = pair_now() - PAIR_DAY,
                                                    .not_after = pair_now() + 90 * PAIR_DAY });
    assert_non_null(identity);
    return identity;
}

static bool carry(struct tls *from, struct tls *to, size_t piece)
{
    struct buffer *out = tls_out(from);
    struct bytes bytes = buffer_bytes(out);
    size_t size = bytes.size < piece ? bytes.size : piece;
    if (size == 0)
        return false;
    tls_feed(to, (struct bytes) { bytes.data, size });
    buffer_consume(out, size);
    return true;
}

bool pair_carry(struct pair *pair)
{
    bool moved = carry(pair->client, pair->server, pair->piece);
    return carry(pair->server, pair->client, pair->piece) || moved;
}

void pair_shake(struct pair *pair, const char *host, const struct tls_server_options *options,
                size_t piece)
{
    *pair = (struct pair) {
        .client = tls_new(host),
        .server = tls_server_new(options),
        .piece = piece,
    };
    assert_non_null(pair->client);
    assert_non_null(pair->server);
    do {
        pair->client_progress = tls_handshake(pair->client, &pair->client_failure);
        pair->server_progress = tls_handshake(pair->server, &pair->server_failure);
    } while (pair_carry(pair));
}

void pair_done(struct pair *pair)
{
    tls_free(pair->client);
    tls_free(pair->server);
}

ssize_t pair_read(struct tls *tls, char *text, size_t size, struct failure *ret_failure)
{
    size_t have = 0;
    ssize_t n;
    while ((n = tls_read(tls, text + have, size - 1 - have, ret_failure)) > 0)
        have += (size_t)n;
    text[have] = '\0';
    return n;
}

void pair_send(struct pair *pair, struct tls *from, struct tls *to, const char *words)
{
    char text[64];
    struct failure failure = { 0 };
    assert_true(tls_write(from, text_bytes(words)));
    while (pair_carry(pair)) {
    }
    assert_int_equal(pair_read(to, text, sizeof text, &failure), -1);
    assert_string_equal(text, words);
}

enum tls_progress pair_answer(struct tls **ret_client, const char *host, const void *bytes,
                              size_t size, struct failure *ret_failure)
{
    struct tls *client = *ret_client = tls_new(host);
    assert_int_equal(tls_handshake(client, ret_failure), TLS_WANTS_MORE);
    assert_true(buffer_size(tls_out(client)) > 100);
    tls_feed(client, (struct bytes) { bytes, size });
    return tls_handshake(client, ret_failure);
}

void pair_flight(struct pair *pair, const char *host, const struct tls_identity *identity,
                 struct buffer *flight)
{
    struct failure failure = { 0 };
    *pair = (struct pair) {
        .client = tls_new(host),
        .server = tls_server_new(&(struct tls_server_options) { .identity = identity }),
        .piece = SIZE_MAX,
    };
    buffer_init(flight, SIZE_MAX);
    assert_int_equal(tls_handshake(pair->client, &failure), TLS_WANTS_MORE);
    tls_feed(pair->server, buffer_bytes(tls_out(pair->client)));
    assert_int_equal(tls_handshake(pair->server, &failure), TLS_WANTS_MORE);
    struct bytes bytes = buffer_bytes(tls_out(pair->server));
    buffer_append(flight, bytes.data, bytes.size);
    assert_true(bytes.size > 500);
}
