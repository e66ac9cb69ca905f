/* The simulated authority: a small web server over TLS that gives out access tokens, vouches for
 * jobs, and tells a mail server whether a token is good. */
#ifndef SIMULATE_AUTHORITY_H
#define SIMULATE_AUTHORITY_H

#include "net/loop.h"
#include "net/tls_server.h"
#include "simulate/authority_answer.h"

struct sim_authority;

struct sim_authority_options {
    struct loop *loop;
    const struct tls_identity *identity;
    const struct sim_accounts *accounts;
    const int *fds; /* bound; taken over */
    size_t fd_count;
};

/* NULL, with errno, when it cannot listen; the descriptors are closed then. All is borrowed. */
struct sim_authority *sim_authority_start(const struct sim_authority_options *options);
void sim_authority_stop(struct sim_authority *authority); /* NULL is legal */

/* The names that its certificate is for, ended by NULL. */
extern const char *const sim_authority_names[];

#endif
