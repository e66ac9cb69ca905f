/* Private to command/token_flow*.c: one dialogue with an authority. */
#ifndef COMMAND_TOKEN_FLOW_PARTS_H
#define COMMAND_TOKEN_FLOW_PARTS_H

#include "command/token_flow.h"
#include "net/tls_sign.h"
#include "probes/token_answer.h"

/* A service account, as its key file has it. */
struct token_account {
    const char *email, *key_id; /* key_id: NULL where the file has none */
    struct secret *key;         /* its private key in PEM; owned */
};

struct token_flow {
    const struct token_wish *wish;
    const struct token_context *context;
    const struct provider_oauth *oauth;
    enum token_grant grant;
    struct arena *arena;
    struct token_outcome *outcome;
    char **ret_error;
    struct loop *loop;
    struct http *http;
    const char *authority, *tenant, *scope;
    const char *token_url, *sign_in_url, *device_url; /* the last two NULL: it has none */
    struct token_account account;                     /* with GRANT_SERVICE_ACCOUNT */
    struct tls_signer signer; /* the app's certificate and key; zeroed without */
    struct buffer form;       /* the request that is being made */
    /* the last answer */
    struct token_answer answer;
    int status;
    const char *trouble; /* why there was none; NULL */
};

/* Asks URL, with the form where METHOD_POST, and waits for the answer. */
void token_ask(struct token_flow *flow, const char *url, bool post, const char *bearer);
/* The last answer holds no token: notes why. */
void token_refused(struct token_flow *flow);

/* Begins a form; adds a field, in the encoding of application/x-www-form-urlencoded. */
void token_form_begin(struct token_flow *flow, const char *grant_type);
void token_form_add(struct token_flow *flow, const char *name, struct bytes value);
void token_form_text(struct token_flow *flow, const char *name, const char *value);

/* token_flow_proof.c: reads the app's certificate and key, where they were given. False and a
 * message. */
bool token_read_certificate(struct token_flow *flow);
/* Adds what proves who the app is: a secret, or an assertion signed with its
 * certificate. Nothing where neither was given. False and a message. */
bool token_prove(struct token_flow *flow);
/* Adds the assertion by which somebody else vouches for this job. False: with a message, or
 * refused, which the outcome says. */
bool token_prove_federated(struct token_flow *flow);

/* token_flow_code.c: sends a person to a page, waits for the browser to come back, and asks with
 * what it brings. False: with a message, or refused, which the outcome says. */
bool token_code_ask(struct token_flow *flow);

/* token_flow_discovery.c: asks the authority where its pages are. False: the outcome says why. */
bool token_discover(struct token_flow *flow);

/* token_flow_account.c: reads the key file, and whom to ask where it names one of Google's older
 * addresses. False and a message. */
bool token_account_read(struct token_flow *flow);
/* Asks for a token with what the account signs. False and a message. */
bool token_account_ask(struct token_flow *flow);
void token_account_done(struct token_account *account);

#endif
