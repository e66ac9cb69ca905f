#include "net/tls_session.h"

#include <stdio.h>

const char *tls_alert_name(int alert)
{
    /* RFC 8446 section 6 and RFC 5246 section 7.2. */
    static const struct {
        int alert;
        const char *name;
    } names[] = {
        { 0, "close_notify" },
        { 10, "unexpected_message" },
        { 20, "bad_record_mac" },
        { 21, "decryption_failed" },
        { 22, "record_overflow" },
        { 30, "decompression_failure" },
        { 40, "handshake_failure" },
        { 41, "no_certificate" },
        { 42, "bad_certificate" },
        { 43, "unsupported_certificate" },
        { 44, "certificate_revoked" },
        { 45, "certificate_expired" },
        { 46, "certificate_unknown" },
        { 47, "illegal_parameter" },
        { 48, "unknown_ca" },
        { 49, "access_denied" },
        { 50, "decode_error" },
        { 51, "decrypt_error" },
        { 60, "export_restriction" },
        { 70, "protocol_version" },
        { 71, "insufficient_security" },
        { 80, "internal_error" },
        { 86, "inappropriate_fallback" },
        { 90, "user_canceled" },
        { 100, "no_renegotiation" },
        { 109, "missing_extension" },
        { 110, "unsupported_extension" },
        { 111, "certificate_unobtainable" },
        { 112, "unrecognized_name" },
        { 113, "bad_certificate_status_response" },
        { 114, "bad_certificate_hash_value" },
        { 115, "unknown_psk_identity" },
        { 116, "certificate_required" },
        { 120, "no_application_protocol" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].alert == alert)
            return names[i].name;
    return "unassigned";
}

/* RFC 8446 section 5.1: a content type from 20 (change_cipher_spec) to 24 (heartbeat, RFC 6520),
 * then the major version 3, which has never changed since SSL 3.0. */
bool tls_speaks_tls(const struct tls *tls)
{
    if (tls->first_size == 0)
        return true;
    bool type = tls->first[0] >= 20 && tls->first[0] <= 24;
    return type && (tls->first_size == 1 || tls->first[1] == 3);
}

/* The version in a ServerHello (RFC 5246 section 7.4.1.3): behind the record's five bytes and the
 * message's four. Below TLS 1.2 it is what the server chose. NULL: no such message came first. */
static const char *version_chosen(const struct tls *tls)
{
    static const char *const names[] = { "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2" };
    enum { HANDSHAKE = 22, SERVER_HELLO = 2, MAJOR_AT = 9, MINOR_AT = 10 };
    if (tls->first_size <= MINOR_AT || tls->first[0] != HANDSHAKE || tls->first[5] != SERVER_HELLO)
        return NULL;
    int major = tls->first[MAJOR_AT], minor = tls->first[MINOR_AT];
    return major == 3 && minor >= 0 && minor <= 3 ? names[minor] : NULL;
}

static struct failure version_failure(const struct tls *tls)
{
    const char *chosen = version_chosen(tls);
    if (chosen)
        return failure_make(FAILURE_TLS_VERSION,
                            "the other side chose %s, which is switched off here", chosen);
    return failure_make(FAILURE_TLS_VERSION, "no TLS version in common");
}

static struct failure alert_failure(const struct tls *tls)
{
    int alert = (int)gnutls_alert_get(tls->session);
    const char *name = tls_alert_name(alert);
    if (tls->progress == TLS_READY) {
        /* In TLS 1.3 the client's handshake is over before the server has looked at the client's
         * certificate (RFC 8446 section 4.4.2.4). */
        bool certificate = alert == GNUTLS_A_CERTIFICATE_REQUIRED;
        return failure_make(FAILURE_TLS_HANDSHAKE, "TLS alert %s (%d) after the handshake%s", name,
                            alert, certificate ? ": the server wants a client certificate" : "");
    }
    if (alert == GNUTLS_A_PROTOCOL_VERSION)
        return failure_make(FAILURE_TLS_VERSION, "TLS alert %s (%d)", name, alert);
    return failure_make(FAILURE_TLS_HANDSHAKE, "TLS alert %s (%d)", name, alert);
}

struct failure tls_failure(const struct tls *tls, int error)
{
    if (!tls_speaks_tls(tls))
        return failure_make(FAILURE_PROTOCOL_MISMATCH, "plain text where TLS was due");
    switch (error) {
    case GNUTLS_E_FATAL_ALERT_RECEIVED:
        return alert_failure(tls);
    case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
        return version_failure(tls);
    case GNUTLS_E_PREMATURE_TERMINATION:
    case GNUTLS_E_SESSION_EOF:
        return failure_make(FAILURE_CONNECTION_CLOSED, "in the TLS handshake");
    default:
        if (tls->ended && tls->progress == TLS_WANTS_MORE && buffer_size(&tls->in) == 0)
            return failure_make(FAILURE_CONNECTION_CLOSED, "in the TLS handshake");
        return failure_make(tls->progress == TLS_READY ? FAILURE_PROTOCOL_VIOLATION
                                                       : FAILURE_TLS_HANDSHAKE,
                            "%s", gnutls_strerror(error));
    }
}
