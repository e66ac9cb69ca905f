#include "simulate/accounts.h"

#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define TENANT "11111111-2222-4333-8444-555555555555"

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

/* What both kinds of token say; good for an hour, from AHEAD seconds after NOW on. */
static void put_claims(struct buffer *claims, const char *audience, int64_t now, int64_t ahead)
{
    long long begins = now + ahead;
    buffer_format(claims,
                  "{\"aud\":\"%s\",\"iss\":\"https://sts.windows.net/" TENANT "/\",\"iat\":%lld,"
                  "\"nbf\":%lld,\"exp\":%lld,\"app_displayname\":\"Simulated client\","
                  "\"appid\":\"66666666-7777-4888-9999-000000000000\",\"tid\":\"" TENANT
                  "\",\"ver\":\"1.0\"",
                  audience, begins, begins - 60, begins + 3600);
}

/* In the form that Exchange Online takes: a version 1.0 JSON web token whose audience is Outlook.
 * The signature is noise; only this simulator accepts it. Empties CLAIMS. */
static char *seal(struct buffer *claims)
{
    static const char header[] =
        "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5t\":\"simulated\",\"kid\":\"simulated\"}";
    unsigned char signature[256];
    struct buffer token;
    buffer_init(&token, 8192);
    crypto_base64url_encode(&token, text_bytes(header));
    buffer_append_text(&token, ".");
    crypto_base64url_encode(&token, buffer_bytes(claims));
    buffer_append_text(&token, ".");
    crypto_random(signature, sizeof signature);
    crypto_base64url_encode(&token, (struct bytes) { (const char *)signature, sizeof signature });
    buffer_done(claims);
    return take_text(&token);
}

/* As those of personal accounts begin. */
static char *opaque_token_new(void)
{
    unsigned char random[300];
    struct buffer text;
    crypto_random(random, sizeof random);
    buffer_init(&text, 1024);
    buffer_append_text(&text, "EwBI");
    crypto_base64_encode(&text, (struct bytes) { (const char *)random, sizeof random });
    return take_text(&text);
}

static char *user_token_new(const char *user, enum sim_token_kind kind, int64_t now)
{
    const char *scopes = kind == SIM_KIND_NO_SCOPE
                             ? "User.Read"
                             : "IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send";
    const char *audience = kind == SIM_KIND_GRAPH         ? "https://graph.microsoft.com"
                           : kind == SIM_KIND_OTHER_CLOUD ? "https://outlook.office365.us"
                                                          : "https://outlook.office365.com";
    int64_t ahead = kind == SIM_KIND_EXPIRED ? -7200 : kind == SIM_KIND_NOT_YET_VALID ? 3600 : 0;
    struct buffer claims;
    buffer_init(&claims, 4096);
    put_claims(&claims, audience, now, ahead);
    buffer_format(&claims, ",\"scp\":\"%s\",\"unique_name\":\"%s\",\"upn\":\"%s\"}", scopes, user,
                  user);
    return seal(&claims);
}

static char *app_token_new(int64_t now)
{
    struct buffer claims;
    buffer_init(&claims, 4096);
    put_claims(&claims, "https://outlook.office365.com", now, 0);
    buffer_append_text(&claims, ",\"idtyp\":\"app\",\"roles\":[\"IMAP.AccessAsApp\","
                                "\"POP.AccessAsApp\",\"SMTP.SendAsApp\"]}");
    return seal(&claims);
}

void sim_accounts_make(struct sim_accounts *accounts, const struct sim_persona *persona,
                       enum sim_token_kind kind, int64_t now)
{
    const char *user = kind == SIM_KIND_OTHER_USER ? "somebody.else@contoso.com" : persona->user;
    *accounts = (struct sim_accounts) {
        .user = persona->user,
        .password = sim_password_new(),
        .token = kind == SIM_KIND_OPAQUE     ? opaque_token_new()
                 : kind == SIM_KIND_APP_ONLY ? app_token_new(now)
                                             : user_token_new(user, kind, now),
        .app_token = app_token_new(now),
        .client_secret = sim_password_new(),
        .token_user = user,
        .token_bad = kind != SIM_KIND_GOOD && kind != SIM_KIND_OPAQUE,
    };
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
    wipe(accounts->app_token);
    wipe(accounts->client_secret);
    *accounts = (struct sim_accounts) { 0 };
}
