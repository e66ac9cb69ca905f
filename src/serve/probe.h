/* What prober.c and probe_list.c share: the probes and their list. */
#ifndef SERVE_PROBE_H
#define SERVE_PROBE_H

#include "serve/flight.h"
#include "serve/prober.h"

/* A module and a target, and what is known of them. */
struct probe {
    struct probe *next; /* the one asked for last comes first */
    struct prober *prober;
    const struct serve_module *module; /* NULL: it is no longer in force, nor is this probe */
    char *module_name, *target, *login, *definition;
    struct answer *answer; /* the last that counts; NULL: none */
    struct flight *flight;
    struct loop_timer *due;
    struct probe_wait *waits;
    int64_t finished_ms, began_ms, began_real_ns;
    int64_t missed_ms; /* the time that a scrape had, when a run took longer */
    bool queued, slow, delivered, suspect, failing;
    int64_t mailed_ms;  /* when a run submitted a test message; -1: none yet */
    int64_t refused_ms; /* when a password was refused that only we know of; -1: none */
    struct secret *refused;
};

struct prober {
    struct prober_options options;
    struct module_set *set;
    struct path_limits *path_limits;
    struct probe *probes;
    struct prober_counts counts;
    bool draining, drained;
};

bool probe_is_scheduled(const struct probe *probe);
/* Nobody waits for it, and it does nothing but perhaps wait for its time. */
bool probe_is_idle(const struct probe *probe);

/* Where the list points to the probe in force, or to its end. */
struct probe **probe_find(struct prober *prober, const char *module, const char *target);
/* NULL when there are too many that nobody may forget. */
struct probe *probe_add(struct prober *prober, const struct serve_module *module,
                        const char *target);
/* Frees a probe that is idle and no longer in force. */
void probe_remove_if_gone(struct prober *prober, const struct probe *probe);
void probe_forget_refusal(struct probe *probe);
/* Puts the modules of PROBER's set in force: for a start and for each reload. */
void probe_list_renew(struct prober *prober);

/* Those of prober.c that the list needs. */
/* Queues a run, unless one is queued or under way. */
void probe_want_run(struct probe *probe);
void probe_set_due(struct probe *probe, int64_t delay_ms);
void probe_answer_all(struct probe *probe, const struct answer *answer);
uint64_t probe_any_number(void);

#endif
