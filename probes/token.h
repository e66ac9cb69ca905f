/* An access token, as far as it lets itself be read: the claims of a JSON web token (RFC 7519).
 *
 * Nobody but the mail server can say whether a token is good: the signature is not looked at. What
 * the claims tell is enough to name the usual mistakes before a login is tried. A token that cannot
 * be read is no bad token: those of personal accounts and of Google are opaque. */
#ifndef PROBES_TOKEN_H
#define PROBES_TOKEN_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { TOKEN_DIGEST_SIZE = 9 };

struct token {
    char digest[TOKEN_DIGEST_SIZE];      /* of its SHA-256, the first eight hex digits */
    bool readable;                       /* the rest was found in it; else it is opaque */
    struct strings audience;             /* aud */
    const char *issuer;                  /* iss; NULL, like all that follow, when it does not say */
    const char *tenant;                  /* tid */
    const char *app, *app_name;          /* appid or azp; app_displayname */
    const char *user;                    /* upn, unique_name, preferred_username or email */
    const char *version;                 /* ver */
    bool app_only;                       /* an app's own: no user stands behind it */
    struct strings scopes;               /* scp or scope: what the user allowed the app */
    struct strings roles;                /* roles: what the app may do by itself */
    int64_t issued, not_before, expires; /* iat, nbf, exp; Unix seconds, 0 unknown */
};

/* Reads TEXT. The strings are ARENA's, and are the issuer's words: escape them. The token itself
 * is not kept. */
void token_read(struct token *token, struct arena *arena, struct bytes text);

#endif
