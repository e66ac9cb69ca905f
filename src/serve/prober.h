/* Who is probed, when, and what the last run of each said. One run at a time for a module and
 * target, whoever asks; one at a time for a login. */
#ifndef SERVE_PROBER_H
#define SERVE_PROBER_H

#include "serve/answer.h"
#include "serve/module_set.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prober;
struct probe;

struct prober_options {
    struct loop *loop;
    const char *state_dir; /* where refused passwords are remembered; NULL: nowhere */
    size_t jobs;           /* most runs at once */
    size_t keep;           /* most results kept of targets that were asked for */
    /* A trouble of our own, one line, for the operator. */
    void (*log)(void *arg, const char *line);
    /* Nothing runs any more, after prober_drain(). */
    loop_function *drained;
    void *arg;
};

/* Takes SET. Scheduled runs begin at once. */
struct prober *prober_new(const struct prober_options *options, struct module_set *set);
/* Puts SET, which it takes, in force. What runs is finished; results of modules that are still
 * what they were are kept. */
void prober_reload(struct prober *prober, struct module_set *set);
/* Begins nothing by the clock any more; calls DRAINED once all that runs has ended. */
void prober_drain(struct prober *prober);
/* Ends all that runs. */
void prober_cancel(struct prober *prober);
/* Nobody waits any more. NULL is legal. */
void prober_free(struct prober *prober);

const struct serve_modules *prober_modules(const struct prober *prober);

/* Somebody who waits for an answer; embedded in the waiter. */
struct probe_wait {
    int64_t deadline_ms; /* how long at most, from now */
    bool debug;          /* answer->text is wanted */
    /* Once, possibly before prober_ask() returns. ANSWER is borrowed for the call. SUSPECT: a later
     * run than this answer failed, which does not count yet. */
    void (*answered)(struct probe_wait *wait, const struct answer *answer, bool suspect);
    void *arg;
    /* private */
    struct probe_wait *next;
    struct probe *probe;
    struct loop_timer *timer;
    int64_t since_ms, since_real_ns;
};

/* MODULE is one of prober_modules(), and allows TARGET. False when too many targets are being
 * probed: ask later. */
bool prober_ask(struct prober *prober, const struct serve_module *module, const char *target,
                struct probe_wait *wait);

/* ---- for the pages ---- */

struct prober_counts {
    uint64_t runs[VERDICT_STATUS_COUNT]; /* ended, by status */
    uint64_t uncounted;                  /* of these, failures that did not count */
    uint64_t joined;                     /* answers that waited for another's run */
    uint64_t cached;                     /* answers with a result that was there */
    uint64_t late;                       /* answers "unknown" because the time was up */
    uint64_t troubles;                   /* runs that could not begin */
    size_t running, queued, waiting, kept;
};
void prober_count(const struct prober *prober, struct prober_counts *ret_counts);

struct probe_view {
    const char *module, *target;
    const struct answer *answer; /* NULL: none yet */
    bool scheduled, running, suspect;
};
/* Calls SHOW for each, the one asked for last first. */
void prober_view(const struct prober *prober, void (*show)(void *arg, const struct probe_view *),
                 void *arg);

#endif
