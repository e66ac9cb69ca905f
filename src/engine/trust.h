/* The trust store, loaded on the pool while names are being resolved, and shared by every session
 * of a run, or of many. */
#ifndef ENGINE_TRUST_H
#define ENGINE_TRUST_H

#include "net/loop.h"
#include "net/tls.h"

struct trust;

/* Starts loading. */
struct trust *trust_start(struct loop *loop, const struct tls_trust_options *options);
/* Nobody uses it any more. While the pool is still at work on it, it is freed once that comes back
 * to the loop. NULL is legal. */
void trust_free(struct trust *trust);

bool trust_ready(const struct trust *trust);
const struct tls_trust *trust_store(const struct trust *trust); /* NULL until ready */
const char *trust_error(const struct trust *trust); /* NULL, or why it could not be loaded */

/* Someone who waits for it; embedded in the waiter. */
struct trust_waiter {
    loop_function *ready;
    void *arg;
    struct trust_waiter *next;
    bool waiting;
};
/* Calls waiter->ready once it is there; at once when it is there already. */
void trust_wait(struct trust *trust, struct trust_waiter *waiter);
void trust_forget(struct trust *trust, struct trust_waiter *waiter);

#endif
