/* The door to nettle: base64, hashes, key derivation, randomness. */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "base/buffer.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum { CRYPTO_TAG_SIZE = 32, CRYPTO_SHA256_SIZE = 32 };

/* Appends DATA in base64 (RFC 4648 section 4, padded, one line). */
void crypto_base64_encode(struct buffer *out, struct bytes data);

/* Appends what TEXT decodes to; false, with OUT unchanged, when it is no base64. Blanks inside are
 * allowed. */
bool crypto_base64_decode(struct buffer *out, struct bytes text);

/* The same in the alphabet for web addresses, without padding (RFC 7515 section 2). Decoding takes
 * neither padding nor blanks. */
void crypto_base64url_encode(struct buffer *out, struct bytes data);
bool crypto_base64url_decode(struct buffer *out, struct bytes text);

/* SHA-256 (FIPS 180-4). */
void crypto_sha256(struct bytes data, uint8_t digest[static CRYPTO_SHA256_SIZE]);

/* PBKDF2-HMAC-SHA-256 (RFC 8018 section 5.2). */
void crypto_derive(struct bytes secret, struct bytes salt, unsigned rounds,
                   uint8_t tag[static CRYPTO_TAG_SIZE]);

/* SIZE bytes from the system's generator. */
void crypto_random(void *out, size_t size);

#endif
