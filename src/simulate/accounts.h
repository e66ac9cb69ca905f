/* The one account of a start of the simulator: its name is the persona's, its secrets are new every
 * time, so that nothing remembered of an earlier run, the credential gate's notes among it, fits.
 */
#ifndef SIMULATE_ACCOUNTS_H
#define SIMULATE_ACCOUNTS_H

#include "simulate/script.h"

/* NOW: Unix seconds; the token is valid for an hour from then. */
void sim_accounts_make(struct sim_accounts *accounts, const struct sim_persona *persona,
                       enum sim_token_kind kind, int64_t now);
/* A new password; release with free(). */
char *sim_password_new(void);
/* Wipes and frees; legal on a zeroed struct. */
void sim_accounts_done(struct sim_accounts *accounts);

#endif
