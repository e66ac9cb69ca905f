/* The credential gate: a diagnosis must never lock an account (DESIGN section 3).
 *
 * Every login asks here first and reports what came of it. One try is under way at a time until a
 * secret was accepted; one that was judged and refused is spent for this run, and for 30 minutes
 * for every run with the same password (a PBKDF2 tag, never the secret, under
 * $XDG_STATE_HOME/maildoctor, mode 0600). While a password is tried first, other runs of this
 * machine wait (gate_trial.h). Tokens lock nothing: one try a protocol. */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include "base/secret.h"
#include "net/loop.h"
#include "result/trace.h"

struct gate;

struct gate_options {
    const char *user; /* the login; NULL: none, every ask is answered "no-credential" */
    const struct secret *password;
    const struct secret *token; /* preferred to the password */
    bool all_logins;            /* every port, not one a protocol */
    bool retry;    /* --retry-login: look neither at earlier runs nor at what a token says */
    bool insecure; /* --insecure-login: unverified TLS or none is allowed */
    const char *state_dir; /* where spent passwords are remembered; NULL: nowhere */
    int64_t now_s;         /* Unix seconds */
    struct loop *loop;     /* to wait for a run that tries it just now; NULL: no waiting */
};

/* The strings and secrets are borrowed. */
struct gate *gate_new(const struct gate_options *options);
void gate_free(struct gate *gate);

/* The login on the documented port of SERVICE is on its way: until it asks, others of that service
 * wait, so that 587 is tried and not whichever port happened to be quicker. */
void gate_expect(struct gate *gate, enum service service);
/* It will not ask after all. */
void gate_unexpect(struct gate *gate, enum service service);
/* Nobody is waited for any longer. */
void gate_expect_nobody(struct gate *gate);

/* Whose turn a login is. What is not the first follows one that was accepted on its service: what
 * comes of it is no news of the password, and is not remembered for later runs. */
enum gate_turn {
    GATE_FIRST,
    GATE_FURTHER, /* as soon as there is room: three at once, POP3 one at a time */
    GATE_BESIDE   /* the same beside an open POP3 session: to see what comes of two */
};

/* One login that wants to happen. */
struct gate_request {
    enum service service;
    const char *host;       /* the server's name */
    bool token;             /* what the mechanism sends: the token, else the password */
    enum login_block unfit; /* why the token is none for this server; BLOCK_NONE */
    bool verified;          /* TLS is up and the certificate was verified */
    bool guessed;           /* a guessed host or an MX */
    bool expected;          /* the one announced by gate_expect() */
    enum gate_turn turn;
    /* The answer, once, possibly before gate_ask() returns: BLOCK_NONE is permission. EARLIER: for
     * BLOCK_REFUSED_EARLIER, what this host said in that run, borrowed for the call; empty when
     * another host refused it, or when the answer was never seen. */
    void (*answer)(struct gate_request *request, enum login_block block, struct bytes earlier);
    void *arg;
    /* private */
    struct gate_request *next;
    bool waiting, granted;
};

/* The run is over: nobody is answered any more. */
void gate_freeze(struct gate *gate);
/* A refused password could not be remembered for later runs: the state directory cannot be written.
 */
bool gate_has_forgotten(const struct gate *gate);

void gate_ask(struct gate *gate, struct gate_request *request);
/* What came of a granted request. REPLY are the server's final words. The connection lost after the
 * secret was sent is LOGIN_JUDGED; before it, LOGIN_UNJUDGED. */
void gate_report(struct gate *gate, struct gate_request *request, enum login_outcome outcome,
                 struct bytes reply);
/* A request whose session ended: granted but never reported counts as LOGIN_UNJUDGED unless
 * gate_report() was called. */
void gate_withdraw(struct gate *gate, struct gate_request *request);
/* The session of an accepted login has ended: the next may go (three at once; POP3 one at a time).
 */
void gate_leave(struct gate *gate, struct gate_request *request);

#endif
