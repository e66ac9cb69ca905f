/* Secrets and the primitives around them. */
#include "base/crypto.h"
#include "base/secret.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- base64, RFC 4648 section 10 ---- */

static const char *const base64[][2] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
};

static void encodes_base64(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base64 / sizeof *base64; i++) {
        struct buffer out;
        buffer_init(&out, 100);
        buffer_append_text(&out, "AUTH ");
        crypto_base64_encode(&out, text_bytes(base64[i][0]));
        buffer_append(&out, "", 1);
        assert_string_equal(buffer_bytes(&out).data + 5, base64[i][1]);
        buffer_done(&out);
    }
}

static void decodes_base64(void **state)
{
    static const char *const bad[] = {
        "Zg", "Zg=", "Zg===", "Z", "Zm9v!", "=", "Zg==Zg==", "Zm9vé"
    };
    (void)state;
    struct buffer out;
    buffer_init(&out, 100);
    for (size_t i = 0; i < sizeof base64 / sizeof *base64; i++) {
        buffer_clear(&out);
        assert_true(crypto_base64_decode(&out, text_bytes(base64[i][1])));
        assert_int_equal(buffer_size(&out), strlen(base64[i][0]));
        assert_memory_equal(buffer_bytes(&out).data, base64[i][0], buffer_size(&out));
    }
    buffer_clear(&out);
    assert_true(crypto_base64_decode(&out, text_bytes(" Zm9v\r\nYmFy ")));
    assert_memory_equal(buffer_bytes(&out).data, "foobar", 6);
    buffer_clear(&out);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(crypto_base64_decode(&out, text_bytes(bad[i])));
        assert_int_equal(buffer_size(&out), 0);
    }
    buffer_done(&out);
}

/* RFC 7914 section 11. */
static void derives(void **state)
{
    static const struct {
        const char *password, *salt;
        unsigned rounds;
        unsigned char starts[8];
    } cases[] = {
        { "passwd", "salt", 1, { 0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3, 0x08, 0x9f } },
        { "Password", "NaCl", 80000, { 0x4d, 0xdc, 0xd8, 0xf6, 0x0b, 0x98, 0xbe, 0x21 } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t tag[CRYPTO_TAG_SIZE];
        crypto_derive(text_bytes(cases[i].password), text_bytes(cases[i].salt), cases[i].rounds,
                      tag);
        assert_memory_equal(tag, cases[i].starts, sizeof cases[i].starts);
    }
}

static void random_is_random(void **state)
{
    (void)state;
    unsigned char one[64] = { 0 }, two[64] = { 0 };
    crypto_random(one, sizeof one);
    crypto_random(two, sizeof two);
    assert_memory_not_equal(one, two, sizeof one);
    crypto_random(one, 0);
}

/* ---- secrets ---- */

static void keeps_what_it_is_given(void **state)
{
    (void)state;
    struct secret *secret = secret_new((struct bytes) { "a\0b", 3 });
    assert_int_equal(secret_bytes(secret).size, 3);
    assert_memory_equal(secret_bytes(secret).data, "a\0b", 4);
    secret_free(secret);
    secret = secret_new((struct bytes) { 0 });
    assert_non_null(secret);
    assert_int_equal(secret_bytes(secret).size, 0);
    secret_free(secret);
    secret_free(NULL);
    char *long_text = calloc(1, SECRET_LIMIT + 1);
    memset(long_text, 'x', SECRET_LIMIT + 1);
    assert_null(secret_new((struct bytes) { long_text, SECRET_LIMIT + 1 }));
    secret = secret_new((struct bytes) { long_text, SECRET_LIMIT });
    assert_non_null(secret);
    /* The longest one is scrubbed too, in all its forms. */
    struct buffer reply;
    buffer_init(&reply, 100000);
    crypto_base64_encode(&reply, secret_bytes(secret));
    secret_scrub(secret, reply.space, buffer_size(&reply));
    assert_null(memmem(reply.space, buffer_size(&reply), "eHh4eHh4", 8));
    buffer_done(&reply);
    secret_free(secret);
    free(long_text);
}

static void a_child_does_not_inherit_it(void **state)
{
    (void)state;
    struct secret *secret = secret_new(text_bytes("hunter2"));
    pid_t child = fork();
    if (child == 0)
        _exit(memcmp(secret_bytes(secret).data, "hunter2", 7) == 0 ? 1 : 0);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    secret_free(secret);
}

/* What SECRET leaves of TEXT. */
static void scrubbed(const char *secret, const char *text, const char *expected)
{
    char data[1000];
    struct secret *kept = secret_new(text_bytes(secret));
    snprintf(data, sizeof data, "%s", text);
    secret_scrub(kept, data, strlen(data));
    assert_string_equal(data, expected);
    secret_free(kept);
}

static void scrubs_it_raw(void **state)
{
    (void)state;
    scrubbed("hunter2", "535 hunter2 is wrong", "535 ******* is wrong");
    scrubbed("hunter2", "hunter2hunter2", "**************");
    scrubbed("hunter2", "hunter", "hunter");
    scrubbed("hunter2", "", "");
    scrubbed("abc", "abc is too short to hide", "abc is too short to hide");
    scrubbed("aaaa", "aaaaaaaaa", "********a");
    scrubbed("a\"b\\c", "BAD LOGIN ana \"a\\\"b\\\\c\"", "BAD LOGIN ana \"*******\"");
    secret_scrub(NULL, NULL, 0);
}

/* Where it can be nothing else; the reply keeps its code and its words. */
static void scrubs_a_short_one_where_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *secret, *text, *expected;
    } cases[] = {
        { "abc", "-ERR unknown command: PASS abc", "-ERR unknown command: PASS ***" },
        { "abc", "-ERR pass abc.", "-ERR pass ***." },
        { "abc", "-ERR PASS abcd", "-ERR PASS abcd" },
        { "abc", "-ERR bypass abc", "-ERR bypass ***" },
        { "a", "BAD LOGIN \"a\" \"a\" is a bad command", "BAD LOGIN \"*\" \"*\" is a bad command" },
        { "a", "'a' is wrong, <a> too", "'*' is wrong, <*> too" },
        { "535", "535 5.7.8 Error", "535 5.7.8 Error" },
        { "5", "535 5.7.8 Error: \"5\"", "535 5.7.8 Error: \"*\"" },
        /* LOGIN: the secret; PLAIN: "\0ana\0abc", "\0ana\0a"; Basic: "ana:abc". */
        { "abc", "500 YWJj?", "500 ****?" },
        { "abc", "500 YWJj", "500 ****" },
        { "abc", "500 AUTH PLAIN AGFuYQBhYmM=", "500 AUTH PLAIN ************" },
        { "a", "500 AUTH PLAIN AGFuYQBh", "500 AUTH PLAIN ********" },
        { "a", "500 YQ==", "500 ****" },
        { "abc",
          "Proxy-Authorization: Basic YW5hOmFiYw==", "Proxy-Authorization: Basic ************" },
        { "abc", "334 VXNlcm5hbWU6 YWJjZA==", "334 VXNlcm5hbWU6 YWJjZA==" },
        { "abc", "abc", "abc" },
        { "a", "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        scrubbed(cases[i].secret, cases[i].text, cases[i].expected);
    char plain[] = "echo: \0ana\0abc";
    struct secret *secret = secret_new(text_bytes("abc"));
    secret_scrub(secret, plain, sizeof plain - 1);
    assert_memory_equal(plain, "echo: \0ana\0***", sizeof plain - 1);
    secret_free(secret);
}

/* Behind one to nine other bytes, and before some: none of its characters is left that it decides
 * alone. */
static void scrubs_the_end_of_a_cut_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "535 hunter2 hunter", "535 ******* ******" },
        { "535 hun", "535 hun" },
        { "hunter is no part of it", "hunter is no part of it" },
        { "535 aHVudGVy", "535 ********" },
        { "hunter", "******" },
    };
    struct secret *secret = secret_new(text_bytes("hunter2"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char data[100];
        snprintf(data, sizeof data, "%s", cases[i].text);
        secret_scrub_cut(secret, data, strlen(data));
        assert_string_equal(data, cases[i].expected);
    }
    secret_free(secret);
}

static void scrubs_it_in_base64(void **state)
{
    static const char *const secrets[] = { "hunter2", "pass", "pa\xc3\x9fwort",
                                           "a longer one, with spaces" };
    (void)state;
    for (size_t s = 0; s < sizeof secrets / sizeof *secrets; s++) {
        for (size_t before = 0; before < 10; before++) {
            for (size_t after = 0; after < 4; after++) {
                struct buffer message, reply, back;
                buffer_init(&message, 100);
                buffer_init(&reply, 200);
                buffer_init(&back, 200);
                buffer_append(&message, "\0\1ana@test", before);
                buffer_append_text(&message, secrets[s]);
                buffer_append(&message, "\1\1\1", after);
                buffer_append_text(&reply, "334 ");
                crypto_base64_encode(&reply, buffer_bytes(&message));
                struct secret *kept = secret_new(text_bytes(secrets[s]));
                secret_scrub(kept, reply.space, buffer_size(&reply));
                secret_free(kept);
                /* Read '*' as some letter: at most the first and last byte could still be guessed.
                 */
                for (size_t i = 0; i < buffer_size(&reply); i++)
                    if (reply.space[i] == '*')
                        reply.space[i] = 'A';
                assert_true(crypto_base64_decode(
                    &back, (struct bytes) { reply.space + 4, buffer_size(&reply) - 4 }));
                assert_int_equal(buffer_size(&back), before + strlen(secrets[s]) + after);
                const char *at = buffer_bytes(&back).data + before;
                for (size_t i = 1; i + 1 < strlen(secrets[s]); i++)
                    assert_int_equal(at[i] & (i == strlen(secrets[s]) - 2 ? 0xf0 : 0xff) &
                                         (i == 1 ? 0x0f : 0xff),
                                     0);
                buffer_done(&message);
                buffer_done(&reply);
                buffer_done(&back);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_base64),
        cmocka_unit_test(decodes_base64),
        cmocka_unit_test(derives),
        cmocka_unit_test(random_is_random),
        cmocka_unit_test(keeps_what_it_is_given),
        cmocka_unit_test(a_child_does_not_inherit_it),
        cmocka_unit_test(scrubs_it_raw),
        cmocka_unit_test(scrubs_a_short_one_where_it_stands),
        cmocka_unit_test(scrubs_the_end_of_a_cut_text),
        cmocka_unit_test(scrubs_it_in_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
