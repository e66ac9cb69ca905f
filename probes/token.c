#include "probes/token.h"

#include "base/crypto.h"
#include "base/secret.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Longest claim that is kept: roles and names are words, not texts. */
enum { CLAIM_LIMIT = 512, LIST_LIMIT = 64 };

static void note_digest(struct token *token, struct bytes text)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    crypto_sha256(text, digest);
    snprintf(token->digest, sizeof token->digest, "%02x%02x%02x%02x", digest[0], digest[1],
             digest[2], digest[3]);
}

/* ---- claims ---- */

static const char *text_claim(struct arena *arena, const json_t *claims, const char *name)
{
    const json_t *value = json_object_get(claims, name);
    size_t size = json_string_length(value);
    return size && size <= CLAIM_LIMIT ? arena_copy(arena, json_string_value(value)) : NULL;
}

static const char *first_claim(struct arena *arena, const json_t *claims, const char *const *names)
{
    const char *text = NULL;
    while (*names && !text)
        text = text_claim(arena, claims, *names++);
    return text;
}

/* RFC 7519 section 2: a NumericDate, seconds since 1970, with a fraction if it likes. */
static int64_t time_claim(const json_t *claims, const char *name)
{
    const json_t *value = json_object_get(claims, name);
    double seconds = json_number_value(value);
    return seconds > 0 && seconds < 1e12 ? (int64_t)seconds : 0;
}

static void add_word(struct strings *list, struct arena *arena, const char *text, size_t size)
{
    if (size && size <= CLAIM_LIMIT && list->count < LIST_LIMIT)
        strings_add(list, arena, arena_format(arena, "%.*s", (int)size, text));
}

/* A list, or words with blanks between them (RFC 6749 section 3.3). */
static void list_claim(struct strings *list, struct arena *arena, const json_t *claims,
                       const char *name)
{
    const json_t *value = json_object_get(claims, name);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        add_word(list, arena, json_string_value(item), json_string_length(item));
    }
    const char *text = json_string_value(value);
    while (text && *text) {
        size_t size = strcspn(text, " ");
        add_word(list, arena, text, size);
        text += size + strspn(text + size, " ");
    }
}

static bool is_app_only(const struct token *token, const json_t *claims)
{
    const char *type = json_string_value(json_object_get(claims, "idtyp"));
    return type ? strcmp(type, "app") == 0 : token->app && !token->user && token->scopes.count == 0;
}

static void take_claims(struct token *token, struct arena *arena, const json_t *claims)
{
    static const char *const users[] = { "upn", "preferred_username", "unique_name", "email",
                                         NULL };
    static const char *const apps[] = { "appid", "azp", "client_id", NULL };
    list_claim(&token->audience, arena, claims, "aud");
    token->issuer = text_claim(arena, claims, "iss");
    token->tenant = text_claim(arena, claims, "tid");
    token->app = first_claim(arena, claims, apps);
    token->app_name = text_claim(arena, claims, "app_displayname");
    token->user = first_claim(arena, claims, users);
    token->version = text_claim(arena, claims, "ver");
    list_claim(&token->scopes, arena, claims, "scp");
    if (token->scopes.count == 0)
        list_claim(&token->scopes, arena, claims, "scope");
    list_claim(&token->roles, arena, claims, "roles");
    token->issued = time_claim(claims, "iat");
    token->not_before = time_claim(claims, "nbf");
    token->expires = time_claim(claims, "exp");
    token->app_only = is_app_only(token, claims);
    token->readable = true;
}

/* RFC 7515 section 3.1: header, claims and signature in base64url, with dots between them. */
static struct bytes second_part(struct bytes text)
{
    const char *end = text.data + text.size;
    const char *first = text.size ? memchr(text.data, '.', text.size) : NULL;
    size_t left = first ? (size_t)(end - first - 1) : 0;
    const char *second = left ? memchr(first + 1, '.', left) : NULL;
    if (!second)
        return (struct bytes) { 0 };
    left = (size_t)(end - second - 1);
    if (left && memchr(second + 1, '.', left))
        return (struct bytes) { 0 }; /* five parts: encrypted */
    return (struct bytes) { first + 1, (size_t)(second - first - 1) };
}

void token_read(struct token *token, struct arena *arena, struct bytes text)
{
    *token = (struct token) { 0 };
    note_digest(token, text);
    struct bytes part = second_part(text);
    struct buffer decoded;
    buffer_init(&decoded, SECRET_LIMIT);
    if (part.size && crypto_base64url_decode(&decoded, part)) {
        struct bytes json = buffer_bytes(&decoded);
        json_t *claims = json_loadb(json.data ? json.data : "", json.size, 0, NULL);
        if (json_is_object(claims))
            take_claims(token, arena, claims);
        json_decref(claims);
    }
    buffer_done(&decoded);
}
