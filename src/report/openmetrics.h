/* Results as metrics: OpenMetrics 1.0 that is also Prometheus' text format 0.0.4, since every
 * family is a gauge. The names of blackbox_exporter stand where the meaning is the same, so that
 * its alerts and dashboards go on working; ours begin with maildoctor_. */
#ifndef REPORT_OPENMETRICS_H
#define REPORT_OPENMETRICS_H

#include "base/buffer.h"
#include "result/result.h"

#include <stdbool.h>
#include <stddef.h>

struct openmetrics_source {
    const struct result *result;
    /* The value of a label `target` on each of its series, which tells the results of one
     * exposition apart; NULL: none, for a single result. It reaches every dashboard: no user's
     * address. */
    const char *target;
};

/* Appends the families of all SOURCES, each family once. Targets must differ. With ASCII nothing
 * but ASCII is written. openmetrics_end() is still to come, after whatever families the caller
 * adds. */
void openmetrics_append(struct buffer *out, const struct openmetrics_source *sources, size_t count,
                        bool ascii);

/* The end of an exposition, which OpenMetrics wants and Prometheus' older format takes for a
 * comment. */
void openmetrics_end(struct buffer *out);

#endif
