#include "engine/run.h"

#include "base/clock.h"
#include "base/memory.h"
#include "engine/arrival.h"
#include "engine/exercise.h"
#include "engine/gate.h"
#include "engine/legs.h"
#include "engine/lookout.h"
#include "engine/opinions.h"
#include "engine/recipient.h"
#include "engine/run_check.h"
#include "engine/run_held.h"
#include "engine/vantage.h"
#include "net/evidence.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NS_PER_S = 1000000000,
    NS_PER_MS = 1000000,
    HOST_NAME_SIZE = 256,
    CLEAN_UP_MS = 10000,   /* to remove what was made in a mailbox, once the run is called off */
    EXPECTATION_MS = 3000, /* how long the documented port's login is waited for */
};

struct run {
    struct loop *loop;
    const struct run_options *options;
    struct trace *trace;
    int64_t started_ns;
    loop_function *done;
    void *arg;
    struct resolver *resolver;
    struct trust *trust, *own_trust; /* own_trust: NULL where it is borrowed */
    struct gate *gate;
    struct outbox *outbox;
    struct planning *planning;
    struct walk_shared shared;
    struct net_address source;
    char host_name[HOST_NAME_SIZE];
    struct legs legs;
    struct paths *paths;
    struct opinions *opinions;
    struct arrivals *arrivals;
    struct exercise *exercise;
    const char *stopping; /* why it was called off, while it still cleans up; NULL */
    struct loop_timer *deadline, *patience, *turn;
    int64_t until_ns;    /* the deadline; 0 none */
    int waiting;         /* walks that may not connect yet */
    int64_t waits_since; /* when the first of them began to wait */
    bool walked, looked, exercised, over;
    loop_function *ready; /* of run_hold(), until it was called */
    void *ready_arg;
    bool held;
    struct recipient *recipient;
};

int64_t run_elapsed_ns(const struct run *run)
{
    return clock_mono_ns() - run->started_ns;
}

/* ---- the end ---- */

static void deliver(void *arg)
{
    struct run *run = arg;
    loop_timer_stop(&run->turn);
    run->done(run->arg);
}

static void deadline_passed(void *arg);
static void look_for_it(struct run *run);

/* A run that is called off leaves nothing of its own in a mailbox: a message that was sent and not
 * looked for yet is, now. False: there is nothing. */
static bool cleans_up(struct run *run, const char *why)
{
    if (!why || run->stopping)
        return false;
    if (!run->looked)
        look_for_it(run);
    if (!run->exercise && !run->arrivals)
        return false;
    run->stopping = why;
    if (run->arrivals)
        arrivals_stop(run->arrivals);
    else if (!exercise_stop(run->exercise))
        return false;
    loop_timer_stop(&run->deadline);
    run->deadline = loop_timer_start(run->loop, CLEAN_UP_MS, deadline_passed, run);
    return true;
}

/* WHY is NULL for a run that came to its own end. */
static void end(struct run *run, const char *why)
{
    if (run->over || cleans_up(run, why))
        return;
    run->over = true;
    run->trace->complete = why == NULL;
    run->trace->cut_by = why;
    loop_timer_stop(&run->deadline);
    loop_timer_stop(&run->patience);
    plan_stop(&run->planning);
    paths_close(&run->paths);
    arrivals_close(&run->arrivals);
    exercise_close(&run->exercise);
    recipient_cancel(run->recipient, why);
    gate_freeze(run->gate); /* who is closed now must not make another one go */
    outbox_freeze(run->outbox);
    legs_close(&run->legs);
    opinions_close(&run->opinions);
    resolver_free(run->resolver); /* its open questions belonged to the walks */
    run->resolver = NULL;
    run->trace->duration_ns = run_elapsed_ns(run);
    vantage_end(run->trace);
    loop_timer_stop(&run->turn);
    run->turn = loop_timer_start(run->loop, 0, deliver, run);
}

static void look_again(void *arg);

/* What paths_start() begins ends in a look of its own. */
static void paths_walked(void *arg)
{
    struct run *run = arg;
    paths_close(&run->paths);
    if (!run->over && !run->turn)
        run->turn = loop_timer_start(run->loop, 0, look_again, run);
}

static void walk_paths(struct run *run)
{
    run->paths = legs_walk_paths(&run->legs, run->until_ns, paths_walked, run);
    run->walked = true;
}

static void go_on(struct run *run)
{
    if (run->stopping)
        end(run, run->stopping);
    else if (!run->over && !run->turn)
        run->turn = loop_timer_start(run->loop, 0, look_again, run);
}

static void exercise_over(void *arg)
{
    struct run *run = arg;
    exercise_close(&run->exercise);
    go_on(run);
}

static void arrivals_over(void *arg)
{
    struct run *run = arg;
    arrivals_close(&run->arrivals);
    go_on(run);
}

/* The message that was submitted: is it there? And nothing of it stays among what was sent. */
static void look_for_it(struct run *run)
{
    const struct run_options *o = run->options;
    struct arrivals_options options = {
        .shared = &run->shared,
        .recipient = recipient_shared(run->recipient),
        .copy_only = !o->round_trip,
        .wait_ms = o->arrival_ms,
        .done = arrivals_over,
        .arg = run,
    };
    run->arrivals = arrivals_start(&options);
    run->looked = true;
}

static void exercise(struct run *run)
{
    const struct run_options *o = run->options;
    struct exercise_options options = {
        .shared = &run->shared,
        .imap = o->exercise_imap,
        .pop3 = o->exercise_pop3,
        .hold_ms = o->exercise_hold_ms,
        .state_dir = o->state_dir,
        .done = exercise_over,
        .arg = run,
    };
    run->exercise = exercise_start(&options);
    run->exercised = true;
}

/* ---- a run that another one uses, and one that uses another ---- */

void run_hold(struct run *run, loop_function *ready, void *arg)
{
    run->held = true;
    run->ready = ready;
    run->ready_arg = arg;
}

const struct walk_shared *run_shared(const struct run *run)
{
    return &run->shared;
}

/* Whoever waits for it hears of it once. */
static void tell_ready(struct run *run)
{
    loop_function *ready = run->ready;
    run->ready = NULL;
    if (ready)
        ready(run->ready_arg);
}

static void recipient_is_over(void *arg)
{
    struct run *run = arg;
    if (!run->over)
        go_on(run);
}

/* One pass after each ended walk: a few dozen endpoints at most. */
static void end_if_decided(struct run *run)
{
    if (run->ready && lookout_mailbox(run->trace, true)) /* IMAP: nothing better can come */
        tell_ready(run);
    if (!legs_decided(&run->legs) || opinions_wanted(run->opinions))
        return;
    tell_ready(run);
    if (run->held)
        return;
    if (!run->looked)
        look_for_it(run);
    if (run->arrivals || !recipient_dismiss(run->recipient))
        return;
    if (!run->exercised)
        exercise(run);
    if (run->exercise)
        return;
    if (!run->walked)
        walk_paths(run);
    if (!run->paths)
        end(run, NULL);
}

static void look_again(void *arg)
{
    struct run *run = arg;
    loop_timer_stop(&run->turn);
    end_if_decided(run);
}

void run_let_go(struct run *run)
{
    run->held = false;
    go_on(run);
}

/* Called from inside the walk, which end() would free: so the look is taken at the next turn. */
static void walk_has_ended(void *arg)
{
    struct run *run = arg;
    if (!run->over && !run->turn)
        run->turn = loop_timer_start(run->loop, 0, look_again, run);
}

static void deadline_passed(void *arg)
{
    struct run *run = arg;
    loop_timer_stop(&run->deadline);
    end(run, run->stopping ? run->stopping : "deadline");
}

static void start_deadline(struct run *run)
{
    int64_t left = run->until_ns - clock_mono_ns();
    if (run->until_ns)
        run->deadline =
            loop_timer_start(run->loop, left > 0 ? left / NS_PER_MS : 0, deadline_passed, run);
}

/* Waiting behind other runs is no time of this one's. */
static void walk_waits(void *arg)
{
    struct run *run = arg;
    if (run->waiting++ || run->stopping)
        return;
    run->waits_since = clock_mono_ns();
    loop_timer_stop(&run->deadline);
}

static void walk_goes_on(void *arg)
{
    struct run *run = arg;
    if (--run->waiting || run->over || run->stopping)
        return;
    run->until_ns += run->until_ns ? clock_mono_ns() - run->waits_since : 0;
    start_deadline(run);
}

void run_cancel(struct run *run, const char *why)
{
    end(run, why);
}

/* ---- the way ---- */

static void expect_nobody(void *arg)
{
    struct run *run = arg;
    loop_timer_stop(&run->patience);
    gate_expect_nobody(run->gate);
    outbox_give_up(run->outbox, NULL);
}

static void planned(void *arg, const struct plan *plan)
{
    struct run *run = arg;
    run->shared.provider_family = plan->provider->family;
    if (run->outbox)
        outbox_expect(run->outbox);
    legs_start(&run->legs, &run->shared);
    opinions_begin(run->opinions);
    run->patience = loop_timer_start(run->loop, EXPECTATION_MS, expect_nobody, run);
    walk_has_ended(run); /* a plan without endpoints is decided already */
}

/* The full name of this machine, where it has one; else each dialogue announces an address literal.
 */
static const char *own_name(struct run *run)
{
    if (run->options->ehlo)
        return run->options->ehlo;
    if (gethostname(run->host_name, sizeof run->host_name - 1) != 0 || !strchr(run->host_name, '.'))
        return NULL;
    return run->host_name;
}

static struct gate *open_gate(const struct run *run)
{
    const struct run_options *o = run->options;
    struct gate_options options = {
        .user = run_login_user(o),
        .password = o->password,
        .token = o->token,
        .all_logins = o->all_logins,
        .retry = o->retry_login,
        .insecure = o->insecure_login,
        .state_dir = o->state_dir,
        .loop = run->loop,
        .now_s = run->trace->started_real_ns / NS_PER_S,
    };
    return gate_new(&options);
}

static void begin(struct run *run)
{
    const struct run_options *o = run->options;
    struct tls_trust_options trust = { .ca_file = o->ca_file, .system = !o->no_system_ca };
    run->own_trust = o->trust ? NULL : trust_start(run->loop, &trust);
    run->trust = o->trust ? o->trust : run->own_trust;
    run->gate = open_gate(run);
    run->outbox = o->submit ? outbox_new(run->trace, o->submit) : NULL;
    run->trace->target.mailbox = arena_copy(&run->trace->arena, o->mailbox);
    run->trace->target.user = arena_copy(&run->trace->arena, run_login_user(o));
    run->shared = (struct walk_shared) {
        .loop = run->loop,
        .trace = run->trace,
        .started_ns = run->started_ns,
        .options = o,
        .user = run_login_user(o),
        .ehlo = own_name(run),
        .resolver = run->resolver,
        .trust = run->trust,
        .gate = run->gate,
        .outbox = run->outbox,
        .source = o->source ? &run->source : NULL,
        .waits = walk_waits,
        .goes_on = walk_goes_on,
        .ended = walk_has_ended,
        .arg = run,
    };
    if (o->deadline_ms)
        run->until_ns = run->started_ns + (int64_t)o->deadline_ms * NS_PER_MS;
    start_deadline(run);
    run->planning =
        plan_start(run->loop, run->resolver, run->trace, &o->target, &o->plan, planned, run);
}

/* The system's own lookup is compared with what it should be the same as, not with a name server
 * that somebody chose. */
static struct opinions *other_opinions(struct run *run, int budget_ms, char **ret_error)
{
    const struct run_options *o = run->options;
    struct opinions_options options = {
        .loop = run->loop,
        .trace = run->trace,
        .started_ns = run->started_ns,
        .resolver = run->resolver,
        .source = o->source ? &run->source : NULL,
        .servers = o->resolvers_beside,
        .server_count = o->resolver_beside_count,
        .system = o->resolver == NULL && !o->no_second_opinion,
        .family = o->family,
        .budget_ms = budget_ms,
        .done = walk_has_ended,
        .arg = run,
    };
    return opinions_new(&options, ret_error);
}

struct run *run_start(struct loop *loop, const struct run_options *options, struct trace *trace,
                      loop_function *done, void *arg, char **ret_error)
{
    struct run *run = memory_new(sizeof *run);
    *run =
        (struct run) { .loop = loop, .options = options, .trace = trace, .done = done, .arg = arg };
    run->started_ns = clock_mono_ns();
    trace->started_real_ns = clock_real_ns();
    vantage_begin(trace);
    trace->from.proxy = arena_copy(&trace->arena, options->proxy.shown);
    struct resolver_options resolver = {
        .server = options->resolver,
        .source = options->source ? &run->source : NULL,
        .budget_ms = options->timeout_ms && options->timeout_ms < 5000 ? options->timeout_ms : 5000,
    };
    if (run_options_check(options, &run->source, ret_error))
        run->resolver = resolver_new(loop, &resolver, trace, run->started_ns, ret_error);
    if (run->resolver)
        run->opinions = other_opinions(run, resolver.budget_ms, ret_error);
    if (!run->opinions) {
        resolver_free(run->resolver);
        free(run);
        return NULL;
    }
    begin(run);
    if (options->recipient)
        run->recipient =
            recipient_start(&run->shared, run->outbox, recipient_is_over, run, ret_error);
    if (options->recipient && !run->recipient) {
        run_free(run);
        return NULL;
    }
    return run;
}

bool run_has_forgotten(const struct run *run)
{
    return gate_has_forgotten(run->gate) || recipient_has_forgotten(run->recipient);
}

void run_free(struct run *run)
{
    if (!run)
        return;
    loop_timer_stop(&run->turn);
    loop_timer_stop(&run->deadline);
    loop_timer_stop(&run->patience);
    plan_stop(&run->planning);
    paths_close(&run->paths);
    arrivals_close(&run->arrivals);
    exercise_close(&run->exercise);
    legs_close(&run->legs);
    recipient_free(run->recipient);
    opinions_close(&run->opinions);
    resolver_free(run->resolver);
    gate_free(run->gate);
    outbox_free(run->outbox);
    trust_free(run->own_trust);
    free(run);
}
