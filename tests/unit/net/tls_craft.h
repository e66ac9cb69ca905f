/* Certificates that no careful authority would issue, and what other software can do with GnuTLS.
 */
#ifndef TESTS_UNIT_NET_TLS_CRAFT_H
#define TESTS_UNIT_NET_TLS_CRAFT_H

#include "net/tls_session.h"

#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>

struct craft {
    const char *name; /* common name and, unless it holds a space, the only DNS name */
    const char *organisation;
    const char *purpose; /* extended key usage; NULL: none */
    gnutls_digest_algorithm_t digest;
    bool authority;
    bool must_staple;
};

struct crafted {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
};

/* Valid from yesterday to tomorrow, signed by ISSUER (NULL: by itself). */
struct crafted craft(const struct craft *how, const struct crafted *issuer);
void craft_done(struct crafted *crafted);
/* Trust that has ROOT alone. */
struct tls_trust *craft_trust(const struct crafted *root);
/* Makes IDENTITY show LEAF and, if not NULL, THEN. */
void craft_show(struct tls_identity *identity, const struct crafted *leaf,
                const struct crafted *then);
/* Fails the test, with GnuTLS's words, when ERROR is one. */
void must(int error);

#endif
