/* What a message tells of itself, for the trace: its way, and why it could not be delivered. */
#ifndef ENGINE_ARRIVAL_FACTS_H
#define ENGINE_ARRIVAL_FACTS_H

#include "result/trace.h"

/* The servers that HEADER, which is ARENA's, names, and what they checked. */
void arrival_note_way(struct arena *arena, struct delivery_facts *facts, struct bytes header);
/* A delivery report, decoded, and the refusing server's words in it; MESSAGE is copied. */
void arrival_note_bounce(struct arena *arena, struct delivery_facts *facts, struct bytes message);

#endif
