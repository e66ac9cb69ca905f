#include "simulate/accounts.h"

#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* base64url without padding (RFC 7515 section 2) */
static void put_base64url(struct buffer *out, struct bytes data)
{
    struct buffer plain;
    buffer_init(&plain, 8192);
    crypto_base64_encode(&plain, data);
    struct bytes text = buffer_bytes(&plain);
    for (size_t i = 0; i < text.size && text.data[i] != '='; i++) {
        char c = text.data[i];
        c = c == '+' ? '-' : c == '/' ? '_' : c;
        buffer_append(out, &c, 1);
    }
    buffer_done(&plain);
}

static char *take_text(struct buffer *buffer)
{
    struct bytes bytes = buffer_bytes(buffer);
    char *text = memory_new(bytes.size + 1);
    if (bytes.size)
        memcpy(text, bytes.data, bytes.size);
    buffer_done(buffer);
    return text;
}

char *sim_password_new(void)
{
    unsigned char random[15];
    struct buffer text;
    crypto_random(random, sizeof random);
    buffer_init(&text, 64);
    crypto_base64_encode(&text, (struct bytes) { (const char *)random, sizeof random });
    explicit_bzero(random, sizeof random);
    return take_text(&text);
}

/* In the form that Exchange Online takes: a version 1.0 JSON web token whose audience is Outlook.
 * The signature is noise; only this simulator accepts it. */
static char *token_new(const struct sim_persona *persona, int64_t now)
{
    static const char header[] =
        "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5t\":\"simulated\",\"kid\":\"simulated\"}";
    unsigned char signature[256];
    struct buffer claims, token;
    buffer_init(&claims, 4096);
    buffer_init(&token, 8192);
    buffer_format(&claims,
                  "{\"aud\":\"https://outlook.office365.com\","
                  "\"iss\":\"https://sts.windows.net/11111111-2222-4333-8444-555555555555/\","
                  "\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld,\"app_displayname\":\"Simulated client\","
                  "\"appid\":\"66666666-7777-4888-9999-000000000000\","
                  "\"scp\":\"IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send\","
                  "\"tid\":\"11111111-2222-4333-8444-555555555555\",\"unique_name\":\"%s\","
                  "\"upn\":\"%s\",\"ver\":\"1.0\"}",
                  (long long)now, (long long)now - 60, (long long)now + 3600, persona->user,
                  persona->user);
    put_base64url(&token, text_bytes(header));
    buffer_append_text(&token, ".");
    put_base64url(&token, buffer_bytes(&claims));
    buffer_append_text(&token, ".");
    crypto_random(signature, sizeof signature);
    put_base64url(&token, (struct bytes) { (const char *)signature, sizeof signature });
    buffer_done(&claims);
    return take_text(&token);
}

void sim_accounts_make(struct sim_accounts *accounts, const struct sim_persona *persona,
                       int64_t now)
{
    accounts->user = persona->user;
    accounts->password = sim_password_new();
    accounts->token = token_new(persona, now);
}

static void wipe(const char *secret)
{
    char *text = (char *)(uintptr_t)secret; /* ours, made above */
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void sim_accounts_done(struct sim_accounts *accounts)
{
    wipe(accounts->password);
    wipe(accounts->token);
    *accounts = (struct sim_accounts) { 0 };
}
