/* Where the connections of an endpoint really go, and what every dialogue on one of them is told:
 * what a walk and a visit have in common. */
#ifndef ENGINE_DIAL_H
#define ENGINE_DIAL_H

#include "engine/session.h"
#include "engine/walk.h"

/* Budgets of DESIGN section 3, in milliseconds. A proxy connects on our behalf first. */
enum { DIAL_CONNECT_MS = 6000, DIAL_PROXY_MS = 10000 };

struct dial {
    const char *to_host; /* where the dialogue is to go: a name or an address */
    int to_port;
    const struct proxy_settings *via; /* NULL: straight there */
    const char *host;                 /* what is connected to: the proxy, else the same */
    int port;
};

/* The way to ENDPOINT as --connect-to and --proxy have it; strings are borrowed from both. */
struct dial dial_to(const struct run_options *options, const struct endpoint *endpoint);
/* Notes in ATTEMPT what the proxy is asked for; nothing without one. */
void dial_note(const struct dial *dial, struct trace *trace, struct attempt *attempt);
/* MS, or the cap of --timeout where that is less. */
int dial_capped(const struct run_options *options, int ms);

enum { DIAL_EHLO_SIZE = EVIDENCE_ADDRESS_SIZE + 16 };
/* The name to announce from LOCAL, our own address and port (NULL: unknown): the run's, else an
 * address literal, which is written to SPACE (RFC 5321 section 4.1.4). */
const char *dial_ehlo(const struct walk_shared *shared, const char *local,
                      char space[static DIAL_EHLO_SIZE]);
/* What a session to ENDPOINT begins with; EHLO is borrowed. The caller adds its own callbacks. */
struct session_options dial_session(const struct walk_shared *shared, struct endpoint *endpoint,
                                    struct attempt *attempt, const char *ehlo);

#endif
