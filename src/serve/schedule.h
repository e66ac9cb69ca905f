/* When a probe runs, and what a scrape is answered: decisions alone, told the time. Milliseconds of
 * one clock everywhere. */
#ifndef SERVE_SCHEDULE_H
#define SERVE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* How long a scrape may take: Prometheus' own limit, a decimal number of seconds in HEADER, less
 * OFFSET_MS for the way back; at most LIMIT_MS, which also stands where no header was sent. 0: it
 * leaves no time at all. False: HEADER is no number of seconds. */
bool schedule_deadline(const char *header, int64_t offset_ms, int64_t limit_ms,
                       int64_t *ret_deadline_ms);

/* The delay of the first run after a start, so that not all begin at once. RANDOM is any number. */
int64_t schedule_first(int64_t interval_ms, uint64_t random);
/* The delay from the beginning of one run to the next: INTERVAL_MS, a tenth more or less. */
int64_t schedule_next(int64_t interval_ms, uint64_t random);
/* The same after a failure that does not count yet. SCHEDULED: by the clock, not by scrapes. */
int64_t schedule_again(int64_t interval_ms, bool scheduled);

/* A failure of a kind that often passes counts from the second time, whatever the second one is.
 * Any other counts at once. */
struct schedule_outcome {
    bool failed;    /* the run has shown a fault */
    bool transient; /* ... of a kind that often passes */
};
/* SUSPECT: was the run before a failure that did not count? FAILING: did the last that counted
 * fail? */
bool schedule_counts(struct schedule_outcome outcome, bool suspect, bool failing);

struct schedule_state {
    bool scheduled; /* runs by the clock alone */
    bool running;
    bool slow;           /* a run took longer than a scrape had time, and none was quicker since */
    bool suspect;        /* the last run failed, which does not count yet */
    bool delivered;      /* the result was the answer to a scrape already */
    int64_t finished_ms; /* when the result came; -1: there is none */
    int64_t cache_ms;
};

enum schedule_choice {
    SCHEDULE_ANSWER,         /* with the result there is */
    SCHEDULE_ANSWER_AND_RUN, /* the same, and begin a run for the next scrape */
    SCHEDULE_JOIN,           /* wait for the run that is under way, or that the clock will begin */
    SCHEDULE_RUN,            /* begin one and wait for it */
};
enum schedule_choice schedule_choose(const struct schedule_state *state, int64_t now_ms);

/* Does this run submit the test message as well? MAILED_MS is when the last one did, -1: none yet.
 * Between two lies INTERVAL_MS, so that nobody's mailbox is filled; while something fails, each run
 * tries all of it, or a run without the message would hide what only the message showed. */
bool schedule_mails(int64_t mailed_ms, int64_t interval_ms, bool failing, int64_t now_ms);

/* A password that was refused, and that nothing but this program remembers (the state directory
 * cannot be written), is not sent again before this. */
bool schedule_is_held(int64_t refused_ms, int64_t hold_ms, int64_t now_ms);

#endif
