#include "serve/credentials.h"

#include "base/buffer.h"
#include "base/crypto.h"
#include "base/text.h"

#include <string.h>

enum { HEADER_LIMIT = 4096, SALT_SIZE = 16 };

/* Tags under a salt that is new each time: how far two of them agree says nothing of the texts. */
static bool is_equal(struct bytes a, struct bytes b)
{
    char salt[SALT_SIZE];
    uint8_t x[CRYPTO_TAG_SIZE], y[CRYPTO_TAG_SIZE];
    crypto_random(salt, sizeof salt);
    crypto_derive(a, (struct bytes) { salt, sizeof salt }, 1, x);
    crypto_derive(b, (struct bytes) { salt, sizeof salt }, 1, y);
    return memcmp(x, y, sizeof x) == 0;
}

bool credentials_match(const struct secret *login, const char *header)
{
    static const char scheme[] = "basic "; /* RFC 9110 section 11.1: in any case */
    if (!header || !text_starts_fold(text_bytes(header), scheme) || strlen(header) > HEADER_LIMIT)
        return false;
    struct buffer given;
    buffer_init(&given, HEADER_LIMIT);
    bool match = crypto_base64_decode(&given, text_trim(text_bytes(header + sizeof scheme - 1))) &&
                 buffer_size(&given) > 0 && is_equal(buffer_bytes(&given), secret_bytes(login));
    buffer_done(&given);
    return match;
}
