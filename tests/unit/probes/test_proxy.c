/* Asking proxies: every answer at every read size, and what stands behind the last word is left to
 * the server. */
#include "probes/proxy.h"
#include "probes/socks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SIZED(text) (text), sizeof(text) - 1

struct row {
    const char *name;
    enum proxy_kind kind;
    bool login;
    const char *says;
    size_t size;
    enum proxy_state state;
    enum failure_kind failure;
    const char *words;
    const char *rest; /* what is the server's */
    const char *said; /* by us */
    size_t said_size;
};

#define ASK_NAME "\x05\x01\x00\x03\x0bmail.x.test\x02\x4b"
#define HTTP_ASK                                                                                   \
    "CONNECT mail.x.test:587 HTTP/1.1\r\n"                                                         \
    "Host: mail.x.test:587\r\n"

static const struct row rows[] = {
    { "socks open", PROXY_SOCKS5, false,
      SIZED("\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34"
            "220 hi\r\n"),
      PROXY_OPEN, FAILURE_NONE, "SOCKS5 reply 0: succeeded", "220 hi\r\n",
      SIZED("\x05\x01\x00" ASK_NAME) },
    { "socks open, bound to a name", PROXY_SOCKS5, false,
      SIZED("\x05\x00\x05\x00\x00\x03\x03"
            "abc\x12\x34*"),
      PROXY_OPEN, FAILURE_NONE, "SOCKS5 reply 0: succeeded", "*", SIZED("\x05\x01\x00" ASK_NAME) },
    { "socks open, bound to an empty name", PROXY_SOCKS5, false,
      SIZED("\x05\x00\x05\x00\x00\x03\x00\x12\x34"), PROXY_OPEN, FAILURE_NONE,
      "SOCKS5 reply 0: succeeded", "", SIZED("\x05\x01\x00" ASK_NAME) },
    { "socks open, bound to IPv6", PROXY_SOCKS5, false,
      SIZED("\x05\x00\x05\x00\x00\x04"
            "0123456789abcdef\x12\x34+OK"),
      PROXY_OPEN, FAILURE_NONE, "SOCKS5 reply 0: succeeded", "+OK",
      SIZED("\x05\x01\x00" ASK_NAME) },
    { "socks login", PROXY_SOCKS5, true,
      SIZED("\x05\x02\x01\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"), PROXY_OPEN, FAILURE_NONE,
      "SOCKS5 reply 0: succeeded", "",
      SIZED("\x05\x02\x00\x02\x01\x03"
            "joe\x06"
            "secret" ASK_NAME) },
    { "socks login not wanted", PROXY_SOCKS5, true,
      SIZED("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"), PROXY_OPEN, FAILURE_NONE,
      "SOCKS5 reply 0: succeeded", "", SIZED("\x05\x02\x00\x02" ASK_NAME) },
    { "socks login refused", PROXY_SOCKS5, true, SIZED("\x05\x02\x01\x01"), PROXY_FAILED,
      FAILURE_PROXY_LOGIN, "SOCKS5 login status 1", "", NULL, 0 },
    { "socks wants a login", PROXY_SOCKS5, false, SIZED("\x05\xff"), PROXY_FAILED,
      FAILURE_PROXY_LOGIN, "SOCKS5 method FF: no acceptable methods", "", NULL, 0 },
    { "socks chooses what was not offered", PROXY_SOCKS5, false, SIZED("\x05\x02"), PROXY_FAILED,
      FAILURE_PROXY_BROKEN, "SOCKS5 method 02", "", NULL, 0 },
    { "socks not allowed", PROXY_SOCKS5, false,
      SIZED("\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"), PROXY_FAILED,
      FAILURE_PROXY_REFUSED, "SOCKS5 reply 2: connection not allowed by ruleset", "", NULL, 0 },
    { "socks refusal, cut short", PROXY_SOCKS5, false, SIZED("\x05\x00\x05\x05"), PROXY_FAILED,
      FAILURE_PROXY_TARGET, "SOCKS5 reply 5: Connection refused", "", NULL, 0 },
    { "socks host unreachable", PROXY_SOCKS5, false, SIZED("\x05\x00\x05\x04\x00\x01"),
      PROXY_FAILED, FAILURE_PROXY_TARGET, "SOCKS5 reply 4: Host unreachable", "", NULL, 0 },
    { "socks general failure", PROXY_SOCKS5, false, SIZED("\x05\x00\x05\x01"), PROXY_FAILED,
      FAILURE_PROXY_FAILED, "SOCKS5 reply 1: general SOCKS server failure", "", NULL, 0 },
    { "socks unassigned code", PROXY_SOCKS5, false, SIZED("\x05\x00\x05\xc8"), PROXY_FAILED,
      FAILURE_PROXY_REFUSED, "SOCKS5 reply 200: an unassigned code", "", NULL, 0 },
    { "socks odd address type", PROXY_SOCKS5, false, SIZED("\x05\x00\x05\x00\x00\x09\x00\x00"),
      PROXY_FAILED, FAILURE_PROXY_BROKEN, "", "", NULL, 0 },
    { "socks version 4", PROXY_SOCKS5, false, SIZED("\x00\x5b"), PROXY_FAILED, FAILURE_PROXY_BROKEN,
      NULL, "", NULL, 0 },
    { "http at a socks port", PROXY_SOCKS5, false, SIZED("HTTP/1.1 400 Bad\r\n"), PROXY_FAILED,
      FAILURE_PROXY_BROKEN, "HT", "", NULL, 0 },
    { "socks half", PROXY_SOCKS5, false, SIZED("\x05\x00\x05"), PROXY_ASKING, FAILURE_NONE, "", "",
      SIZED("\x05\x01\x00" ASK_NAME) },
    { "http open", PROXY_HTTP, false, SIZED("HTTP/1.1 200 Connection established\r\n\r\n* OK\r\n"),
      PROXY_OPEN, FAILURE_NONE, "HTTP/1.1 200 Connection established", "* OK\r\n",
      SIZED(HTTP_ASK "\r\n") },
    { "http open, with headers and bare LF", PROXY_HTTP, false,
      SIZED("HTTP/1.0 200 ok\nProxy-agent: t\n\n+OK"), PROXY_OPEN, FAILURE_NONE, "HTTP/1.0 200 ok",
      "+OK", SIZED(HTTP_ASK "\r\n") },
    { "http login", PROXY_HTTP, true, SIZED("HTTP/1.1 200 ok\r\n\r\n"), PROXY_OPEN, FAILURE_NONE,
      "HTTP/1.1 200 ok", "",
      SIZED(HTTP_ASK "Proxy-Authorization: Basic am9lOnNlY3JldA==\r\n\r\n") },
    { "http interim", PROXY_HTTP, false,
      SIZED("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ok\r\n\r\nx"), PROXY_OPEN, FAILURE_NONE,
      "HTTP/1.1 200 ok", "x", SIZED(HTTP_ASK "\r\n") },
    { "http wants a login", PROXY_HTTP, false,
      SIZED("HTTP/1.1 407 Proxy Authentication Required\r\nServer: s\r\nProxy-Authenticate: Basic "
            "realm=\"x\"\r\n\r\n<html>"),
      PROXY_FAILED, FAILURE_PROXY_LOGIN,
      "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"", "",
      NULL, 0 },
    { "http login refused", PROXY_HTTP, true, SIZED("HTTP/1.0 401 Unauthorized\r\n\r\n"),
      PROXY_FAILED, FAILURE_PROXY_LOGIN, "HTTP/1.0 401 Unauthorized", "", NULL, 0 },
    { "http forbidden", PROXY_HTTP, false, SIZED("HTTP/1.1 403 Access violation\r\n\r\n"),
      PROXY_FAILED, FAILURE_PROXY_REFUSED, "HTTP/1.1 403 Access violation", "", NULL, 0 },
    { "http bad gateway", PROXY_HTTP, false, SIZED("HTTP/1.1 502 Bad\r\n\r\n"), PROXY_FAILED,
      FAILURE_PROXY_TARGET, "HTTP/1.1 502 Bad", "", NULL, 0 },
    { "http 500", PROXY_HTTP, false, SIZED("HTTP/1.1 500 Unable to connect\r\n\r\n"), PROXY_FAILED,
      FAILURE_PROXY_FAILED, "HTTP/1.1 500 Unable to connect", "", NULL, 0 },
    { "http redirect", PROXY_HTTP, false, SIZED("HTTP/1.1 302 Found\r\n\r\n"), PROXY_FAILED,
      FAILURE_PROXY_REFUSED, "HTTP/1.1 302 Found", "", NULL, 0 },
    { "smtp at an http port", PROXY_HTTP, false, SIZED("220 mail.example ESMTP\r\n"), PROXY_FAILED,
      FAILURE_PROXY_BROKEN, NULL, "", NULL, 0 },
    { "http without a status", PROXY_HTTP, false, SIZED("HTTP/1.1 ok\r\n\r\n"), PROXY_FAILED,
      FAILURE_PROXY_BROKEN, NULL, "", NULL, 0 },
    { "http 999", PROXY_HTTP, false, SIZED("HTTP/1.1 999 ok\r\n\r\n"), PROXY_FAILED,
      FAILURE_PROXY_BROKEN, NULL, "", NULL, 0 },
    { "http that echoes the login", PROXY_HTTP, true,
      SIZED("HTTP/1.1 403 am9lOnNlY3JldA== secret\r\n\r\n"), PROXY_FAILED, FAILURE_PROXY_REFUSED,
      NULL, "", NULL, 0 },
};

static struct proxy_wish wish_of(const struct row *row, const struct secret *password)
{
    return (struct proxy_wish) {
        .kind = row->kind,
        .host = "mail.x.test",
        .port = 587,
        .user = row->login ? "joe" : NULL,
        .password = row->login ? password : NULL,
    };
}

static bool holds(struct bytes in, const char *what)
{
    return in.size && memmem(in.data, in.size, what, strlen(what));
}

static void compare(const struct row *row, struct proxy_talk *talk, struct bytes said,
                    struct bytes rest)
{
    struct bytes words = buffer_bytes(&talk->words);
    assert_int_equal(talk->state, row->state);
    assert_string_equal(failure_name(talk->failure.kind), failure_name(row->failure));
    assert_int_equal(rest.size, strlen(row->rest));
    assert_memory_equal(rest.data, row->rest, rest.size);
    if (row->words) {
        assert_int_equal(words.size, strlen(row->words));
        if (words.size)
            assert_memory_equal(words.data, row->words, words.size);
    }
    if (row->said) {
        assert_int_equal(said.size, row->said_size);
        assert_memory_equal(said.data, row->said, said.size);
    }
    assert_false(holds(words, "secret") || holds(words, "NlY3Jld"));
}

static void collect(struct buffer *said, struct proxy_talk *talk)
{
    struct bytes out = buffer_bytes(&talk->out);
    buffer_append(said, out.data, out.size);
    buffer_consume(&talk->out, out.size);
}

static void play(const struct row *row, size_t chunk, const struct secret *password)
{
    struct proxy_talk talk;
    struct proxy_wish wish = wish_of(row, password);
    struct buffer said;
    size_t at = 0;
    buffer_init(&said, 4096);
    proxy_talk_init(&talk, &wish);
    while (talk.state == PROXY_ASKING) {
        collect(&said, &talk);
        size_t left = row->size - at;
        if (!left)
            break;
        assert_true(talk.want > 0);
        at +=
            proxy_talk_bytes(&talk, (struct bytes) { row->says + at, left < chunk ? left : chunk });
    }
    collect(&said, &talk); /* all of the answers may have come at once */
    /* Of what was handed to a talk that failed nothing is left over. */
    struct bytes rest = { row->says + at, talk.state == PROXY_FAILED ? 0 : row->size - at };
    compare(row, &talk, buffer_bytes(&said), rest);
    buffer_done(&said);
    proxy_talk_done(&talk);
}

static void test_rows(void **state)
{
    (void)state;
    struct secret *password = secret_new((struct bytes) { "secret", 6 });
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t chunk = 1; chunk <= 64; chunk++) {
            if (chunk == 1)
                print_message("# %s\n", rows[i].name);
            play(&rows[i], chunk, password);
        }
    secret_free(password);
}

/* A socket is read with `want`: then not one byte of the server's is ever taken. */
static void test_want(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct secret *password = secret_new((struct bytes) { "secret", 6 });
        struct proxy_wish wish = wish_of(&rows[i], password);
        struct proxy_talk talk;
        size_t at = 0;
        proxy_talk_init(&talk, &wish);
        while (talk.state == PROXY_ASKING && at < rows[i].size) {
            size_t left = rows[i].size - at, size = left < talk.want ? left : talk.want;
            assert_int_equal(proxy_talk_bytes(&talk, (struct bytes) { rows[i].says + at, size }),
                             size);
            at += size;
        }
        if (talk.state == PROXY_OPEN)
            assert_string_equal(rows[i].says + at, rows[i].rest);
        proxy_talk_done(&talk);
        secret_free(password);
    }
}

static void test_numeric(void **state)
{
    (void)state;
    struct proxy_wish wish = { .kind = PROXY_SOCKS5, .host = "192.0.2.1", .port = 25 };
    struct proxy_talk talk;
    wish.address_size = 4;
    memcpy(wish.address, "\xc0\x00\x02\x01", 4);
    proxy_talk_init(&talk, &wish);
    buffer_clear(&talk.out);
    proxy_talk_bytes(&talk, (struct bytes) { "\x05\x00", 2 });
    assert_memory_equal(buffer_bytes(&talk.out).data, "\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19",
                        10);
    proxy_talk_done(&talk);
    wish = (struct proxy_wish) {
        .kind = PROXY_HTTP, .host = "2001:db8::1", .port = 25, .address_size = 16
    };
    proxy_talk_init(&talk, &wish);
    static const char expected[] =
        "CONNECT [2001:db8::1]:25 HTTP/1.1\r\nHost: [2001:db8::1]:25\r\n\r\n";
    assert_int_equal(buffer_size(&talk.out), sizeof expected - 1);
    assert_memory_equal(buffer_bytes(&talk.out).data, expected, sizeof expected - 1);
    proxy_talk_done(&talk);
}

static void test_endless(void **state)
{
    (void)state;
    struct proxy_wish wish = { .kind = PROXY_HTTP, .host = "a", .port = 25 };
    struct proxy_talk talk;
    proxy_talk_init(&talk, &wish);
    proxy_talk_bytes(&talk, (struct bytes) { SIZED("HTTP/1.1 200 ok\r\n") });
    for (int i = 0; i < 100000 && talk.state == PROXY_ASKING; i++)
        proxy_talk_bytes(&talk, (struct bytes) { SIZED("X: y\r\n") });
    assert_int_equal(talk.state, PROXY_FAILED);
    assert_int_equal(talk.failure.kind, FAILURE_PROXY_BROKEN);
    proxy_talk_done(&talk);
}

static void test_lost(void **state)
{
    (void)state;
    static const struct {
        const char *says;
        size_t size;
        enum failure_kind how, expected;
    } cases[] = {
        { "", 0, FAILURE_TIMED_OUT, FAILURE_PROXY_SILENT },
        { "\x05\x00", 2, FAILURE_TIMED_OUT, FAILURE_PROXY_SILENT },
        { "", 0, FAILURE_CONNECTION_CLOSED, FAILURE_PROXY_BROKEN },
        { "\x05", 1, FAILURE_CONNECTION_RESET, FAILURE_PROXY_BROKEN },
        { "* OK", 4, FAILURE_TIMED_OUT, FAILURE_PROXY_BROKEN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool http = cases[i].says[0] == '*';
        struct proxy_wish wish = { .kind = http ? PROXY_HTTP : PROXY_SOCKS5,
                                   .host = "a",
                                   .port = 25 };
        struct proxy_talk talk;
        proxy_talk_init(&talk, &wish);
        if (cases[i].size)
            proxy_talk_bytes(&talk, (struct bytes) { cases[i].says, cases[i].size });
        proxy_talk_lost(&talk, failure_make(cases[i].how, "x"));
        assert_int_equal(talk.failure.kind, cases[i].expected);
        assert_int_equal(talk.heard, cases[i].size > 0);
        proxy_talk_done(&talk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_want), cmocka_unit_test(test_numeric),
        cmocka_unit_test(test_endless), cmocka_unit_test(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
