/* Stapled OCSP answers (RFC 6066 section 8, RFC 6960): what they say, and what they do to the
 * verdict. */
#include "tls_craft.h"
#include "tls_pair.h"

#include "base/arena.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

static const char host[] = "smtp.example.test";

static struct crafted root, leaf, strict; /* strict: its certificate demands a staple */
static struct tls_trust *trust;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    root = craft(&(struct craft) { .name = "Staple Root", .authority = true }, NULL);
    leaf = craft(&(struct craft) { .name = host }, &root);
    strict = craft(&(struct craft) { .name = host, .must_staple = true }, &root);
    trust = craft_trust(&root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_trust_free(trust);
    craft_done(&strict);
    craft_done(&leaf);
    craft_done(&root);
    arena_done(&arena);
    return 0;
}

/* ---- a writer of DER, as much as an answer needs; memory is the arena's ---- */

static struct bytes der(unsigned char tag, struct bytes content)
{
    char *at = arena_new(&arena, content.size + 4);
    char *start = at;
    *at++ = (char)tag;
    if (content.size >= 0x80) {
        *at++ = (char)0x82;
        *at++ = (char)(content.size >> 8);
    }
    *at++ = (char)content.size;
    memcpy(at, content.data, content.size);
    return (struct bytes) { start, (size_t)(at - start) + content.size };
}

static struct bytes join(const struct bytes *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    char *data = arena_new(&arena, size), *at = data;
    for (size_t i = 0; i < count; i++) {
        memcpy(at, parts[i].data, parts[i].size);
        at += parts[i].size;
    }
    return (struct bytes) { data, size };
}

#define SEQUENCE(...)                                                                              \
    der(0x30, join((const struct bytes[]) { __VA_ARGS__ },                                         \
                   sizeof((const struct bytes[]) { __VA_ARGS__ }) / sizeof(struct bytes)))
#define RAW(literal) ((struct bytes) { literal, sizeof literal - 1 })

static struct bytes moment(int64_t seconds)
{
    char text[32];
    time_t when = (time_t)seconds;
    struct tm tm;
    gmtime_r(&when, &tm);
    size_t size = strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm);
    return der(0x18, (struct bytes) { text, size });
}

static struct bytes sha1(struct bytes data)
{
    char *hash = arena_new(&arena, 20);
    must(gnutls_hash_fast(GNUTLS_DIG_SHA1, data.data, data.size, hash));
    return der(0x04, (struct bytes) { hash, 20 });
}

static struct bytes issuer_name(void)
{
    gnutls_datum_t name;
    must(gnutls_x509_crt_get_raw_dn(root.certificate, &name));
    struct bytes copy = arena_copy_bytes(&arena, (struct bytes) { (char *)name.data, name.size });
    gnutls_free(name.data);
    return copy;
}

static struct bytes issuer_key_hash(void)
{
    gnutls_datum_t x, y;
    gnutls_ecc_curve_t curve;
    must(gnutls_x509_crt_get_pk_ecc_raw(root.certificate, &curve, &x, &y));
    /* The bit string of the key: an uncompressed point. */
    char point[65] = { 4 };
    memcpy(point + 33 - x.size, x.data, x.size);
    memcpy(point + 65 - y.size, y.data, y.size);
    gnutls_free(x.data);
    gnutls_free(y.data);
    return sha1((struct bytes) { point, sizeof point });
}

static struct bytes signature(struct bytes data, const struct crafted *signer)
{
    gnutls_privkey_t key;
    gnutls_datum_t in = { (unsigned char *)data.data, (unsigned)data.size }, out;
    must(gnutls_privkey_init(&key));
    must(gnutls_privkey_import_x509(key, signer->key, 0));
    must(gnutls_privkey_sign_data(key, GNUTLS_DIG_SHA256, 0, &in, &out));
    struct bytes bits[] = { RAW("\0"), { (char *)out.data, out.size } };
    struct bytes text = der(0x03, join(bits, 2));
    gnutls_free(out.data);
    gnutls_privkey_deinit(key);
    return text;
}

enum answer { GOOD, REVOKED, UNKNOWN };

/* RFC 6960 section 4.2.1: what the authority says of CERTIFICATE, at NOW, for a day. */
static struct bytes answer(const struct crafted *certificate, enum answer says, int64_t now,
                           const struct crafted *signer)
{
    char serial[20];
    size_t size = sizeof serial;
    must(gnutls_x509_crt_get_serial(certificate->certificate, serial, &size));
    struct bytes sha1_id = SEQUENCE(RAW("\x06\x05\x2b\x0e\x03\x02\x1a"), RAW("\x05\x00"));
    struct bytes id = SEQUENCE(sha1_id, sha1(issuer_name()), issuer_key_hash(),
                               der(0x02, ((struct bytes) { serial, size })));
    struct bytes status = says == GOOD      ? RAW("\x80\x00")
                          : says == REVOKED ? der(0xa1, moment(now - PAIR_DAY / 2))
                                            : RAW("\x82\x00");
    struct bytes single =
        SEQUENCE(id, status, moment(now - 3600), der(0xa0, moment(now + PAIR_DAY)));
    struct bytes data = SEQUENCE(der(0xa1, issuer_name()), moment(now - 3600), SEQUENCE(single));
    struct bytes ecdsa = SEQUENCE(RAW("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"));
    struct bytes basic = SEQUENCE(data, ecdsa, signature(data, signer));
    struct bytes type = RAW("\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01");
    return SEQUENCE(RAW("\x0a\x01\x00"), der(0xa0, SEQUENCE(type, der(0x04, basic))));
}

/* ---- sessions ---- */

static int staple(gnutls_session_t session, void *arg, gnutls_datum_t *ret)
{
    const struct bytes *bytes = arg;
    (void)session;
    ret->data = gnutls_malloc(bytes->size);
    ret->size = (unsigned)bytes->size;
    memcpy(ret->data, bytes->data, bytes->size);
    return 0;
}

/* What is said of SHOWN with BYTES stapled to it (NULL: nothing). */
static struct tls_facts look(const struct crafted *shown, struct bytes *bytes)
{
    struct tls_identity identity;
    struct pair pair;
    struct tls_facts facts;
    craft_show(&identity, shown, NULL);
    if (bytes)
        gnutls_certificate_set_ocsp_status_request_function(identity.credentials, staple, bytes);
    pair_shake(&pair, host, &(struct tls_server_options) { .identity = &identity }, 4096);
    assert_string_equal(pair.client_failure.text, "");
    assert_int_equal(pair.client_progress, TLS_READY);
    tls_describe(pair.client, trust, pair_now(), &arena, &facts);
    pair_done(&pair);
    gnutls_certificate_free_credentials(identity.credentials);
    return facts;
}

static const char *problems(const struct tls_facts *facts)
{
    const char *all = "";
    for (size_t i = 0; i < facts->problems.count; i++)
        all = arena_format(&arena, "%s%s%s", all, i ? " " : "", facts->problems.items[i]);
    return all;
}

static void answers_in_time(void **state)
{
    static const struct {
        enum answer says;
        const char *word, *problems;
    } cases[] = {
        { GOOD, "good", "" },
        { REVOKED, "revoked", "revoked" },
        { UNKNOWN, "unknown", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes bytes = answer(&leaf, cases[i].says, pair_now(), &root);
        struct tls_facts facts = look(&leaf, &bytes);
        assert_string_equal(facts.ocsp, cases[i].word);
        assert_string_equal(problems(&facts), cases[i].problems);
        assert_int_equal(facts.verified, cases[i].problems[0] == '\0');
    }
}

static void answers_that_prove_nothing(void **state)
{
    (void)state;
    struct tls_facts facts = look(&leaf, NULL);
    assert_string_equal(facts.ocsp, "none");
    assert_true(facts.verified);

    struct bytes garbage = text_bytes("no answer at all");
    facts = look(&leaf, &garbage);
    assert_string_equal(facts.ocsp, "unreadable");

    struct bytes later = RAW("\x30\x03\x0a\x01\x03"); /* tryLater */
    facts = look(&leaf, &later);
    assert_string_equal(facts.ocsp, "unknown");

    struct bytes other = answer(&strict, GOOD, pair_now(), &root);
    facts = look(&leaf, &other);
    assert_string_equal(facts.ocsp, "unknown");

    struct bytes forged = answer(&leaf, GOOD, pair_now(), &leaf);
    facts = look(&leaf, &forged);
    assert_string_equal(problems(&facts), "invalid-ocsp-status");
    assert_false(facts.verified);

    struct bytes old = answer(&leaf, REVOKED, pair_now() - 60 * PAIR_DAY, &root);
    facts = look(&leaf, &old);
    assert_string_equal(facts.ocsp, "revoked");
}

static void a_certificate_may_demand_a_staple(void **state)
{
    (void)state;
    struct tls_facts facts = look(&strict, NULL);
    assert_string_equal(problems(&facts), "missing-ocsp-status");
    assert_false(facts.verified);
    struct bytes good = answer(&strict, GOOD, pair_now(), &root);
    facts = look(&strict, &good);
    assert_true(facts.verified);
    assert_string_equal(facts.ocsp, "good");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_time),
        cmocka_unit_test(answers_that_prove_nothing),
        cmocka_unit_test(a_certificate_may_demand_a_staple),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
