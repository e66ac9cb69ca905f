/* Carrying one DNS message to one server and its answer back: c-ares as transport, and nothing
 * else. For the resolver only. */
#ifndef NET_RESOLVER_TRANSPORT_H
#define NET_RESOLVER_TRANSPORT_H

#include "base/bytes.h"
#include "base/failure.h"
#include "net/evidence.h"
#include "net/loop.h"

enum dns_transport { DNS_UDP, DNS_TCP, DNS_TRANSPORT_COUNT };

/* A name server, with a channel for each transport, opened when first used. */
struct dns_server;

/* A UDP query without answer is sent again after 1, 3, 7 and 15 times FIRST_WAIT_MS. It is asked
 * from SOURCE (NULL: any), where that is of the same family; a server of this machine never is: it
 * may answer nobody but this machine. */
struct dns_server *dns_server_new(struct loop *loop, const struct net_address *address,
                                  const struct net_address *source, int first_wait_ms);
/* Open exchanges end without a call. Not from inside a dns_reply_function. NULL is legal. */
void dns_server_free(struct dns_server *server);

/* A random query id that no open exchange uses. */
uint16_t dns_server_id(const struct dns_server *server);

struct dns_reply {
    struct net_icmp icmp;   /* of a failure: who said no */
    struct failure failure; /* FAILURE_NONE: a message came; it may be any bytes */
    struct bytes message;   /* borrowed until the call returns */
    int64_t arrived_ns;     /* monotonic: when the kernel got it, or the failure was seen */
};
typedef void dns_reply_function(void *arg, const struct dns_reply *reply);

struct dns_exchange;

/* Sends QUERY, whose id is from dns_server_id(), and calls FUNCTION once, never before this
 * returns; the exchange is gone by then. Only answers that repeat id and question count. Silence is
 * told late or never: the caller keeps the time. */
struct dns_exchange *dns_server_send(struct dns_server *server, enum dns_transport transport,
                                     struct bytes query, dns_reply_function *function, void *arg);
/* No call is wanted any more. NULL inside is legal. */
void dns_exchange_forget(struct dns_exchange **exchange);

/* Hands out the answers that already lie in the sockets: to be called before a timer that may have
 * come late says that there are none. */
void dns_server_drain(struct dns_server *server);

#endif
