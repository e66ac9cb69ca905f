/* Where a browser comes back to after the sign-in (RFC 8252 section 7.3): a web server on this
 * machine's own address, for one request. */
#ifndef COMMAND_TOKEN_LOOPBACK_H
#define COMMAND_TOKEN_LOOPBACK_H

#include "base/arena.h"
#include "base/secret.h"
#include "net/loop.h"

#include <stdint.h>

struct token_loopback;

/* What the browser brought (RFC 6749 section 4.1.2). Strings are the arena's and the authority's
 * words: escape them. */
struct token_return {
    struct secret *code;        /* owned; NULL: there is none, and error says why */
    const char *error, *detail; /* error: NULL where nobody came, or brought neither */
};

/* Listens on a free port of 127.0.0.1. NULL, with errno. */
struct token_loopback *token_loopback_new(struct loop *loop);
void token_loopback_free(struct token_loopback *loopback); /* NULL is legal */

int token_loopback_port(const struct token_loopback *loopback);

struct token_loopback_options {
    const char *state;
    int64_t limit_ms;
    struct arena *arena;
    struct token_return *ret_return; /* filled before DONE */
    /* Once: a browser came with STATE, or none did in time. May free the loopback. */
    void (*done)(void *arg, bool came);
    void *arg;
};

/* Waits for a browser that comes with STATE. Others are sent away: whoever does not know STATE was
 * not sent by us. Once only; all is borrowed until then. */
void token_loopback_wait(struct token_loopback *loopback,
                         const struct token_loopback_options *options);

#endif
