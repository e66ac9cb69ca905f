#include "base/text.h"
#include "net/tls_session.h"

#include <arpa/inet.h>
#include <gnutls/ocsp.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

enum {
    CHAIN_LIMIT = 32,       /* certificates described; GnuTLS verifies at most 16 */
    NAMES_LIMIT = 1000,     /* names of one certificate */
    TEXT_LIMIT = 64 * 1024, /* bytes of one escaped string */
    FINGERPRINT_SIZE = 2 * 32 + 1,
};

/* ---- strings out of a certificate, which anybody may have written ---- */

static const char *keep(struct arena *arena, struct buffer *text)
{
    const char *kept = arena_copy_bytes(arena, buffer_bytes(text)).data;
    buffer_done(text);
    return kept;
}

/* Printable, and without NUL: what is neither stands as \xHH. */
static const char *printable(struct arena *arena, struct bytes raw)
{
    struct buffer text;
    buffer_init(&text, TEXT_LIMIT);
    text_escape(&text, raw);
    return keep(arena, &text);
}

/* The same for RFC 4514, whose own backslashes stay as they are. */
static const char *printable_name(struct arena *arena, struct bytes raw)
{
    struct buffer text;
    buffer_init(&text, TEXT_LIMIT);
    while (raw.size) {
        const char *backslash = memchr(raw.data, '\\', raw.size);
        size_t size = backslash ? (size_t)(backslash - raw.data) : raw.size;
        text_escape(&text, (struct bytes) { raw.data, size });
        if (backslash)
            buffer_append(&text, "\\", 1);
        size += backslash ? 1 : 0;
        raw = (struct bytes) { raw.data + size, raw.size - size };
    }
    return keep(arena, &text);
}

typedef int get_name_function(gnutls_x509_crt_t certificate, gnutls_datum_t *name, unsigned flags);

static const char *distinguished_name(struct arena *arena, gnutls_x509_crt_t certificate,
                                      get_name_function *get)
{
    gnutls_datum_t name = { 0 };
    if (get(certificate, &name, 0) < 0)
        return "";
    const char *text = printable_name(arena, (struct bytes) { (const char *)name.data, name.size });
    gnutls_free(name.data);
    return text;
}

static const char *common_name(struct arena *arena, gnutls_x509_crt_t certificate)
{
    char name[256];
    size_t size = sizeof name;
    if (gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size) <
        0)
        return NULL;
    return printable_name(arena,
                          (struct bytes) { name, size }); /* GnuTLS gives it as in RFC 4514 */
}

/* An address of subjectAltName: four or sixteen bytes (RFC 5280 section 4.2.1.6). */
static const char *address_name(struct arena *arena, const char *data, size_t size)
{
    char text[INET6_ADDRSTRLEN];
    int family = size == 4 ? AF_INET : AF_INET6;
    if ((size != 4 && size != 16) || !inet_ntop(family, data, text, sizeof text))
        return NULL;
    return arena_copy(arena, text);
}

static void describe_names(struct certificate *facts, struct arena *arena,
                           gnutls_x509_crt_t certificate)
{
    for (unsigned i = 0; i < NAMES_LIMIT; i++) {
        char name[1024];
        size_t size = sizeof name;
        int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &size, NULL);
        if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
            continue; /* longer than any DNS name */
        if (type < 0)
            break;
        const char *text = NULL;
        if (type == GNUTLS_SAN_DNSNAME)
            text = printable(arena, (struct bytes) { name, size });
        else if (type == GNUTLS_SAN_IPADDRESS)
            text = address_name(arena, name, size);
        if (text)
            strings_add(&facts->names, arena, text);
    }
}

static const char *key_name(struct arena *arena, int algorithm, unsigned bits)
{
    static const struct {
        int algorithm;
        const char *name;
    } names[] = {
        { GNUTLS_PK_RSA, "RSA" },           { GNUTLS_PK_RSA_PSS, "RSA-PSS" },
        { GNUTLS_PK_ECDSA, "ECDSA" },       { GNUTLS_PK_EDDSA_ED25519, "Ed25519" },
        { GNUTLS_PK_EDDSA_ED448, "Ed448" }, { GNUTLS_PK_DSA, "DSA" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].algorithm == algorithm)
            return arena_format(arena, "%s-%u", names[i].name, bits);
    return "unknown";
}

/* Returns TEXT: the fingerprint, "" if there is none. */
static const char *fingerprint(const gnutls_datum_t *der, char text[static FINGERPRINT_SIZE])
{
    unsigned char hash[32];
    size_t size = sizeof hash;
    text[0] = '\0';
    if (gnutls_fingerprint(GNUTLS_DIG_SHA256, der, hash, &size) == 0)
        for (size_t i = 0; i < size; i++)
            snprintf(text + 2 * i, 3, "%02x", hash[i]);
    return text;
}

static bool self_issued(gnutls_x509_crt_t certificate)
{
    gnutls_datum_t subject = { 0 }, issuer = { 0 };
    bool same = gnutls_x509_crt_get_raw_dn(certificate, &subject) >= 0 &&
                gnutls_x509_crt_get_raw_issuer_dn(certificate, &issuer) >= 0 &&
                subject.size == issuer.size && memcmp(subject.data, issuer.data, subject.size) == 0;
    gnutls_free(subject.data);
    gnutls_free(issuer.data);
    return same;
}

static struct certificate *describe_certificate(struct arena *arena, const gnutls_datum_t *der)
{
    struct certificate *facts = arena_new(arena, sizeof *facts);
    char shown[FINGERPRINT_SIZE];
    gnutls_x509_crt_t certificate;
    *facts = (struct certificate) {
        .subject = "",
        .issuer = "",
        .key = "unknown",
        .signature = "unknown",
        .sha256 = "",
    };
    if (gnutls_x509_crt_init(&certificate) < 0)
        return facts;
    if (gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) >= 0) {
        unsigned bits = 0, critical = 0;
        int algorithm = gnutls_x509_crt_get_pk_algorithm(certificate, &bits);
        int signature = gnutls_x509_crt_get_signature_algorithm(certificate);
        const char *signature_name =
            signature > 0 ? gnutls_sign_get_name((gnutls_sign_algorithm_t)signature) : NULL;
        facts->subject = distinguished_name(arena, certificate, gnutls_x509_crt_get_dn3);
        facts->issuer = distinguished_name(arena, certificate, gnutls_x509_crt_get_issuer_dn3);
        facts->common_name = common_name(arena, certificate);
        facts->not_before = gnutls_x509_crt_get_activation_time(certificate);
        facts->not_after = gnutls_x509_crt_get_expiration_time(certificate);
        facts->key = key_name(arena, algorithm, bits);
        facts->key_bits = (int)bits;
        facts->signature = signature_name ? signature_name : "unknown";
        facts->sha256 = arena_copy(arena, fingerprint(der, shown));
        facts->self_issued = self_issued(certificate);
        facts->authority = gnutls_x509_crt_get_ca_status(certificate, &critical) > 0;
        describe_names(facts, arena, certificate);
    }
    gnutls_x509_crt_deinit(certificate);
    return facts;
}

/* ---- the verdict ---- */

static const struct {
    unsigned bit;
    const char *name;
} problem_names[] = {
    { GNUTLS_CERT_REVOKED, "revoked" },
    { GNUTLS_CERT_SIGNER_NOT_FOUND, "signer-not-found" },
    { GNUTLS_CERT_SIGNER_NOT_CA, "signer-not-ca" },
    { GNUTLS_CERT_INSECURE_ALGORITHM, "insecure-algorithm" },
    { GNUTLS_CERT_NOT_ACTIVATED, "not-activated" },
    { GNUTLS_CERT_EXPIRED, "expired" },
    { GNUTLS_CERT_SIGNATURE_FAILURE, "signature-failure" },
    { GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED, "revocation-data-superseded" },
    { GNUTLS_CERT_UNEXPECTED_OWNER, "unexpected-owner" },
    { GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE, "revocation-data-in-future" },
    { GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, "signer-constraints" },
    { GNUTLS_CERT_PURPOSE_MISMATCH, "purpose-mismatch" },
    { GNUTLS_CERT_MISSING_OCSP_STATUS, "missing-ocsp-status" },
    { GNUTLS_CERT_INVALID_OCSP_STATUS, "invalid-ocsp-status" },
    { GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS, "unknown-critical-extension" },
};

static void list_problems(struct tls_facts *facts, struct arena *arena, unsigned status)
{
    for (size_t i = 0; i < sizeof problem_names / sizeof *problem_names; i++)
        if (status & problem_names[i].bit)
            strings_add(&facts->problems, arena, problem_names[i].name);
    if (status && facts->problems.count == 0)
        strings_add(&facts->problems, arena, "invalid");
}

/* GnuTLS's own judgement: signatures, dates, purpose, name and a stapled OCSP answer. The session
 * is lent the roots for it; during the handshake it had none. */
static void judge_chain(const struct tls *tls, const struct tls_trust *trust, int64_t now,
                        struct arena *arena, struct tls_facts *facts)
{
    gnutls_typed_vdata_st expected[] = {
        { .type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)tls->host },
        { .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER },
    };
    unsigned status = 0;
    gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, trust->credentials);
    tls_set_time(now);
    int error = gnutls_certificate_verify_peers(tls->session, expected, 2, &status);
    tls_set_time(-1);
    gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, tls_shared()->no_credentials);
    if (error < 0)
        status = GNUTLS_CERT_INVALID; /* a chain that cannot even be judged */
    list_problems(facts, arena, status);
    facts->verified = status == 0 && tls->progress == TLS_READY;
}

/* The subject of the root that CHAIN rests on, when it is one that was added by hand. */
static const char *added_root(const struct tls_trust *trust, struct arena *arena,
                              const gnutls_datum_t *chain, unsigned count)
{
    const char *subject = NULL;
    for (unsigned i = 0; trust->added && i < count && !subject; i++) {
        gnutls_x509_crt_t certificate = NULL, root = NULL;
        if (gnutls_x509_crt_init(&certificate) < 0)
            return NULL;
        if (gnutls_x509_crt_import(certificate, &chain[i], GNUTLS_X509_FMT_DER) >= 0 &&
            gnutls_x509_trust_list_get_issuer(trust->added, certificate, &root,
                                              GNUTLS_TL_GET_COPY) >= 0) {
            subject = distinguished_name(arena, root, gnutls_x509_crt_get_dn3);
            gnutls_x509_crt_deinit(root);
        }
        gnutls_x509_crt_deinit(certificate);
    }
    return subject;
}

static void check_name(const struct tls *tls, const gnutls_datum_t *leaf, struct tls_facts *facts)
{
    gnutls_x509_crt_t certificate;
    if (gnutls_x509_crt_init(&certificate) < 0)
        return;
    if (gnutls_x509_crt_import(certificate, leaf, GNUTLS_X509_FMT_DER) >= 0) {
        facts->name_checked = true;
        facts->name_matches = gnutls_x509_crt_check_hostname2(certificate, tls->host, 0) != 0;
    }
    gnutls_x509_crt_deinit(certificate);
}

/* What the stapled answer says of CERTIFICATE; the signature on it is judge_chain()'s business. */
static const char *ocsp_word(gnutls_ocsp_resp_t response, gnutls_x509_crt_t certificate)
{
    if (gnutls_ocsp_resp_get_status(response) != GNUTLS_OCSP_RESP_SUCCESSFUL)
        return "unknown";
    for (unsigned i = 0;; i++) {
        unsigned status = GNUTLS_OCSP_CERT_UNKNOWN;
        if (gnutls_ocsp_resp_get_single(response, i, NULL, NULL, NULL, NULL, &status, NULL, NULL,
                                        NULL, NULL) < 0)
            return "unknown";
        if (gnutls_ocsp_resp_check_crt(response, i, certificate) == 0)
            return status == GNUTLS_OCSP_CERT_GOOD      ? "good"
                   : status == GNUTLS_OCSP_CERT_REVOKED ? "revoked"
                                                        : "unknown";
    }
}

static const char *describe_staple(const struct tls *tls, const gnutls_datum_t *leaf)
{
    gnutls_datum_t staple = { 0 };
    gnutls_ocsp_resp_t response = NULL;
    gnutls_x509_crt_t certificate = NULL;
    const char *word = "unreadable";
    if (gnutls_ocsp_status_request_get2(tls->session, 0, &staple) < 0 || staple.size == 0)
        return "none";
    if (gnutls_ocsp_resp_init(&response) >= 0 && gnutls_x509_crt_init(&certificate) >= 0 &&
        gnutls_ocsp_resp_import2(response, &staple, GNUTLS_X509_FMT_DER) >= 0 &&
        gnutls_x509_crt_import(certificate, leaf, GNUTLS_X509_FMT_DER) >= 0)
        word = ocsp_word(response, certificate);
    if (certificate)
        gnutls_x509_crt_deinit(certificate);
    if (response)
        gnutls_ocsp_resp_deinit(response);
    return word;
}

static void describe_session(const struct tls *tls, struct tls_facts *facts)
{
    facts->version = gnutls_protocol_get_name(gnutls_protocol_get_version(tls->session));
    facts->cipher = gnutls_cipher_get_name(gnutls_cipher_get(tls->session));
    facts->group = gnutls_group_get_name(gnutls_group_get(tls->session));
}

void tls_describe(const struct tls *tls, const struct tls_trust *trust, int64_t now,
                  struct arena *arena, struct tls_facts *facts)
{
    const struct tls_trust *roots = trust && trust->count > 0 ? trust : NULL;
    *facts = (struct tls_facts) {
        .sni = tls->numeric ? NULL : arena_copy(arena, tls->host),
        .checked_name = arena_copy(arena, tls->host),
        .ocsp = "none",
        .alert = tls->alert,
        .trust_loaded = roots != NULL,
    };
    if (tls->progress == TLS_READY)
        describe_session(tls, facts);
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(tls->session, &count);
    if (!chain || count == 0)
        return;
    struct certificate **end = &facts->chain;
    for (unsigned i = 0; i < count && i < CHAIN_LIMIT; i++) {
        *end = describe_certificate(arena, &chain[i]);
        end = &(*end)->next;
    }
    check_name(tls, &chain[0], facts);
    facts->ocsp = describe_staple(tls, &chain[0]);
    if (roots)
        judge_chain(tls, roots, now, arena, facts);
    if (roots && facts->verified)
        facts->added_root = added_root(roots, arena, chain, count);
}

/* ---- a chain that was described before ---- */

static bool is_chain_of(const struct tls_facts *earlier, const gnutls_datum_t *chain,
                        unsigned count)
{
    const struct certificate *certificate = earlier->chain;
    for (unsigned i = 0; i < count; i++) {
        char shown[FINGERPRINT_SIZE];
        if (!certificate || !*certificate->sha256 ||
            strcmp(certificate->sha256, fingerprint(&chain[i], shown)) != 0)
            return false;
        certificate = certificate->next;
    }
    return count && !certificate;
}

static struct strings copy_list(struct arena *arena, const struct strings *list)
{
    struct strings copy = { 0 };
    for (size_t i = 0; i < list->count; i++)
        strings_add(&copy, arena, list->items[i]);
    return copy;
}

static struct certificate *copy_chain(struct arena *arena, const struct certificate *chain)
{
    struct certificate *first = NULL, **end = &first;
    for (; chain; chain = chain->next) {
        *end = arena_new(arena, sizeof **end);
        **end = *chain;
        (*end)->names = copy_list(arena, &chain->names);
        end = &(*end)->next;
    }
    return first;
}

bool tls_describe_again(const struct tls *tls, const struct tls_facts *earlier, struct arena *arena,
                        struct tls_facts *facts)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(tls->session, &count);
    if (!chain || tls->progress != TLS_READY || !earlier->version ||
        strcmp(earlier->checked_name, tls->host) != 0 || strcmp(earlier->ocsp, "none") != 0 ||
        strcmp(describe_staple(tls, &chain[0]), "none") != 0 || !is_chain_of(earlier, chain, count))
        return false;
    *facts = *earlier;
    facts->alert = tls->alert;
    facts->chain = copy_chain(arena, earlier->chain);
    facts->problems = copy_list(arena, &earlier->problems);
    describe_session(tls, facts);
    return true;
}
