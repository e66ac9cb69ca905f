/* What is kept of tokens: files that nobody else may read, replaced whole or not at all. */
#ifndef COMMAND_TOKEN_STORE_H
#define COMMAND_TOKEN_STORE_H

#include "base/secret.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- the refresh token ---- */

/* A refresh token is of use to one app at one authority only. */
struct token_owner {
    const char *authority, *client_id;
};

/* Can PATH be read, if it is there, and replaced? Asked before anybody signs in: a refresh token
 * that was renewed and cannot be kept is lost. False and a message. */
bool token_store_check(const char *path, char **ret_error);
/* NULL in RET_REFRESH when there is no such file. False and a message when it is no store, or
 * another app's. */
bool token_store_read(const char *path, const struct token_owner *owner,
                      struct secret **ret_refresh, char **ret_error);
bool token_store_write(const char *path, const struct token_owner *owner,
                       const struct secret *refresh, char **ret_error);

/* ---- access tokens that are still good ---- */

/* KEY: everything that the request was made of. NULL when none is kept, or what is kept is about to
 * expire at NOW (Unix seconds, as are RET_KEPT: when it was put there, and RET_EXPIRES). Trouble
 * with the files is none: a new token is asked for. */
struct secret *token_cache_find(const char *key, int64_t now, int64_t *ret_kept,
                                int64_t *ret_expires);
void token_cache_keep(const char *key, const struct secret *token, int64_t expires);

#endif
