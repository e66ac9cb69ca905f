/* Asking name servers: the one door to c-ares, which serves as transport only. Messages are made
 * and read by probes/dns_message. A question asked twice is sent once; each answer is a row of the
 * trace. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "net/loop.h"
#include "probes/dns_message.h"
#include "result/trace.h"

struct resolver;

struct resolver_options {
    const char
        *server;   /* "192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:53"; NULL: the system's */
    int budget_ms; /* for one question, all tries; default 5000 when 0 */
};

/* NULL and a message (release with free()) when SERVER is malformed. TRACE gets the lookups and
 * from.resolvers; STARTED_NS is the monotonic time of its zero. */
struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              struct trace *trace, int64_t started_ns, char **ret_error);
/* Open questions end at once as FAILURE_CANCELLED, without a callback. */
void resolver_free(struct resolver *resolver);

struct resolution {
    const struct lookup *lookup; /* the trace's row: rcode, error, times */
    struct dns_answer answer;    /* strings live as long as the trace */
};
typedef void resolver_function(void *arg, const struct resolution *resolution);

/* Asks for (NAME, TYPE) and calls back exactly once, never before this returns. NAME is copied. An
 * answer that is already here is given again. For DNS_A and DNS_AAAA an entry of /etc/hosts for the
 * name is noted in the trace as a lookup of its own (source HOSTS), and used when the resolver has
 * no answer. A numeric NAME answers itself without a lookup. */
void resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
                  resolver_function *function, void *arg);

#endif
