/* Signing with a private key: for the assertions by which a program proves who it is (RFC 7523). */
#ifndef NET_TLS_SIGN_H
#define NET_TLS_SIGN_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum { TLS_THUMBPRINT_SIZE = 32 };

/* The names of RFC 7518 section 3.1. */
enum tls_signature { TLS_RS256, TLS_PS256 };

struct tls_signer {
    void *key;                               /* GnuTLS's */
    bool certified;                          /* there is a certificate: the rest holds */
    uint8_t thumbprint[TLS_THUMBPRINT_SIZE]; /* SHA-256 of the certificate */
    int64_t not_before, not_after;           /* of it; Unix seconds */
};

/* KEY holds an RSA private key in PEM, CERTIFICATE one in PEM that belongs to it; the same text may
 * hold both. NULL data: no certificate. False and why, in a few words, when they do not serve. */
bool tls_signer_init(struct tls_signer *signer, struct bytes key, struct bytes certificate,
                     const char **ret_why);
void tls_signer_done(struct tls_signer *signer); /* legal on a zeroed struct */

/* Appends the signature of DATA. False when GnuTLS refuses. */
bool tls_sign(const struct tls_signer *signer, enum tls_signature form, struct bytes data,
              struct buffer *out);

#endif
