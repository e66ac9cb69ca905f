/* How far a check of many targets has come, in words. A pure function of what was counted. */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include "base/buffer.h"
#include "result/result.h"

#include <stddef.h>
#include <stdint.h>

enum { TALLY_CLASSES = 256, TALLY_NAME_SIZE = 64 };

struct tally {
    size_t total;  /* how many targets there are; 0: not known */
    size_t before; /* of them, answered by an earlier run */
    size_t statuses[VERDICT_STATUS_COUNT];
    size_t errors; /* targets that could not be tried: a bad line, an option that does not fit */
    struct tally_class {
        char name[TALLY_NAME_SIZE];
        size_t count;
    } classes[TALLY_CLASSES]; /* of failures, the most frequent first */
    size_t class_count;       /* those for which there is no room are counted as failures alone */
};

void tally_count(struct tally *tally, const struct verdict *verdict);
void tally_count_error(struct tally *tally);
size_t tally_done(const struct tally *tally);

/* One line, at most COLUMNS wide and without an end: "120 of 10000, 56/s, 3 min left; 12 failed: 8
 * tcp-timeout, 4 bad-credentials". ELAPSED_NS since this run began. */
void tally_line(struct buffer *out, const struct tally *tally, int64_t elapsed_ns, int columns);

/* The end: what became of how many, and each class. */
void tally_summary(struct buffer *out, const struct tally *tally, int64_t elapsed_ns);

/* Exit status of all: 2 when a need fails anywhere, else 3 when something is not known, else 1 with
 * warnings, else 0. FAIL_ON_WARNING turns 1 into 2. */
int tally_exit_status(const struct tally *tally, bool fail_on_warning);

#endif
