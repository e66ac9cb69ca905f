#include "net/tls_issue.h"

#include "base/crypto.h"
#include "base/memory.h"
#include "net/tls_session.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400, YEAR = 365 * DAY, KEY_ID_SIZE = 20 };

struct tls_authority {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
    gnutls_datum_t pem; /* terminated */
};

/* ---- pieces of a certificate; each returns a GnuTLS code, negative: refused ---- */

static int new_key(gnutls_x509_privkey_t *ret_key, int rsa_bits)
{
    int error = gnutls_x509_privkey_init(ret_key);
    if (error < 0)
        return error;
    if (rsa_bits)
        return gnutls_x509_privkey_generate(*ret_key, GNUTLS_PK_RSA, (unsigned)rsa_bits, 0);
    return gnutls_x509_privkey_generate(*ret_key, GNUTLS_PK_ECDSA,
                                        GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
}

/* Version, serial number, subject, dates, key and its identifier: what every certificate has. */
static int begin(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const char *common_name,
                 int64_t not_before, int64_t not_after)
{
    unsigned char serial[16], id[KEY_ID_SIZE];
    size_t id_size = sizeof id;
    crypto_random(serial, sizeof serial);
    serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40); /* positive, and as long as it looks */
    int error = gnutls_x509_crt_set_version(certificate, 3);
    if (error >= 0)
        error = gnutls_x509_crt_set_serial(certificate, serial, sizeof serial);
    if (error >= 0)
        error = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
                                              common_name, (unsigned)strlen(common_name));
    if (error >= 0)
        error = gnutls_x509_crt_set_activation_time(certificate, (time_t)not_before);
    if (error >= 0)
        error = gnutls_x509_crt_set_expiration_time(certificate, (time_t)not_after);
    if (error >= 0)
        error = gnutls_x509_crt_set_key(certificate, key);
    if (error >= 0)
        error = gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA1, id, &id_size);
    if (error >= 0)
        error = gnutls_x509_crt_set_subject_key_id(certificate, id, id_size);
    return error;
}

/* DNS name or address, as what it looks like. */
static int add_name(gnutls_x509_crt_t certificate, const char *name)
{
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, name, address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, address, 4,
                                                    GNUTLS_FSAN_APPEND);
    if (inet_pton(AF_INET6, name, address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, address, 16,
                                                    GNUTLS_FSAN_APPEND);
    return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, name,
                                                (unsigned)strlen(name), GNUTLS_FSAN_APPEND);
}

/* ---- the authority ---- */

static int make_root(struct tls_authority *authority, const char *name)
{
    int64_t now = time(NULL);
    int error = new_key(&authority->key, 0);
    if (error >= 0)
        error = gnutls_x509_crt_init(&authority->certificate);
    if (error >= 0)
        error = begin(authority->certificate, authority->key, name, now - DAY, now + 10LL * YEAR);
    if (error >= 0)
        error = gnutls_x509_crt_set_basic_constraints(authority->certificate, 1, -1);
    if (error >= 0)
        error = gnutls_x509_crt_set_key_usage(authority->certificate,
                                              GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
    if (error >= 0)
        error = gnutls_x509_crt_sign2(authority->certificate, authority->certificate,
                                      authority->key, GNUTLS_DIG_SHA256, 0);
    if (error >= 0)
        error =
            gnutls_x509_crt_export2(authority->certificate, GNUTLS_X509_FMT_PEM, &authority->pem);
    return error;
}

struct tls_authority *tls_authority_new(const char *name)
{
    struct tls_authority *authority = memory_new(sizeof *authority);
    if (make_root(authority, name) >= 0)
        return authority;
    tls_authority_free(authority);
    return NULL;
}

void tls_authority_free(struct tls_authority *authority)
{
    if (!authority)
        return;
    gnutls_free(authority->pem.data);
    if (authority->certificate)
        gnutls_x509_crt_deinit(authority->certificate);
    if (authority->key)
        gnutls_x509_privkey_deinit(authority->key);
    free(authority);
}

const char *tls_authority_pem(const struct tls_authority *authority)
{
    return (const char *)authority->pem.data;
}

/* ---- what it issues ---- */

static int add_purpose(gnutls_x509_crt_t certificate, const struct tls_identity_options *options)
{
    /* An RSA key also unwraps secrets, in TLS up to 1.2 (RFC 5246 section 7.4.2). */
    unsigned usage =
        GNUTLS_KEY_DIGITAL_SIGNATURE | (options->rsa_bits ? GNUTLS_KEY_KEY_ENCIPHERMENT : 0);
    int error = gnutls_x509_crt_set_basic_constraints(certificate, 0, -1);
    if (error >= 0)
        error = gnutls_x509_crt_set_key_usage(certificate, usage);
    if (error >= 0)
        error = gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0);
    for (size_t i = 0; error >= 0 && !options->no_names && options->names[i]; i++)
        error = add_name(certificate, options->names[i]);
    return error;
}

static int sign(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
                const struct tls_authority *authority, bool self_signed)
{
    unsigned char id[KEY_ID_SIZE];
    size_t id_size = sizeof id;
    if (self_signed)
        return gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
    int error = gnutls_x509_crt_get_subject_key_id(authority->certificate, id, &id_size, NULL);
    if (error >= 0)
        error = gnutls_x509_crt_set_authority_key_id(certificate, id, id_size);
    if (error >= 0)
        error = gnutls_x509_crt_sign2(certificate, authority->certificate, authority->key,
                                      GNUTLS_DIG_SHA256, 0);
    return error;
}

struct tls_identity *tls_identity_issue(const struct tls_authority *authority,
                                        const struct tls_identity_options *options)
{
    struct tls_identity *identity = memory_new(sizeof *identity);
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t certificate = NULL;
    int error = gnutls_certificate_allocate_credentials(&identity->credentials);
    if (error >= 0)
        error = new_key(&key, options->rsa_bits);
    if (error >= 0)
        error = gnutls_x509_crt_init(&certificate);
    if (error >= 0)
        error = begin(certificate, key, options->names[0], options->not_before, options->not_after);
    if (error >= 0)
        error = add_purpose(certificate, options);
    if (error >= 0)
        error = sign(certificate, key, authority, options->self_signed);
    if (error >= 0)
        error = gnutls_certificate_set_x509_key(identity->credentials, &certificate, 1, key);
    if (certificate)
        gnutls_x509_crt_deinit(certificate);
    if (key)
        gnutls_x509_privkey_deinit(key);
    if (error >= 0)
        return identity;
    tls_identity_free(identity);
    return NULL;
}

void tls_identity_free(struct tls_identity *identity)
{
    if (!identity)
        return;
    if (identity->credentials)
        gnutls_certificate_free_credentials(identity->credentials);
    free(identity);
}
