/* One endpoint's way: its name, its addresses, its dialogue, and a second look where the first was
 * met with silence. */
#ifndef ENGINE_WALK_H
#define ENGINE_WALK_H

#include "engine/gate.h"
#include "engine/run.h"
#include "engine/trust.h"
#include "net/evidence.h"
#include "net/resolver.h"

struct walk;

/* What all walks of a run share; borrowed for their lives. */
struct walk_shared {
    struct loop *loop;
    struct trace *trace;
    int64_t started_ns;
    const struct run_options *options;
    const char *user; /* the login, NULL none */
    const char *ehlo; /* NULL: an address literal */
    const char *provider_family;
    struct resolver *resolver;
    struct trust *trust;
    struct gate *gate;
    struct outbox *outbox;            /* NULL: no message is submitted */
    const struct net_address *source; /* NULL any */
    /* A walk waits for its turn to connect; it does no longer. */
    loop_function *waits, *goes_on;
    loop_function *ended; /* a walk has ended: walk_ended() is true from now on */
    void *arg;
};

/* EXPECTED: gate_expect() announced its login. */
struct walk *walk_start(const struct walk_shared *shared, struct endpoint *endpoint, bool expected);
bool walk_ended(const struct walk *walk);
struct endpoint *walk_endpoint(const struct walk *walk);
int walk_port(const struct walk *walk); /* where it dials: --connect-to may say otherwise */
void walk_close(struct walk **walk);    /* what is open becomes "cut"; NULL inside is legal */

#endif
