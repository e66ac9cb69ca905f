/* Which runs of this machine work in a folder of their own just now, and which were killed in the
 * middle: so that what they left in a mailbox can be removed at once, and not what others need.
 *
 * An empty file of the state directory, "exercise-<id>", is locked as long as its run lives: the
 * kernel lets go of the lock whatever ends the process. A directory that cannot be written only
 * means that what a killed run left is recognised a day later, by its date. */
#ifndef ENGINE_EXERCISE_RECORD_H
#define ENGINE_EXERCISE_RECORD_H

#include "base/arena.h"

#include <stdint.h>

/* Begins the record of this run; the locked descriptor, -1 when there is none. DIR may be NULL. */
int exercise_record_begin(const char *dir, const char *id);
/* Nothing of ours is left in the mailbox: the record goes. Otherwise close(2) alone leaves it for
 * the next run. */
void exercise_record_remove(const char *dir, const char *id);
/* The ids of the other runs, by whether they still live; the lists' memory is ARENA's. */
void exercise_record_read(const char *dir, struct arena *arena, struct strings *dead,
                          struct strings *busy);

#endif
