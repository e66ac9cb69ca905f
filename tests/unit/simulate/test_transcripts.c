/* The simulator's Microsoft 365 against what public transcripts of the real service show. The lines
 * the server says stand here as they were recorded, with patterns where hosts, dates and ids were:
 * this is data of the test's own, so that the simulator cannot agree with itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulate/scenario.h"
#include "talk.h"

#define HEX4 "[0-9A-F][0-9A-F][0-9A-F][0-9A-F]"
#define ID HEX4 HEX4 HEX4 HEX4
#define TRACE " \\[*.PROD.OUTLOOK.COM 20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*Z " ID "\\]\n"
#define BANNER                                                                                     \
    "S: 220 [A-Z0-9]*CA[0-9][0-9][0-9][0-9].outlook.office365.com Microsoft ESMTP MAIL Service "   \
    "ready at [A-Z][a-z][a-z], *[0-9] [A-Z][a-z][a-z] 20[0-9][0-9] "                               \
    "[0-9][0-9]:[0-9][0-9]:[0-9][0-9] +0000 \\[" ID "\\]\n"
#define EHLO_CLEAR                                                                                 \
    "C: EHLO client.example\n"                                                                     \
    "S: 250-[A-Z0-9]*.outlook.office365.com Hello \\[192.0.2.7\\]\n"                               \
    "S: 250-SIZE 157286400\nS: 250-PIPELINING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"           \
    "S: 250-STARTTLS\nS: 250-8BITMIME\nS: 250-BINARYMIME\nS: 250-CHUNKING\nS: 250 SMTPUTF8\n"
#define STARTTLS "C: STARTTLS\nS: 220 2.0.0 SMTP server ready\n= upgrade\nT\n"
#define EHLO_TLS                                                                                   \
    "C: EHLO client.example\n"                                                                     \
    "S: 250-[A-Z0-9]*.outlook.office365.com Hello \\[192.0.2.7\\]\n"                               \
    "S: 250-SIZE 157286400\nS: 250-PIPELINING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"           \
    "S: 250-AUTH LOGIN XOAUTH2\nS: 250-8BITMIME\nS: 250-BINARYMIME\nS: 250-CHUNKING\n"             \
    "S: 250 SMTPUTF8\n"
#define SMTP_READY BANNER EHLO_CLEAR STARTTLS EHLO_TLS

#define IMAP_BANNER                                                                                \
    "S: \\* OK The Microsoft Exchange IMAP4 service is ready. \\[[A-Za-z0-9+/]*A*=\\]\n"
#define POP3_BANNER "S: +OK The Microsoft Exchange POP3 service is ready. \\[[A-Za-z0-9+/]*A*=\\]\n"

/* A submission with XOAUTH2 as recorded in November 2025, up to the end of data. */
static void test_submission(void **state)
{
    (void)state;
    for (int port = SIM_25; port <= SIM_587; port++)
        talk("healthy", port,
             SMTP_READY "C: AUTH XOAUTH2 {xoauth2}\n"
                        "S: 235 2.7.0 Authentication successful\n"
                        "C: MAIL FROM:<ana@contoso.com>\nS: 250 2.1.0 Sender OK\n"
                        "C: RCPT TO:<b@example.com>\nS: 250 2.1.5 Recipient OK\n"
                        "C: DATA\nS: 354 Start mail input; end with <CRLF>.<CRLF>\n"
                        "C: Subject: x\nC: \nC: ..\nC: .not the end\nC: .\n"
                        "S: 250 2.0.0 OK <*> \\[Hostname=*.PROD.OUTLOOK.COM\\]\n"
                        "C: QUIT\nS: 221 2.0.0 Service closing transmission channel\n= close\n");
}

/* What is refused, in which words, and how late. */
static void test_smtp_refusals(void **state)
{
    (void)state;
    talk("healthy", SIM_587,
         SMTP_READY "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: {user}\nS: 334 UGFzc3dvcmQ6\n"
                    "C: {password-bad}\n"
                    "S: 535 5.7.139 Authentication unsuccessful, the user credentials were "
                    "incorrect." TRACE "+ 5000\n");
    talk("healthy", SIM_587,
         SMTP_READY "C: AUTH XOAUTH2\nS: 334 \nC: {xoauth2-bad}\n"
                    "S: 535 5.7.3 Authentication unsuccessful" TRACE "+ 5000\n"
                    "C: AUTH PLAIN {plain}\nS: 504 5.7.4 Unrecognized authentication type" TRACE);
    talk("healthy", SIM_587,
         BANNER EHLO_CLEAR "C: AUTH LOGIN\nS: 504 5.7.4 Unrecognized authentication type" TRACE
                           "C: MAIL FROM:<ana@contoso.com>\n"
                           "S: 451 5.7.3 STARTTLS is required to send mail" TRACE
                           "C: XYZZY now\nS: 500 5.3.3 Unrecognized command 'XYZZY now'" TRACE
                           "+ 5000\n");
}

/* Without a login MAIL is refused; the reason of a refused login is said again. */
static void test_smtp_not_logged_in(void **state)
{
    (void)state;
    talk("healthy", SIM_587,
         SMTP_READY "C: MAIL FROM:<ana@contoso.com>\n"
                    "S: 530 5.7.57 Client not authenticated to send mail." TRACE);
    talk("smtp-auth-disabled-tenant", SIM_587,
         SMTP_READY "C: AUTH LOGIN {user}\nS: 334 UGFzc3dvcmQ6\nC: {password}\n"
                    "S: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
                    "disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled*" TRACE
                    "C: MAIL FROM:<ana@contoso.com>\n"
                    "S: 530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.139 "
                    "Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
                    "Tenant.*" TRACE);
}

static void test_send_as(void **state)
{
    (void)state;
    talk("send-as-denied", SIM_587,
         SMTP_READY "C: AUTH XOAUTH2 {xoauth2}\nS: 235 2.7.0 Authentication successful\n"
                    "C: MAIL FROM:<info@contoso.com>\nS: 250 2.1.0 Sender OK\n"
                    "C: RCPT TO:<b@example.com>\nS: 250 2.1.5 Recipient OK\n"
                    "C: DATA\nS: 354 Start mail input; end with <CRLF>.<CRLF>\nC: .\n"
                    "S: 554 5.2.252 SendAsDenied; ana@contoso.com not allowed to send as "
                    "info@contoso.com; STOREDRV.Submission.Exception:SendAsDeniedException."
                    "MapiExceptionSendAsDenied; Failed to process message due to a permanent "
                    "exception with message \\[BeginDiagnosticData\\]Cannot submit message.*\n");
}

/* 143 in clear, 993 before and after the login. */
static void test_imap(void **state)
{
    (void)state;
    talk("healthy", SIM_143,
         IMAP_BANNER "C: a CAPABILITY\n"
                     "S: \\* CAPABILITY IMAP4 IMAP4rev1 LOGINDISABLED STARTTLS SASL-IR UIDPLUS ID "
                     "UNSELECT CHILDREN IDLE NAMESPACE LITERAL+\nS: a OK CAPABILITY completed.\n");
    talk("healthy", SIM_993,
         IMAP_BANNER
         "C: C00000000 CAPABILITY\n"
         "S: \\* CAPABILITY IMAP4 IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED SASL-IR UIDPLUS MOVE ID "
         "UNSELECT CHILDREN IDLE NAMESPACE LITERAL+\nS: C00000000 OK CAPABILITY completed.\n"
         "C: C00000001 AUTHENTICATE XOAUTH2 {xoauth2}\nS: C00000001 OK AUTHENTICATE completed.\n"
         "C: C00000002 CAPABILITY\n"
         "S: \\* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID "
         "UNSELECT CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN "
         "IDLE NAMESPACE LITERAL+\nS: C00000002 OK CAPABILITY completed.\n");
}

static void test_imap_refusals(void **state)
{
    (void)state;
    talk("healthy", SIM_993,
         IMAP_BANNER "C: a1 LOGIN ana@contoso.com \"right horse\"\n"
                     "S: a1 NO Basic authentication is disabled.\nC: a2 LOGOUT\n"
                     "S: \\* BYE Microsoft Exchange Server IMAP4 server signing off.\n"
                     "S: a2 OK *\n= close\n");
    talk("healthy", SIM_993,
         IMAP_BANNER "C: A01 AUTHENTICATE XOAUTH2\nS: + \nC: {xoauth2-bad}\n"
                     "S: A01 NO AUTHENTICATE failed.\n+ 5000\n");
    talk("authenticated-not-connected", SIM_993,
         IMAP_BANNER "C: C1 AUTHENTICATE XOAUTH2 {xoauth2}\nS: C1 OK AUTHENTICATE completed.\n"
                     "C: C3 NAMESPACE\nS: C3 BAD User is authenticated but not connected.\n"
                     "S: \\* BYE Connection closed. 14\n= close\n");
}

static void test_pop3(void **state)
{
    (void)state;
    talk("healthy", SIM_110,
         POP3_BANNER "C: CAPA\nS: +OK\nS: TOP\nS: UIDL\nS: STLS\nS: .\n"
                     "C: STLS\nS: +OK Begin TLS negotiation.\n= upgrade\nT\n"
                     "C: CAPA\nS: +OK\nS: TOP\nS: UIDL\nS: SASL XOAUTH2\nS: .\n");
    talk("healthy", SIM_995,
         POP3_BANNER "C: AUTH XOAUTH2\nS: + \nC: {xoauth2}\n"
                     "S: +OK User successfully authenticated.\nC: UIDL 1\n"
                     "S: +OK 1 ?????\nC: QUIT\n"
                     "S: +OK Microsoft Exchange Server*POP3 server signing off.\n= close\n");
    talk("healthy", SIM_995,
         POP3_BANNER "C: AUTH XOAUTH2\nS: + \nC: {xoauth2-bad}\n"
                     "S: -ERR Authentication failure: unknown user name or bad password.\n"
                     "C: USER ana@contoso.com\nS: +OK\nC: PASS right horse\n"
                     "S: -ERR Basic authentication is disabled\n");
    talk("healthy", SIM_995,
         POP3_BANNER "C: AUTH XOAUTH2 {xoauth2}\n"
                     "S: -ERR Protocol error. Connection is closed. 10\n= close\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_submission),
        cmocka_unit_test(test_smtp_refusals),
        cmocka_unit_test(test_smtp_not_logged_in),
        cmocka_unit_test(test_send_as),
        cmocka_unit_test(test_imap),
        cmocka_unit_test(test_imap_refusals),
        cmocka_unit_test(test_pop3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
