/* A second connection with small packets only, without a login: does it get through where the first
 * one waits for a packet that never comes? */
#ifndef ENGINE_SEGMENTS_H
#define ENGINE_SEGMENTS_H

#include "engine/session.h"
#include "net/evidence.h"

struct segments;

enum { SEGMENTS_SIZE = 1000 }; /* bytes of payload: fits any path that mail can use */

struct segments_options {
    struct net_address address;
    const struct net_address *source; /* NULL any */
    int budget_ms;                    /* for the connect */
    loop_function *done;              /* once, at its end */
    void *arg;
};

/* MAIN: what the first connection's dialogue was started with; its attempt is the one to compare
 * with. */
struct segments *segments_start(const struct segments_options *options,
                                const struct session_options *main);
bool segments_over(const struct segments *segments);
/* Did it finish the step that the first connection is in? */
bool segments_passed(const struct segments *segments);
/* NULL inside is legal. */
void segments_close(struct segments **segments);

#endif
