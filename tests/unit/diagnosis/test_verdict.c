/* The verdict: one table of runs, each with the answer that a person should get. */
#include "diagnosis/diagnose.h"
#include "diagnosis/verdict.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define TENANT                                                                                     \
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "       \
    "Tenant. Visit https://aka.ms/smtp_auth_disabled for more information."
#define INCORRECT "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect."
#define BASIC "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."
#define POSTFIX "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6"
#define M365 "microsoft365"

enum { OK = NEED_STATUS_OK, FAIL = NEED_STATUS_FAIL, NONE = NEED_STATUS_UNTESTED };

struct verdict_case {
    const char *name;
    struct story story;
    const char *judge;
    int exit;
    const char *class_id; /* NULL: none */
    int send, read;       /* of enum need_status */
};

static const struct verdict_case cases[] = {
    /* ---- met ---- */
    { "all seven ports, right password",
      { .lines = "25 ut held no-credential\n587 u accepted\n465 u held shown-elsewhere\n"
                 "993 u accepted\n143 u held shown-elsewhere\n995 u accepted\n"
                 "110 u held shown-elsewhere" },
      "met",
      0,
      NULL,
      OK,
      OK },
    { "all logins",
      { .lines = "25 ut open\n587 u accepted\n465 u accepted\n993 u accepted\n143 u accepted\n"
                 "995 u accepted\n110 u accepted" },
      "met",
      0,
      NULL,
      OK,
      OK },
    { "no login was given",
      { .lines = "25 ut open\n587 u open\n993 u open\n995 u open" },
      "met",
      0,
      NULL,
      NONE,
      NONE },
    { "Microsoft 365 with a token",
      { .provider = M365,
        .lines = "587 o accepted\n25 p held shown-elsewhere\n465 n notwaited\n993 o accepted\n"
                 "995 o accepted\n143 p held shown-elsewhere\n110 p connect timed_out" },
      "met",
      0,
      NULL,
      OK,
      OK },
    { "optional ports are silent",
      { .provider = M365,
        .lines =
            "587 o accepted\n25 p connect timed_out\n465 n connect timed_out\n993 o accepted" },
      "met",
      0,
      NULL,
      OK,
      OK },
    { "one way of reading is enough",
      { .lines = "587 u accepted\n993 u accepted\n995 u connect connection_refused\n"
                 "110 u connect connection_refused" },
      "met",
      0,
      NULL,
      OK,
      OK },
    { "reading open, sending proven",
      { .lines = "587 u accepted\n993 ug held guessed-host" },
      "met",
      0,
      NULL,
      OK,
      NONE },
    { "a bare host that only reads",
      { .needs = NEED_ANY,
        .lines = "25 ut connect connection_refused\n587 u connect connection_refused\n"
                 "465 u connect connection_refused\n993 u open\n143 u open\n"
                 "995 u connect connection_refused\n110 u connect connection_refused" },
      "met",
      0,
      NULL,
      NONE,
      NONE },
    { "a bare host that is only an MX",
      { .needs = NEED_ANY,
        .lines = "25 ut open\n587 u connect connection_refused\n993 u connect timed_out" },
      "met",
      0,
      NULL,
      NONE,
      NONE },
    { "one endpoint, proven",
      { .needs = NEED_ENDPOINT, .lines = "993 u accepted" },
      "met",
      0,
      NULL,
      NONE,
      OK },
    { "relay is open, nothing was submitted",
      { .needs = NEED_RELAY, .lines = "25 ut open" },
      "met",
      0,
      NULL,
      NONE,
      NONE },
    { "only POP is wanted",
      { .needs = NEED_POP, .lines = "993 u connect timed_out\n995 u accepted" },
      "met",
      0,
      NULL,
      NONE,
      OK },
    { "port 25 between servers has a bad certificate, as most have",
      { .lines = "25 ut cert self\n587 u accepted\n993 u accepted" },
      "met",
      0,
      NULL,
      OK,
      OK },
    { "a goodbye that fails is no fault",
      { .lines = "587 u parting timed_out\n993 u accepted" },
      "met",
      0,
      NULL,
      OK,
      OK },

    /* ---- met, with something to say ---- */
    { "one of two addresses is dead",
      { .lines = "587 u half 192.0.2.2 timed_out\n993 u accepted" },
      "met-with-warning",
      1,
      "tcp-timeout",
      OK,
      OK },
    { "only IPv6 is dead",
      { .lines = "587 u half 2001:db8::1 connection_refused\n993 u accepted" },
      "met-with-warning",
      1,
      "tcp-refused",
      OK,
      OK },
    { "this machine has no IPv6: not worth a word",
      { .lines = "587 u half 2001:db8::1 network_unreachable\n993 u accepted" },
      "met",
      0,
      NULL,
      OK,
      OK },
    { "a short key",
      { .lines = "587 u weak key\n993 u weak key" },
      "met-with-warning",
      1,
      "cert-weak",
      OK,
      OK },
    { "a certificate without names",
      { .lines = "587 u weak noname\n993 u accepted" },
      "met-with-warning",
      1,
      "cert-weak",
      OK,
      OK },
    { "SHA-1",
      { .lines = "587 u weak sha1\n993 u accepted" },
      "met-with-warning",
      1,
      "cert-weak",
      OK,
      OK },
    { "a second way has an expired certificate",
      { .lines = "587 u accepted\n465 u cert expired\n993 u accepted" },
      "met-with-warning",
      1,
      "cert-expired",
      OK,
      OK },
    { "the documented port fails, only an optional one is left",
      { .provider = M365, .lines = "587 o connect timed_out\n25 p accepted\n993 o accepted" },
      "met-with-warning",
      1,
      "tcp-timeout",
      OK,
      OK },

    /* ---- logins ---- */
    { "tenant switch, IMAP works",
      { .provider = M365,
        .lines = "587 o refused " TENANT "\n25 p held tried-elsewhere\n465 n notwaited\n"
                 "993 o accepted" },
      "common-cause",
      2,
      "smtp-auth-disabled-tenant",
      FAIL,
      OK },
    { "tenant switch, and the password is not for reading",
      { .provider = M365,
        .lines = "587 o refused " TENANT "\n25 p held tried-elsewhere\n993 o unfit XOAUTH2\n"
                 "995 o unfit XOAUTH2" },
      "common-cause",
      2,
      "smtp-auth-disabled-tenant",
      FAIL,
      NONE },
    { "tenant switch behind MAIL FROM",
      { .provider = M365,
        .needs = NEED_SEND,
        .lines = "587 o refused 530 5.7.57 Client not authenticated to send mail. Error: " TENANT },
      "login",
      2,
      "smtp-auth-disabled-tenant",
      FAIL,
      NONE },
    { "mailbox switch",
      { .provider = M365,
        .lines = "587 o refused 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication "
                 "is disabled for the Mailbox.\n993 o accepted" },
      "login",
      2,
      "smtp-auth-disabled-mailbox",
      FAIL,
      OK },
    { "a password where only OAuth is taken",
      { .provider = M365, .needs = NEED_READ, .lines = "993 o unfit XOAUTH2\n995 o unfit XOAUTH2" },
      "common-cause",
      2,
      "basic-auth-disabled",
      NONE,
      FAIL },
    { "sending takes the password, reading does not",
      { .provider = M365, .lines = "587 o accepted\n993 o unfit XOAUTH2\n995 o unfit XOAUTH2" },
      "common-cause",
      2,
      "basic-auth-disabled",
      OK,
      FAIL },
    { "basic authentication is off for both",
      { .provider = M365,
        .lines = "587 o refused " BASIC "\n993 o refused a2 NO Basic "
                 "authentication is disabled." },
      "common-cause",
      2,
      "basic-auth-disabled",
      FAIL,
      FAIL },
    { "IMAP LOGIN of the old kind at Microsoft 365",
      { .provider = M365, .needs = NEED_IMAP, .lines = "993 o refused a2 NO LOGIN failed." },
      "login",
      2,
      "basic-auth-disabled",
      NONE,
      FAIL },
    { "POP3 logon failure at Microsoft 365",
      { .provider = M365,
        .needs = NEED_POP,
        .lines = "995 o refused -ERR Logon failure: unknown user name or bad password." },
      "login",
      2,
      "basic-auth-disabled",
      NONE,
      FAIL },
    { "POP3 logon failure at a server of one's own",
      { .needs = NEED_POP,
        .lines = "995 u refused -ERR Logon failure: unknown user name or bad password." },
      "login",
      2,
      "bad-credentials",
      NONE,
      FAIL },
    { "wrong password, judged once and held back elsewhere",
      { .lines = "25 ut open\n587 u refused " POSTFIX "\n465 u held refused-elsewhere\n"
                 "993 u held refused-elsewhere\n143 u held refused-elsewhere\n"
                 "995 u held refused-elsewhere\n110 u held refused-elsewhere" },
      "common-cause",
      2,
      "bad-credentials",
      FAIL,
      NONE },
    { "the same, IMAP was first",
      { .lines = "587 u held refused-elsewhere\n993 u refused a2 NO [AUTHENTICATIONFAILED] "
                 "Authentication failed.\n143 u held refused-elsewhere\n995 u held "
                 "refused-elsewhere" },
      "common-cause",
      2,
      "bad-credentials",
      NONE,
      FAIL },
    { "the same, of a bare host",
      { .needs = NEED_ANY,
        .lines = "25 ut open\n587 u refused " POSTFIX "\n465 u held refused-elsewhere\n"
                 "993 u held refused-elsewhere" },
      "common-cause",
      2,
      "bad-credentials",
      FAIL,
      NONE },
    { "again five minutes later",
      { .lines = "25 ut open\n587 u earlier " POSTFIX "\n465 u earlier " POSTFIX
                 "\n993 u earlier " POSTFIX },
      "common-cause",
      2,
      "bad-credentials",
      FAIL,
      FAIL },
    { "only reading is wanted, sending was asked first",
      { .needs = NEED_READ, .lines = "587 u refused " POSTFIX "\n993 u held refused-elsewhere" },
      "login",
      2,
      "bad-credentials",
      NONE,
      FAIL },
    { "wrong password at Microsoft 365",
      { .provider = M365, .lines = "587 o refused " INCORRECT "\n993 o unfit XOAUTH2" },
      "login",
      2,
      "bad-credentials",
      FAIL,
      NONE },
    { "refused without a reason, while IMAP names it",
      { .provider = M365,
        .lines = "587 o refused 535 5.7.3 Authentication unsuccessful\n"
                 "993 o refused a2 NO Basic authentication is disabled." },
      "login",
      2,
      "basic-auth-disabled",
      FAIL,
      FAIL },
    { "refused without a reason",
      { .provider = M365,
        .lines = "587 o refused 535 5.7.3 Authentication unsuccessful\n"
                 "993 o held refused-elsewhere" },
      "login",
      2,
      "auth-rejected-unspecified",
      FAIL,
      NONE },
    { "words that nobody knows",
      { .lines = "587 u refused 571 the moon is full\n993 u held refused-elsewhere" },
      "login",
      2,
      "auth-rejected-unspecified",
      FAIL,
      NONE },
    { "no mechanism fits",
      { .lines = "587 u unfit CRAM-MD5,NTLM\n465 u unfit CRAM-MD5,NTLM\n993 u accepted" },
      "common-cause",
      2,
      "auth-mechanism-unavailable",
      FAIL,
      OK },
    { "the login comes later",
      { .lines = "587 u refused 454 4.7.0 Temporary authentication failure\n993 u accepted" },
      "login",
      2,
      "server-temporarily-unavailable",
      FAIL,
      OK },
    { "too many connections",
      { .provider = M365,
        .lines = "587 o refused 432 4.3.2 Concurrent connections limit exceeded\n993 o accepted" },
      "login",
      2,
      "throttled",
      FAIL,
      OK },
    { "the connection is lost after the password",
      { .lines = "587 u auth connection_closed\n993 u held refused-elsewhere" },
      "login",
      2,
      "connection-closed",
      FAIL,
      NONE },
    { "the answer to the password never comes",
      { .lines = "587 u auth timed_out\n993 u held refused-elsewhere" },
      "login",
      2,
      "reply-timeout",
      FAIL,
      NONE },
    { "authenticated, but not connected",
      { .provider = M365,
        .lines = "587 o accepted\n993 o mailbox a3 BAD User is authenticated but not connected.\n"
                 "143 p held shown-elsewhere\n995 o mailbox -ERR what" },
      "common-cause",
      2,
      "authenticated-not-connected",
      OK,
      FAIL },
    { "the mailbox opens over POP only, and IMAP is wanted",
      { .needs = NEED_IMAP, .lines = "993 u mailbox a3 NO no such mailbox\n995 u accepted" },
      "mailbox",
      2,
      "authenticated-not-connected",
      NONE,
      FAIL },

    /* ---- names ---- */
    { "the name does not exist",
      { .lines = "587 u dns host_not_found\n993 u dns host_not_found" },
      "common-cause",
      2,
      "dns-nxdomain",
      FAIL,
      FAIL },
    { "one of two names does not exist",
      { .provider = M365, .lines = "587 o accepted\n993 o dns host_not_found" },
      "name",
      2,
      "dns-nxdomain",
      OK,
      FAIL },
    { "the name has no address",
      { .lines = "587 u dns no_address\n993 u dns no_address" },
      "common-cause",
      2,
      "dns-no-address",
      FAIL,
      FAIL },
    { "the name server fails",
      { .lines = "587 u dns server_failure\n993 u dns server_failure" },
      "common-cause",
      2,
      "dns-servfail",
      FAIL,
      FAIL },
    { "the name server refuses",
      { .needs = NEED_ENDPOINT, .lines = "587 u dns query_refused" },
      "name",
      2,
      "dns-refused",
      FAIL,
      NONE },
    { "the name server is silent",
      { .needs = NEED_ANY, .lines = "587 u dns timed_out\n993 u dns timed_out" },
      "common-cause",
      2,
      "dns-timeout",
      NONE,
      NONE },

    /* ---- the network ---- */
    { "everything is silent",
      { .lines = "25 ut connect timed_out\n587 u connect timed_out\n465 u connect timed_out\n"
                 "993 u connect timed_out\n995 u connect timed_out" },
      "common-cause",
      2,
      "tcp-timeout",
      FAIL,
      FAIL },
    { "the submission port is silent, reading works",
      { .provider = M365,
        .lines = "587 o connect timed_out\n25 p connect timed_out\n465 n notwaited\n993 o "
                 "accepted" },
      "common-cause",
      2,
      "tcp-timeout",
      FAIL,
      OK },
    { "nothing listens",
      { .needs = NEED_ENDPOINT, .lines = "587 u connect connection_refused" },
      "network",
      2,
      "tcp-refused",
      FAIL,
      NONE },
    { "no way to the network",
      { .lines = "587 u connect network_unreachable\n993 u connect network_unreachable" },
      "common-cause",
      2,
      "tcp-unreachable",
      FAIL,
      FAIL },
    { "a port that is not offered, asked for by name",
      { .provider = M365, .needs = NEED_ENDPOINT, .lines = "465 n connect timed_out" },
      "network",
      2,
      "port-not-offered",
      FAIL,
      NONE },
    { "the documented port counts, not the one that came further",
      { .provider = M365,
        .needs = NEED_SEND,
        .lines = "587 o connect timed_out\n25 p tls tls_handshake" },
      "network",
      2,
      "tcp-timeout",
      FAIL,
      NONE },
    { "a refused login counts before a silent port",
      { .lines = "587 u connect timed_out\n465 u refused " POSTFIX "\n993 u held "
                 "refused-elsewhere" },
      "login",
      2,
      "bad-credentials",
      FAIL,
      NONE },

    /* ---- the service ---- */
    { "no greeting",
      { .lines = "587 u greeting timed_out\n993 u accepted" },
      "service",
      2,
      "greeting-timeout",
      FAIL,
      OK },
    { "a web server answers",
      { .lines = "587 u greeting protocol_mismatch HTTP\n993 u accepted" },
      "service",
      2,
      "protocol-mismatch",
      FAIL,
      OK },
    { "plain text on the TLS port",
      { .needs = NEED_ENDPOINT, .lines = "993 u tls protocol_mismatch IMAP" },
      "encryption",
      2,
      "protocol-mismatch",
      NONE,
      FAIL },
    { "a broken reply",
      { .lines = "587 u ehlo protocol_violation no reply of the protocol\n993 u accepted" },
      "service",
      2,
      "protocol-violation",
      FAIL,
      OK },
    { "the server hangs up",
      { .lines = "587 u greeting connection_closed\n993 u accepted" },
      "service",
      2,
      "connection-closed",
      FAIL,
      OK },
    { "the connection is reset",
      { .lines = "587 u ehlo connection_reset\n993 u accepted" },
      "service",
      2,
      "tcp-reset",
      FAIL,
      OK },
    { "an answer never comes",
      { .lines = "587 u ehlo timed_out\n993 u accepted" },
      "service",
      2,
      "reply-timeout",
      FAIL,
      OK },
    { "this address is on a block list",
      { .lines = "587 u greeting-said 550 5.7.1 Client host [192.0.2.9] blocked using "
                 "list.example\n993 u accepted" },
      "service",
      2,
      "client-ip-blocked",
      FAIL,
      OK },
    { "out of service",
      { .lines = "587 u greeting-said 421 4.3.2 Service not available\n993 u accepted" },
      "service",
      2,
      "server-temporarily-unavailable",
      FAIL,
      OK },

    /* ---- encryption ---- */
    { "no STARTTLS",
      { .lines = "587 u starttls not_offered\n993 u accepted" },
      "encryption",
      2,
      "starttls-unavailable",
      FAIL,
      OK },
    { "words slipped in behind STARTTLS",
      { .lines = "587 u starttls plaintext_injected\n993 u accepted" },
      "encryption",
      2,
      "starttls-injection",
      FAIL,
      OK },
    { "no common version",
      { .needs = NEED_ENDPOINT, .lines = "993 u tls tls_version" },
      "encryption",
      2,
      "tls-version-unsupported",
      NONE,
      FAIL },
    { "nothing newer than TLS 1.0",
      { .needs = NEED_ENDPOINT, .lines = "993 u weak tls10" },
      "encryption",
      2,
      "tls-version-unsupported",
      NONE,
      FAIL },
    { "the handshake fails",
      { .needs = NEED_ENDPOINT, .lines = "993 u tls tls_handshake" },
      "encryption",
      2,
      "tls-handshake-failed",
      NONE,
      FAIL },
    { "expired on every port",
      { .lines = "587 u cert expired\n465 u cert expired\n993 u cert expired" },
      "common-cause",
      2,
      "cert-expired",
      FAIL,
      FAIL },
    { "not yet valid",
      { .needs = NEED_ENDPOINT, .lines = "993 u cert future" },
      "encryption",
      2,
      "cert-not-yet-valid",
      NONE,
      FAIL },
    { "another name",
      { .needs = NEED_ENDPOINT, .lines = "993 u cert name" },
      "encryption",
      2,
      "cert-name-mismatch",
      NONE,
      FAIL },
    { "self-signed",
      { .needs = NEED_ENDPOINT, .lines = "993 u cert self" },
      "encryption",
      2,
      "cert-untrusted",
      NONE,
      FAIL },
    { "made for something else",
      { .needs = NEED_ENDPOINT, .lines = "993 u cert purpose-mismatch" },
      "encryption",
      2,
      "cert-untrusted",
      NONE,
      FAIL },

    /* ---- several faults ---- */
    { "named ports: the one that tells more is spoken of",
      { .provider = M365,
        .needs = NEED_ENDPOINT,
        .lines = "993 o connect timed_out\n587 o refused " TENANT },
      "login",
      2,
      "smtp-auth-disabled-tenant",
      FAIL,
      FAIL },
    { "sending is spoken of before reading",
      { .lines = "587 u connect timed_out\n993 u cert expired" },
      "network",
      2,
      "tcp-timeout",
      FAIL,
      FAIL },

    /* ---- no answer ---- */
    { "interrupted before anything was known",
      { .cut_by = "interrupt", .lines = "587 u cut\n993 u notwaited" },
      "interrupted",
      3,
      NULL,
      NONE,
      NONE },
    { "the deadline, one need proven, the other open",
      { .cut_by = "deadline", .lines = "587 u accepted\n993 u cut" },
      "interrupted",
      3,
      NULL,
      OK,
      NONE },
    { "the deadline, but the fault is proven",
      { .cut_by = "deadline", .lines = "587 u refused " POSTFIX "\n993 u cut" },
      "login",
      2,
      "bad-credentials",
      FAIL,
      NONE },
    { "a silent port beside one that was cut proves nothing",
      { .cut_by = "interrupt", .needs = NEED_READ, .lines = "993 u connect timed_out\n995 u cut" },
      "interrupted",
      3,
      NULL,
      NONE,
      NONE },
    { "nothing was planned and nothing asked", { .lines = "" }, "untested", 3, NULL, NONE, NONE },
    { "no port serves what is wanted",
      { .needs = NEED_POP, .lines = "993 u accepted" },
      "untested",
      3,
      NULL,
      NONE,
      NONE },
};

static int check(const struct verdict_case *c)
{
    struct result *result = story_tell(&c->story);
    struct verdict *v = &result->verdict;
    findings_make(result);
    const char *judge = verdict_make_named(result);
    int exit = result_exit_status(result, false);
    bool same = c->class_id ? v->class_id && strcmp(v->class_id, c->class_id) == 0 : !v->class_id;
    bool good = same && exit == c->exit && strcmp(judge, c->judge) == 0 &&
                (int)v->send == c->send && (int)v->read == c->read && v->summary && *v->summary;
    if (v->status == VERDICT_FAIL)
        good = good && v->title && v->meaning && v->owner && v->confidence && v->fix.count;
    if (!good)
        printf("# %s: judge %s, exit %d, class %s, send %s, read %s: %s\n", c->name, judge, exit,
               v->class_id ? v->class_id : "none", need_status_name(v->send),
               need_status_name(v->read), v->summary ? v->summary : "no summary");
    result_free(result);
    return !good;
}

static void every_case_gets_its_answer(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        bad += check(&cases[i]);
    assert_int_equal(bad, 0);
    assert_true(sizeof cases / sizeof *cases >= 60);
}

/* A judge whose verdict no case shows is not tested. */
static void every_judge_has_a_case(void **state)
{
    (void)state;
    static const char *const names[] = { "interrupted", "met",   "met-with-warning", "common-cause",
                                         "mailbox",     "login", "encryption",       "service",
                                         "network",     "name",  "untested" };
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        bool found = false;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            found = found || strcmp(cases[i].judge, names[n]) == 0;
        if (!found)
            printf("# no case for %s\n", names[n]);
        assert_true(found);
    }
}

/* A domain without any mail server: what its own lookups said is the answer. */
static void a_domain_without_mail(void **state)
{
    (void)state;
    struct result *result = story_tell(&(struct story) { .lines = "" });
    struct lookup *lookup = trace_add_lookup(result->trace);
    lookup->name = "example.org";
    lookup->type = "MX";
    lookup->server = "192.0.2.53:53";
    lookup->rcode = "NXDOMAIN";
    lookup->error = failure_make(FAILURE_HOST_NOT_FOUND, "%s", "");
    findings_make(result);
    assert_string_equal(verdict_make_named(result), "no-service");
    assert_string_equal(result->verdict.class_id, "dns-nxdomain");
    assert_int_equal(result->verdict.send, FAIL);
    assert_int_equal(result_exit_status(result, false), 2);
    assert_non_null(strstr(result->verdict.meaning, "example.org"));
    result_free(result);
}

static struct result *judged(const struct story *story)
{
    struct result *result = story_tell(story);
    diagnose(result);
    return result;
}

static const struct alternative *alternative(const struct result *result, const char *id)
{
    for (const struct alternative *a = result->verdict.alternatives; a; a = a->next)
        if (strcmp(a->class_id, id) == 0)
            return a;
    return NULL;
}

/* On Microsoft 365 a wrong password and a missing second factor read alike. */
static void wrong_password_names_the_second_factor(void **state)
{
    (void)state;
    struct result *result =
        judged(&(struct story) { .provider = M365, .lines = "587 o refused " INCORRECT });
    const struct alternative *other = alternative(result, "mfa-or-app-password-required");
    assert_int_equal(result->verdict.confidence, CONFIDENCE_LIKELY);
    assert_non_null(other);
    assert_int_equal(other->in_favour.count, 1);
    assert_non_null(strstr(result->verdict.fix.items[0], "Sign in on the provider's web page"));
    result_free(result);
}

static void a_certain_cause_has_no_neighbours(void **state)
{
    (void)state;
    struct result *result =
        judged(&(struct story) { .provider = M365, .lines = "587 o refused " TENANT });
    assert_int_equal(result->verdict.confidence, CONFIDENCE_CERTAIN);
    assert_null(result->verdict.alternatives);
    result_free(result);
}

/* What another port was stopped by is kept, with what it does not explain. */
static void other_causes_are_alternatives(void **state)
{
    (void)state;
    struct result *result = judged(&(struct story) {
        .needs = NEED_SEND, .lines = "587 u connect timed_out\n465 u refused " POSTFIX });
    const struct alternative *other = alternative(result, "tcp-timeout");
    assert_non_null(other);
    assert_string_equal(other->in_favour.items[0], "it is what stopped mail.example.org:587");
    assert_string_equal(other->against.items[0],
                        "mail.example.org:465 was stopped by bad-credentials");
    result_free(result);
}

static void endpoints_get_their_status(void **state)
{
    (void)state;
    struct result *result = judged(&(struct story) {
        .provider = M365,
        .lines = "587 o weak key\n25 p connect timed_out\n465 n notwaited\n993 o accepted\n"
                 "995 o cut" });
    static const enum status expected[] = { STATUS_WARNING, STATUS_FAIL, STATUS_SKIPPED, STATUS_OK,
                                            STATUS_SKIPPED };
    const struct endpoint *e = result->trace->endpoints;
    for (size_t i = 0; i < 5; i++, e = e->next)
        assert_int_equal(e->status, expected[i]);
    assert_string_equal(result->verdict.send_by, "smtp.office365.com:587");
    assert_string_equal(result->verdict.read_by, "outlook.office365.com:993");
    result_free(result);
}

/* Severities follow the needs: what nobody needs any more is for information. */
static void findings_lose_their_weight_when_the_need_is_met(void **state)
{
    (void)state;
    struct result *result = judged(&(struct story) {
        .lines = "587 u accepted\n465 u connect connection_refused\n993 u accepted\n"
                 "143 u greeting timed_out" });
    assert_int_equal(story_finding(result, "tcp-refused", 465)->severity, SEVERITY_INFO);
    assert_int_equal(story_finding(result, "greeting-timeout", 143)->severity, SEVERITY_INFO);
    assert_int_equal(result->verdict.status, VERDICT_OK);
    result_free(result);
}

static bool untested(const struct result *result, const char *words)
{
    for (size_t i = 0; i < result->verdict.not_tested.count; i++)
        if (strstr(result->verdict.not_tested.items[i], words))
            return true;
    return false;
}

static void what_was_not_tested_is_said(void **state)
{
    (void)state;
    struct result *result = judged(&(struct story) { .lines = "587 u open\n993 ug held "
                                                              "guessed-host" });
    assert_true(untested(result, "none was given"));
    assert_true(untested(result, "guess"));
    assert_true(untested(result, "other networks"));
    assert_false(untested(result, "submitted"));
    assert_non_null(strstr(result->verdict.summary, "not tested"));
    result_free(result);
    result = judged(&(struct story) { .lines = "587 u accepted\n993 u accepted" });
    assert_true(untested(result, "nothing was submitted"));
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_gets_its_answer),
        cmocka_unit_test(every_judge_has_a_case),
        cmocka_unit_test(a_domain_without_mail),
        cmocka_unit_test(wrong_password_names_the_second_factor),
        cmocka_unit_test(a_certain_cause_has_no_neighbours),
        cmocka_unit_test(other_causes_are_alternatives),
        cmocka_unit_test(endpoints_get_their_status),
        cmocka_unit_test(findings_lose_their_weight_when_the_need_is_met),
        cmocka_unit_test(what_was_not_tested_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
