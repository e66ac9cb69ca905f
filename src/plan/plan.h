/* Targets to endpoints: which hosts and ports to try, what is expected of each, which needs each
 * can meet.
 *
 * Discovery asks the name servers (MX, SRV, the usual names) and so takes time; a host, host:port,
 * URL or a domain of a known provider needs none. The endpoints are made in the trace. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "net/resolver.h"
#include "plan/target.h"
#include "providers/provider.h"
#include "result/trace.h"

struct plan_options {
    const char *provider;               /* --provider: an id, NULL to detect */
    const struct provider_route *route; /* --route: only its endpoints; NULL: all. Of a domain */
    unsigned services;                  /* only these, a set of bits 1 << service; 0: every one */
    unsigned needs;                     /* --need, 0 for the default */
    const int *ports; /* --ports, each becomes NEED_ENDPOINT; NULL for all seven */
    size_t port_count;
    const char *const *hosts; /* names that are hosts, whatever name servers say (--connect-to has
                                 them): nothing is asked about them */
    size_t host_count;
    const struct published *published; /* of a file; NULL: what the providers' table has */
};

/* False and one line (release with free()) when OPTIONS ask of TARGET, which is one endpoint, what
 * it cannot be: other ports, or needs that its protocol never meets. */
bool plan_options_fit(const struct plan_options *options, const struct target *target,
                      char **ret_error);

/* The result of planning; lives in the trace. */
struct plan {
    struct target target;
    const struct provider *provider; /* never NULL: "generic" at least */
};

struct planning;
typedef void plan_function(void *arg, const struct plan *plan);

/* Fills TRACE's target and endpoints, then calls DONE once, never before this returns. A domain
 * without any mail name leaves no endpoint; the lookups tell why. */
struct planning *plan_start(struct loop *loop, struct resolver *resolver, struct trace *trace,
                            const struct target *target, const struct plan_options *options,
                            plan_function *done, void *arg);
/* Ends it early, without calling DONE if it was not called yet; frees. NULL inside is legal. */
void plan_stop(struct planning **planning);

/* The seven documented ports and what they are when no provider says otherwise. */
struct port_use {
    int port;
    enum service service;
    enum security security;
    bool transfer; /* 25 */
};
extern const struct port_use port_uses[];
extern const size_t port_use_count;
const struct port_use *port_use_find(int port); /* NULL for others */
/* The same, and what is customary on a port outside the seven (2525: submission). NULL where only a
 * URL can say what speaks there. */
const struct port_use *port_use_assume(int port);

#endif
