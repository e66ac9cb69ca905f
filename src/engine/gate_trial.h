/* A password is being tried: told to other runs by a lock, so that two at the same moment do not
 * send the same wrong one twice, and to later ones by what a killed run leaves.
 *
 * One small file a user stands in the state directory, "trying-<hash of the name>". It is locked
 * while a try is under way, and holds when it began, where, and eight bits of a hash of the
 * password: enough to tell nearly any other one, and far too little to find it. What is left
 * there without a lock is from a run that was killed between question and answer. A directory
 * that cannot be written only means that nobody is told. */
#ifndef ENGINE_GATE_TRIAL_H
#define ENGINE_GATE_TRIAL_H

#include "base/secret.h"

#include <stdbool.h>
#include <stdint.h>

struct gate_trial {
    int fd; /* -1: none under way */
};

enum gate_trial_state {
    GATE_TRIAL_OURS,   /* no other run tries anything for this user; gate_trial_write() is due */
    GATE_TRIAL_BUSY,   /* another run does so just now */
    GATE_TRIAL_UNKNOWN /* a run within the last 30 minutes was killed while it tried this one */
};

/* Begins a try for USER. DIR may be NULL. ANYWAY: never GATE_TRIAL_UNKNOWN. Only GATE_TRIAL_OURS
 * must be ended. */
enum gate_trial_state gate_trial_begin(struct gate_trial *trial, const char *dir, const char *user,
                                       const struct secret *password, int64_t now_s, bool anyway);
/* From now on a run that is killed leaves word of it. */
void gate_trial_write(const struct gate_trial *trial, const char *user,
                      const struct secret *password, int64_t now_s);
/* The answer is known, and remembered where it had to be. Legal when none is under way. */
void gate_trial_end(struct gate_trial *trial);

#endif
