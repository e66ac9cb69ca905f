/* The account that the test message goes to, where that is another: a run of its own, with its own
 * plan, gate and trace, so that nothing of it is held against the sender's. Until a mailbox of it
 * has opened, the outbox is held: nothing is sent that could not be looked for. */
#ifndef ENGINE_RECIPIENT_H
#define ENGINE_RECIPIENT_H

#include "engine/outbox.h"
#include "engine/walk.h"

struct recipient;

/* Begins run_options.recipient of SHARED's run, into trace.recipient; OUTBOX and SHARED are
 * borrowed until recipient_free(). OVER is called once, when it has come to its end. NULL and a
 * message (release with free()) when an option is bad. */
struct recipient *recipient_start(const struct walk_shared *shared, struct outbox *outbox,
                                  loop_function *over, void *arg, char **ret_error);
/* What visits to its mailbox need; NULL when it is over, or RECIPIENT is NULL. */
const struct walk_shared *recipient_shared(const struct recipient *recipient);
/* It is not needed any more, and goes on to its end: has it come to it? True for NULL. */
bool recipient_dismiss(struct recipient *recipient);
/* Ends it now, as run_cancel(). NULL is legal here and below. */
void recipient_cancel(struct recipient *recipient, const char *why);
bool recipient_has_forgotten(const struct recipient *recipient);
void recipient_free(struct recipient *recipient);

#endif
