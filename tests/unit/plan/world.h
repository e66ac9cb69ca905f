/* Name servers that are a table: world.c has a resolver_ask() of its own, which the linker takes
 * instead of the real one. */
#ifndef TESTS_PLAN_WORLD_H
#define TESTS_PLAN_WORLD_H

#include "base/buffer.h"
#include "plan/plan.h"

enum { RECORD_LIMIT = 24 };

/* A row with no name ends a table. */
struct record {
    const char *name, *type, *text; /* text NULL: the question fails with KIND */
    enum failure_kind kind;
};

struct resolver {
    struct loop *loop;
    struct trace *trace;
    const struct record *records;
    int asked;
};

struct shown {
    struct loop *loop;
    const struct plan *plan;
    int calls;
};

/* A plan_function; ARG is a struct shown. Stops the loop. */
void planned(void *arg, const struct plan *plan);

/* Provider, cloud, needs, questions asked; then a line for each endpoint. Ends with a zero byte. */
void show_plan(struct buffer *out, const struct trace *trace, int asked);

#endif
