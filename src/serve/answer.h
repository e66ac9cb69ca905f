/* What is kept of a run: its metrics, its report and a line for the status page, all bounded. The
 * result itself is freed at once. */
#ifndef SERVE_ANSWER_H
#define SERVE_ANSWER_H

#include "result/result.h"

#include <stdbool.h>
#include <stdint.h>

enum { ANSWER_METRICS_LIMIT = 256 * 1024, ANSWER_TEXT_LIMIT = 256 * 1024 };

struct answer {
    char *metrics; /* without the end of an exposition */
    char *text;    /* the whole report with the dialogues, without secrets; NULL: not kept */
    enum verdict_status status;
    char *class_id; /* NULL: none */
    char *summary;
    const char *owner; /* "" for none */
    int64_t ended_real_ns;
    int64_t duration_ns;
    bool complete;
};

/* RESULT is diagnosed. WITH_TEXT: keep the report too. */
struct answer *answer_new(const struct result *result, bool with_text);
/* Nothing is known of TARGET. WHY: a sentence; NULL: no run ended in time. STARTED_REAL_NS is when
 * one began, or the request came. */
struct answer *answer_unknown(const char *target, const char *why, int64_t started_real_ns,
                              int64_t waited_ns);
void answer_free(struct answer *answer); /* NULL is legal */

#endif
