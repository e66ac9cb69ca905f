/* Roots: where they come from, what is said when they cannot be had, and that any thread may load
 * them. */
#include "tls_pair.h"

#include "base/text.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/maildoctor-trust-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *first, const char *second)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(first, file);
    fputs(second, file);
    fclose(file);
}

static void refused(const char *file, const char *words)
{
    char *error = NULL;
    assert_null(tls_trust_load(&(struct tls_trust_options) { .ca_file = file }, &error));
    assert_non_null(error);
    assert_non_null(strstr(error, file));
    assert_non_null(strstr(error, words));
    free(error);
}

static void bad_files_are_named(void **state)
{
    (void)state;
    refused("/nonexistent/ca.pem", "No such file");
    refused("/tmp", "directory");
    write_file("", "");
    refused(path, "no certificate");
    write_file("neither PEM nor anything\n", "");
    refused(path, "no certificate");
    write_file("-----BEGIN CERTIFICATE-----\n", "QUJD\n-----END CERTIFICATE-----\n");
    refused(path, "no certificate");
}

static void files_add_up(void **state)
{
    (void)state;
    struct tls_authority *one = tls_authority_new("One"), *two = tls_authority_new("Two");
    struct tls_trust_options options = { .ca_file = path };
    char *error = NULL;
    write_file(tls_authority_pem(one), tls_authority_pem(two));
    struct tls_trust *trust = tls_trust_load(&options, &error);
    assert_non_null(trust);
    assert_int_equal(tls_trust_count(trust), 2);
    tls_trust_free(trust);

    options.ca_file = NULL;
    trust = tls_trust_load(&options, &error);
    assert_int_equal(tls_trust_count(trust), 0);
    tls_trust_free(trust);

    options.system = true;
    trust = tls_trust_load(&options, &error);
    int system = tls_trust_count(trust);
    tls_trust_free(trust);
    assert_int_equal(system > 0, access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0);

    options.ca_file = path;
    trust = tls_trust_load(&options, &error);
    assert_int_equal(tls_trust_count(trust), system + 2);
    tls_trust_free(trust);
    tls_trust_free(NULL);
    tls_authority_free(one);
    tls_authority_free(two);
}

static void *load(void *arg)
{
    struct tls_trust_options options = { .ca_file = arg, .system = true };
    return tls_trust_load(&options, NULL);
}

/* Threads load while this one shakes hands; what they loaded is then judged with here. */
static void any_thread_may_load(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    struct tls_authority *authority = tls_authority_new("Test Root");
    struct tls_identity *identity = pair_identity(authority, "smtp.example.test");
    struct pair pair;
    write_file(tls_authority_pem(authority), "");
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load, path), 0);
    pair_shake(&pair, "smtp.example.test", &(struct tls_server_options) { .identity = identity },
               100);
    assert_int_equal(pair.client_progress, TLS_READY);
    for (int i = 0; i < THREADS; i++) {
        void *trust = NULL;
        struct arena arena = { 0 };
        struct tls_facts facts;
        assert_int_equal(pthread_join(threads[i], &trust), 0);
        assert_non_null(trust);
        tls_describe(pair.client, trust, pair_now(), &arena, &facts);
        assert_true(facts.verified);
        arena_done(&arena);
        tls_trust_free(trust);
    }
    pair_done(&pair);
    tls_identity_free(identity);
    tls_authority_free(authority);
}

/* The root of a chain is named when it lies among those that were added by hand, and only then. */
static void an_added_root_is_named(void **state)
{
    (void)state;
    char folder[] = "/tmp/maildoctor-added-XXXXXX", inside[64], file[128];
    assert_non_null(mkdtemp(folder));
    snprintf(inside, sizeof inside, "%s/office", folder);
    snprintf(file, sizeof file, "%s/root.crt", inside);
    assert_int_equal(mkdir(inside, 0700), 0);
    struct tls_authority *authority = tls_authority_new("Contoso Inspection");
    struct tls_identity *identity = pair_identity(authority, "smtp.example.test");
    struct tls_authority *other = tls_authority_new("Test Root");
    struct pair pair;
    pair_shake(&pair, "smtp.example.test", &(struct tls_server_options) { .identity = identity },
               1000);
    for (int i = 0; i < 2; i++) {
        FILE *out = fopen(file, "w");
        fputs(tls_authority_pem(i ? authority : other), out);
        fclose(out);
        write_file(tls_authority_pem(authority), "");
        struct tls_trust_options options = { .ca_file = path, .system = true, .added = folder };
        struct tls_trust *trust = tls_trust_load(&options, NULL);
        struct arena arena = { 0 };
        struct tls_facts facts;
        tls_describe(pair.client, trust, pair_now(), &arena, &facts);
        assert_true(facts.verified);
        if (i)
            assert_string_equal(facts.added_root, "CN=Contoso Inspection");
        else
            assert_null(facts.added_root);
        arena_done(&arena);
        tls_trust_free(trust);
    }
    pair_done(&pair);
    tls_identity_free(identity);
    tls_authority_free(authority);
    tls_authority_free(other);
    unlink(file);
    rmdir(inside);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_named),
        cmocka_unit_test(files_add_up),
        cmocka_unit_test(any_thread_may_load),
        cmocka_unit_test(an_added_root_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
