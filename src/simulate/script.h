/* The server's half of one conversation, without I/O: bytes in, words and what to do next out.
 *
 * This is a reading of the protocols of its own; the client's parsers (probes/) are not used, so
 * that tool and simulator cannot agree on a fiction. */
#ifndef SIMULATE_SCRIPT_H
#define SIMULATE_SCRIPT_H

#include "base/buffer.h"
#include "simulate/store.h"

enum {
    SIM_LINE_LIMIT = 16384,    /* bytes of a line; tokens make long ones (RFC 4954 section 4.5.3) */
    SIM_COMMAND_LIMIT = 65536, /* of an IMAP command with its literals, but for a message's */
    SIM_REPLY_LIMIT = 1 << 20
};

/* What this start of the simulator takes for right. Borrowed by every script. */
struct sim_accounts {
    const char *user, *password, *token;
    const char *app_token, *client_secret; /* of an app by itself */
    const char *token_user;                /* whose the token is */
    bool token_bad;                        /* servers refuse it */
};

struct sim_script_options {
    const struct sim_scenario *scenario;
    int port_index;
    const char *client; /* the peer's address, as text */
    const struct sim_accounts *accounts;
    struct sim_store *store;
    int64_t now_ns; /* Unix time, for the dates in the greeting */
};

struct sim_act {
    int delay_ms; /* wait before the reply leaves */
    enum sim_then then;
};

struct sim_script;

struct sim_script *sim_script_new(const struct sim_script_options *options);
void sim_script_free(struct sim_script *script); /* wipes; NULL is legal */

/* The greeting. */
void sim_script_open(struct sim_script *script, struct buffer *out, struct sim_act *ret_act);

/* TLS is up: what was learned in clear is forgotten (RFC 3207 section 4.2). */
void sim_script_tls(struct sim_script *script);

/* Takes the next unit (a line, a literal, a message) off IN. False: more bytes are needed, nothing
 * was said. True: *ret_act holds, and OUT may have grown by the reply. NOW_NS as in the options. */
bool sim_script_step(struct sim_script *script, int64_t now_ns, struct buffer *in,
                     struct buffer *out, struct sim_act *ret_act);

/* Says what other sessions changed, if the client waits for that (IMAP's IDLE). False: nothing. */
bool sim_script_news(struct sim_script *script, struct buffer *out);

#endif
