/* A further session to an endpoint whose login this run saw accepted: the same address, verified
 * TLS, the login through the gate, and then a task of its own. It is recorded as another attempt.
 */
#ifndef ENGINE_VISIT_H
#define ENGINE_VISIT_H

#include "engine/gate.h"
#include "engine/walk.h"
#include "probes/dialogue.h"

struct visit;

struct visit_options {
    const struct walk_shared *shared; /* borrowed until visit_close() */
    struct endpoint *endpoint;        /* visit_is_possible() */
    enum purpose purpose;
    enum gate_turn turn;              /* GATE_FURTHER or GATE_BESIDE */
    const struct dialogue_task *task; /* NULL: the mailbox is opened, as by the main attempt */
    void *task_state;
    /* The task waits for visit_resume(), possibly called inside; NULL: it goes on at once. */
    loop_function *paused;
    /* Once, never inside visit_start(): the session is over, whatever came of it; the attempt's
     * steps and auth tell. visit_close() is then due. */
    loop_function *done;
    void *arg;
};

/* Was a login accepted at ENDPOINT itself in this run? */
bool visit_is_possible(const struct endpoint *endpoint);
struct visit *visit_start(const struct visit_options *options);
/* What it leaves in the trace; grows while it runs. */
struct attempt *visit_attempt(const struct visit *visit);
/* The task goes on from its pause, however long that was to be; nothing when it is in none. */
void visit_resume(struct visit *visit);
/* Ends it in any state, without done(); what is open becomes "cut". NULL inside is legal. */
void visit_close(struct visit **visit);

#endif
