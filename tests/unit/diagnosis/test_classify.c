/* Words of servers to classes, and what they say of a secret. */
#include "diagnosis/classify.h"
#include "diagnosis/fold.h"

#include "base/memory.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- folding ---- */

static const struct {
    const char *words, *text;
    int code;
    unsigned enhanced;
} folds[] = {
    { "535 5.7.8 Error: authentication FAILED", "error: authentication failed", 535,
      5 << 20 | 7 << 10 | 8 },
    { "535-5.7.8 Not accepted. Learn\r\n535 5.7.8 more", "not accepted. learn more", 535,
      5 << 20 | 7 << 10 | 8 },
    { "535-5.7.8 one\r\n535-5.7.8 two\r\n535 5.7.8 three\r\n", "one two three", 535,
      5 << 20 | 7 << 10 | 8 },
    { "250-mail.example.org\r\n250 SIZE 1000", "mail.example.org size 1000", 250, 0 },
    { "421", "", 421, 0 },
    { "5350 is no code", "5350 is no code", 0, 0 },
    { "A12 NO [AUTHENTICATIONFAILED] no", "no [authenticationfailed] no", 0, 0 },
    { "* BYE gone\r\na1 NO LOGIN failed.", "bye gone no login failed.", 0, 0 },
    { "a1 maybe", "a1 maybe", 0, 0 },
    { "there is NO such word", "there is no such word", 0, 0 },
    { "-ERR [AUTH]  Too\t many   blanks ", "-err [auth] too many blanks", 0, 0 },
    { "550 the user\xe2\x80\x99s \xe2\x80\x9c"
      "box\xe2\x80\x9d \xe2\x80\x93 is\xc2\xa0off",
      "the user's \"box\" - is off", 550, 0 },
    { "421 see 4.7.66 for it", "see 4.7.66 for it", 421, 4 << 20 | 7 << 10 | 66 },
    { "220 mail.example.org Exim 4.94.2 ready", "mail.example.org exim 4.94.2 ready", 220, 0 },
    { "client 5.7.1.9 is an address", "client 5.7.1.9 is an address", 0, 0 },
    { "550 5.7.1234 is none", "5.7.1234 is none", 550, 0 },
    { "", "", 0, 0 },
    { "\r\n\r\n  ", "", 0, 0 },
};

static void words_are_folded(void **state)
{
    (void)state;
    char space[FOLD_LIMIT];
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
        struct folded folded = fold(text_bytes(folds[i].words), space);
        char *text = memory_format("%.*s", (int)folded.text.size, folded.text.data);
        assert_string_equal(text, folds[i].text);
        assert_int_equal(folded.code, folds[i].code);
        assert_int_equal(folded.enhanced, folds[i].enhanced);
        free(text);
    }
}

/* ---- the catalogue's own examples ---- */

/* The generator let only examples through that classify to their class by its own reckoning: this
 * shows that both reckon alike. */
static void every_example_finds_its_class(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < catalogue_rule_count; i++) {
        const struct reply_rule *rule = &catalogue_rules[i];
        struct words words = {
            text_bytes(rule->example), rule->protocol, rule->stage, rule->provider, false, NULL
        };
        struct classified got = classify(&words);
        const char *expected = catalogue_classes[rule->class_index].id;
        if (got.class && strcmp(got.class->id, expected) == 0)
            continue;
        printf("# %s: %s, not %s\n", rule->example, got.class ? got.class->id : "unknown",
               expected);
        bad++;
    }
    assert_int_equal(bad, 0);
    assert_true(catalogue_rule_count > 100);
}

static void every_event_finds_its_class(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_event_count; i++) {
        struct classified got = classify_event(catalogue_events[i].event);
        assert_ptr_equal(got.class, &catalogue_classes[catalogue_events[i].class_index]);
    }
    assert_string_equal(classify_event("mailbox.connection_reset").class->id, "tcp-reset");
    assert_string_equal(classify_event("tls.connection_reset").class->id, "tls-handshake-failed");
    assert_null(classify_event("connect.nonsense").class);
    assert_null(classify_event("nonsense").class);
    assert_null(classify_event("").class);
}

static void tables_are_in_order(void **state)
{
    (void)state;
    for (size_t i = 1; i < catalogue_rule_count; i++)
        assert_true(catalogue_rules[i - 1].rank <= catalogue_rules[i].rank);
    for (size_t i = 1; i < catalogue_event_count; i++)
        assert_true(strcmp(catalogue_events[i - 1].event, catalogue_events[i].event) < 0);
    for (size_t i = 1; i < catalogue_bucket_count; i++)
        assert_true(catalogue_buckets[i - 1].code < catalogue_buckets[i].code);
    for (size_t i = 0; i < catalogue_class_count; i++) {
        const struct class_entry *class = &catalogue_classes[i];
        assert_ptr_equal(class_find(class->id), class);
        assert_non_null(class->fix[0]);
        assert_non_null(class->references[0]);
    }
    assert_null(class_find("no-such-class"));
}

/* ---- replies ---- */

struct reply_case {
    const char *class_id; /* NULL: unknown */
    const char *words;
    const char *provider; /* NULL unknown */
    int protocol;
    enum stage stage;
};

static const struct reply_case replies[] = {
    /* The phrase decides before the code: one code, many causes. */
    { "smtp-auth-disabled-tenant",
      "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
      "Tenant.",
      NULL, -1, STAGE_NONE },
    { "smtp-auth-disabled-mailbox",
      "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
      "Mailbox.",
      NULL, -1, STAGE_NONE },
    { "basic-auth-disabled",
      "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [X 2026]", NULL,
      SERVICE_SMTP, STAGE_LOGIN },
    { "bad-credentials",
      "535 5.7.139 Authentication unsuccessful, the user credentials were "
      "incorrect.",
      "microsoft365", SERVICE_SMTP, STAGE_LOGIN },
    { "auth-rejected-unspecified", "535 5.7.139 Authentication unsuccessful [X]", NULL,
      SERVICE_SMTP, STAGE_LOGIN },
    { "auth-rejected-unspecified", "535 5.7.3 Authentication unsuccessful", NULL, SERVICE_SMTP,
      STAGE_LOGIN },
    { "auth-rejected-unspecified", "5.7.3 Authentication unsuccessful", NULL, -1, STAGE_NONE },
    { "security-defaults-blocked",
      "535 5.7.139 Authentication unsuccessful, user is locked by your organization\xe2\x80\x99s "
      "security defaults policy.",
      NULL, SERVICE_SMTP, STAGE_LOGIN },
    { "account-locked", "535 5.7.139 Authentication unsuccessful, account locked.", NULL,
      SERVICE_SMTP, STAGE_LOGIN },
    { "auth-policy-blocked",
      "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be "
      "authenticated successfully.",
      NULL, SERVICE_SMTP, STAGE_LOGIN },
    /* The reply inside a 5.7.57 decides; without one, or an unknown one, the outer does not. */
    { "smtp-auth-disabled-tenant",
      "530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.139 Authentication "
      "unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
      NULL, SERVICE_SMTP, STAGE_SUBMIT },
    { "bad-credentials",
      "530-5.7.57 Client not authenticated to send mail.\r\n530 5.7.57 Error: 535 5.7.139 "
      "Authentication unsuccessful, the user credentials were incorrect.",
      NULL, SERVICE_SMTP, STAGE_SUBMIT },
    /* Multi-line and odd spacing. */
    { "bad-credentials", "535-5.7.8 Username and Password not\r\n535 5.7.8 accepted.", NULL,
      SERVICE_SMTP, STAGE_LOGIN },
    { "bad-credentials", "535 5.7.8 SOMETHING NEW", NULL, SERVICE_SMTP, STAGE_LOGIN },
    { "auth-rejected-unspecified", "535 no", NULL, SERVICE_SMTP, STAGE_LOGIN },
    /* IMAP and POP3: tags, codes, providers. */
    { "bad-credentials", "3 NO [AUTHENTICATIONFAILED] Authentication failed.", NULL, SERVICE_IMAP,
      STAGE_LOGIN },
    { "mfa-or-app-password-required", "a NO [AUTHENTICATIONFAILED] LOGIN Invalid credentials", NULL,
      SERVICE_IMAP, STAGE_LOGIN },
    { "basic-auth-disabled", "a2 NO LOGIN failed.", "microsoft365", SERVICE_IMAP, STAGE_LOGIN },
    { "auth-rejected-unspecified", "a2 NO LOGIN failed.", "generic", SERVICE_IMAP, STAGE_LOGIN },
    { "basic-auth-disabled", "-ERR Logon failure: unknown user name or bad password.",
      "microsoft365", SERVICE_POP3, STAGE_LOGIN },
    { "bad-credentials", "-ERR Logon failure: unknown user name or bad password.", "generic",
      SERVICE_POP3, STAGE_LOGIN },
    { "auth-rejected-unspecified", "-ERR Logon failure: unknown user name or bad password.", NULL,
      SERVICE_POP3, STAGE_LOGIN },
    { "bad-credentials", "-ERR [AUTH] Authentication failed.", NULL, SERVICE_POP3, STAGE_LOGIN },
    { "login-binding-refused",
      "e=channel-bindings-dont-match\r\na1 NO [AUTHENTICATIONFAILED] Authentication failed.", NULL,
      SERVICE_IMAP, STAGE_LOGIN },
    { "login-binding-refused",
      "e=unsupported-channel-binding-type\r\n535 5.7.8 Error: authentication failed", NULL,
      SERVICE_SMTP, STAGE_LOGIN },
    { "bad-credentials", "e=invalid-proof\r\na1 NO refused", NULL, SERVICE_IMAP, STAGE_LOGIN },
    { "bad-credentials", "e=unknown-user\r\n-ERR no", NULL, SERVICE_POP3, STAGE_LOGIN },
    { "mailbox-in-use", "-ERR [IN-USE] Another session is open", NULL, SERVICE_POP3, STAGE_LOGIN },
    { "too-many-connections", "421 4.7.0 Too many connections", NULL, SERVICE_SMTP,
      STAGE_GREETING },
    { "throttled", "421 4.7.0 Too many connections", NULL, SERVICE_SMTP, STAGE_LOGIN },
    { "throttled", "450 4.7.1 Error: too much mail from 192.0.2.7", NULL, SERVICE_SMTP,
      STAGE_SUBMIT },
    { "throttled", "450 4.7.1 Error: too many recipients from 192.0.2.7", NULL, SERVICE_SMTP,
      STAGE_SUBMIT },
    { "throttled", "450 4.7.1 Error: too many AUTH commands from 192.0.2.7", NULL, SERVICE_SMTP,
      STAGE_LOGIN },
    { "throttled", "454 4.7.0 Error: too many new TLS sessions from 192.0.2.7", NULL, SERVICE_SMTP,
      STAGE_STARTTLS },
    { "sending-limit-exceeded", "452 4.5.3 Error: too many recipients", NULL, SERVICE_SMTP,
      STAGE_SUBMIT },
    { "client-ip-blocked", "421 Too many bad auth attempts from your IP", NULL, SERVICE_SMTP,
      STAGE_LOGIN },
    { "client-ip-blocked", "a1 NO [AUTHENTICATIONFAILED] Your IP address 192.0.2.1 is blocked",
      NULL, SERVICE_IMAP, STAGE_LOGIN },
    { "authenticated-not-connected", "a1 NO [AUTHORIZATIONFAILED] Authorization failed", NULL,
      SERVICE_IMAP, STAGE_LOGIN },
    { "starttls-required", "a1 NO [PRIVACYREQUIRED] Authentication failed", NULL, SERVICE_IMAP,
      STAGE_LOGIN },
    { "auth-rejected-unspecified", "a1 NO [CONTACTADMIN] Authentication failed", NULL, SERVICE_IMAP,
      STAGE_LOGIN },
    { "server-temporarily-unavailable", "a1 NO [UNAVAILABLE] Authentication failed", NULL,
      SERVICE_IMAP, STAGE_LOGIN },
    { "bad-credentials", "a1 NO [EXPIRED] Your password is too old", NULL, SERVICE_IMAP,
      STAGE_LOGIN },
    { "server-temporarily-unavailable", "-ERR [SYS/TEMP] come back", NULL, SERVICE_POP3,
      STAGE_LOGIN },
    { "authenticated-not-connected",
      "a4 BAD User is authenticated but not connected.\r\n* BYE Connection closed. 14", NULL,
      SERVICE_IMAP, STAGE_MAILBOX },
    /* Temporary. */
    { "server-temporarily-unavailable", "450 later", NULL, SERVICE_SMTP, STAGE_LOGIN },
    { "server-temporarily-unavailable", "421 4.3.2 Service not available", NULL, SERVICE_SMTP,
      STAGE_GREETING },
    { "throttled", "454 4.7.0 Too many login attempts, please try again later.", NULL, SERVICE_SMTP,
      STAGE_LOGIN },
    { "throttled", "451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77)", NULL,
      SERVICE_SMTP, STAGE_GREETING },
    /* The greeting and the address. */
    { "service-refused", "554 mail.example.org no", NULL, SERVICE_SMTP, STAGE_GREETING },
    { "client-ip-blocked", "550 5.7.648 Access denied", NULL, SERVICE_SMTP, STAGE_SUBMIT },
    { "tls-version-unsupported", "421 4.7.66 TLS 1.0 and 1.1 are not supported.", NULL,
      SERVICE_SMTP, STAGE_LOGIN },
    { "server-temporarily-unavailable", "454 4.7.0 TLS not available due to local problem", NULL,
      SERVICE_SMTP, STAGE_STARTTLS },
    { "auth-mechanism-unavailable", "504 5.7.4 Unrecognized authentication type", NULL,
      SERVICE_SMTP, STAGE_LOGIN },
    { "send-as-denied",
      "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
      NULL, SERVICE_SMTP, STAGE_SUBMIT },
    { "send-as-denied", "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
      NULL, -1, STAGE_NONE },
    /* Mail on its way. */
    { "authentication-required-to-send", "530 5.7.57 Client not authenticated to send mail.", NULL,
      SERVICE_SMTP, STAGE_SUBMIT },
    { "relay-denied", "550 5.7.1 Unable to relay", NULL, SERVICE_SMTP, STAGE_SUBMIT },
    { "tenant-attribution-relay-denied", "550 5.7.64 TenantAttribution; Relay Access Denied SMTP",
      NULL, SERVICE_SMTP, STAGE_SUBMIT },
    { "direct-send-rejected",
      "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization", NULL,
      SERVICE_SMTP, STAGE_SUBMIT },
    /* One code, several causes. */
    { "recipient-rejected", "550 5.4.1 Recipient address rejected: Access denied.", NULL, -1,
      STAGE_NONE },
    { "relay-denied", "550 5.4.1 Relay Access Denied", NULL, -1, STAGE_NONE },
    { "quota-exceeded", "552 5.2.2 Mailbox full", NULL, -1, STAGE_NONE },
    { "sending-limit-exceeded", "550 5.2.2 Submission quota exceeded", NULL, -1, STAGE_NONE },
    { "outbound-sender-blocked", "550 5.1.8 Access denied, bad outbound sender", NULL, -1,
      STAGE_NONE },
    { "sender-rejected", "501 5.1.8 Sender address rejected", NULL, -1, STAGE_NONE },
    { "client-ip-blocked", "AADSTS50053: it came from an IP address with malicious activity", NULL,
      -1, STAGE_NONE },
    { "policy-or-spam-rejected", "550 5.7.1 no", NULL, SERVICE_SMTP, STAGE_SUBMIT },
    { "oauth-client-misconfigured", "AADSTS7000215: Invalid client secret provided.", NULL, -1,
      STAGE_NONE },
    /* The reason that is given decides before a loose code, and before what is said beside it. */
    { "outbound-sender-blocked", "550 5.4.6 Unusual sending activity seen", NULL, -1, STAGE_NONE },
    { "routing-loop", "550 5.4.6 something else", NULL, -1, STAGE_NONE },
    { "throttled", "421 4.7.0 Too many errors, please try again later", NULL, -1, STAGE_NONE },
    { "throttled", "450 4.2.1 Over the rate limit. Try again later.", NULL, -1, STAGE_NONE },
    { "quota-exceeded", "552 5.1.1 recipient rejected: quota violation", NULL, -1, STAGE_NONE },
    { "policy-or-spam-rejected", "450 4.7.1 Recipient address rejected: refused by our policy",
      NULL, -1, STAGE_NONE },
    { "client-ip-blocked",
      "554 5.7.1 Client host rejected: Access denied; proto=ESMTP helo=<mx.example.org>", NULL, -1,
      STAGE_NONE },
    { "client-ip-blocked",
      "554-mail.example.net Service not available\r\n554 Bad DNS PTR resource record", NULL, -1,
      STAGE_NONE },
    { "sender-rejected", "550 Domain of sender address bo@example.org does not exist", NULL, -1,
      STAGE_NONE },
    { "recipient-rejected", "550 The user bo@example.org does not exist", NULL, -1, STAGE_NONE },
    { "sender-authentication-failed", "550 Mailbox unavailable: refused by SPF policy", NULL, -1,
      STAGE_NONE },
    { "throttled", "a1 NO [UNAVAILABLE] Maximum number of connections exceeded", NULL, SERVICE_IMAP,
      STAGE_LOGIN },
    { "relay-denied", "550 5.7.1 Invalid credentials for relay [192.0.2.7]", NULL, -1, STAGE_NONE },
    /* What is said at a login is not about a message. */
    { "auth-rejected-unspecified", "535 5.7.8x the user does not exist", NULL, SERVICE_SMTP,
      STAGE_LOGIN },
    { "auth-rejected-unspecified", "535 5.7.1 see the help page", NULL, SERVICE_SMTP, STAGE_LOGIN },
    /* The enhanced code alone tells the family; one of the network is no server's reply. */
    { "authentication-required-to-send", "The server response was: 5.7.0 Authentication Required",
      NULL, -1, STAGE_NONE },
    { "tcp-unreachable", "dsn=4.4.1, status=deferred (connect to mx: Network is unreachable)", NULL,
      -1, STAGE_NONE },
    /* A program's vague words give way to what else is said. */
    { "cert-expired", "Failed to connect to server: certificate has expired", NULL, -1,
      STAGE_NONE },
    { "tcp-timeout", "Failed to connect to server", NULL, -1, STAGE_NONE },
    /* Numbers end where they end. */
    { "account-locked", "AADSTS50053: it is locked", NULL, -1, STAGE_NONE },
    /* What nobody knows stays unknown. */
    { NULL, "579 the moon is blue", NULL, SERVICE_SMTP, STAGE_SUBMIT },
    { NULL, "hello", NULL, -1, STAGE_NONE },
    { NULL, "", NULL, -1, STAGE_NONE },
    { NULL, "250 2.1.0 Ok", NULL, SERVICE_SMTP, STAGE_SUBMIT },
};

static void replies_find_their_class(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        const struct reply_case *c = &replies[i];
        struct words words = {
            text_bytes(c->words), c->protocol, c->stage, c->provider, false, NULL
        };
        const struct class_entry *class = classify(&words).class;
        const char *expected = c->class_id ? c->class_id : "unknown";
        const char *got = class ? class->id : "unknown";
        if (strcmp(got, expected) != 0) {
            printf("# %s: %s, not %s\n", c->words, got, expected);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

/* ---- the credential gate ---- */

static const struct {
    int service;
    const char *provider, *reply;
    enum login_outcome outcome;
} logins[] = {
    { SERVICE_SMTP, "generic", "535 5.7.8 Error: authentication failed", LOGIN_JUDGED },
    { SERVICE_SMTP, "generic", "535 whatever", LOGIN_JUDGED },
    { SERVICE_SMTP, "generic", "571 words that nobody knows", LOGIN_JUDGED },
    { SERVICE_SMTP, "generic", "535 refused by our policy after too many attempts", LOGIN_JUDGED },
    { SERVICE_SMTP, "generic", "535 the mailbox is full of spam", LOGIN_JUDGED },
    { SERVICE_SMTP, "generic", "550 mailbox unavailable", LOGIN_JUDGED },
    { SERVICE_SMTP, "generic", "535 the user does not exist", LOGIN_JUDGED },
    { SERVICE_SMTP, "generic", "530 5.7.0 Must issue a STARTTLS command first", LOGIN_UNJUDGED },
    { SERVICE_SMTP, "generic", "", LOGIN_JUDGED },
    { SERVICE_SMTP, "generic", "454 4.7.0 Temporary authentication failure", LOGIN_UNJUDGED },
    { SERVICE_SMTP, "generic", "451 something new", LOGIN_UNJUDGED },
    { SERVICE_SMTP, "generic", "454 4.7.0 Too many login attempts, please try again later.",
      LOGIN_JUDGED },
    { SERVICE_SMTP, "generic", "504 5.5.4 Unrecognized authentication type", LOGIN_UNJUDGED },
    { SERVICE_SMTP, "microsoft365",
      "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
      "Tenant.",
      LOGIN_UNJUDGED },
    { SERVICE_SMTP, "microsoft365",
      "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
      LOGIN_UNJUDGED },
    { SERVICE_SMTP, "microsoft365",
      "550 5.7.30 Basic authentication is not supported for Client "
      "Submission.",
      LOGIN_UNJUDGED },
    { SERVICE_SMTP, "microsoft365",
      "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
      LOGIN_JUDGED },
    { SERVICE_SMTP, "microsoft365", "535 5.7.139 Authentication unsuccessful", LOGIN_JUDGED },
    { SERVICE_SMTP, "microsoft365", "535 5.7.139 Authentication unsuccessful, account locked.",
      LOGIN_JUDGED },
    { SERVICE_IMAP, "microsoft365", "a2 NO Basic authentication is disabled.", LOGIN_UNJUDGED },
    { SERVICE_IMAP, "microsoft365", "a2 NO LOGIN failed.", LOGIN_JUDGED },
    { SERVICE_IMAP, "generic", "a2 NO [UNAVAILABLE] Temporary authentication failure.",
      LOGIN_UNJUDGED },
    { SERVICE_IMAP, "generic", "a2 NO [AUTHENTICATIONFAILED] Authentication failed.",
      LOGIN_JUDGED },
    { SERVICE_IMAP, "generic", "a2 NO no", LOGIN_JUDGED },
    { SERVICE_IMAP, "generic", "a2 BAD what", LOGIN_JUDGED },
    { SERVICE_IMAP, "generic", "a2 NO Login failed, try again later", LOGIN_JUDGED },
    { SERVICE_POP3, "generic", "-ERR [AUTH] Authentication failed.", LOGIN_JUDGED },
    { SERVICE_POP3, "generic", "-ERR no", LOGIN_JUDGED },
    { SERVICE_POP3, "generic", "-ERR [SYS/TEMP] later", LOGIN_UNJUDGED },
    { SERVICE_POP3, "generic", "-ERR [IN-USE] open elsewhere", LOGIN_UNJUDGED },
    { SERVICE_POP3, NULL, "-ERR Logon failure: unknown user name or bad password.", LOGIN_JUDGED },
    /* 4xx means nothing outside SMTP. */
    { SERVICE_POP3, NULL, "-ERR 454 later", LOGIN_JUDGED },
};

static void logins_are_judged_safely(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++) {
        enum login_outcome got =
            classify_login(logins[i].service, text_bytes(logins[i].reply), logins[i].provider);
        if (got != logins[i].outcome) {
            printf("# %s: %s\n", logins[i].reply, login_outcome_name(got));
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

/* ---- hostile words ---- */

static const char *classify_text(const char *data, size_t size)
{
    struct words words = { { data, size }, -1, STAGE_NONE, NULL, false, NULL };
    const struct class_entry *class = classify(&words).class;
    return class ? class->id : "unknown";
}

static void hostile_words_are_bounded(void **state)
{
    (void)state;
    static const char fill[][24] = { "error: 5",     "aadsts5005",    "535-",
                                     "\xe2\x80\x99", "\r\n",          "5.7.",
                                     "a1 NO ",       "authenticatio", "Error: 535 5.7.57 " };
    enum { SIZE = 1 << 20 };
    char *text = memory_new(SIZE);
    for (size_t i = 0; i < sizeof fill / sizeof *fill; i++) {
        size_t step = strlen(fill[i]);
        for (size_t at = 0; at + step <= SIZE; at += step)
            memcpy(text + at, fill[i], step);
        assert_non_null(classify_text(text, SIZE));
    }
    memset(text, 0, SIZE);
    assert_string_equal(classify_text(text, SIZE), "unknown");
    memset(text, 0xff, SIZE);
    assert_string_equal(classify_text(text, SIZE), "unknown");
    free(text);
}

/* Every prefix of every example, in memory of exactly its size, so that a checker sees a read past
 * the end. */
static void cut_words_are_no_danger(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_rule_count; i++) {
        size_t size = strlen(catalogue_rules[i].example);
        for (size_t cut = 1; cut <= size; cut++) {
            char *text = memory_new(cut);
            memcpy(text, catalogue_rules[i].example, cut);
            assert_non_null(classify_text(text, cut));
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded),
        cmocka_unit_test(every_example_finds_its_class),
        cmocka_unit_test(every_event_finds_its_class),
        cmocka_unit_test(tables_are_in_order),
        cmocka_unit_test(replies_find_their_class),
        cmocka_unit_test(logins_are_judged_safely),
        cmocka_unit_test(hostile_words_are_bounded),
        cmocka_unit_test(cut_words_are_no_danger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
