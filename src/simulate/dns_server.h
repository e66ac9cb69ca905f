/* The simulated name server's sockets: UDP, and TCP for what was truncated (RFC 7766). */
#ifndef SIMULATE_DNS_SERVER_H
#define SIMULATE_DNS_SERVER_H

#include "net/loop.h"
#include "simulate/dns_answer.h"

struct sim_dns_server;

/* Answers on UDP and TCP, bound already to the same port; both are taken over. SCENARIO and
 * ADDRESSES are borrowed. NULL, with errno, when they cannot be opened; they are closed then too.
 */
struct sim_dns_server *sim_dns_server_start(struct loop *loop, const struct sim_scenario *scenario,
                                            const struct sim_dns_addresses *addresses, int udp,
                                            int tcp);
void sim_dns_server_stop(struct sim_dns_server *server); /* NULL is legal */

#endif
