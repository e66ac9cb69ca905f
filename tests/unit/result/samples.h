/* Results for tests: made by hand, as a run would leave them. */
#ifndef TESTS_RESULT_SAMPLES_H
#define TESTS_RESULT_SAMPLES_H

#include "result/result.h"

/* Every member of every struct is set, texts hold what a hostile server would send. */
struct result *sample_rich(void);
/* A run that has not begun. */
struct result *sample_empty(void);
/* Interrupted while all was under way. */
struct result *sample_incomplete(void);

/* 2026-11-22T10:14:05Z, the start of them all. */
#define SAMPLE_STARTED INT64_C(1795342445000000000)
#define MS(n) ((int64_t)((n)*1000000.0))

/* Copies of literals are not needed; lists are. */
void sample_add(struct trace *trace, struct strings *list, const char *text);
struct bytes sample_bytes(const char *text);

struct endpoint *sample_endpoint(struct trace *trace, const char *host, int port);
struct step *sample_step(struct trace *trace, struct attempt *attempt, const char *name,
                         enum stage stage, enum status status, int64_t start_ns,
                         int64_t duration_ns);

#endif
