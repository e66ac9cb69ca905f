/* A session's pen: writes what a dialogue did into the trace, with the time it happened. */
#ifndef ENGINE_SESSION_LOG_H
#define ENGINE_SESSION_LOG_H

#include "probes/dialogue.h"
#include "probes/mail.h"
#include "result/trace.h"

struct session_log {
    struct trace *trace;
    struct attempt *attempt;
    struct step
        *open[2]; /* steps that were entered and not left, oldest first: one, or two said ahead */
    struct step *last;  /* the last one left */
    int64_t arrived_ns; /* when the bytes under way reached the kernel, since the trace's zero; -1
                           none */
    struct buffer note; /* what a stranger's first bytes were; becomes the failed step's reply */
    struct buffer earlier; /* the refusal of an earlier run; becomes the skipped login's reply */
};

void session_log_init(struct session_log *log, struct trace *trace, struct attempt *attempt);
void session_log_done(struct session_log *log);

/* From now on, rows were caused by bytes that came at ARRIVED_NS; -1: by nothing that came. */
void session_log_arrival(struct session_log *log, int64_t arrived_ns);
/* One row of the dialogue. What was heard is stamped with the arrival, what was said with NOW_NS.
 */
void session_log_row(struct session_log *log, const struct dialogue_row *row, int64_t now_ns);
/* The budget of the oldest open step, in milliseconds. */
void session_log_budget(struct session_log *log, int budget_ms);
/* Bytes that belong to no reply: shown in the transcript and as the words of the step that fails
 * next. */
void session_log_note(struct session_log *log, int64_t now_ns, struct bytes bytes);
void session_log_earlier(struct session_log *log, struct bytes reply);
/* What the dialogue learned. */
void session_log_facts(struct session_log *log, const struct mail_facts *facts);
/* Whatever is still open ends here. */
void session_log_cut(struct session_log *log, int64_t now_ns);

#endif
