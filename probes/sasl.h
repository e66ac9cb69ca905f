/* SASL mechanisms (RFC 4422), written once for SMTP, IMAP and POP3.
 *
 * A mechanism sees raw challenges and makes raw responses; the protocol adds base64, AUTH or
 * AUTHENTICATE and the initial response. */
#ifndef PROBES_SASL_H
#define PROBES_SASL_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/secret.h"

struct sasl_login {
    const char *user;              /* NULL: no login */
    const char *mailbox;           /* another's, to be opened by that login; NULL: its own */
    const struct secret *password; /* NULL: none */
    const struct secret *token;    /* NULL: none; a token is preferred to a password */
    const char *mechanism;         /* only this one (upper case), or NULL for the best offered */
};

/* What ties a login to the TLS connection that it goes over (RFC 5056): both ends know it, and a
 * box in between, which has two connections, knows two. */
struct sasl_binding {
    const char *type; /* "tls-exporter" (RFC 9266) or "tls-unique" (RFC 5929); static text, NULL:
                         there is none */
    struct bytes data;
};

/* One exchange of a mechanism; zeroed at its start, ended with sasl_done(). */
struct sasl_exchange {
    const struct sasl_login *login;
    const char *mechanism; /* its name; needed by those that libgsasl speaks */
    const char *host;      /* OAUTHBEARER says where it goes (RFC 7628 section 3.1) */
    int port;
    struct sasl_binding binding;  /* needed by those that end in -PLUS */
    int round;                    /* responses made so far */
    bool secret_said;             /* a response held the password or the token, or proved it */
    bool unproven;                /* the server could not prove that it knows the password */
    const char *trouble;          /* why no response could be made; static text, NULL none */
    struct sasl_library *library; /* sasl_gsasl.c's; NULL none */
};

struct sasl_mechanism {
    const char *name;   /* "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER", "SCRAM-SHA-256", ... */
    bool wants_token;   /* else a password */
    bool binds;         /* to the TLS connection */
    bool other_mailbox; /* can say whose mailbox is meant beside whose login it is */
    bool client_first;
    /* Appends the raw response to CHALLENGE (empty before the first). False when the mechanism has
     * nothing more to say and the server must decide. */
    bool (*respond)(struct sasl_exchange *exchange, struct bytes challenge, struct buffer *out);
};

/* The mechanism to use: the forced one if it is offered, else the best that is offered and that the
 * login's secret fits: with a token XOAUTH2, OAUTHBEARER; with a password PLAIN, LOGIN,
 * SCRAM-SHA-256, SCRAM-SHA-1, these two with -PLUS, CRAM-MD5. Inside verified TLS PLAIN is as good
 * as any, and every server that has it can judge it, while the others need the password kept in a
 * form of their own, and are often offered where that is not so; with -PLUS both ends must also
 * mean the same binding, which servers that know only TLS 1.2's offer in TLS 1.3 as well. Those
 * that bind only where BINDING has something; for another's mailbox only those that can name it.
 * NULL when there is none. OFFERED holds the advertised names. */
const struct sasl_mechanism *sasl_choose(const struct sasl_login *login,
                                         const struct strings *offered,
                                         const struct sasl_binding *binding);
const struct sasl_mechanism *sasl_find(const char *name); /* case-insensitive, NULL when unknown */

/* After the server accepted: has it proved what the mechanism has it prove? */
bool sasl_is_proven(const struct sasl_exchange *exchange);
/* Wipes what the exchange holds. */
void sasl_done(struct sasl_exchange *exchange);

/* Is CHALLENGE an error report that wants an empty or "\x01" answer before the final refusal
 * (Gmail's JSON, RFC 7628 section 3.2.3; SCRAM's "e=", RFC 5802 section 7)? Then it is the cause,
 * not a question. */
bool sasl_is_error_challenge(const struct sasl_mechanism *mechanism, struct bytes challenge);

#endif
