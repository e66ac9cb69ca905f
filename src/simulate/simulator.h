/* A simulated mail provider: seven mail ports and a name server on loopback, playing a scenario. */
#ifndef SIMULATE_SIMULATOR_H
#define SIMULATE_SIMULATOR_H

#include "net/loop.h"
#include "simulate/scenario.h"

enum { SIM_PORT_BASE_LIMIT = 65535 - 995 };

struct sim_options {
    const struct sim_scenario *scenario;
    const char *listen;    /* a numeric address besides 127.0.0.1; NULL: none */
    int port_base;         /* port N is BASE + N, the name server BASE + 53; 0: free ports */
    double delay_scale;    /* 1: as long as real servers take */
    const char *directory; /* for the files; NULL: a temporary one */
};

/* What a client must know; borrowed from the simulator. */
struct sim_facts {
    const struct sim_scenario *scenario;
    const char *user;                       /* NULL: the scenario has no login */
    const char *password_file, *token_file; /* the one of the scenario's login; else NULL */
    const char *client_secret_file;         /* for an app that asks the authority by itself */
    const char *ca_file, *directory;
    const char *address; /* to connect to, numeric */
    int authority_port, dns_port, ports[SIM_PORT_COUNT];
    bool through_dns; /* the fault is in the names: a client must look them up, no --connect-to */
};

struct simulator;

/* Listens and answers as LOOP runs. NULL and a message (release with free()) when an option is bad
 * or the system refuses. */
struct simulator *simulator_start(struct loop *loop, const struct sim_options *options,
                                  char **ret_error);
/* Ends all talks, closes all sockets, removes the files. Before loop_free(). NULL is legal. */
void simulator_stop(struct simulator *simulator);
const struct sim_facts *simulator_facts(const struct simulator *simulator);

#endif
