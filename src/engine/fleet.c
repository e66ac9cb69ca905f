#include "engine/fleet.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/path_limits.h"
#include "engine/trust.h"

#include <stdlib.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

/* A run under way, or the one that waits to begin. */
struct berth {
    struct fleet *fleet;
    size_t place; /* among the fleet's berths */
    struct fleet_turn turn;
    struct run_options options; /* the turn's, and what all share */
    struct trace *trace;
    struct run *run;
};

struct fleet {
    struct fleet_options options;
    struct trust *trust;
    struct doors *doors;
    struct path_limits *path_limits;
    struct berth **berths; /* under way, each in its place, of which there are as many as jobs */
    struct berth *waiting; /* asked for already, but its login is in use; NULL: none */
    size_t running;
    int64_t due_ns; /* when the rate lets the next one begin */
    struct loop_timer *turn;
    bool dry; /* next() has no more */
    bool stopped;
};

static void fill_soon(struct fleet *fleet, int64_t delay_ms);

/* ---- one run ---- */

static void enter(struct fleet *fleet, struct berth *berth)
{
    while (fleet->berths[berth->place])
        berth->place++;
    fleet->berths[berth->place] = berth;
    fleet->running++;
}

static void leave(struct berth *berth)
{
    struct fleet *fleet = berth->fleet;
    fleet->berths[berth->place] = NULL;
    fleet->running--;
}

static void run_is_over(void *arg)
{
    struct berth *berth = arg;
    struct fleet *fleet = berth->fleet;
    struct fleet_turn turn = berth->turn;
    struct trace *trace = berth->trace;
    bool forgotten = run_has_forgotten(berth->run);
    run_free(berth->run);
    leave(berth);
    free(berth);
    fill_soon(fleet, 0);
    fleet->options.told(fleet->options.arg, &turn, trace, forgotten, NULL);
}

static void begin(struct fleet *fleet, struct berth *berth)
{
    char *error = NULL;
    berth->trace = trace_new();
    enter(fleet, berth);
    berth->run =
        run_start(fleet->options.loop, &berth->options, berth->trace, run_is_over, berth, &error);
    if (berth->run)
        return;
    struct fleet_turn turn = berth->turn;
    leave(berth);
    trace_free(berth->trace);
    free(berth);
    fleet->options.told(fleet->options.arg, &turn, NULL, false, error);
}

/* ---- which one, and when ---- */

/* Does a run under way log in with this name? */
static bool is_in_use(const struct fleet *fleet, const struct run_options *options)
{
    const char *user = run_login_user(options);
    for (size_t i = 0; user && i < fleet->options.jobs; i++) {
        const struct berth *berth = fleet->berths[i];
        const char *other = berth ? run_login_user(&berth->options) : NULL;
        if (other && text_equal_fold(user, other))
            return true;
    }
    return false;
}

static struct berth *ask_next(struct fleet *fleet)
{
    struct fleet_turn turn = { 0 };
    if (fleet->dry || !fleet->options.next(fleet->options.arg, &turn)) {
        fleet->dry = true;
        return NULL;
    }
    struct berth *berth = memory_new(sizeof *berth);
    *berth = (struct berth) { .fleet = fleet, .turn = turn, .options = *turn.options };
    berth->options.trust = fleet->trust;
    berth->options.doors = fleet->doors;
    berth->options.path_limits = fleet->path_limits;
    berth->options.path_asked_only = true;   /* many silent ports, and routers answer seldom */
    berth->options.no_second_opinion = true; /* a thread for each lookup */
    return berth;
}

/* How long the rate wants the next one to wait, in ms; 0: not at all. */
static int64_t too_early_ms(const struct fleet *fleet)
{
    int64_t left = fleet->due_ns - clock_mono_ns();
    return fleet->options.rate > 0 && left > 0 ? left / NS_PER_MS + 1 : 0;
}

/* The rate is kept on average over a second: who was held up may catch up by that much. */
static void count_start(struct fleet *fleet)
{
    int64_t now = clock_mono_ns(), first = now - NS_PER_S;
    if (fleet->options.rate <= 0)
        return;
    fleet->due_ns =
        (fleet->due_ns > first ? fleet->due_ns : now) + (int64_t)(NS_PER_S / fleet->options.rate);
}

static void fill(void *arg)
{
    struct fleet *fleet = arg;
    loop_timer_stop(&fleet->turn);
    while (!fleet->stopped && fleet->running < fleet->options.jobs) {
        int64_t delay = too_early_ms(fleet);
        if (delay && !fleet->dry) {
            fill_soon(fleet, delay);
            return;
        }
        struct berth *berth = fleet->waiting ? fleet->waiting : ask_next(fleet);
        fleet->waiting = NULL;
        if (!berth)
            break;
        if (is_in_use(fleet, &berth->options)) {
            fleet->waiting = berth; /* the end of that run is the next occasion */
            return;
        }
        count_start(fleet);
        begin(fleet, berth);
    }
    if (!fleet->stopped && fleet->dry && !fleet->waiting && !fleet->running) {
        fleet->stopped = true;
        fleet->options.over(fleet->options.arg);
    }
}

static void fill_soon(struct fleet *fleet, int64_t delay_ms)
{
    if (fleet->stopped)
        return;
    loop_timer_stop(&fleet->turn);
    fleet->turn = loop_timer_start(fleet->options.loop, delay_ms, fill, fleet);
}

/* ---- the whole ---- */

/* The file alone loads in no time: so a bad one is told at once. */
static bool trust_is_good(const struct tls_trust_options *options, char **ret_error)
{
    if (!options->ca_file)
        return true;
    struct tls_trust_options only = { .ca_file = options->ca_file };
    struct tls_trust *trust = tls_trust_load(&only, ret_error);
    tls_trust_free(trust);
    return trust != NULL;
}

struct fleet *fleet_start(const struct fleet_options *options, char **ret_error)
{
    if (!trust_is_good(&options->trust, ret_error))
        return NULL;
    struct fleet *fleet = memory_new(sizeof *fleet);
    *fleet = (struct fleet) { .options = *options };
    fleet->berths = memory_new(options->jobs * sizeof *fleet->berths);
    fleet->doors = doors_new(options->loop, DOORS_AT_ONCE);
    fleet->path_limits = path_limits_new();
    fleet->trust = trust_start(options->loop, &fleet->options.trust);
    fill_soon(fleet, 0);
    return fleet;
}

static void drop(struct fleet *fleet, struct berth *berth)
{
    if (berth->run)
        run_cancel(berth->run, "interrupt");
    run_free(berth->run);
    if (berth->trace)
        trace_free(berth->trace);
    fleet->options.dropped(fleet->options.arg, &berth->turn);
    free(berth);
}

void fleet_stop(struct fleet *fleet)
{
    fleet->stopped = true;
    loop_timer_stop(&fleet->turn);
    if (fleet->waiting)
        drop(fleet, fleet->waiting);
    fleet->waiting = NULL;
    for (size_t i = 0; i < fleet->options.jobs; i++) {
        struct berth *berth = fleet->berths[i];
        if (!berth)
            continue;
        leave(berth);
        drop(fleet, berth);
    }
}

void fleet_free(struct fleet *fleet)
{
    if (!fleet)
        return;
    fleet_stop(fleet);
    doors_free(fleet->doors);
    path_limits_free(fleet->path_limits);
    trust_free(fleet->trust);
    free(fleet->berths);
    free(fleet);
}
