/* What the exporter tells of itself, in Prometheus' text format. */
#ifndef SERVE_OWN_METRICS_H
#define SERVE_OWN_METRICS_H

#include "base/buffer.h"
#include "serve/prober.h"

struct own_counts {
    uint64_t requests, refused; /* refused: answered 400 and above */
    uint64_t reloads, reload_failures;
    bool reload_good;       /* the last one */
    int64_t loaded_real_ns; /* when the modules in force were read */
    size_t connections, modules;
    int64_t started_real_ns;
    struct prober_counts probes;
};

/* Also looks at this process: memory, descriptors, processor time. */
void own_metrics_append(struct buffer *out, const struct own_counts *counts);

#endif
