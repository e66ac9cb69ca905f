#include "cases.h"

#include "build.h"

#include <string.h>

static const char smtp[] = "smtp.office365.com", outlook[] = "outlook.office365.com";
static const char own[] = "mail.example.org";

static void fix(struct result *result, const char *step)
{
    sample_add(result->trace, &result->verdict.fix, step);
}

static void not_tested(struct result *result, const char *what)
{
    sample_add(result->trace, &result->verdict.not_tested, what);
}

/* Ports of Microsoft 365 that nobody needs. */
static void add_others(struct result *result)
{
    build_endpoint(result, smtp, 25);
    build_last(result)->expectation = EXPECT_OPTIONAL;
    build_last(result)->transfer = false;
    build_no_connect(result, "52.98.41.130", FAILURE_TIMED_OUT, 6000);
    build_unreached(result, smtp, 465, EXPECT_NOT_OFFERED);
}

/* ---- the three models ---- */

static struct result *tenant_switch(void)
{
    static const char words[] =
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
        "Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. "
        "[FR4P281CA0123.DEUP281.PROD.OUTLOOK.COM 2026-11-22T10:14:05.123Z 08DE2A6028D26C22]";
    struct result *result = build_microsoft("ana@contoso.com");
    build_way(result, smtp, 587, 21, 48);
    build_failed(result, "AUTH", STAGE_LOGIN, 5200, FAILURE_REFUSED, words);
    build_last(result)->attempts->auth.outcome = LOGIN_UNJUDGED;
    build_last(result)->attempts->session_id = "08DE2A6028D26C22";
    add_others(result);
    build_way(result, outlook, 993, 20, 45);
    sample_add(result->trace, &build_last(result)->attempts->auth.offered, "XOAUTH2");
    build_skipped(result, "AUTHENTICATE", STAGE_LOGIN, "no-mechanism");
    struct finding *finding =
        build_finding(result, "smtp-auth-disabled-tenant", SEVERITY_ERROR, STAGE_LOGIN,
                      "smtp.office365.com:587", "SMTP AUTH is switched off for the organisation.");
    build_evidence(result, finding, "AUTH", words);
    build_verdict(result, finding, OWNER_TENANT_ADMIN, CONFIDENCE_CERTAIN,
                  "Your organisation has switched SMTP AUTH off.",
                  "This says nothing about the password: do not reset it.");
    result->verdict.send = NEED_STATUS_FAIL;
    sample_add(result->trace, &result->verdict.commands,
               "Set-CASMailbox ana@contoso.com -SmtpClientAuthenticationDisabled $false");
    fix(result, "Set-CASMailbox ana@contoso.com -SmtpClientAuthenticationDisabled $false");
    fix(result, "Wait up to an hour, run this again. Another switch may refuse next.");
    return result;
}

static struct result *silent_port(void)
{
    struct result *result = build_microsoft("ana@contoso.com");
    build_endpoint(result, smtp, 587);
    build_no_connect(result, "52.98.41.130", FAILURE_TIMED_OUT, 10000);
    build_no_connect(result, "52.98.41.131", FAILURE_TIMED_OUT, 10000);
    build_way(result, outlook, 993, 20, 45);
    build_skipped(result, "AUTHENTICATE", STAGE_LOGIN, "no-credential");
    for (struct endpoint *e = result->trace->endpoints; e; e = e->next) {
        struct address *v6 = trace_add_address(result->trace, e);
        v6->text = "2603:1026::2";
        v6->family = 6;
        v6->status = STATUS_SKIPPED;
        v6->error = failure_make(FAILURE_ADDRESS_NOT_AVAILABLE, "no IPv6");
    }
    struct finding *finding =
        build_finding(result, "tcp-timeout", SEVERITY_ERROR, STAGE_CONNECT,
                      "smtp.office365.com:587", "The server does not answer on this port.");
    build_evidence(result, finding, "connect", "no answer from 52.98.41.130 in 10.0 s");
    build_verdict(result, finding, OWNER_NETWORK_ADMIN, CONFIDENCE_LIKELY,
                  "Port 587 is probably blocked on the way.", "Nothing points at the account.");
    result->verdict.send = NEED_STATUS_FAIL;
    fix(result, "Allow TCP 587 from 10.1.4.77 to smtp.office365.com.");
    fix(result, "Run this again. To be sure: try a phone hotspot.");
    sample_add(result->trace, &result->verdict.commands,
               "Test-NetConnection smtp.office365.com -Port 587");
    not_tested(result, "no login was given");
    return result;
}

static struct result *all_well(void)
{
    struct result *result = build_microsoft("scan@contoso.com");
    build_way(result, smtp, 587, 21, 48);
    build_login_ok(result, 210);
    build_way(result, outlook, 993, 20, 45);
    build_login_ok(result, 1250);
    build_good(result, "EXAMINE INBOX", STAGE_MAILBOX, 40);
    add_others(result);
    result->verdict.status = VERDICT_OK;
    result->verdict.send = result->verdict.read = NEED_STATUS_OK;
    result->verdict.send_by = "smtp.office365.com:587";
    result->verdict.read_by = "outlook.office365.com:993";
    not_tested(result, "another network");
    not_tested(result, "another From address");
    return result;
}

/* ---- others ---- */

static struct result *way_open(void)
{
    struct result *result = build_microsoft("ana@contoso.com");
    build_way(result, smtp, 587, 21, 48);
    build_skipped(result, "AUTH", STAGE_LOGIN, "no-credential");
    build_way(result, outlook, 993, 20, 45);
    build_skipped(result, "AUTHENTICATE", STAGE_LOGIN, "no-credential");
    add_others(result);
    result->verdict.status = VERDICT_OK;
    not_tested(result, "no login was given");
    return result;
}

static struct result *one_endpoint_open(void)
{
    struct result *result = build_generic("smtp://mail.example.org");
    result->trace->target.needs = NEED_ENDPOINT;
    build_way(result, own, 25, 0.41, 3);
    build_last(result)->needs |= NEED_ENDPOINT;
    build_skipped(result, "AUTH", STAGE_LOGIN, "no-mechanism");
    result->verdict.status = VERDICT_OK;
    return result;
}

static struct result *weak_certificate(void)
{
    struct result *result = build_generic("ana@example.org");
    build_way(result, own, 465, 1.2, 5);
    build_login_ok(result, 12);
    build_way(result, own, 993, 1.1, 5);
    build_login_ok(result, 15);
    struct finding *finding =
        build_finding(result, "cert-weak", SEVERITY_WARNING, STAGE_TLS, "mail.example.org:465",
                      "The certificate runs out in 6 days.");
    build_evidence(result, finding, "TLS handshake", "valid until 2026-11-28");
    build_verdict(result, finding, OWNER_PROVIDER, CONFIDENCE_CERTAIN,
                  "It works, but the certificate runs out in 6 days.", NULL);
    result->verdict.send = result->verdict.read = NEED_STATUS_OK;
    fix(result, "Renew the certificate of mail.example.org before 2026-11-28.");
    return result;
}

static struct result *wrong_password(void)
{
    static const char words[] = "535 5.7.8 Error: authentication failed: (reason unavailable)";
    struct result *result = build_generic("ana@example.org");
    build_way(result, own, 587, 1.2, 5);
    build_failed(result, "AUTH", STAGE_LOGIN, 2100, FAILURE_REFUSED, words);
    build_way(result, own, 993, 1.1, 5);
    build_skipped(result, "AUTHENTICATE", STAGE_LOGIN, "refused-elsewhere");
    build_way(result, own, 995, 1.1, 5);
    build_skipped(result, "AUTH", STAGE_LOGIN, "refused-elsewhere");
    struct finding *finding =
        build_finding(result, "bad-credentials", SEVERITY_ERROR, STAGE_LOGIN,
                      "mail.example.org:587", "User name or password is wrong.");
    build_evidence(result, finding, "AUTH", words);
    build_verdict(result, finding, OWNER_USER, CONFIDENCE_LIKELY,
                  "The server refused the user name or the password.",
                  "The way to the server is open; only the login is refused.");
    result->verdict.send = result->verdict.read = NEED_STATUS_FAIL;
    fix(result, "Sign in on the web with the same name and password.");
    fix(result, "Use the full address as the user name.");
    return result;
}

static struct result *held_back(void)
{
    static const char words[] = "535 5.7.8 Error: authentication failed";
    struct result *result = build_generic("ana@example.org");
    build_way(result, own, 587, 1.2, 5);
    build_skipped(result, "AUTH", STAGE_LOGIN, "refused-earlier");
    attempt_step(build_last(result)->attempts, STAGE_LOGIN)->reply = sample_bytes(words);
    build_last(result)->attempts->auth.outcome = LOGIN_HELD_BACK;
    build_way(result, own, 993, 1.1, 5);
    build_skipped(result, "AUTHENTICATE", STAGE_LOGIN, "refused-earlier");
    struct finding *finding =
        build_finding(result, "bad-credentials", SEVERITY_ERROR, STAGE_LOGIN,
                      "mail.example.org:587", "User name or password is wrong.");
    build_verdict(result, finding, OWNER_USER, CONFIDENCE_LIKELY,
                  "The server refused the user name or the password.", NULL);
    build_finding(result, "login-held-back", SEVERITY_INFO, STAGE_LOGIN, "mail.example.org:587",
                  "The login was held back.");
    result->verdict.send = result->verdict.read = NEED_STATUS_FAIL;
    fix(result, "Sign in on the web with the same name and password.");
    return result;
}

static struct result *cannot_read(void)
{
    static const char words[] = "A2 BAD User is authenticated but not connected.";
    struct result *result = build_microsoft("ana@contoso.com");
    build_way(result, smtp, 587, 21, 48);
    build_login_ok(result, 310);
    build_way(result, outlook, 993, 20, 45);
    build_login_ok(result, 900);
    build_failed(result, "EXAMINE INBOX", STAGE_MAILBOX, 60, FAILURE_REFUSED, words);
    struct finding *finding =
        build_finding(result, "authenticated-not-connected", SEVERITY_ERROR, STAGE_MAILBOX,
                      "outlook.office365.com:993", "The mailbox could not be opened.");
    build_evidence(result, finding, "EXAMINE INBOX", words);
    build_verdict(result, finding, OWNER_TENANT_ADMIN, CONFIDENCE_POSSIBLE,
                  "The login is good, but the mailbox could not be opened.", NULL);
    result->verdict.send = NEED_STATUS_OK;
    result->verdict.read = NEED_STATUS_FAIL;
    fix(result, "Look whether ana@contoso.com has a mailbox and a licence.");
    return result;
}

static struct result *endpoint_refused(void)
{
    struct result *result = build_generic("mail.example.org:587");
    result->trace->target.needs = NEED_ENDPOINT;
    build_endpoint(result, own, 587);
    build_no_connect(result, "192.0.2.1", FAILURE_CONNECTION_REFUSED, 0.3);
    struct finding *finding =
        build_finding(result, "tcp-refused", SEVERITY_ERROR, STAGE_CONNECT, "mail.example.org:587",
                      "The server refuses connections on this port.");
    build_evidence(result, finding, "connect", "192.0.2.1: Connection refused");
    build_verdict(result, finding, OWNER_PROVIDER, CONFIDENCE_CERTAIN,
                  "Nothing listens on port 587 of mail.example.org.", NULL);
    fix(result, "Check the server name and port.");
    return result;
}

static struct result *bad_certificate(void)
{
    struct result *result = build_generic("mail.example.org");
    build_way(result, own, 993, 1.1, 5);
    build_certificate_problem(result, "expired");
    build_skipped(result, "AUTHENTICATE", STAGE_LOGIN, "unverified-tls");
    build_endpoint(result, own, 143);
    build_connect(result, 1.3);
    build_good(result, "greeting", STAGE_GREETING, 2);
    build_failed(result, "STARTTLS", STAGE_STARTTLS, 1, FAILURE_NOT_OFFERED, "");
    build_endpoint(result, own, 587);
    build_connect(result, 1.3);
    build_failed(result, "greeting", STAGE_GREETING, 3000, FAILURE_PROTOCOL_MISMATCH, "");
    strcpy(attempt_step(build_last(result)->attempts, STAGE_GREETING)->error.text, "HTTP");
    struct finding *finding = build_finding(result, "cert-expired", SEVERITY_ERROR, STAGE_TLS,
                                            "mail.example.org:993", "The certificate has expired.");
    build_evidence(result, finding, "TLS handshake", "CN=mail.example.org expired 2026-11-01");
    build_verdict(result, finding, OWNER_PROVIDER, CONFIDENCE_CERTAIN,
                  "The certificate of mail.example.org has expired.", NULL);
    build_finding(result, "starttls-unavailable", SEVERITY_ERROR, STAGE_STARTTLS,
                  "mail.example.org:143", "The server offers no encryption on this port.");
    build_finding(result, "protocol-mismatch", SEVERITY_ERROR, STAGE_GREETING,
                  "mail.example.org:587", "Something else than mail answers on this port.");
    fix(result, "Renew the certificate.");
    return result;
}

static struct result *no_such_name(void)
{
    struct result *result = build_generic("ana@exmaple.org");
    for (int i = 0; i < 2; i++) {
        struct lookup *lookup = trace_add_lookup(result->trace);
        lookup->name = "exmaple.org";
        lookup->type = i ? "SRV" : "MX";
        lookup->server = "192.0.2.53:53";
        lookup->rcode = "NXDOMAIN";
        lookup->error = failure_make(FAILURE_HOST_NOT_FOUND, "no such name");
        lookup->duration_ns = MS(14);
    }
    struct finding *finding = build_finding(result, "dns-nxdomain", SEVERITY_ERROR, STAGE_RESOLVE,
                                            "", "This name does not exist.");
    build_evidence(result, finding, "exmaple.org MX", "NXDOMAIN");
    build_verdict(result, finding, OWNER_USER, CONFIDENCE_CERTAIN,
                  "The name exmaple.org does not exist.", NULL);
    result->verdict.send = result->verdict.read = NEED_STATUS_FAIL;
    fix(result, "Check the spelling of the address: ana@exmaple.org.");
    return result;
}

static struct result *name_servers_fail(void)
{
    struct result *result = build_generic("ana@example.org");
    for (int i = 0; i < 2; i++) {
        sample_endpoint(result->trace, own, i ? 993 : 587);
        struct attempt *attempt =
            trace_add_attempt(result->trace, build_last(result), PURPOSE_MAIN);
        sample_step(result->trace, attempt, "resolve", STAGE_RESOLVE, STATUS_FAIL, 0, MS(5000))
            ->error = failure_make(FAILURE_TIMED_OUT, "no answer");
        build_last(result)->guessed = true;
    }
    struct finding *finding = build_finding(result, "dns-timeout", SEVERITY_ERROR, STAGE_RESOLVE,
                                            "", "No name server answers.");
    build_evidence(result, finding, "mail.example.org A", "no answer from 192.0.2.53 in 5.0 s");
    build_verdict(result, finding, OWNER_NETWORK_ADMIN, CONFIDENCE_LIKELY,
                  "This machine's name server does not answer.", NULL);
    result->verdict.send = result->verdict.read = NEED_STATUS_FAIL;
    fix(result, "Check the network connection of this machine.");
    return result;
}

static struct result *interrupted(void)
{
    struct result *result = build_generic("ana@example.org");
    struct trace *trace = result->trace;
    trace->complete = false;
    trace->cut_by = "interrupt";
    trace->duration_ns = MS(1800);
    build_endpoint(result, own, 587);
    build_connect(result, 1.2);
    sample_step(trace, build_last(result)->attempts, "greeting", STAGE_GREETING, STATUS_CUT, MS(9),
                MS(1790));
    build_endpoint(result, own, 993);
    struct address *address = trace_add_address(trace, build_last(result));
    address->text = "192.0.2.1";
    address->family = 4;
    result->verdict.summary = "The run was stopped before an answer was known.";
    not_tested(result, "what was still under way when the run ended");
    return result;
}

static struct result *out_of_time(void)
{
    struct result *result = silent_port();
    result->trace->complete = false;
    result->trace->cut_by = "deadline";
    result->trace->duration_ns = MS(60000);
    return result;
}

/* Port 25 of an MX, with a token for the mailbox: it is no sending, and the secret is no password.
 */
static struct result *relay(void)
{
    struct result *result = build_generic("ana@example.org");
    result->trace->target.needs = NEED_RELAY;
    build_way(result, "mx.example.org", 25, 14, 40);
    build_last(result)->guessed = true;
    build_last(result)->attempts->auth.mechanism = "XOAUTH2";
    build_skipped(result, "AUTH", STAGE_LOGIN, "guessed-host");
    result->verdict.status = VERDICT_OK;
    return result;
}

static struct result *guesses(void)
{
    struct result *result = build_generic("ana@example.org");
    build_way(result, own, 587, 1.2, 5);
    build_last(result)->guessed = true;
    build_skipped(result, "AUTH", STAGE_LOGIN, "guessed-host");
    build_way(result, "imap.example.org", 993, 1.2, 5);
    build_last(result)->guessed = true;
    build_skipped(result, "AUTHENTICATE", STAGE_LOGIN, "guessed-host");
    build_way(result, "mx.example.org", 25, 14, 40);
    build_last(result)->guessed = true;
    build_skipped(result, "AUTH", STAGE_LOGIN, "no-mechanism");
    result->verdict.status = VERDICT_OK;
    not_tested(result, "the login: these hosts are guesses");
    return result;
}

/* ---- hostile ---- */

#define HOSTILE                                                                                    \
    "\x1b]0;owned\x07\x1b[2J\x9b"                                                                  \
    "31m\xc2\x9b"                                                                                  \
    "7m\r\b\x7f\xe2\x80\xae"                                                                       \
    "evil\xe2\x81\xa6 \xff\xfe\xc0\x80 caf\xc3\xa9"

struct result *case_hostile(void)
{
    struct result *result = build_generic("ana@example.org");
    struct trace *trace = result->trace;
    trace->target.input = trace->target.address = "ana\x1b[31m@" HOSTILE;
    trace->target.provider = trace->target.provider_title = HOSTILE;
    trace->from.host = trace->from.public_address = HOSTILE;
    build_way(result, HOSTILE, 587, 1.2, 5);
    struct endpoint *endpoint = build_last(result);
    struct attempt *attempt = endpoint->attempts;
    build_failed(result, HOSTILE, STAGE_LOGIN, 2100, FAILURE_REFUSED, "535 " HOSTILE);
    strcpy(attempt_step(attempt, STAGE_LOGIN)->error.text, "\x1b[1m" HOSTILE);
    attempt->tls->chain->subject = attempt->tls->chain->issuer = "CN=" HOSTILE;
    sample_add(trace, &attempt->tls->chain->names, HOSTILE);
    sample_add(trace, &attempt->tls->problems, HOSTILE);
    sample_add(trace, &attempt->capabilities.after, HOSTILE);
    attempt->capabilities.after_seen = true;
    sample_add(trace, &attempt->auth.offered, HOSTILE);
    attempt->session_id = attempt->seen_as = HOSTILE;
    trace_add_exchange(trace, attempt, 'S', sample_bytes(HOSTILE));
    struct lookup *lookup = trace_add_lookup(trace);
    lookup->name = lookup->server = lookup->rcode = HOSTILE;
    lookup->type = HOSTILE;
    sample_add(trace, &lookup->cname, HOSTILE);
    lookup->error = failure_make(FAILURE_BAD_ANSWER, HOSTILE);
    struct finding *finding =
        build_finding(result, "x" HOSTILE, SEVERITY_ERROR, STAGE_LOGIN, endpoint->id, HOSTILE);
    build_evidence(result, finding, HOSTILE, "535 " HOSTILE);
    sample_add(trace, &finding->references, HOSTILE);
    build_finding(result, "y" HOSTILE, SEVERITY_ERROR, STAGE_LOGIN, endpoint->id, HOSTILE);
    build_verdict(result, finding, OWNER_PROVIDER, CONFIDENCE_CERTAIN, HOSTILE, "m" HOSTILE);
    fix(result, HOSTILE);
    sample_add(trace, &result->verdict.commands, HOSTILE);
    not_tested(result, HOSTILE);
    struct alternative *alternative = result_add_alternative(result);
    alternative->class_id = alternative->title = HOSTILE;
    sample_add(trace, &alternative->in_favour, HOSTILE);
    return result;
}

struct result *case_flood(void)
{
    enum { SIZE = 1024 * 1024 };
    struct result *result = wrong_password();
    char *words = arena_new(&result->trace->arena, SIZE + 1);
    memset(words, 'A', SIZE);
    struct finding *finding = result->findings;
    finding->evidence->line = (struct bytes) { words, SIZE };
    attempt_failed_step(result->trace->endpoints->attempts)->reply = finding->evidence->line;
    trace_add_exchange(result->trace, result->trace->endpoints->attempts, 'S',
                       finding->evidence->line);
    return result;
}

const struct report_case report_cases[] = {
    { .name = "tenant-switch", .make = tenant_switch },
    { .name = "tenant-switch-color", .make = tenant_switch, .options = { .color = true } },
    { .name = "tenant-switch-verbose", .make = tenant_switch, .options = { .verbose = true } },
    { .name = "silent-port", .make = silent_port },
    { .name = "all-well", .make = all_well },
    { .name = "way-open", .make = way_open },
    { .name = "one-endpoint-open", .make = one_endpoint_open },
    { .name = "weak-certificate", .make = weak_certificate },
    { .name = "wrong-password", .make = wrong_password },
    { .name = "held-back", .make = held_back },
    { .name = "cannot-read", .make = cannot_read },
    { .name = "endpoint-refused", .make = endpoint_refused },
    { .name = "bad-certificate", .make = bad_certificate },
    { .name = "no-such-name", .make = no_such_name },
    { .name = "name-servers-fail", .make = name_servers_fail },
    { .name = "interrupted", .make = interrupted },
    { .name = "out-of-time", .make = out_of_time },
    { .name = "guesses", .make = guesses },
    { .name = "relay", .make = relay },
    { .name = "nothing", .make = sample_empty },
    { .name = "everything",
      .make = sample_rich,
      .options = { .verbose = true, .transcript = true, .ascii = true } },
    { .name = "hostile", .make = case_hostile, .options = { .verbose = true, .transcript = true } },
    { .name = NULL },
};
