#include "net/tls_sign.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <string.h>

enum { KEY_ID_SIZE = 64 };

static gnutls_datum_t datum(struct bytes bytes)
{
    return (gnutls_datum_t) { (unsigned char *)(uintptr_t)bytes.data, (unsigned)bytes.size };
}

static bool load_key(struct tls_signer *signer, struct bytes pem, const char **ret_why)
{
    gnutls_privkey_t key;
    gnutls_datum_t text = datum(pem);
    if (gnutls_privkey_init(&key) < 0) {
        *ret_why = "no memory for the key";
        return false;
    }
    signer->key = key;
    int error = gnutls_privkey_import_x509_raw(key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (error == GNUTLS_E_DECRYPTION_FAILED)
        *ret_why = "the private key is encrypted; take one without a passphrase, for this user "
                   "alone to read";
    else if (error < 0)
        *ret_why = "there is no private key in PEM form in it";
    else if (gnutls_privkey_get_pk_algorithm(key, NULL) != GNUTLS_PK_RSA)
        *ret_why = "the private key is no RSA key";
    return !*ret_why;
}

/* Do key and certificate belong together? */
static bool match(gnutls_privkey_t key, gnutls_x509_crt_t certificate)
{
    unsigned char ids[2][KEY_ID_SIZE];
    size_t sizes[2] = { KEY_ID_SIZE, KEY_ID_SIZE };
    gnutls_pubkey_t public;
    if (gnutls_pubkey_init(&public) < 0)
        return false;
    bool same =
        gnutls_pubkey_import_privkey(public, key, 0, 0) >= 0 &&
        gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, ids[0], &sizes[0]) >= 0 &&
        gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, ids[1], &sizes[1]) >= 0 &&
        sizes[0] == sizes[1] && memcmp(ids[0], ids[1], sizes[0]) == 0;
    gnutls_pubkey_deinit(public);
    return same;
}

static bool load_certificate(struct tls_signer *signer, struct bytes pem, const char **ret_why)
{
    gnutls_x509_crt_t certificate;
    gnutls_datum_t text = datum(pem);
    size_t size = TLS_THUMBPRINT_SIZE;
    if (gnutls_x509_crt_init(&certificate) < 0) {
        *ret_why = "no memory for the certificate";
        return false;
    }
    if (gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) < 0)
        *ret_why = "there is no certificate in PEM form in it";
    else if (!match(signer->key, certificate))
        *ret_why = "the certificate is not that of the private key";
    else if (gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, signer->thumbprint,
                                             &size) < 0)
        *ret_why = "the certificate cannot be used";
    signer->not_before = (int64_t)gnutls_x509_crt_get_activation_time(certificate);
    signer->not_after = (int64_t)gnutls_x509_crt_get_expiration_time(certificate);
    signer->certified = !*ret_why;
    gnutls_x509_crt_deinit(certificate);
    return !*ret_why;
}

bool tls_signer_init(struct tls_signer *signer, struct bytes key, struct bytes certificate,
                     const char **ret_why)
{
    *signer = (struct tls_signer) { 0 };
    *ret_why = NULL;
    if (load_key(signer, key, ret_why) &&
        (!certificate.data || load_certificate(signer, certificate, ret_why)))
        return true;
    tls_signer_done(signer);
    return false;
}

void tls_signer_done(struct tls_signer *signer)
{
    if (signer->key)
        gnutls_privkey_deinit(signer->key);
    *signer = (struct tls_signer) { 0 };
}

bool tls_sign(const struct tls_signer *signer, enum tls_signature form, struct bytes data,
              struct buffer *out)
{
    gnutls_datum_t text = datum(data), signature = { 0 };
    /* RFC 7518 section 3.5: the salt is as long as the hash, as GnuTLS makes it. */
    gnutls_sign_algorithm_t algorithm =
        form == TLS_PS256 ? GNUTLS_SIGN_RSA_PSS_RSAE_SHA256 : GNUTLS_SIGN_RSA_SHA256;
    if (gnutls_privkey_sign_data2(signer->key, algorithm, 0, &text, &signature) < 0)
        return false;
    buffer_append(out, signature.data, signature.size);
    gnutls_free(signature.data);
    return true;
}
