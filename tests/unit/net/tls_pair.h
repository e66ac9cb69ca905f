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

/* Reads until there is nothing more now, into TEXT of SIZE bytes, terminated. What tls_read() said
 * last. */
ssize_t pair_read(struct tls *tls, char *text, size_t size, struct failure *ret_failure);
/* WORDS go from one side to the other and arrive whole. */
void pair_send(struct pair *pair, struct tls *from, struct tls *to, const char *words);

/* A client that has said ClientHello and heard BYTES in answer. */
enum tls_progress pair_answer(struct tls **ret_client, const char *host, const void *bytes,
                              size_t size, struct failure *ret_failure);
/* A client that has said ClientHello, and FLIGHT, all that a server says to it, not yet fed in. */
void pair_flight(struct pair *pair, const char *host, const struct tls_identity *identity,
                 struct buffer *flight);

#endif
