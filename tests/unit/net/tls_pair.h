/* A client and a server session that talk through their buffers, in pieces of a chosen size. */
#ifndef TESTS_UNIT_NET_TLS_PAIR_H
#define TESTS_UNIT_NET_TLS_PAIR_H

#include "net/tls_issue.h"
#include "net/tls_server.h"

enum { PAIR_DAY = 86400 };

/* The run's "now" of these tests: certificates are made around it. */
int64_t pair_now(void);

/* A fresh authority and the trust that has it alone. */
struct pair_roots {
    struct tls_authority *authority;
    struct tls_trust *trust;
};
void pair_roots_init(struct pair_roots *roots);
void pair_roots_done(struct pair_roots *roots);
/* Loads PEM as the only root. */
struct tls_trust *pair_trust(const char *pem);

/* Valid from yesterday for 90 days, for NAME and nothing else. */
struct tls_identity *pair_identity(const struct tls_authority *authority, const char *name);

struct pair {
    struct tls *client, *server;
    size_t piece; /* bytes handed over at a time */
    enum tls_progress client_progress, server_progress;
    struct failure client_failure, server_failure;
};
/* Shakes hands until nothing moves any more. */
void pair_shake(struct pair *pair, const char *host, const struct tls_server_options *options,
                size_t piece);
/* Carries what is in either out buffer to the other side; false when there was nothing. */
bool pair_carry(struct pair *pair);
void pair_done(struct pair *pair);

#endif
