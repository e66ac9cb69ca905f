/* Once the test message was accepted, it is looked for and removed again: itself with --round-trip,
 * else only the copy that the server keeps among what was sent. Where it went to another account,
 * both mailboxes are looked into: that one for the message, the sender's for a bounce and the copy.
 * What came of it stands in the trace. */
#ifndef ENGINE_ARRIVAL_H
#define ENGINE_ARRIVAL_H

#include "engine/walk.h"

struct arrivals;

struct arrivals_options {
    const struct walk_shared *shared;    /* borrowed until arrivals_close() */
    const struct walk_shared *recipient; /* likewise, of the account that the message went to; NULL:
                                            the sender's own */
    bool copy_only;                      /* the message itself stays where it is */
    int wait_ms;         /* how long the message is waited for; not with copy_only */
    loop_function *done; /* once, never inside arrivals_start() */
    void *arg;
};

/* NULL when no message was accepted, or no mailbox can be opened: then there is nothing to look
 * for. The trace says which. */
struct arrivals *arrivals_start(const struct arrivals_options *options);
/* No further look: what was found is removed, then done(). */
void arrivals_stop(struct arrivals *arrivals);
/* Ends it in any state. NULL inside is legal. */
void arrivals_close(struct arrivals **arrivals);

#endif
