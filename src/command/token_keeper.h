/* The access tokens of a program that goes on running: asked for when somebody needs one, shared by
 * all who need the same, kept until they near their end. An authority that refused is left alone
 * for a while: Entra locks out who asks in a loop (AADSTS50196). */
#ifndef COMMAND_TOKEN_KEEPER_H
#define COMMAND_TOKEN_KEEPER_H

#include "command/token_flow.h"

struct token_keeper;
struct token_order;

struct token_keeper *token_keeper_new(struct loop *loop);
void token_keeper_free(struct token_keeper *keeper); /* every order is freed; NULL is legal */

/* As for token_flow_new(), borrowed until the order is freed. */
struct token_order_options {
    const struct token_wish *wish;
    struct token_context context;
    /* Seconds that the token must last: one that ends sooner is renewed, unless that is more than
     * half its life. */
    int64_t need_s;
    struct arena *arena;
    struct token_outcome *ret_outcome;
    char **ret_error;
    loop_function *done; /* once, at the next turn at the earliest; as that of token_flow_start() */
    void *arg;
};

/* NULL and a message where token_flow_new() gives one, or a secret cannot be read. A secret or a
 * certificate that has changed is tried at once, whatever was said of the one before. */
struct token_order *token_keeper_ask(struct token_keeper *keeper,
                                     const struct token_order_options *options);
void token_order_free(struct token_order *order); /* NULL is legal */

/* ---- what it decides by; times in seconds of one clock ---- */

struct token_kept {
    int64_t obtained, expires; /* of the token there is; 0: there is none */
    int64_t held_until;        /* after a refusal; 0: there was none */
    bool passing;              /* ... that says nothing of the credential */
};

enum token_choice { TOKEN_USE, TOKEN_ASK, TOKEN_REFUSE };
enum token_choice token_keeper_choose(const struct token_kept *kept, int64_t need_s, int64_t now);
/* The authority gave no token: is the one there is to be used on? */
bool token_keeper_may_use(const struct token_kept *kept, int64_t now);
/* How long it is left alone after it refused, or (SILENT) did not answer. */
int64_t token_keeper_hold(bool silent, int64_t retry_after_s);

#endif
