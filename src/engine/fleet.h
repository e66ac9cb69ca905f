/* Many runs on one loop: so many at once, so many begun a second, one trust store for all. What is
 * to be run is asked for when there is room for it, so that nothing grows with how much there is.
 */
#ifndef ENGINE_FLEET_H
#define ENGINE_FLEET_H

#include "engine/run.h"
#include "net/tls.h"

struct fleet;

/* One run of a fleet, from next() to told(). */
struct fleet_turn {
    const struct run_options *options; /* next()'s; borrowed until told() */
    void *job;                         /* next()'s own */
};

struct fleet_options {
    struct loop *loop;
    size_t jobs;                    /* how many at once, at least 1 */
    double rate;                    /* how many are begun a second at most; 0: no limit */
    struct tls_trust_options trust; /* of every run; borrowed until fleet_free() */
    /* The next run; false when there is none any more. */
    bool (*next)(void *arg, struct fleet_turn *turn);
    /* What became of it: its TRACE, now the callee's, or NULL and why it could not begin (release
     * with free()). FORGOTTEN: run_has_forgotten(). */
    void (*told)(void *arg, struct fleet_turn *turn, struct trace *trace, bool forgotten,
                 char *error);
    /* fleet_stop() ended it, or it never began. */
    void (*dropped)(void *arg, struct fleet_turn *turn);
    loop_function *over; /* once: there is none any more, and the last was told */
    void *arg;
};

/* Two runs that log in with the same name never go at once, so that each knows what became of the
 * other's password. NULL and a message (release with free()) when the trust options are bad. */
struct fleet *fleet_start(const struct fleet_options *options, char **ret_error);

/* Ends it now: what is under way is dropped. Legal in its callbacks, and twice. */
void fleet_stop(struct fleet *fleet);

/* Once it was stopped or is over, and loop_run() has returned: what other threads do for it comes
 * back on the loop. NULL is legal. */
void fleet_free(struct fleet *fleet);

#endif
