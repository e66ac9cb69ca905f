/* One path walk: how far do packets to a port get, and how far those to a control port?
 *
 * Upward in windows of four hops, the port and its control side by side; then once more over the
 * hops that stayed silent, more than a second later, since routers limit how often they speak; and
 * at last the decisive hops again, one after the other from one source port, since routers with
 * several ways choose by it. */
#ifndef ENGINE_PATH_WALK_H
#define ENGINE_PATH_WALK_H

#include "net/evidence.h"
#include "net/loop.h"
#include "result/trace.h"

struct path_walk;

enum { PATH_CONTROLS = 4 };

struct path_walk_options {
    struct loop *loop;
    struct trace *trace;
    int64_t started_ns;               /* monotonic time of the trace's zero */
    const struct net_address *source; /* NULL any */
    struct address *address;          /* its hops and path are filled in */
    struct net_address peer;          /* the address with the port */
    /* Ports of the same address that may serve as control, the best first; 0: no more. */
    int controls[PATH_CONTROLS];
    bool control_known; /* the first one was open a moment ago */
    /* Another host of the same provider that answers; storage.ss_family 0: none. */
    struct net_address sibling;
    bool try_closed; /* look whether ports that nobody may use are open as well */
    loop_function *done;
    void *arg;
};

/* DONE is called once, never from within. OPTIONS are copied. */
struct path_walk *path_walk_start(const struct path_walk_options *options);
/* What was seen so far stays in the trace. NULL inside is legal. */
void path_walk_close(struct path_walk **walk);

#endif
