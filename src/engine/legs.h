/* The walks of a run, one for each endpoint of its plan, and what is asked of all of them. */
#ifndef ENGINE_LEGS_H
#define ENGINE_LEGS_H

#include "engine/path.h"
#include "engine/walk.h"

struct leg;

struct legs {
    const struct walk_shared *shared;
    struct leg *first;
};

/* Walks to each endpoint of SHARED's trace; SHARED is borrowed until legs_close(). The login on the
 * documented port of each service is announced to the gate. */
void legs_start(struct legs *legs, const struct walk_shared *shared);
/* Is nobody on the way any more whom anybody waits for? With endpoints that nobody waits for alone:
 * have all ended? */
bool legs_decided(const struct legs *legs);
/* All is decided; where something that is needed did not answer, it is asked who dropped it, not
 * after UNTIL_NS (monotonic; 0: whenever). NULL when there is nothing to ask: else DONE is called
 * once, and paths_close() is then due. */
struct paths *legs_walk_paths(const struct legs *legs, int64_t until_ns, loop_function *done,
                              void *arg);
/* What is open becomes "cut". Legal at any time, also for a zeroed struct. */
void legs_close(struct legs *legs);

#endif
