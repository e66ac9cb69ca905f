/* Getting an access token: the dialogue with the authority, from the wish to the token. */
#ifndef COMMAND_TOKEN_FLOW_H
#define COMMAND_TOKEN_FLOW_H

#include "base/arena.h"
#include "base/crypto.h"
#include "command/token_wish.h"
#include "engine/proxy.h"
#include "net/http.h"
#include "providers/provider.h"

struct token_context {
    const struct provider *provider; /* has an authority; any, or NULL, with an issuer */
    const char *user;                /* the login; NULL unknown */
    struct http_options http;
};

/* Why there is no token. */
enum token_fault {
    TOKEN_REFUSED,     /* the authority says so */
    TOKEN_UNREACHABLE, /* it gave no answer that could be read */
    TOKEN_UNFIT,       /* what it says of its pages cannot be relied on: it was not asked for one */
    TOKEN_UNVOUCHED    /* whoever is to vouch for this job did not, and it was not asked either */
};

/* What came of it. Strings are the arena's. */
struct token_outcome {
    struct secret *token; /* owned; NULL: none came, and refusal says why */
    bool kept;            /* it is one of an earlier run that is still good */
    int64_t obtained;     /* when the authority gave it, Unix seconds; 0: it did not */
    int64_t expires;      /* when it ends, Unix seconds; 0: the authority did not say */
    int64_t certified;    /* until when the app's certificate holds; 0: it has none */
    enum token_fault fault;
    int64_t retry_after_s; /* the authority wants to be left alone for so long; 0: it did not say */
    const char *refusal;   /* its own words, "invalid_client: AADSTS7000215: ..."; escape them */
    const char *host;      /* the name of who was asked last: the authority, or who vouches */
};

struct token_flow;

/* Reads what asking will take. NULL and a message (release with free()) for what is ours: options
 * that do not fit the provider, files that cannot be read, a store that cannot be written. WISH has
 * passed token_wish_agree(); all is borrowed until token_flow_free(), but CONTEXT itself. */
struct token_flow *token_flow_new(const struct token_wish *wish,
                                  const struct token_context *context, struct arena *arena,
                                  struct token_outcome *ret_outcome, char **ret_error);
/* Which token it is about: with equal keys one will do for both. The arena's. */
const char *token_flow_key(const struct token_flow *flow);
/* A digest of the secret, certificate or refresh token that it will be asked with, and which it
 * reads: another one is another credential. False and the message of token_flow_new(). */
bool token_flow_proof(struct token_flow *flow, uint8_t ret_digest[static CRYPTO_SHA256_SIZE]);
/* Begins. DONE is called once, at the next turn at the earliest: the token is there, or a refusal,
 * or the message of token_flow_new() where one of our files fails us. */
void token_flow_start(struct token_flow *flow, struct loop *loop, loop_function *done, void *arg);
/* Ends it if need be, without calling anybody. NULL is legal. */
void token_flow_free(struct token_flow *flow);

/* The same, and waits: with GRANT_DEVICE and GRANT_CODE a person is told on standard error what to
 * do. False and a message as above. */
bool token_obtain(const struct token_wish *wish, const struct token_context *context,
                  struct arena *arena, struct token_outcome *ret_outcome, char **ret_error);
/* The way through a proxy; its password stays the caller's to set. Strings are ARENA's. */
void token_http_proxy(struct http_options *http, const struct proxy_settings *settings,
                      struct arena *arena);
void token_outcome_done(struct token_outcome *outcome);

#endif
