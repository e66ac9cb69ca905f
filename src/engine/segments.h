/* A second connection with small packets only, without a login: does it get through where the first
 * one waits for a packet that never comes? */
#ifndef ENGINE_SEGMENTS_H
#define ENGINE_SEGMENTS_H

#include "engine/session.h"
#include "net/evidence.h"

struct segments;

/* FIRST has stalled. When small packets get through, it is ended before its patience is, but late
 * enough for a packet that was merely lost to have come again. SOURCE: NULL any. */
struct segments *segments_start(struct session *first, const struct net_address *address,
                                const struct net_address *source, loop_function *done, void *arg);
/* FIRST is gone. True: what small packets bring is worth waiting for, DONE is called at the end of
 * it. NULL is legal. */
bool segments_awaited(struct segments *segments);
/* NULL inside is legal. */
void segments_close(struct segments **segments);

#endif
