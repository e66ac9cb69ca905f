/* A run that stands ready when it has come to its end: another one still uses its login. */
#ifndef ENGINE_RUN_HELD_H
#define ENGINE_RUN_HELD_H

#include "engine/run.h"
#include "engine/walk.h"

/* From now on RUN does not end by itself. READY is called once, as soon as a mailbox has opened
 * over IMAP, or there is nothing left to wait for. To be called right after run_start(). */
void run_hold(struct run *run, loop_function *ready, void *arg);
/* It goes on to its end, and calls its own done(). */
void run_let_go(struct run *run);
/* What its visits need; valid until its end. */
const struct walk_shared *run_shared(const struct run *run);

#endif
