#include "base/crypto.h"

#include "base/memory.h"

#include <nettle/base64.h>
#include <nettle/pbkdf2.h>
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
