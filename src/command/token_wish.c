#include "command/token_wish.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    enum token_grant grant;
} grants[] = {
    { "device", GRANT_DEVICE },
    { "code", GRANT_CODE },
    { "client-credentials", GRANT_CLIENT_CREDENTIALS },
    { "federation", GRANT_FEDERATION },
    { "refresh", GRANT_REFRESH },
    { "service-account", GRANT_SERVICE_ACCOUNT },
};
enum { GRANT_COUNT = sizeof grants / sizeof *grants };

void token_wish_init(struct token_wish *wish)
{
    *wish = (struct token_wish) {
        .client_secret = { .what = "client secret", .environment = "MAILDOCTOR_CLIENT_SECRET" },
        .assertion = { .what = "assertion", .environment = "MAILDOCTOR_ASSERTION" },
        .refresh_token = { .what = "refresh token", .environment = "MAILDOCTOR_REFRESH_TOKEN" },
        .service_account_key = { .what = "service account key",
                                 .environment = "MAILDOCTOR_SERVICE_ACCOUNT_KEY",
                                 .lines = true },
    };
}

enum token_grant token_grant_parse(const char *word)
{
    for (size_t i = 0; word && i < GRANT_COUNT; i++)
        if (strcmp(word, grants[i].word) == 0)
            return grants[i].grant;
    return GRANT_NONE;
}

static bool reject_way(const char *word, char **ret_error)
{
    const char *words[GRANT_COUNT + 1] = { NULL };
    for (size_t i = 0; i < GRANT_COUNT; i++)
        words[i] = grants[i].word;
    const char *near = options_nearest(word, words);
    char *quoted = options_quote(word);
    *ret_error =
        near ? memory_format("--oauth %s: did you mean %s?", quoted, near)
             : memory_format("--oauth %s: one of device, code, client-credentials, federation, "
                             "refresh, service-account",
                             quoted);
    free(quoted);
    return false;
}

/* It becomes part of an address. */
static bool is_plain(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._";
    return *text && strlen(text) <= 255 && text[strspn(text, allowed)] == '\0';
}

static bool is_authority(const char *url)
{
    static const char scheme[] = "https://";
    size_t size = strlen(url), prefix = sizeof scheme - 1;
    if (size <= prefix || size > 255 || !text_starts_fold(text_bytes(url), scheme))
        return false;
    for (const char *p = url + prefix; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || strchr("@?#\\\"<>", *p))
            return false;
    return true;
}

static bool words_fit(const struct token_wish *wish, char **ret_error)
{
    if (wish->tenant && !is_plain(wish->tenant))
        return options_reject(ret_error, "tenant", wish->tenant,
                              "the organisation's id, or one of its domains");
    if (wish->authority && !is_authority(wish->authority))
        return options_reject(ret_error, "authority", wish->authority,
                              "an address that begins with https://");
    return true;
}

/* Nothing is known of another provider but what it says itself. */
static bool issuer_fits(const struct token_wish *wish, char **ret_error)
{
    const char *why = NULL;
    if (wish->issuer && !is_authority(wish->issuer))
        return options_reject(ret_error, "issuer", wish->issuer,
                              "an address that begins with https://");
    if (!wish->issuer && wish->issuer_host)
        why = "--issuer-host needs --issuer";
    else if (wish->issuer && (wish->authority || wish->tenant))
        why = "--issuer describes itself: it takes neither --authority nor --tenant";
    else if (wish->issuer && !wish->scope)
        why = "--issuer needs --scope: which scopes stand for mail only its provider can say";
    if (why)
        *ret_error = memory_copy(why);
    return !why;
}

/* The way in which the app proves who it is. */
static bool proof_fits(const struct token_wish *wish, enum token_grant grant, char **ret_error)
{
    bool secret = secret_source_given(&wish->client_secret);
    if (wish->key_file && !wish->certificate_file) {
        *ret_error = memory_copy("--key-file needs --certificate-file");
        return false;
    }
    if (secret && wish->certificate_file) {
        *ret_error = memory_copy("a client secret and --certificate-file exclude each other; the "
                                 "certificate is the better proof");
        return false;
    }
    if (grant == GRANT_CLIENT_CREDENTIALS && !secret && !wish->certificate_file) {
        *ret_error = memory_copy("--oauth client-credentials needs --certificate-file, or the "
                                 "app's secret: --client-secret-file");
        return false;
    }
    return true;
}

/* The key file names the account, and what it signs is the whole proof. */
static bool account_fits(const struct token_wish *wish, char **ret_error)
{
    const char *why = NULL;
    if (!secret_source_given(&wish->service_account_key))
        why = "--oauth service-account needs --service-account-key-file";
    else if (wish->issuer || wish->issuer_host)
        why = "a service account is Google's, and --issuer is another";
    else if (wish->client_id || wish->store || wish->certificate_file)
        why = "--client-id, --token-store and --certificate-file are not for a service account: "
              "its key file says who it is";
    if (why)
        *ret_error = memory_copy(why);
    return !why && words_fit(wish, ret_error);
}

bool token_wish_agree(const struct token_wish *wish, char **ret_error)
{
    enum token_grant grant = token_grant_parse(wish->oauth);
    if (grant == GRANT_NONE)
        return reject_way(wish->oauth, ret_error);
    if (grant == GRANT_SERVICE_ACCOUNT)
        return account_fits(wish, ret_error);
    if (wish->service_account_key.file || wish->service_account_key.fd) {
        *ret_error = memory_copy("a service account's key is for --oauth service-account");
        return false;
    }
    /* Said before anything is asked: without it nobody gives out a token. */
    if (!wish->client_id || !*wish->client_id) {
        *ret_error = memory_copy("a token is given to a registered app only: register one with the "
                                 "provider (maildoctor help token tells how) and name it with "
                                 "--client-id");
        return false;
    }
    if (grant == GRANT_REFRESH && !wish->store && !secret_source_given(&wish->refresh_token)) {
        *ret_error = memory_copy("--oauth refresh needs --token-store or --refresh-token-file");
        return false;
    }
    return words_fit(wish, ret_error) && issuer_fits(wish, ret_error) &&
           proof_fits(wish, grant, ret_error);
}

const struct provider *token_wish_provider(const struct token_wish *wish)
{
    bool google = token_grant_parse(wish->oauth) == GRANT_SERVICE_ACCOUNT;
    return provider_find(google ? "gmail" : "microsoft365");
}
