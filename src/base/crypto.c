#include "base/crypto.h"

#include "base/memory.h"

#include <nettle/base64.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void crypto_base64_encode(struct buffer *out, struct bytes data)
{
    size_t size = BASE64_ENCODE_RAW_LENGTH(data.size);
    char *text = memory_new(size);
    base64_encode_raw(text, data.size, (const uint8_t *)data.data);
    buffer_append(out, text, size);
    explicit_bzero(text, size);
    free(text);
}

bool crypto_base64_decode(struct buffer *out, struct bytes text)
{
    size_t capacity = BASE64_DECODE_LENGTH(text.size) + 1, size = capacity;
    uint8_t *data = memory_new(capacity);
    struct base64_decode_ctx ctx;
    base64_decode_init(&ctx);
    bool ok =
        base64_decode_update(&ctx, &size, data, text.size, text.data) && base64_decode_final(&ctx);
    if (ok)
        buffer_append(out, data, size);
    explicit_bzero(data, capacity);
    free(data);
    return ok;
}

void crypto_base64url_encode(struct buffer *out, struct bytes data)
{
    size_t size = BASE64_ENCODE_RAW_LENGTH(data.size);
    char *text = memory_new(size + 1);
    base64_encode_raw(text, data.size, (const uint8_t *)data.data);
    for (size_t i = 0; i < size; i++)
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    buffer_append(out, text, strcspn(text, "="));
    explicit_bzero(text, size);
    free(text);
}

bool crypto_base64url_decode(struct buffer *out, struct bytes text)
{
    char *plain = memory_new(text.size + 4);
    bool ok = text.size % 4 != 1;
    for (size_t i = 0; ok && i < text.size; i++) {
        char c = text.data[i];
        ok = c != '+' && c != '/' && c != '=' && c != ' ' && (c < '\t' || c > '\r');
        plain[i] = c;
    }
    for (size_t i = 0; i < text.size; i++)
        plain[i] = plain[i] == '-' ? '+' : plain[i] == '_' ? '/' : plain[i];
    size_t padded = text.size;
    while (padded % 4)
        plain[padded++] = '=';
    ok = ok && crypto_base64_decode(out, (struct bytes) { plain, padded });
    explicit_bzero(plain, padded);
    free(plain);
    return ok;
}

void crypto_sha256(struct bytes data, uint8_t digest[static CRYPTO_SHA256_SIZE])
{
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    sha256_update(&ctx, data.size, (const uint8_t *)data.data);
    sha256_digest(&ctx, CRYPTO_SHA256_SIZE, digest);
    explicit_bzero(&ctx, sizeof ctx);
}

void crypto_derive(struct bytes secret, struct bytes salt, unsigned rounds,
                   uint8_t tag[static CRYPTO_TAG_SIZE])
{
    pbkdf2_hmac_sha256(secret.size, (const uint8_t *)secret.data, rounds, salt.size,
                       (const uint8_t *)salt.data, CRYPTO_TAG_SIZE, tag);
}

void crypto_random(void *out, size_t size)
{
    char *at = out;
    while (size) {
        ssize_t n = getrandom(at, size, 0);
        if (n <= 0)
            continue; /* EINTR only: the pool is ready long before any program of ours runs */
        at += n;
        size -= (size_t)n;
    }
}
