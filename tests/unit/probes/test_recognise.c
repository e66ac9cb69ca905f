#include "probes/recognise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *first;
    size_t size; /* 0: up to the terminator */
    enum peer_protocol expected;
} cases[] = {
    { "220 mail.example.com ESMTP Postfix\r\n", 0, PEER_SMTP },
    { "220", 0, PEER_SMTP },
    { "220\r\n", 0, PEER_SMTP },
    { "220-mx.example.net ESMTP Exim 4.96\r\n", 0, PEER_SMTP },
    { "220 ready", 0, PEER_SMTP },
    { "220 ftp.example.com ESMTP\r\n", 0, PEER_SMTP },
    { "220 ftp.example.com ready\r\n", 0, PEER_SMTP },
    { "554 5.7.1 blocked\r\n", 0, PEER_SMTP },
    { "421 try later\r\n", 0, PEER_SMTP },
    { "220 (vsFTPd 3.0.3)\r\n", 0, PEER_FTP },
    { "220-FileZilla Server 1.8.1\r\n", 0, PEER_FTP },
    { "220 ProFTPD Server (Debian) [::ffff:192.0.2.7]\r\n", 0, PEER_FTP },
    { "220 Microsoft FTP Service\r\n", 0, PEER_FTP },
    { "220 ftp.example.com FTP server ready.\r\n", 0, PEER_FTP },
    { "120 Service ready in 3 minutes\r\n", 0, PEER_FTP },
    { "* OK Dovecot ready.\r\n", 0, PEER_IMAP },
    { "* OK", 0, PEER_IMAP },
    { "* PREAUTH hi\r\n", 0, PEER_IMAP },
    { "* BYE go away\r\n", 0, PEER_IMAP },
    { "+OK Dovecot ready.\r\n", 0, PEER_POP3 },
    { "+OK\r\n", 0, PEER_POP3 },
    { "-ERR busy\r\n", 0, PEER_POP3 },
    { "HTTP/1.1 400 Bad Request\r\n", 0, PEER_HTTP },
    { "<!doctype html><html>", 0, PEER_HTTP },
    { "<HTML><HEAD>", 0, PEER_HTTP },
    { "SSH-2.0-OpenSSH_9.2p1\r\n", 0, PEER_SSH },
    { "\x15\x03\x01\x00\x02\x02\x46", 7, PEER_TLS },
    { "\x15\x03\x03\x00\x02\x02\x0a", 7, PEER_TLS },
    { "\x16\x03\x03", 3, PEER_TLS },
    { "\x17\x03\x00", 3, PEER_TLS },
    { "\x14\x03\x04\x00", 4, PEER_TLS },
    { "\x16\x03", 2, PEER_UNKNOWN },
    { "\x16\x03\x05", 3, PEER_UNKNOWN },
    { "\x16\x03\xff", 3, PEER_UNKNOWN },
    { "\x18\x03\x03", 3, PEER_UNKNOWN },
    { "\x16\x02\x03", 3, PEER_UNKNOWN },
    { "", 0, PEER_UNKNOWN },
    { "2", 0, PEER_UNKNOWN },
    { "22", 0, PEER_UNKNOWN },
    { "220garbage", 0, PEER_UNKNOWN },
    { "2200 many", 0, PEER_UNKNOWN },
    { "620 no such code", 0, PEER_UNKNOWN },
    { "020 no such code", 0, PEER_UNKNOWN },
    { "Welcome to the machine\r\n", 0, PEER_UNKNOWN },
    { "* HELLO\r\n", 0, PEER_UNKNOWN },
    { "* OKAY\r\n", 0, PEER_UNKNOWN },
    { "+OKAY\r\n", 0, PEER_UNKNOWN },
    { "+ \r\n", 0, PEER_UNKNOWN },
    { "-ERROR\r\n", 0, PEER_UNKNOWN },
    { "ESMTP\r\n", 0, PEER_UNKNOWN },
    { "\0\0\0\0", 4, PEER_UNKNOWN },
    { "\xff\xfb\x01\xff\xfb\x03", 6, PEER_UNKNOWN }, /* telnet */
};

static void first_bytes_tell(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes first = { cases[i].first,
                               cases[i].size ? cases[i].size : strlen(cases[i].first) };
        enum peer_protocol saw = recognise(first);
        if (saw != cases[i].expected)
            fail_msg("\"%s\" is %s, not %s", cases[i].first, peer_protocol_name(saw),
                     peer_protocol_name(cases[i].expected));
    }
}

static void no_bytes_at_all(void **state)
{
    (void)state;
    assert_int_equal(recognise((struct bytes) { 0 }), PEER_UNKNOWN);
}

static void every_protocol_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(peer_protocol_name(PEER_UNKNOWN), "");
    for (int a = PEER_UNKNOWN + 1; a < PEER_COUNT; a++) {
        assert_true(strlen(peer_protocol_name((enum peer_protocol)a)) > 0);
        for (int b = a + 1; b < PEER_COUNT; b++)
            assert_string_not_equal(peer_protocol_name((enum peer_protocol)a),
                                    peer_protocol_name((enum peer_protocol)b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bytes_tell),
        cmocka_unit_test(no_bytes_at_all),
        cmocka_unit_test(every_protocol_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
