/* Connecting to every address of an endpoint, or of a proxy, at once; the dialogue gets the first
 * that answers.
 *
 * In the spirit of RFC 8305: IPv6 is preferred, so when IPv4 answers first, IPv6 may still win for
 * 50 ms. The losers go on until they have connected or failed, since a dead address is worth
 * knowing, and stay in the trace. */
#ifndef ENGINE_CONNECT_H
#define ENGINE_CONNECT_H

#include "net/evidence.h"
#include "net/loop.h"
#include "result/trace.h"

struct connector;

struct connector_options {
    struct loop *loop;
    struct trace *trace;
    struct address **addresses; /* the list of the trace that gets them: an endpoint's, a proxy's */
    int64_t started_ns;         /* monotonic time of the trace's zero */
    int budget_ms;              /* for each connect */
    const struct net_address *source; /* NULL any */
    /* Once, with the connected descriptor (now the callee's) and its address. */
    void (*won)(void *arg, int fd, struct address *address);
    /* Once, instead: there is no address left to wait for. */
    loop_function *lost;
    /* Once, after won or lost: the last address has its result. */
    loop_function *settled;
    void *arg;
};

struct connector *connector_new(const struct connector_options *options);
/* Begins to connect to ADDRESS. */
void connector_add(struct connector *connector, const struct net_address *address);
/* No further address will come: when all have failed, that is the end. */
void connector_complete(struct connector *connector);
/* Waits no longer: an address that was silent for CONNECTOR_SILENCE_MS has timed out, a younger one
 * is "cut". settled() follows. 3.2 s, because a neighbour that does not exist is only reported
 * after 3.06 s (measured). */
enum { CONNECTOR_SILENCE_MS = 3200 };
void connector_give_up(struct connector *connector);
/* Ends it: what is still open becomes "cut". Without callbacks. NULL inside is legal. */
void connector_close(struct connector **connector);

#endif
