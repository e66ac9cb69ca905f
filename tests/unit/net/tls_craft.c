#include "tls_craft.h"

#include "tls_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void must(int error)
{
    if (error < 0)
        print_error("%s\n", gnutls_strerror(error));
    assert_true(error >= 0);
}

/* GnuTLS compares names of what it has read, not of what it has made. */
static void reread(struct crafted *c)
{
    gnutls_datum_t der;
    must(gnutls_x509_crt_export2(c->certificate, GNUTLS_X509_FMT_DER, &der));
    gnutls_x509_crt_deinit(c->certificate);
    must(gnutls_x509_crt_init(&c->certificate));
    must(gnutls_x509_crt_import(c->certificate, &der, GNUTLS_X509_FMT_DER));
    gnutls_free(der.data);
}

static unsigned char serials;

struct crafted craft(const struct craft *how, const struct crafted *issuer)
{
    struct crafted c;
    must(gnutls_x509_privkey_init(&c.key));
    must(gnutls_x509_privkey_generate(c.key, GNUTLS_PK_ECDSA,
                                      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    must(gnutls_x509_crt_init(&c.certificate));
    must(gnutls_x509_crt_set_version(c.certificate, 3));
    unsigned char serial = ++serials;
    must(gnutls_x509_crt_set_serial(c.certificate, &serial, 1));
    must(gnutls_x509_crt_set_dn_by_oid(c.certificate, GNUTLS_OID_X520_COMMON_NAME, 0, how->name,
                                       (unsigned)strlen(how->name)));
    if (how->organisation)
        must(gnutls_x509_crt_set_dn_by_oid(c.certificate, GNUTLS_OID_X520_ORGANIZATION_NAME, 0,
                                           how->organisation, (unsigned)strlen(how->organisation)));
    if (!strchr(how->name, ' '))
        must(gnutls_x509_crt_set_subject_alt_name(c.certificate, GNUTLS_SAN_DNSNAME, how->name,
                                                  (unsigned)strlen(how->name), GNUTLS_FSAN_SET));
    must(gnutls_x509_crt_set_activation_time(c.certificate, (time_t)(pair_now() - PAIR_DAY)));
    must(gnutls_x509_crt_set_expiration_time(c.certificate, (time_t)(pair_now() + PAIR_DAY)));
    must(gnutls_x509_crt_set_key(c.certificate, c.key));
    must(gnutls_x509_crt_set_basic_constraints(c.certificate, how->authority, -1));
    must(gnutls_x509_crt_set_key_usage(
        c.certificate, how->authority ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE));
    if (how->must_staple) {
        gnutls_x509_tlsfeatures_t features;
        must(gnutls_x509_tlsfeatures_init(&features));
        must(gnutls_x509_tlsfeatures_add(features, 5)); /* status_request: RFC 7633 */
        must(gnutls_x509_crt_set_tlsfeatures(c.certificate, features));
        gnutls_x509_tlsfeatures_deinit(features);
    }
    if (how->purpose)
        must(gnutls_x509_crt_set_key_purpose_oid(c.certificate, how->purpose, 0));
    must(gnutls_x509_crt_sign2(c.certificate, issuer ? issuer->certificate : c.certificate,
                               issuer ? issuer->key : c.key,
                               how->digest ? how->digest : GNUTLS_DIG_SHA256, 0));
    reread(&c);
    return c;
}

void craft_done(struct crafted *c)
{
    gnutls_x509_crt_deinit(c->certificate);
    gnutls_x509_privkey_deinit(c->key);
}

struct tls_trust *craft_trust(const struct crafted *root)
{
    gnutls_datum_t pem;
    must(gnutls_x509_crt_export2(root->certificate, GNUTLS_X509_FMT_PEM, &pem));
    struct tls_trust *trust = pair_trust((const char *)pem.data);
    gnutls_free(pem.data);
    return trust;
}

void craft_show(struct tls_identity *identity, const struct crafted *leaf,
                const struct crafted *then)
{
    gnutls_x509_crt_t chain[] = { leaf->certificate, then ? then->certificate : NULL };
    must(gnutls_certificate_allocate_credentials(&identity->credentials));
    must(gnutls_certificate_set_x509_key(identity->credentials, chain, then ? 2 : 1, leaf->key));
}
