/* Making certificates: a certification authority of one's own and what it issues, for the simulator
 * and for tests. */
#ifndef NET_TLS_ISSUE_H
#define NET_TLS_ISSUE_H

#include <stdbool.h>
#include <stdint.h>

struct tls_authority;
struct tls_identity; /* a private key and the chain to present */

struct tls_authority *tls_authority_new(const char *name); /* ECDSA P-256, ten years */
void tls_authority_free(struct tls_authority *authority);
/* The root as PEM; borrowed. */
const char *tls_authority_pem(const struct tls_authority *authority);

struct tls_identity_options {
    const char *const *names;      /* DNS names, ended by NULL; the first is the common name */
    int64_t not_before, not_after; /* Unix seconds */
    bool self_signed;              /* not by the authority */
    bool no_names;                 /* common name only, no subjectAltName */
    int rsa_bits;                  /* 0: ECDSA P-256 */
};
/* AUTHORITY may be NULL for a self-signed one. NULL when GnuTLS refuses (too small a key, ...). */
struct tls_identity *tls_identity_issue(const struct tls_authority *authority,
                                        const struct tls_identity_options *options);
void tls_identity_free(struct tls_identity *identity);

#endif
