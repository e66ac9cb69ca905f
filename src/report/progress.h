/* Live progress of a run, one line per endpoint, redrawn in place on a terminal's standard error. A
 * pure drawing: the caller decides when and whether (never without a terminal). */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include "base/buffer.h"
#include "result/trace.h"

struct progress {
    int lines; /* drawn last time, to be taken back */
};

/* Appends to OUT what redraws the block for TRACE as it stands at NOW_NS (since its start); COLUMNS
 * wide at most. */
void progress_draw(struct progress *progress, struct buffer *out, const struct trace *trace,
                   int64_t now_ns, int columns, bool ascii);
/* Appends what erases the block. */
void progress_clear(struct progress *progress, struct buffer *out);

#endif
