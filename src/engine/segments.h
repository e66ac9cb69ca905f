/* Two more connections without a login where one has stalled: with small packets only, and of the
 * same kind once more. Packets are swallowed for their size when the small ones get through without
 * a loss and the large ones stall at the same place again: once, and a lossy way looks the same. */
#ifndef ENGINE_SEGMENTS_H
#define ENGINE_SEGMENTS_H

#include "engine/session.h"
#include "net/evidence.h"

struct segments;

/* FIRST has stalled. When both others show the same, it is ended before its patience is; their
 * attempts are in the trace. SOURCE: NULL any. */
struct segments *segments_start(struct session *first, const struct net_address *address,
                                const struct net_address *source, loop_function *done, void *arg);
/* FIRST is gone. True: what the others bring is worth waiting for, DONE is called at the end of
 * it. NULL is legal. */
bool segments_awaited(struct segments *segments);
/* NULL inside is legal. */
void segments_close(struct segments **segments);

#endif
