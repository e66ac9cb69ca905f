/* What an authority answers (RFC 6749 section 5, RFC 8628 section 3.2). */
#ifndef PROBES_TOKEN_ANSWER_H
#define PROBES_TOKEN_ANSWER_H

#include "base/arena.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stdint.h>

struct token_answer {
    bool readable;                   /* an object of JSON; else nothing below holds */
    const char *error;               /* "invalid_grant"; NULL: no error */
    const char *detail;              /* error_description, its first line; NULL */
    struct secret *access, *refresh; /* owned; NULL */
    int64_t expires_in;              /* seconds; 0 unknown */
    /* of a device authorization */
    struct secret *device_code;
    const char *user_code, *page;
    int64_t interval; /* seconds between two questions; 5 when it does not say */
    /* of an authority that describes itself (RFC 8414 section 2); NULL */
    const char *issuer, *token_page, *sign_in_page, *device_page;
    /* of a continuous-integration service: a token by which it vouches for the job */
    struct secret *assertion;
};

/* BODY as it came. Strings are ARENA's and the authority's words: escape them. */
void token_answer_read(struct token_answer *answer, struct arena *arena, struct bytes body);
/* Wipes the secrets. Legal on a zeroed struct. */
void token_answer_done(struct token_answer *answer);

#endif
