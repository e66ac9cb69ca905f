/* What is said of a certificate: every fault and every word, described whether trusted or not. */
#include "tls_craft.h"
#include "tls_pair.h"

#include "base/text.h"
#include "net/tls_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char host[] = "smtp.example.test";

static struct pair_roots roots, strangers;

static int set_up(void **state)
{
    (void)state;
    pair_roots_init(&roots);
    pair_roots_init(&strangers);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pair_roots_done(&roots);
    pair_roots_done(&strangers);
    return 0;
}

/* One session and what is said of it. */
struct seen {
    struct pair pair;
    struct arena arena;
    struct tls_facts facts;
};

static void look(struct seen *seen, const char *name, const struct tls_identity *identity,
                 const struct tls_trust *trust, int64_t now)
{
    *seen = (struct seen) { 0 };
    pair_shake(&seen->pair, name, &(struct tls_server_options) { .identity = identity }, 4096);
    assert_string_equal(seen->pair.client_failure.text, "");
    assert_int_equal(seen->pair.client_progress, TLS_READY);
    tls_describe(seen->pair.client, trust, now, &seen->arena, &seen->facts);
}

static void look_away(struct seen *seen)
{
    pair_done(&seen->pair);
    arena_done(&seen->arena);
}

static const char *problems(struct seen *seen)
{
    const char *all = "";
    for (size_t i = 0; i < seen->facts.problems.count; i++)
        all =
            arena_format(&seen->arena, "%s%s%s", all, i ? " " : "", seen->facts.problems.items[i]);
    return all;
}

/* ---- what an authority of ours issues ---- */

static const struct issued {
    const char *what, *name, *asked;
    int from, until; /* days from now */
    int rsa_bits;
    bool self_signed, no_names, stranger;
    bool name_matches;
    const char *problems;
} issued[] = {
    { "good", host, host, -1, 90, .name_matches = true, .problems = "" },
    { "wildcard", "*.example.test", host, -1, 90, .name_matches = true, .problems = "" },
    { "address", "192.0.2.7", "192.0.2.7", -1, 90, .name_matches = true, .problems = "" },
    { "IPv6", "2001:db8::7", "2001:db8:0::7", -1, 90, .name_matches = true, .problems = "" },
    { "wrong address", "192.0.2.7", "192.0.2.8", -1, 90, .problems = "unexpected-owner" },
    { "name for address", host, "192.0.2.8", -1, 90, .problems = "unexpected-owner" },
    { "final dot", host, "smtp.example.test.", -1, 90, .name_matches = true, .problems = "" },
    { "upper case", host, "SMTP.Example.TEST", -1, 90, .name_matches = true, .problems = "" },
    { "wrong name", "imap.example.test", host, -1, 90, .problems = "unexpected-owner" },
    { "wildcard too far", "*.test", host, -1, 90, .problems = "unexpected-owner" },
    { "expired", host, host, -90, -1, .name_matches = true, .problems = "expired" },
    { "not yet", host, host, 1, 90, .name_matches = true, .problems = "not-activated" },
    { "self-signed", host, host, -1, 90, .self_signed = true, .name_matches = true,
      .problems = "signer-not-found" },
    { "self-signed, expired", host, host, -90, -1, .self_signed = true, .name_matches = true,
      .problems = "signer-not-found expired" },
    { "unknown root", host, host, -1, 90, .stranger = true, .name_matches = true,
      .problems = "signer-not-found" },
    { "expired, wrong name", "imap.example.test", host, -90, -1,
      .problems = "expired unexpected-owner" },
    /* What GnuTLS takes and others refuse: described, and left to the diagnosis. */
    { "short key", host, host, -1, 90, .rsa_bits = 1024, .name_matches = true, .problems = "" },
    { "RSA", host, host, -1, 90, .rsa_bits = 2048, .name_matches = true, .problems = "" },
    { "no names", host, host, -1, 90, .no_names = true, .name_matches = true, .problems = "" },
};

static struct tls_identity_options options_of(const struct issued *how, const char **names)
{
    names[0] = how->name;
    names[1] = NULL;
    return (struct tls_identity_options) {
        .names = names,
        .not_before = pair_now() + how->from * PAIR_DAY,
        .not_after = pair_now() + how->until * PAIR_DAY,
        .self_signed = how->self_signed,
        .no_names = how->no_names,
        .rsa_bits = how->rsa_bits,
    };
}

static void assert_described(const struct certificate *leaf, const struct issued *how)
{
    assert_non_null(leaf);
    assert_null(leaf->next);
    assert_int_equal(leaf->not_before, pair_now() + how->from * PAIR_DAY);
    assert_int_equal(leaf->not_after, pair_now() + how->until * PAIR_DAY);
    assert_string_equal(leaf->common_name, how->name);
    assert_int_equal(leaf->names.count, how->no_names ? 0 : 1);
    if (!how->no_names)
        assert_string_equal(leaf->names.items[0], how->name);
    assert_int_equal(leaf->key_bits, how->rsa_bits ? how->rsa_bits : 256);
    assert_string_equal(leaf->key, how->rsa_bits == 1024   ? "RSA-1024"
                                   : how->rsa_bits == 2048 ? "RSA-2048"
                                                           : "ECDSA-256");
    assert_string_equal(leaf->signature, "ECDSA-SHA256");
    assert_int_equal(strlen(leaf->sha256), 64);
    assert_int_equal(strspn(leaf->sha256, "0123456789abcdef"), 64);
    assert_int_equal(leaf->self_issued, how->self_signed);
    assert_false(leaf->authority);
    assert_string_equal(leaf->issuer, how->self_signed ? leaf->subject : "CN=Test Root");
}

static void issued_certificates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof issued / sizeof *issued; i++) {
        const struct issued *how = &issued[i];
        const char *names[2];
        struct tls_identity_options options = options_of(how, names);
        struct tls_identity *identity =
            tls_identity_issue(how->stranger ? strangers.authority : roots.authority, &options);
        struct seen seen;
        assert_non_null(identity);
        look(&seen, how->asked, identity, roots.trust, pair_now());
        if (strcmp(problems(&seen), how->problems) != 0)
            print_error("%s:\n", how->what);
        assert_string_equal(problems(&seen), how->problems);
        assert_int_equal(seen.facts.verified, how->problems[0] == '\0');
        assert_true(seen.facts.trust_loaded);
        assert_true(seen.facts.name_checked);
        assert_int_equal(seen.facts.name_matches, how->name_matches);
        assert_string_equal(seen.facts.ocsp, "none");
        assert_described(seen.facts.chain, how);
        look_away(&seen);
        tls_identity_free(identity);
    }
}

static void without_roots_nothing_is_verified(void **state)
{
    (void)state;
    struct tls_identity *identity = pair_identity(roots.authority, host);
    struct seen seen;
    struct tls_trust *none = tls_trust_load(&(struct tls_trust_options) { 0 }, NULL);
    const struct tls_trust *const cases[] = { NULL, none };
    for (size_t i = 0; i < 2; i++) {
        look(&seen, host, identity, cases[i], pair_now());
        assert_false(seen.facts.trust_loaded);
        assert_false(seen.facts.verified);
        assert_int_equal(seen.facts.problems.count, 0);
        assert_true(seen.facts.name_checked && seen.facts.name_matches);
        assert_non_null(seen.facts.chain);
        look_away(&seen);
    }
    tls_trust_free(none);
    tls_identity_free(identity);
}

/* The run's "now" decides, not the clock: a saved moment is judged as it was. */
static void now_is_what_the_run_says(void **state)
{
    (void)state;
    struct tls_identity *identity = pair_identity(roots.authority, host);
    static const struct {
        int day;
        const char *problems;
    } cases[] = { { 0, "" }, { 89, "" }, { 91, "expired" }, { 0, "" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen;
        look(&seen, host, identity, roots.trust, pair_now() + cases[i].day * PAIR_DAY);
        assert_string_equal(problems(&seen), cases[i].problems);
        look_away(&seen);
    }
    tls_identity_free(identity);
}

static void several_sessions_share_one_trust(void **state)
{
    (void)state;
    struct tls_identity *good = pair_identity(roots.authority, host);
    struct tls_identity *bad = pair_identity(strangers.authority, host);
    struct seen first, second;
    look(&first, host, good, roots.trust, pair_now());
    look(&second, host, bad, roots.trust, pair_now());
    tls_describe(first.pair.client, roots.trust, pair_now(), &first.arena, &first.facts);
    assert_true(first.facts.verified);
    assert_false(second.facts.verified);
    look_away(&second);
    look_away(&first);
    tls_identity_free(good);
    tls_identity_free(bad);
}

/* What was said of a chain holds when it is shown again under the same name, and nowhere else. */
static void the_same_chain_is_described_once(void **state)
{
    (void)state;
    struct tls_identity *good = pair_identity(roots.authority, host);
    struct tls_identity *bad = pair_identity(strangers.authority, host);
    struct tls_identity *other = pair_identity(roots.authority, host);
    const struct tls_identity *const shown[] = { good, bad };
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        struct seen first, again, otherwise, elsewhere;
        struct tls_facts facts = { .alert = "untouched" };
        look(&first, host, shown[i], roots.trust, pair_now());
        look(&again, host, shown[i], roots.trust, pair_now());
        look(&otherwise, host, other, roots.trust, pair_now());
        look(&elsewhere, "imap.example.test", shown[i], roots.trust, pair_now());
        assert_false(tls_describe_again(otherwise.pair.client, &first.facts, &first.arena, &facts));
        assert_false(tls_describe_again(elsewhere.pair.client, &first.facts, &first.arena, &facts));
        assert_string_equal(facts.alert, "untouched");
        assert_true(tls_describe_again(again.pair.client, &first.facts, &first.arena, &facts));
        assert_int_equal(facts.verified, i == 0);
        assert_int_equal(facts.problems.count, first.facts.problems.count);
        assert_string_equal(facts.chain->sha256, again.facts.chain->sha256);
        assert_string_equal(facts.version, again.facts.version);
        assert_int_equal(facts.chain->names.count, 1);
        /* A list of its own: reports that rename things do so in each. */
        assert_ptr_not_equal(facts.chain, first.facts.chain);
        assert_ptr_not_equal(facts.chain->names.items, first.facts.chain->names.items);
        first.facts.version = NULL; /* its handshake failed: what was said was not the last word */
        assert_false(tls_describe_again(again.pair.client, &first.facts, &first.arena, &facts));
        look_away(&elsewhere);
        look_away(&otherwise);
        look_away(&again);
        look_away(&first);
    }
    tls_identity_free(other);
    tls_identity_free(bad);
    tls_identity_free(good);
}

/* ---- what only others would issue ---- */

static void chains_of_others(void **state)
{
    static const struct {
        const char *what;
        struct craft middle, leaf;
        bool left_out; /* the server does not send the intermediate */
        const char *problems;
    } cases[] = {
        { "good", { .name = "Middle Authority", .authority = true }, { .name = host }, false, "" },
        { "missing intermediate",
          { .name = "Middle Authority", .authority = true },
          { .name = host },
          true,
          "signer-not-found" },
        { "no authority",
          { .name = "Middle Authority" },
          { .name = host },
          false,
          "signer-not-ca signer-constraints" },
        { "client's purpose",
          { .name = "Middle Authority", .authority = true },
          { .name = host, .purpose = GNUTLS_KP_TLS_WWW_CLIENT },
          false,
          "purpose-mismatch" },
        { "SHA-1",
          { .name = "Middle Authority", .authority = true },
          { .name = host, .digest = GNUTLS_DIG_SHA1 },
          false,
          "insecure-algorithm" },
    };
    (void)state;
    struct crafted root = craft(&(struct craft) { .name = "Far Root", .authority = true }, NULL);
    struct tls_trust *trust = craft_trust(&root);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct crafted middle = craft(&cases[i].middle, &root);
        struct crafted leaf = craft(&cases[i].leaf, &middle);
        struct tls_identity identity;
        struct seen seen;
        craft_show(&identity, &leaf, cases[i].left_out ? NULL : &middle);
        look(&seen, host, &identity, trust, pair_now());
        if (strcmp(problems(&seen), cases[i].problems) != 0)
            print_error("%s:\n", cases[i].what);
        assert_string_equal(problems(&seen), cases[i].problems);
        assert_int_equal(seen.facts.verified, cases[i].problems[0] == '\0');
        const struct certificate *first = seen.facts.chain;
        assert_string_equal(first->issuer, "CN=Middle Authority");
        if (cases[i].left_out) {
            assert_null(first->next);
        } else {
            assert_string_equal(first->next->subject, "CN=Middle Authority");
            assert_int_equal(first->next->authority, cases[i].middle.authority);
            assert_int_equal(first->next->names.count, 0);
            assert_null(first->next->next);
        }
        look_away(&seen);
        gnutls_certificate_free_credentials(identity.credentials);
        craft_done(&leaf);
        craft_done(&middle);
    }
    tls_trust_free(trust);
    craft_done(&root);
}

/* Escape sequences and NUL in names: kept readable, never raw. */
static void hostile_names_are_escaped(void **state)
{
    (void)state;
    struct crafted leaf = craft(&(struct craft) { .name = "\x1b[2J\x1b]0;owned\x07 host",
                                                  .organisation = "A, B \\ \xc3\xa9 \x7f" },
                                NULL);
    /* Two DNS names, one with a NUL inside, and a mail address, which is no name of a server. */
    static const char names[] = "\x30\x29"
                                "\x82\x14good.test\0.evil.test"
                                "\x82\x07"
                                "a\x1b[31m\\"
                                "\x81\x08"
                                "a@b.test";
    must(gnutls_x509_crt_set_extension_by_oid(leaf.certificate, "2.5.29.17", names,
                                              sizeof names - 1, 0));
    must(gnutls_x509_crt_sign2(leaf.certificate, leaf.certificate, leaf.key, GNUTLS_DIG_SHA256, 0));
    struct tls_identity identity;
    struct seen seen;
    craft_show(&identity, &leaf, NULL);
    look(&seen, "good.test", &identity, roots.trust, pair_now());
    const struct certificate *first = seen.facts.chain;
    assert_string_equal(first->common_name, "\\x1b[2J\\x1b]0\\;owned\\x07 host");
    assert_null(strpbrk(first->subject, "\x1b\x07\x7f"));
    assert_non_null(strstr(first->subject, "A\\, B \\\\ \xc3\xa9 \\x7f"));
    assert_int_equal(first->names.count, 2);
    assert_null(strpbrk(first->names.items[0], "\x1b"));
    assert_string_not_equal(first->names.items[0], "good.test");
    assert_string_equal(first->names.items[1], "a\\x1b[31m\\x5c");
    assert_false(seen.facts.name_matches);
    look_away(&seen);
    gnutls_certificate_free_credentials(identity.credentials);
    craft_done(&leaf);
}

static void refuses_what_cannot_be_issued(void **state)
{
    (void)state;
    const char *names[] = { host, NULL };
    struct tls_identity_options options = { .names = names,
                                            .not_after = pair_now() + PAIR_DAY,
                                            .rsa_bits = 16 };
    assert_null(tls_identity_issue(roots.authority, &options));
    options = (struct tls_identity_options) { .names = names,
                                              .not_after = pair_now() + PAIR_DAY,
                                              .self_signed = true };
    struct tls_identity *identity = tls_identity_issue(NULL, &options);
    assert_non_null(identity);
    tls_identity_free(identity);
    tls_identity_free(NULL);
    tls_authority_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(issued_certificates),
        cmocka_unit_test(without_roots_nothing_is_verified),
        cmocka_unit_test(now_is_what_the_run_says),
        cmocka_unit_test(several_sessions_share_one_trust),
        cmocka_unit_test(the_same_chain_is_described_once),
        cmocka_unit_test(chains_of_others),
        cmocka_unit_test(hostile_names_are_escaped),
        cmocka_unit_test(refuses_what_cannot_be_issued),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
