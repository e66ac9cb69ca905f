/* The driver of one dialogue on one connection: socket, TLS, timer, and the trace of what happened.
 *
 * It owns the descriptor, asks the credential gate where the dialogue says so, stamps what was said
 * and heard with the time the kernel saw it, and copies it into the trace at once, so that the
 * trace is whole at any moment. */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "engine/gate.h"
#include "engine/outbox.h"
#include "engine/run.h"
#include "engine/trust.h"
#include "net/loop.h"
#include "probes/mail.h"
#include "result/trace.h"

struct session;

struct session_options {
    struct loop *loop;
    struct trace *trace;
    int64_t started_ns; /* monotonic time of the trace's zero */
    struct endpoint *endpoint;
    struct attempt *attempt;
    struct mail_wish wish;
    struct trust *trust;
    struct gate *gate;
    run_judge_login *judge_login;
    run_judge_token *judge_token;
    struct outbox *outbox; /* whom to ask before the wish's submission; NULL without one */
    bool expected;         /* gate_expect() announced its login */
    enum gate_turn turn;
    const char *provider_family;
    int timeout_ms; /* cap on each step's patience; 0 none */
    /* Once, when a server that should greet in clear has been silent for three seconds; may be
     * NULL. */
    loop_function *silent;
    /* Once, when an answer is due for three seconds and packets are missing; may be NULL. */
    loop_function *stalled;
    /* The task waits until session_resume(), possibly called inside; NULL: it goes on at once. */
    loop_function *paused;
    loop_function *done; /* once, at the end of the dialogue; session_close() is then due */
    void *arg;
};

/* Takes FD, which is connected. */
struct session *session_start(const struct session_options *options, int fd);
/* What it was started with. */
const struct session_options *session_settings(const struct session *session);
/* Ends the dialogue with a failure that was found elsewhere (what a second connection told). */
void session_fail(struct session *session, struct failure failure);
/* The task goes on from its pause, however long that was to be; nothing when it is in none. */
void session_resume(struct session *session);
/* Is it still in the step in which stalled() was called? */
bool session_is_stalled(const struct session *session);
/* Ends it in any state; open steps become "cut". The one way to free a session; NULL inside is
 * legal. */
void session_close(struct session **session);

#endif
