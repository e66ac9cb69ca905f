#include "engine/recipient.h"

#include "base/memory.h"
#include "engine/lookout.h"
#include "engine/run_held.h"

#include <stdlib.h>

struct recipient {
    struct run_options options;
    struct trace *trace; /* its own */
    struct run *run;
    struct outbox *outbox;
    loop_function *over;
    void *arg;
    bool is_over;
};

static void ready(void *arg)
{
    struct recipient *r = arg;
    bool opened = lookout_mailbox(r->trace, false) != NULL;
    if (!opened)
        run_let_go(r->run);
    outbox_release(r->outbox, opened);
}

static void run_is_over(void *arg)
{
    struct recipient *r = arg;
    r->is_over = true;
    r->over(r->arg);
}

struct recipient *recipient_start(const struct walk_shared *shared, struct outbox *outbox,
                                  loop_function *over, void *arg, char **ret_error)
{
    struct recipient *r = memory_new(sizeof *r);
    r->options = *shared->options->recipient;
    r->options.trust = shared->trust;
    r->trace = shared->trace->recipient;
    r->outbox = outbox;
    r->over = over;
    r->arg = arg;
    r->run = run_start(shared->loop, &r->options, r->trace, run_is_over, r, ret_error);
    if (!r->run) {
        free(r);
        return NULL;
    }
    run_hold(r->run, ready, r);
    outbox_hold(outbox);
    return r;
}

const struct walk_shared *recipient_shared(const struct recipient *r)
{
    return r && !r->is_over ? run_shared(r->run) : NULL;
}

bool recipient_dismiss(struct recipient *r)
{
    if (r && !r->is_over)
        run_let_go(r->run);
    return !r || r->is_over;
}

void recipient_cancel(struct recipient *r, const char *why)
{
    if (r)
        run_cancel(r->run, why);
}

bool recipient_has_forgotten(const struct recipient *r)
{
    return r && run_has_forgotten(r->run);
}

void recipient_free(struct recipient *r)
{
    if (!r)
        return;
    run_free(r->run);
    free(r);
}
