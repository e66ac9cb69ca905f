/* A trace to its meaning: findings, and the one verdict. Pure: no clock (now is
 * trace->started_real_ns), no network, no output. */
#ifndef DIAGNOSIS_DIAGNOSE_H
#define DIAGNOSIS_DIAGNOSE_H

#include "result/result.h"

/* Adds findings and verdict to RESULT, which holds a trace and no findings yet; sets the endpoints'
 * status. */
void diagnose(struct result *result);

struct rules;
/* The same with rules of the user's own (rules.h; NULL none). */
void diagnose_with(struct result *result, const struct rules *own);

/* The two halves, for tests. */
void findings_make(struct result *result);
void verdict_make(struct result *result);

#endif
