#include "engine/trust.h"

#include "base/memory.h"

#include <stdlib.h>

struct trust {
    struct tls_trust_options options;
    char *ca_file, *added;   /* what the options name */
    struct tls_trust *store; /* the pool writes these two, before ready is set on the loop */
    char *error;
    bool ready;
    bool abandoned; /* nobody waits any more: whoever finishes last frees */
    struct trust_waiter *waiters;
};

static void load(void *arg)
{
    struct trust *trust = arg;
    trust->store = tls_trust_load(&trust->options, &trust->error);
}

static void loaded(void *arg)
{
    struct trust *trust = arg;
    trust->ready = true;
    if (trust->abandoned) {
        trust_free(trust);
        return;
    }
    while (trust->waiters) {
        struct trust_waiter *waiter = trust->waiters;
        trust->waiters = waiter->next;
        waiter->waiting = false;
        waiter->ready(waiter->arg);
    }
}

struct trust *trust_start(struct loop *loop, const struct tls_trust_options *options)
{
    struct trust *trust = memory_new(sizeof *trust);
    trust->options = *options;
    trust->options.ca_file = trust->ca_file = memory_copy(options->ca_file);
    trust->options.added = trust->added = memory_copy(options->added);
    loop_work(loop, load, loaded, trust);
    return trust;
}

void trust_free(struct trust *trust)
{
    if (!trust)
        return;
    trust->abandoned = true;
    if (!trust->ready)
        return; /* the pool is still at work on it */
    tls_trust_free(trust->store);
    free(trust->error);
    free(trust->ca_file);
    free(trust->added);
    free(trust);
}

bool trust_ready(const struct trust *trust)
{
    return trust->ready;
}

const struct tls_trust *trust_store(const struct trust *trust)
{
    return trust->ready ? trust->store : NULL;
}

const char *trust_error(const struct trust *trust)
{
    return trust->ready ? trust->error : NULL;
}

void trust_wait(struct trust *trust, struct trust_waiter *waiter)
{
    if (trust->ready) {
        waiter->ready(waiter->arg);
        return;
    }
    waiter->next = trust->waiters;
    waiter->waiting = true;
    trust->waiters = waiter;
}

void trust_forget(struct trust *trust, struct trust_waiter *waiter)
{
    if (!waiter->waiting)
        return;
    struct trust_waiter **link = &trust->waiters;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    waiter->waiting = false;
}
