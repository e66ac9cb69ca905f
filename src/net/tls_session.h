/* Private to net/tls*.c and their tests: what a session is made of. */
#ifndef NET_TLS_SESSION_H
#define NET_TLS_SESSION_H

#include "net/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

enum {
    TLS_IN_LIMIT = 256 * 1024,   /* ciphertext that leads to nothing; more is a flood */
    TLS_OUT_LIMIT = 1024 * 1024, /* ciphertext that nobody has written to the wire yet */
    TLS_FIRST_SIZE = 16
};

struct tls {
    gnutls_session_t session;
    struct buffer in, out;
    size_t
        fruitless; /* ciphertext fed since the handshake began, or since it last gave plain text */
    char *host;    /* what the certificate must be valid for; NULL for a server */
    bool numeric;  /* the host is an address */
    bool ended;    /* the peer closed */
    enum tls_progress progress;
    struct failure failure; /* why progress is TLS_FAILED */
    const char *alert;      /* the last one that came, by name; NULL none */
    char first[TLS_FIRST_SIZE];
    size_t first_size;
};

struct tls_trust {
    gnutls_certificate_credentials_t credentials;
    int count;                      /* roots in it */
    gnutls_x509_trust_list_t added; /* those that somebody added to the system's; NULL none */
};

struct tls_identity {
    gnutls_certificate_credentials_t credentials;
};

/* What all sessions of the process share; made at first use, by whichever thread comes first, and
 * only read from then on. */
struct tls_shared {
    gnutls_certificate_credentials_t no_credentials; /* a client that shows and trusts nothing */
    gnutls_priority_t client;
    gnutls_priority_t server, server_tls10; /* NULL: this GnuTLS refuses it */
};
const struct tls_shared *tls_shared(void);

/* A session on memory buffers. FLAGS: GNUTLS_CLIENT or GNUTLS_SERVER, and more. PRIORITY NULL: the
 * library's default. */
struct tls *tls_session_new(unsigned flags, gnutls_priority_t priority,
                            gnutls_certificate_credentials_t credentials);

/* "handshake_failure" and so on, as RFC 8446 section 6 writes it; "unassigned" for other numbers.
 */
const char *tls_alert_name(int alert);

/* What GnuTLS error ERROR means, in or after the handshake. */
struct failure tls_failure(const struct tls *tls, int error);

/* Do the first bytes that came look like a TLS record? True as long as none came. */
bool tls_speaks_tls(const struct tls *tls);

/* Lets GnuTLS judge dates by NOW (Unix seconds) on this thread; -1: by the clock again. */
void tls_set_time(int64_t now);

#endif
