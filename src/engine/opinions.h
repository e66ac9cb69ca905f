/* What other name services make of the names of a run: further name servers that the user named,
 * and the system's own lookup. And one name that cannot exist, where an answer looks false. All of
 * it goes beside the run, into the trace, and decides nothing. */
#ifndef ENGINE_OPINIONS_H
#define ENGINE_OPINIONS_H

#include "net/loop.h"
#include "net/resolver.h"
#include "result/trace.h"

struct opinions;

struct opinions_options {
    struct loop *loop;
    struct trace *trace;
    int64_t started_ns;
    struct resolver *resolver;        /* the run's */
    const struct net_address *source; /* of the questions to SERVERS; NULL: any */
    const char *const *servers;       /* further ones */
    size_t server_count;
    bool system; /* ask the system too */
    int family;  /* 4, 6 or 0 for both */
    int budget_ms;
    /* Each time when opinions_wanted() becomes false. */
    loop_function *done;
    void *arg;
};

/* NULL and a message (release with free()) when a server is malformed. */
struct opinions *opinions_new(const struct opinions_options *options, char **ret_error);
/* Begins to ask, for each host of the trace's endpoints that the run looks up. */
void opinions_begin(struct opinions *opinions);
/* Is there an answer that the run should wait for? Never the system's own. */
bool opinions_wanted(const struct opinions *opinions);
/* Before the run's resolver is freed. NULL inside is legal. */
void opinions_close(struct opinions **opinions);

#endif
