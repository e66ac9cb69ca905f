/* The driver of one conversation: socket, TLS, delays. */
#ifndef SIMULATE_CONNECTION_H
#define SIMULATE_CONNECTION_H

#include "net/loop.h"
#include "net/tls_server.h"
#include "simulate/script.h"

enum { SIM_CONNECTION_LIMIT = 512 }; /* at once; one more is closed at its start */

/* What all conversations of a simulator share. Embedded in the simulator; outlives them. */
struct sim_host {
    struct loop *loop;
    const struct sim_scenario *scenario;
    const struct sim_accounts *accounts;
    const struct tls_identity *identity;
    struct sim_store *store;
    struct loop_timer *delivery;        /* of the mail that is on its way; the connections' */
    unsigned told;                      /* the store's changes, at the last news */
    double delay_scale;                 /* of the scenario's and the persona's delays */
    struct sim_connection *connections; /* those that are open */
    int count;
};

/* Talks on FD, which is taken over, as PORT_INDEX does. CLIENT: the peer's address, copied. */
void sim_connection_start(struct sim_host *host, int fd, int port_index, const char *client);
/* Ends every conversation. */
void sim_connections_end(struct sim_host *host);

#endif
