/* Private to command/token_flow*.c: one dialogue with an authority. */
#ifndef COMMAND_TOKEN_FLOW_PARTS_H
#define COMMAND_TOKEN_FLOW_PARTS_H

#include "command/token_flow.h"
#include "command/token_loopback.h"
#include "net/tls_sign.h"
#include "probes/token_answer.h"

/* A service account, as its key file has it. */
struct token_account {
    const char *email, *key_id; /* key_id: NULL where the file has none */
    struct secret *key;         /* its private key in PEM; owned */
};

/* While a person signs in with a code on another device. */
struct token_device {
    struct secret *code; /* owned */
    int64_t interval;    /* seconds between two questions */
    int64_t end;         /* Unix seconds */
};

enum { TOKEN_WORD_SIZE = 44 }; /* RFC 7636 section 4.1: 43 characters, and the terminator */

/* While a person signs in with a browser here. */
struct token_code {
    struct token_loopback *loopback;
    char state[TOKEN_WORD_SIZE], verifier[TOKEN_WORD_SIZE];
    const char *redirect;
    struct token_return brought;
};

/* What follows an answer. True: a further question is under way. False: it is over, with a token,
 * a refusal or a message. */
typedef bool token_step(struct token_flow *flow);

struct token_flow {
    const struct token_wish *wish;
    struct token_context context;
    const struct provider_oauth *oauth;
    enum token_grant grant;
    struct arena *arena;
    struct token_outcome *outcome;
    char **ret_error;
    struct loop *loop;
    loop_function *done;
    void *arg;
    struct http *http;
    struct loop_timer *timer; /* of a pause, or of the end */
    const char *authority, *tenant, *scope;
    const char *token_url, *sign_in_url, *device_url; /* the last two NULL: it has none */
    const char *voucher, *voucher_url;                /* the service that is asked to vouch */
    struct token_account account;                     /* with GRANT_SERVICE_ACCOUNT */
    struct token_device device;                       /* with GRANT_DEVICE */
    struct token_code code;                           /* with GRANT_CODE */
    struct tls_signer signer;        /* the app's certificate and key; zeroed without */
    struct secret *secret, *refresh; /* the app's, and the refresh token, once they are read */
    struct secret *assertion, *voucher_token; /* of a job, and what it asks for it with */
    struct buffer form;                       /* the request that is being made */
    token_step *next, *described;
    /* the last answer */
    struct token_answer answer;
    int status;
    int64_t retry_after_s;
    const char *trouble; /* why there was none; NULL */
};

/* ---- token_flow_ask.c ---- */

struct token_question {
    const char *url;
    bool post;          /* the form */
    const char *bearer; /* NULL */
    token_step *next;
};

/* Asks; NEXT follows the answer. True. */
bool token_ask(struct token_flow *flow, const struct token_question *question);
/* Asks for the token itself, with the form. True. */
bool token_ask_for_token(struct token_flow *flow);
/* The last answer holds no token: notes why. False. */
bool token_refused(struct token_flow *flow);

/* The host in URL, with its port where it has one. */
const char *token_host_of(const struct token_flow *flow, const char *url);

/* Begins a form; adds a field, in the encoding of application/x-www-form-urlencoded. */
void token_form_begin(struct token_flow *flow, const char *grant_type);
void token_form_add(struct token_flow *flow, const char *name, struct bytes value);
void token_form_text(struct token_flow *flow, const char *name, const char *value);

/* ---- token_flow.c ---- */

/* Takes the token of the last answer, or notes why there is none. False. */
bool token_take(struct token_flow *flow);
/* It is over: says so at the next turn. For whoever is no step. */
void token_end(struct token_flow *flow);

/* ---- steps; false: with a message, or refused, which the outcome says ---- */

/* token_flow_proof.c: reads the app's certificate and key, where they were given. False and a
 * message. */
bool token_read_certificate(struct token_flow *flow);
/* Reads the app's secret, if it has one and no certificate; the refresh token, which must be there.
 * Once. False and a message. */
bool token_read_secret(struct token_flow *flow);
bool token_read_refresh(struct token_flow *flow);
/* Adds what proves who the app is: a secret, or an assertion signed with its certificate, a new one
 * each time. Nothing where neither was given. False and a message. */
bool token_prove(struct token_flow *flow);
/* Asks for a token with the assertion by which somebody else vouches for this job. */
bool token_vouch(struct token_flow *flow);

/* token_flow_device.c: shows a code, and asks until somebody has signed in with it. */
bool token_device_ask(struct token_flow *flow);
void token_device_done(struct token_device *device);

/* token_flow_code.c: sends a person to a page, waits for the browser to come back, and asks with
 * what it brings. */
bool token_code_ask(struct token_flow *flow);
void token_code_done(struct token_code *code);

/* token_flow_discovery.c: asks the authority where its pages are, then goes on with DESCRIBED. */
bool token_discover(struct token_flow *flow, token_step *described);

/* token_flow_account.c: reads the key file, and whom to ask where it names one of Google's older
 * addresses. False and a message. */
bool token_account_read(struct token_flow *flow);
/* Asks for a token with what the account signs. */
bool token_account_ask(struct token_flow *flow);
void token_account_done(struct token_account *account);

#endif
