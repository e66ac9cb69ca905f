#include "net/tls_server.h"

#include "net/tls_session.h"

static int refuse(gnutls_session_t session)
{
    (void)session;
    return GNUTLS_E_NO_CIPHER_SUITES;
}

bool tls_peer_is_known(void *session)
{
    unsigned problems = 0;
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT };
    return gnutls_certificate_verify_peers(session, &purpose, 1, &problems) == GNUTLS_E_SUCCESS &&
           problems == 0;
}

struct tls *tls_server_new(const struct tls_server_options *options)
{
    const struct tls_shared *common = tls_shared();
    gnutls_priority_t priority = options->only_tls10 ? common->server_tls10 : common->server;
    if (!priority)
        return NULL;
    struct tls *tls = tls_session_new(GNUTLS_SERVER, priority, options->identity->credentials);
    if (options->wants_certificate)
        gnutls_certificate_server_set_request(tls->session, GNUTLS_CERT_REQUIRE);
    if (options->no_common_cipher)
        gnutls_handshake_set_post_client_hello_function(tls->session, refuse);
    return tls;
}
