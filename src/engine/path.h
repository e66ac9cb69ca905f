/* When paths are walked, and which: after a required port was silent, refused or cut off, or on
 * request. One walk at a time, one for each address. */
#ifndef ENGINE_PATH_H
#define ENGINE_PATH_H

#include "engine/path_limits.h"
#include "net/evidence.h"
#include "net/loop.h"
#include "result/trace.h"

struct paths;

/* An endpoint and how it was dialled. */
struct path_target {
    struct endpoint *endpoint;
    int port;      /* where it was dialled */
    bool required; /* somebody waits for it */
};

struct paths_options {
    struct loop *loop;
    struct trace *trace;
    int64_t started_ns;
    const struct net_address *source;  /* NULL any */
    bool always;                       /* also where nothing fails */
    struct path_limits *limits;        /* NULL: none */
    int64_t until_ns;                  /* no walk begins that would not end before; 0: no limit */
    const struct path_target *targets; /* borrowed for the call */
    size_t target_count;
    loop_function *done; /* once, when the last walk is over; never from within */
    void *arg;
};

/* NULL when there is nothing to walk, or this system cannot: then DONE is not called. */
struct paths *paths_start(const struct paths_options *options);
void paths_close(struct paths **paths); /* NULL inside is legal */

#endif
