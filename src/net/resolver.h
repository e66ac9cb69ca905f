/* Asking name servers: the one door to c-ares, which serves as transport only. Messages are made
 * and read by probes/dns_message. A question asked twice is sent once; each answer is a row of the
 * trace. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "net/loop.h"
#include "probes/dns_message.h"
#include "result/trace.h"

struct net_address;
struct resolver;

struct resolver_options {
    const char
        *server; /* "192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:53"; NULL: the system's */
    const struct net_address *source; /* asked from there, see dns_server_new(); NULL: any */
    bool beside; /* its answers are for comparison: they are marked so, and no hosts file is read */
    int budget_ms;           /* for one question, all tries; default 5000 when 0 */
    const char *resolv_conf; /* read instead of /etc/resolv.conf; NULL */
    const char *hosts;       /* read instead of /etc/hosts; NULL */
};

/* NULL and a message (release with free()) when SERVER is malformed. TRACE gets the lookups and
 * from.resolvers; STARTED_NS is the monotonic time of its zero. */
struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              struct trace *trace, int64_t started_ns, char **ret_error);
/* Open questions end at once as FAILURE_CANCELLED, without a callback. Legal in any callback of the
 * resolver's; NULL is legal. Before the trace is freed. */
void resolver_free(struct resolver *resolver);

struct resolution {
    const struct lookup *lookup; /* the trace's row that decided: rcode, error, times; NULL when
                                    none was needed (a numeric name) */
    struct dns_answer answer;    /* strings live as long as the trace */
};
typedef void resolver_function(void *arg, const struct resolution *resolution);

/* Asks for (NAME, TYPE) and calls back exactly once, never before this returns. NAME is copied. A
 * question that is open, or was answered, is not sent again.
 *
 * Where UDP brings no answer for a while, or a refusal, TCP is asked beside it. When that answers,
 * that server is asked over TCP only from then on; where UDP then stays silent to several more
 * tries, the row says so (udp_failed).
 *
 * The system's name servers are asked in order, the next one when one refuses, fails or keeps
 * silent for its share of the budget (its late answer is still taken); each is a lookup of the
 * trace. A name that is there, without such a record even, or is not (NXDOMAIN), is settled.
 *
 * For DNS_A and DNS_AAAA an entry of the hosts file for the name is noted in the trace as a lookup
 * of its own (source HOSTS). It is the answer, as for every other client here, while DNS is asked
 * beside it for the record; with a server given in the options it is the answer only when that
 * server has none. A numeric name answers itself without a lookup, and so does "localhost" where
 * the hosts file has none. */
void resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
                  resolver_function *function, void *arg);

#endif
