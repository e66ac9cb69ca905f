/* Listening sockets: the seven mail ports, and the name server's two. */
#ifndef SIMULATE_LISTEN_H
#define SIMULATE_LISTEN_H

#include "net/evidence.h"
#include "simulate/connection.h"

enum { SIM_LISTEN_LIMIT = 4 }; /* addresses */

/* A mail port on one address. */
struct sim_listener {
    struct sim_host *host;
    int port_index;
    int fd;
    int fillers[8]; /* our own connections that keep a silent port's queue full */
    size_t filler_count;
    struct loop_watch *watch;
    struct loop_timer *pause; /* after the process ran out of descriptors */
};

/* A socket of TYPE bound to ADDRESS; -1 with errno. */
int sim_bind(const struct net_address *address, int type);

/* Opens FD, bound already, as the scenario's mode for the port asks: it listens, or answers nothing
 * at all (an accept queue that is full drops what knocks), or refuses (bound only). FD is taken
 * over. False, with errno: it cannot be made so. */
bool sim_listener_open(struct sim_listener *listener, struct sim_host *host, int port_index,
                       int fd);
void sim_listener_close(struct sim_listener *listener);

#endif
