#include "base/secret.h"

#include "base/buffer.h"
#include "base/crypto.h"
#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

struct secret {
    char *page;
    size_t size;
    size_t mapped;
};

struct secret *secret_new(struct bytes bytes)
{
    if (bytes.size > SECRET_LIMIT)
        return NULL;
    struct secret *secret = memory_new(sizeof *secret);
    secret->size = bytes.size;
    secret->mapped = bytes.size + 1;
    secret->page =
        mmap(NULL, secret->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (secret->page == MAP_FAILED) {
        free(secret);
        return NULL;
    }
    /* Best effort, each: a container may forbid locking, an older kernel may not know the advice.
     */
    mlock(secret->page, secret->mapped);
    madvise(secret->page, secret->mapped, MADV_DONTDUMP);
    madvise(secret->page, secret->mapped, MADV_WIPEONFORK);
    if (bytes.size)
        memcpy(secret->page, bytes.data, bytes.size);
    return secret;
}

void secret_free(struct secret *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret->page, secret->mapped);
    munmap(secret->page, secret->mapped);
    free(secret);
}

struct bytes secret_bytes(const struct secret *secret)
{
    return (struct bytes) { .data = secret->page, .size = secret->size };
}

enum { SHORTEST = 4 }; /* less would blot out ordinary words */

/* A text that was cut off may end in the beginning of WHAT. */
static void blot_end(char *data, size_t size, struct bytes what)
{
    size_t part = what.size - 1 < size ? what.size - 1 : size;
    while (part >= SHORTEST && memcmp(data + size - part, what.data, part) != 0)
        part--;
    if (part >= SHORTEST)
        memset(data + size - part, '*', part);
}

static void blot(char *data, size_t size, struct bytes what, bool cut)
{
    if (what.size < SHORTEST)
        return;
    for (char *at = data; size - (size_t)(at - data) >= what.size;) {
        char *hit = memmem(at, size - (size_t)(at - data), what.data, what.size);
        if (!hit)
            break;
        memset(hit, '*', what.size);
        at = hit + what.size;
    }
    if (cut)
        blot_end(data, size, what);
}

/* Base64 of bytes that stand SHIFT bytes into a message: the characters that depend on neighbours
 * are left off. */
static void blot_base64(char *data, size_t size, struct bytes secret, size_t shift, bool cut)
{
    struct buffer padded, encoded;
    buffer_init(&padded, SECRET_LIMIT + 4);
    buffer_init(&encoded, 2 * SECRET_LIMIT);
    buffer_append(&padded, "\0\0", shift);
    buffer_append(&padded, secret.data, secret.size);
    crypto_base64_encode(&encoded, buffer_bytes(&padded));
    struct bytes text = buffer_bytes(&encoded);
    size_t head = shift ? shift + 1 : 0;
    size_t whole = (shift + secret.size) * 8 / 6; /* characters that this secret alone decides */
    if (whole > head)
        blot(data, size, (struct bytes) { text.data + head, whole - head }, cut);
    buffer_done(&padded);
    buffer_done(&encoded);
}

/* As an IMAP quoted string has it (RFC 3501 section 9): a server may quote our command back. */
static void blot_quoted(char *data, size_t size, struct bytes secret, bool cut)
{
    struct buffer quoted;
    buffer_init(&quoted, 2 * SECRET_LIMIT);
    for (size_t i = 0; i < secret.size; i++) {
        if (secret.data[i] == '"' || secret.data[i] == '\\')
            buffer_append(&quoted, "\\", 1);
        buffer_append(&quoted, secret.data + i, 1);
    }
    if (buffer_size(&quoted) > secret.size)
        blot(data, size, buffer_bytes(&quoted), cut);
    buffer_done(&quoted);
}

/* ---- secrets too short to be looked for everywhere ---- */

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* In quotes, as IMAP's LOGIN has it; behind "PASS", as in POP3; behind a zero byte, as in a PLAIN
 * message (RFC 4616). */
static bool stands_as_secret(const char *data, size_t size, size_t at, size_t length)
{
    static const char verb[] = "pass ";
    static const char *const quotes[] = { "\"\"", "''", "<>" };
    char before = at ? data[at - 1] : ' ', after = at + length < size ? data[at + length] : ' ';
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
        if (before == quotes[i][0] && after == quotes[i][1])
            return true;
    if (is_word_byte(after))
        return false;
    return (at && before == '\0') ||
           (at >= sizeof verb - 1 &&
            strncasecmp(data + at - (sizeof verb - 1), verb, sizeof verb - 1) == 0);
}

/* The messages of LOGIN (the secret alone), PLAIN (behind a zero byte) and HTTP (behind a colon,
 * RFC 7617). */
static bool holds_secret(struct bytes word, struct bytes secret)
{
    struct buffer message;
    buffer_init(&message, 2 * SECRET_LIMIT);
    bool holds = crypto_base64_decode(&message, word) && buffer_size(&message) >= secret.size;
    if (holds) {
        struct bytes bytes = buffer_bytes(&message);
        size_t front = bytes.size - secret.size;
        holds = memcmp(bytes.data + front, secret.data, secret.size) == 0 &&
                (!front || bytes.data[front - 1] == '\0' || bytes.data[front - 1] == ':');
    }
    buffer_done(&message);
    return holds;
}

static bool is_base64_byte(char c)
{
    return (isalnum((unsigned char)c) && (unsigned char)c < 0x80) || c == '+' || c == '/' ||
           c == '=';
}

static void blot_messages(char *data, size_t size, struct bytes secret)
{
    for (size_t at = 0; at < size;) {
        size_t length = 0;
        while (at + length < size && is_base64_byte(data[at + length]))
            length++;
        if (length && length % 4 == 0 && length <= SECRET_LIMIT &&
            holds_secret((struct bytes) { data + at, length }, secret))
            memset(data + at, '*', length);
        at += length + 1;
    }
}

/* "5" is in every reply, and "535" may be its code: only where it can be nothing else. */
static void scrub_short(struct bytes secret, char *data, size_t size)
{
    for (size_t at = 0; at + secret.size <= size; at++)
        if (memcmp(data + at, secret.data, secret.size) == 0 &&
            stands_as_secret(data, size, at, secret.size))
            memset(data + at, '*', secret.size);
    blot_messages(data, size, secret);
}

static void scrub(const struct secret *secret, char *data, size_t size, bool cut)
{
    if (!secret || secret->size == 0 || size == 0)
        return;
    struct bytes bytes = secret_bytes(secret);
    if (bytes.size < SHORTEST) {
        scrub_short(bytes, data, size);
        return;
    }
    blot(data, size, bytes, cut);
    blot_quoted(data, size, bytes, cut);
    for (size_t shift = 0; shift < 3; shift++)
        blot_base64(data, size, bytes, shift, cut);
}

void secret_scrub(const struct secret *secret, char *data, size_t size)
{
    scrub(secret, data, size, false);
}

void secret_scrub_cut(const struct secret *secret, char *data, size_t size)
{
    scrub(secret, data, size, true);
}
