/* How an access token is to be had: the options that `token get` and `check --oauth` share. */
#ifndef COMMAND_TOKEN_WISH_H
#define COMMAND_TOKEN_WISH_H

#include "command/options.h"
#include "command/secret_source.h"
#include "providers/provider.h"

enum token_grant {
    GRANT_NONE,
    GRANT_DEVICE,             /* a person signs in on any device (RFC 8628) */
    GRANT_CODE,               /* with a browser here (RFC 6749 section 4.1, RFC 7636) */
    GRANT_CLIENT_CREDENTIALS, /* an app by itself (RFC 6749 section 4.4) */
    GRANT_FEDERATION,         /* the same, vouched for by somebody else (RFC 7523) */
    GRANT_REFRESH,            /* a person signed in earlier (RFC 6749 section 6) */
    GRANT_SERVICE_ACCOUNT     /* a machine of Google's customers, for a person (RFC 7523) */
};

struct token_wish {
    const char *oauth; /* as typed; the grant below is what it means */
    const char *tenant, *client_id, *scope, *authority;
    const char *issuer, *issuer_host;
    const char *certificate_file, *key_file;
    const char *store;
    struct secret_source client_secret, assertion, refresh_token, service_account_key;
    bool no_cache;
};

void token_wish_init(struct token_wish *wish);

/* GRANT_NONE when WORD is none. */
enum token_grant token_grant_parse(const char *word);

/* Whether the options fit each other; false and a message (release with free()). */
bool token_wish_agree(const struct token_wish *wish, char **ret_error);

/* Whose authority is asked where nothing else tells. */
const struct provider *token_wish_provider(const struct token_wish *wish);

/* The rows for a table of options, of settings of type SETTINGS with a struct token_wish MEMBER. */
#define TOKEN_WISH_ROW(SETTINGS, MEMBER, FIELD, NAME, WORD, HELP)                                  \
    {                                                                                              \
        OPTION_TEXT, NAME, 0, WORD, HELP, offsetof(struct SETTINGS, MEMBER.FIELD), NULL            \
    }
#define TOKEN_WISH_ROWS(SETTINGS, MEMBER)                                                          \
    TOKEN_WISH_ROW(SETTINGS, MEMBER, oauth, "oauth", "WAY",                                        \
                   "how to get it: device, code, client-credentials, federation, refresh, "        \
                   "service-account"),                                                             \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, client_id, "client-id", "ID",                             \
                       "the application (client) id of the app registration"),                     \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, tenant, "tenant", "ID",                                   \
                       "the organisation: its id, or one of its domains (default: the domain "     \
                       "of the address)"),                                                         \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, client_secret.file, "client-secret-file", "FILE",         \
                       "read the app's secret from a file"),                                       \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, client_secret.fd, "client-secret-fd", "N",                \
                       "read it from an open descriptor"),                                         \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, client_secret.command, "client-secret-command",           \
                       "COMMAND", "run a shell command; its first line is the secret"),            \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, certificate_file, "certificate-file", "FILE",             \
                       "the app's certificate instead of a secret, in PEM"),                       \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, key_file, "key-file", "FILE",                             \
                       "its private key, where it is not in the same file"),                       \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, assertion.file, "assertion-file", "FILE",                 \
                       "for federation: read the token that vouches for this job from a file"),    \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, assertion.fd, "assertion-fd", "N",                        \
                       "read it from an open descriptor"),                                         \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, assertion.command, "assertion-command", "COMMAND",        \
                       "run a shell command; its first line is that token (default: what GitHub "  \
                       "Actions, Azure Pipelines or a workload identity offer)"),                  \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, refresh_token.file, "refresh-token-file", "FILE",         \
                       "for refresh: read the refresh token from a file"),                         \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, refresh_token.fd, "refresh-token-fd", "N",                \
                       "read it from an open descriptor"),                                         \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, refresh_token.command, "refresh-token-command",           \
                       "COMMAND", "run a shell command; its first line is the refresh token"),     \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, service_account_key.file, "service-account-key-file",     \
                       "FILE", "for service-account: Google's key file, in JSON"),                 \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, service_account_key.fd, "service-account-key-fd", "N",    \
                       "read it from an open descriptor"),                                         \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, store, "token-store", "FILE",                             \
                       "keep the refresh token in this file, and take it from there"),             \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, scope, "scope", "LIST",                                   \
                       "ask for these scopes, with blanks between them"),                          \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, authority, "authority", "URL",                            \
                       "the authority, if it is not the provider's own"),                          \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, issuer, "issuer", "URL",                                  \
                       "another provider's authority, which describes itself (OpenID Connect)"),   \
        TOKEN_WISH_ROW(SETTINGS, MEMBER, issuer_host, "issuer-host", "HOST",                       \
                       "where its pages may be as well, if not on the same host"),                 \
    {                                                                                              \
        OPTION_FLAG, "no-token-cache", 0, NULL, "neither use nor keep a token that is still good", \
            offsetof(struct SETTINGS, MEMBER.no_cache), NULL                                       \
    }

#endif
