/* --exercise: what a mailbox can do, tried with further sessions once the logins are decided. IMAP
 * first, in a folder of its own and with a second client beside it; then POP3, on a message that is
 * there, and with further sessions. One after the other; what each did is an attempt of its
 * endpoint, and what became of the folders stands in it too. */
#ifndef ENGINE_EXERCISE_H
#define ENGINE_EXERCISE_H

#include "engine/walk.h"

struct exercise;

struct exercise_options {
    const struct walk_shared *shared; /* borrowed until exercise_close() */
    bool imap, pop3;
    int hold_ms; /* how long a connection is left alone, to see whether it stays open */
    const char *state_dir;
    loop_function *done; /* once, never inside exercise_start() */
    void *arg;
};

/* NULL when no login was accepted on what was asked for: then there is nothing to try. */
struct exercise *exercise_start(const struct exercise_options *options);
/* No further operation: what was made is removed, then done(). False when nothing is left to remove
 * and exercise_close() is due at once. */
bool exercise_stop(struct exercise *exercise);
/* Ends it in any state. NULL inside is legal. */
void exercise_close(struct exercise **exercise);

#endif
