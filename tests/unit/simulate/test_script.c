#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"
#include "simulate/script.h"
#include "talk.h"

#include <string.h>

#define SMTP_HELLO                                                                                 \
    "S: 220 mail.example.org ESMTP *\nC: EHLO x\nS: 250-mail.example.org\nS: 250-PIPELINING\n"     \
    "S: 250-SIZE *\nS: 250-VRFY\nS: 250-ETRN\nS: 250-STARTTLS\nS: 250-ENHANCEDSTATUSCODES\n"       \
    "S: 250-8BITMIME\nS: 250-DSN\nS: 250-SMTPUTF8\nS: 250 CHUNKING\n"
#define SMTP_TLS                                                                                   \
    SMTP_HELLO "C: STARTTLS\nS: 220 2.0.0 *\n= upgrade\nT\nC: EHLO x\n"                            \
               "S: 250-mail.example.org\nS: 250-PIPELINING\nS: 250-SIZE *\nS: 250-VRFY\n"          \
               "S: 250-ETRN\nS: 250-AUTH PLAIN LOGIN\nS: 250-ENHANCEDSTATUSCODES\n"                \
               "S: 250-8BITMIME\nS: 250-DSN\nS: 250-SMTPUTF8\nS: 250 CHUNKING\n"

static void test_generic_smtp(void **state)
{
    (void)state;
    talk("healthy-generic", SIM_587,
         SMTP_TLS "C: AUTH PLAIN {plain}\nS: 235 2.7.0 *\n"
                  "C: AUTH PLAIN {plain}\nS: 503 *\n"
                  "C: RCPT TO:<b@example.com>\nS: 503 *\n"
                  "C: MAIL FROM:<a@example.org>\nS: 250 2.1.0 *\n"
                  "C: DATA\nS: 503 *\n"
                  "C: RCPT TO:<b@example.com>\nS: 250 2.1.5 *\n"
                  "C: RSET\nS: 250 *\nC: DATA\nS: 503 *\n"
                  "C: NOOP\nS: 250 *\nC: WHAT\nS: 502 *\nC: QUIT\nS: 221 *\n= close\n");
    talk("healthy-generic", SIM_587,
         SMTP_TLS "C: MAIL FROM:<a@example.org>\nS: 530 5.7.0 *\n"
                  "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\nS: 501 *\n"
                  "C: AUTH PLAIN ???\nS: 501 *\n"
                  "C: AUTH PLAIN {plain-bad}\nS: 535 5.7.8 *\n+ 2000\n"
                  "C: AUTH XOAUTH2 {xoauth2}\nS: 535 *\n"
                  "C: AUTH PLAIN\nS: 334 \nC: {plain}\nS: 235 *\n");
}

/* Port 25 is for mail between servers: no login, TLS as one likes. */
static void test_transfer(void **state)
{
    (void)state;
    talk("healthy-generic", SIM_25,
         SMTP_HELLO "C: AUTH PLAIN {plain}\nS: 530 *\n"
                    "C: MAIL FROM:<a@example.net>\nS: 250 *\nC: RCPT TO:<ana@example.org>\n"
                    "S: 250 *\nC: DATA\nS: 354 *\nC: x\nC: .\nS: 250 2.0.0 *\n");
}

static void test_chunks(void **state)
{
    (void)state;
    talk("healthy-generic", SIM_25,
         SMTP_HELLO "C: MAIL FROM:<a@example.net>\nS: 250 *\nC: RCPT TO:<ana@example.org>\n"
                    "S: 250 *\nC: BDAT 6\nC: abcd\nS: 250 *\nC: BDAT 3 LAST\nC: e\n"
                    "S: 250 2.0.0 Ok: queued *\n"
                    "C: BDAT 3 LAST\nC: e\nS: 503 *\nC: BDAT x\nS: 501 *\n");
}

static void test_generic_imap(void **state)
{
    (void)state;
    talk("healthy-generic", SIM_143,
         "S: \\* OK \\[CAPABILITY IMAP4rev1 * STARTTLS LOGINDISABLED\\] *\n"
         "C: a LOGIN ana@example.org x\nS: a NO \\[PRIVACYREQUIRED\\] *\n"
         "C: b STARTTLS\nS: b OK *\n= upgrade\nT\n"
         "C: c LOGIN ana@example.org wrong\nS: c NO \\[AUTHENTICATIONFAILED\\] *\n+ 2000\n"
         "C: d EXAMINE INBOX\nS: d BAD *\n"
         "C: e LOGIN \"ana@example.org\" \"right \\\\horse\"\nS: e NO *\n"
         "C: f LOGIN \"ANA@EXAMPLE.ORG\" \"right horse\"\nS: f OK \\[CAPABILITY * UNSELECT *\n");
    talk("healthy-generic", SIM_993,
         "S: \\* OK \\[CAPABILITY IMAP4rev1 * AUTH=PLAIN AUTH=LOGIN\\] *\n"
         "C: a LOGIN {15}\nS: + *\nC: ana@example.org {11+}\nC: right horse\nS: a OK *\n"
         "C: b EXAMINE \"inbox\"\nS: \\* FLAGS *\nS: \\* OK *\nS: \\* 1 EXISTS\nS: \\* 0 RECENT\n"
         "S: \\* OK \\[UIDVALIDITY *\nS: \\* OK \\[UIDNEXT *\nS: b OK \\[READ-ONLY\\] *\n"
         "C: d UID SEARCH ALL\nS: \\* SEARCH 4\nS: d OK *\n"
         "C: e APPEND INBOX {5+}\nC: abc\nC: \nS: \\* 2 EXISTS\nS: e OK \\[APPENDUID * 5\\] *\n"
         "C: c EXAMINE Nowhere\nS: c NO \\[NONEXISTENT\\] *Nowhere\n"
         "C: d UID SEARCH ALL\nS: d BAD *\n"
         "C: f IDLE\nS: + *\nC: DONE\nS: f OK IDLE *\n"
         "C: \nS: \\* BAD *\nC: ( NOOP\nS: \\* BAD *\nC: g WHAT\nS: g BAD *\n"
         "C: h LOGOUT\nS: \\* BYE *\nS: h OK *\n= close\n");
}

static void test_generic_pop3(void **state)
{
    (void)state;
    talk("healthy-generic", SIM_110,
         "S: +OK *\nC: USER ana@example.org\nS: -ERR \\[AUTH\\] *\nC: STAT\nS: -ERR *\n"
         "C: STLS\nS: +OK *\n= upgrade\nT\nC: STLS\nS: -ERR *\n"
         "C: PASS x\nS: -ERR *\nC: USER ana@example.org\nS: +OK\nC: PASS wrong\nS: -ERR "
         "\\[AUTH\\]*\n"
         "C: AUTH PLAIN {plain}\nS: +OK *\nC: STAT\nS: +OK 1 [0-9]*\n"
         "C: LIST 2\nS: -ERR * 2.\nC: LIST\nS: +OK *\nS: 1 *\nS: .\n"
         "C: DELE 1\nS: +OK *\nC: DELE 1\nS: -ERR *\nC: QUIT\nS: +OK *\n= close\n");
}

static void test_faults(void **state)
{
    (void)state;
    talk("starttls-injection", SIM_587,
         SMTP_HELLO "C: STARTTLS\nS: 220 *\nS: 250-mail.example.org\nS: 250 AUTH PLAIN LOGIN\n"
                    "= upgrade\n");
    talk("reply-timeout", SIM_587, "S: 220 *\nC: EHLO x\n= silence\n");
    talk("server-temporarily-unavailable", SIM_25, "S: 421 4.3.2 *\n= close\n");
    talk("client-ip-blocked", SIM_25,
         "S: 554 5.7.1 *\\[192.0.2.7\\] blocked*\nC: EHLO x\nS: 503 *\n");
    talk("middlebox-starttls", SIM_587,
         "S: 220 *\nC: EHLO x\nS: 250-*\nS: 250-SIZE *\nS: 250-PIPELINING\nS: 250-DSN\n"
         "S: 250-ENH*\nS: 250-8BITMIME\nS: 250-BINARYMIME\nS: 250-CHUNKING\nS: 250 SMTPUTF8\n"
         "C: STARTTLS\nS: 500 5.3.3 *\n= go-on\n");
}

static struct sim_script *open_script(const char *id, int port, struct sim_store *store,
                                      struct buffer *out)
{
    static const struct sim_accounts accounts = { .user = "u", .password = "p", .token = "t" };
    const struct sim_script_options options = { .scenario = sim_scenario_find(id),
                                                .port_index = port,
                                                .client = "192.0.2.7",
                                                .accounts = &accounts,
                                                .store = store };
    struct sim_script *script = sim_script_new(&options);
    struct sim_act act;
    sim_script_open(script, out, &act);
    return script;
}

/* A line that never ends is dropped, and told once; what follows it is heard. */
static void test_too_long(void **state)
{
    (void)state;
    struct buffer in, out;
    struct sim_act act;
    buffer_init(&in, 1 << 20);
    buffer_init(&out, 1 << 20);
    struct sim_store *store = sim_store_new(sim_scenario_find("healthy-generic"), 0);
    struct sim_script *script = open_script("healthy-generic", SIM_587, store, &out);
    buffer_clear(&out);
    char junk[1000];
    memset(junk, 'x', sizeof junk);
    int told = 0;
    for (int i = 0; i < 100; i++) {
        buffer_append(&in, junk, sizeof junk);
        while (sim_script_step(script, 0, &in, &out, &act))
            told++;
        assert_true(buffer_size(&in) < SIM_LINE_LIMIT);
    }
    assert_int_equal(told, 1);
    buffer_append_text(&in, "\r\nNOOP\r\n");
    assert_true(sim_script_step(script, 0, &in, &out, &act));
    assert_non_null(text_find_fold(buffer_bytes(&out), "250 2.0.0 Ok"));
    sim_script_free(script);
    sim_store_free(store);
    buffer_done(&in);
    buffer_done(&out);
}

static const char *const words[] = {
    "EHLO x\r\n",
    "AUTH LOGIN\r\n",
    "AUTH PLAIN AAA=\r\n",
    "a LOGIN {5}\r\n",
    "a {99999999999}\r\n",
    "a LOGIN {\r\n",
    "a FETCH 1 BODY[]\r\n",
    "USER \r\n",
    "PASS\r\n",
    "DATA\r\n",
    "BDAT 5\r\n",
    "MAIL\r\n",
    "RCPT\r\n",
    ".\r\n",
    "\r\n",
    "\n",
    "\0\0\r\n",
    "{",
    "}\r\n",
    "*\r\n",
    "=\r\n",
    "a AUTHENTICATE PLAIN\r\n",
    "\xff\xfe{5+}\r\n",
    "a UID\r\n",
    "a LOGIN \"\\\r\n",
    "a IDLE\r\n",
    "DONE\r\n",
    /* a login, and then the mailbox */
    "a LOGIN u p\r\n",
    "a AUTHENTICATE XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ==\r\n",
    "USER u\r\n",
    "PASS p\r\n",
    "AUTH XOAUTH2\r\n",
    "dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ==\r\n",
    "a SELECT INBOX\r\n",
    "a SELECT \"x y\"\r\n",
    "a CREATE \"x y\"\r\n",
    "a DELETE \"x y\"\r\n",
    "a RENAME \"x y\" Sent\r\n",
    "a LIST \"\" *%*%*\r\n",
    "a LIST \"\" \"\\\r\n",
    "a STATUS INBOX (MESSAGES UNSEEN\r\n",
    "a STATUS INBOX (UIDNEXT)\r\n",
    "a APPEND INBOX (\\Seen) {20+}\r\nFrom: x\r\n\r\ny\r\n.z\r\n\r\n",
    "a APPEND INBOX {9}\r\n",
    "a FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY[1.2.MIME]<0.5>)\r\n",
    "a UID FETCH 1:*,* BODY[HEADER.FIELDS.NOT (From {3+}\r\nSub)]\r\n",
    "a FETCH 4294967295:0 (BODY[\r\n",
    "a SEARCH NOT (OR FROM x (TEXT {1+}\r\ny 1:*)) SINCE 1-Jan-2026\r\n",
    "a SEARCH (((((((((((ALL)))))))))))\r\n",
    "a SEARCH HEADER \"\" \"\" BODY \"\\\\\" LARGER 1\r\n",
    "a STORE 1:* +FLAGS (\\Deleted)\r\n",
    "a UID STORE * -FLAGS.SILENT \\Deleted\r\n",
    "a COPY 1:* INBOX\r\n",
    "a MOVE 1 \"x y\"\r\n",
    "a UID EXPUNGE 1:*\r\n",
    "a EXPUNGE\r\n",
    "a CLOSE\r\n",
    "STAT\r\n",
    "LIST\r\n",
    "UIDL 1\r\n",
    "RETR 1\r\n",
    "TOP 1 99999999999999999999\r\n",
    "DELE 1\r\n",
    "RSET\r\n",
    "EHLO x\r\nMAIL FROM:<u>\r\nRCPT TO:<U>\r\nDATA\r\n..x\r\n.\r\n",
    "MAIL FROM:<\r\n",
    "BDAT 3 LAST\r\nabc",
};

/* Any bytes, on any port of any scenario: it says something or waits, and stays within bounds. */
static void test_garbage(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (size_t s = 0; s < sim_scenario_count; s++)
        for (int port = 0; port < SIM_PORT_COUNT; port++) {
            struct buffer in, out;
            struct sim_act act;
            buffer_init(&in, 1 << 20);
            buffer_init(&out, SIM_REPLY_LIMIT);
            struct sim_store *store = sim_store_new(&sim_scenarios[s], 0);
            struct sim_script *script = open_script(sim_scenarios[s].id, port, store, &out);
            for (int i = 0; i < 600; i++) {
                seed = seed * 1103515245U + 12345U;
                const char *word = words[(seed >> 16) % (sizeof words / sizeof words[0])];
                buffer_append(&in, word, strlen(word) ? strlen(word) : 4);
                if ((seed >> 8) % 50 == 0)
                    sim_script_tls(script);
                while (sim_script_step(script, i, &in, &out, &act))
                    ;
                sim_store_deliver(store, i);
                sim_script_news(script, &out);
                assert_false(out.overflow);
                assert_true(buffer_size(&in) <= SIM_LINE_LIMIT);
                buffer_clear(&out);
            }
            sim_script_free(script);
            sim_store_free(store);
            buffer_done(&in);
            buffer_done(&out);
        }
}

/* Each port of each persona has words for the moments that any client can bring about. */
static void test_personas_are_whole(void **state)
{
    static const enum sim_moment common[] = {
        SIM_GREETING,         SIM_CAPABILITIES,  SIM_CAPABILITIES_TLS, SIM_STARTTLS,
        SIM_STARTTLS_REFUSED, SIM_AUTH_IN_CLEAR, SIM_AUTH_UNKNOWN,     SIM_AUTH_MALFORMED,
        SIM_AUTH_CANCELLED,   SIM_PROMPT,        SIM_PROMPT_USER,      SIM_PROMPT_PASSWORD,
        SIM_LOGIN_ACCEPTED,   SIM_TOKEN_REFUSED, SIM_NOT_LOGGED_IN,    SIM_ALREADY,
        SIM_GOODBYE,          SIM_UNKNOWN,       SIM_TOO_LONG,         SIM_NOOP,
    };
    static const char *const ids[] = { "healthy", "healthy-generic" };
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        for (int port = 0; port < SIM_PORT_COUNT; port++)
            for (size_t m = 0; m < sizeof common / sizeof common[0]; m++)
                if (!sim_scenario_answer(sim_scenario_find(ids[i]), port, common[m]))
                    fail_msg("%s, port %d: no row for moment %d", ids[i], sim_ports[port].number,
                             (int)common[m]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generic_smtp),
        cmocka_unit_test(test_transfer),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_generic_imap),
        cmocka_unit_test(test_generic_pop3),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_personas_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
