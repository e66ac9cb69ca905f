/* TLS as a server, for the simulator and for tests: same shape as tls.h. */
#ifndef NET_TLS_SERVER_H
#define NET_TLS_SERVER_H

#include "net/tls.h"
#include "net/tls_issue.h"

struct tls_server_options {
    const struct tls_identity *identity; /* borrowed for the session's life */
    bool only_tls10;                     /* a server of the past: offers nothing above TLS 1.0 */
    bool no_common_cipher;               /* answers every ClientHello with handshake_failure */
    bool wants_certificate;              /* refuses a client that shows none */
};

/* A server session; drive it with tls_feed(), tls_handshake(), tls_read(), tls_write(), tls_out()
 * of tls.h. NULL when this machine's GnuTLS does not speak TLS 1.0 at all and only_tls10 is asked.
 */
struct tls *tls_server_new(const struct tls_server_options *options);

/* Of another library's server session (a gnutls_session_t), whose handshake is over: did the client
 * show a certificate that the session's own roots vouch for? */
bool tls_peer_is_known(void *session);

#endif
