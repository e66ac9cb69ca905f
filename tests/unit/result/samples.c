#include "samples.h"

#include <string.h>

void sample_add(struct trace *trace, struct strings *list, const char *text)
{
    strings_add(list, &trace->arena, text);
}

struct bytes sample_bytes(const char *text)
{
    return (struct bytes) { text, strlen(text) };
}

struct endpoint *sample_endpoint(struct trace *trace, const char *host, int port)
{
    static const struct {
        int port;
        enum service service;
        enum security security;
        unsigned needs;
    } uses[] = {
        { 25, SERVICE_SMTP, SECURITY_STARTTLS, NEED_RELAY },
        { 465, SERVICE_SMTP, SECURITY_IMPLICIT, NEED_SEND },
        { 587, SERVICE_SMTP, SECURITY_STARTTLS, NEED_SEND },
        { 110, SERVICE_POP3, SECURITY_STARTTLS, NEED_READ | NEED_POP },
        { 995, SERVICE_POP3, SECURITY_IMPLICIT, NEED_READ | NEED_POP },
        { 143, SERVICE_IMAP, SECURITY_STARTTLS, NEED_READ | NEED_IMAP },
        { 993, SERVICE_IMAP, SECURITY_IMPLICIT, NEED_READ | NEED_IMAP },
    };
    struct endpoint *endpoint = trace_add_endpoint(trace);
    endpoint->host = host;
    endpoint->port = port;
    endpoint->id = arena_format(&trace->arena, "%s:%d", host, port);
    endpoint->expectation = EXPECT_OFFERED;
    endpoint->transfer = port == 25;
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (uses[i].port == port) {
            endpoint->service = uses[i].service;
            endpoint->security = uses[i].security;
            endpoint->needs = uses[i].needs;
        }
    return endpoint;
}

struct step *sample_step(struct trace *trace, struct attempt *attempt, const char *name,
                         enum stage stage, enum status status, int64_t start_ns,
                         int64_t duration_ns)
{
    struct step *step = trace_add_step(trace, attempt, name, stage);
    step->status = status;
    step->start_ns = start_ns;
    step->duration_ns = duration_ns;
    return step;
}

struct result *sample_empty(void)
{
    struct trace *trace = trace_new();
    trace->started_real_ns = SAMPLE_STARTED;
    trace->target.input = "";
    trace->target.provider = "generic";
    struct result *result = result_new(trace);
    result->tool_version = "0.1.0";
    result->catalogue_date = "2026-11-22";
    result->verdict.summary = "";
    return result;
}

struct result *sample_incomplete(void)
{
    struct result *result = sample_empty();
    struct trace *trace = result->trace;
    trace->complete = false;
    trace->cut_by = "interrupt";
    trace->duration_ns = MS(1234.567);
    trace->target.input = trace->target.address = "ana@example.org";
    trace->target.user = "ana";
    trace->target.domain = "example.org";
    trace->target.needs = NEED_SEND | NEED_READ;
    struct lookup *lookup = trace_add_lookup(trace);
    lookup->name = "mail.example.org";
    lookup->type = "A";
    struct endpoint *endpoint = sample_endpoint(trace, "mail.example.org", 587);
    trace_add_address(trace, endpoint)->text = "192.0.2.1";
    struct attempt *attempt = trace_add_attempt(trace, endpoint, PURPOSE_MAIN);
    trace_add_step(trace, attempt, "connect", STAGE_CONNECT);
    return result;
}

/* ---- all of it ---- */

static const char hostile[] =
    "caf\xc3\xa9 \x1b[31m\\ \xff\xc0\xaf \xe2\x80\xae end \xf0\x9f\x93\xa7";

static void fill_run(struct trace *trace)
{
    trace->started_real_ns = SAMPLE_STARTED + MS(123);
    trace->duration_ns = MS(5321.004);
    trace->target = (struct target_facts) {
        .input = hostile,
        .address = "ana@contoso.com",
        .domain = "contoso.com",
        .provider = "microsoft365",
        .provider_title = "Microsoft 365",
        .cloud = "worldwide",
        .needs =
            NEED_SEND | NEED_READ | NEED_IMAP | NEED_POP | NEED_RELAY | NEED_ENDPOINT | NEED_ANY,
    };
    trace->target.reported = sample_bytes(hostile);
    trace->target.mailbox = hostile;
    trace->target.secret_expires = 1795342200;
    trace->from.host = "desk7";
    trace->from.os = "Debian GNU/Linux 12 (bookworm)";
    trace->from.kernel = "6.1.0";
    trace->from.public_address = "203.0.113.9";
    trace->from.icmp = "unseen";
    trace->from.proxy = "socks5://joe@proxy.example:1080";
    sample_add(trace, &trace->from.addresses, "10.1.4.77");
    sample_add(trace, &trace->from.resolvers, "192.0.2.53:53");
    struct published *published = trace_add_published(trace);
    published->source = hostile;
    published->date = "2026-08-14";
    published->tcp_ports = "587,993";
    sample_add(trace, &published->hosts, "smtp.office365.com");
    sample_add(trace, &published->ranges, "40.96.0.0/13");
}

static void fill_token(struct trace *trace)
{
    static const struct token_facts facts = {
        .source = "--oauth device",
        .authority = "login.microsoftonline.com",
        .asked_in_vain = true,
        .authority_silent = true,
        .authority_unfit = true,
        .unvouched = true,
        .sha256 = "0badcafe",
        .readable = true,
        .app_only = true,
        .user = "ana@contoso.com",
        .app_name = hostile,
        .app = "66666666-7777-4888-9999-000000000000",
        .tenant = "11111111-2222-4333-8444-555555555555",
        .issuer = hostile,
        .version = "1.0",
        .tenant_asked = "contoso.com",
        .issued = 1763806200,
        .not_before = 1763806140,
        .expires = 1763809800,
        .obtained = 1763806201,
    };
    trace->token = arena_new(&trace->arena, sizeof *trace->token);
    *trace->token = facts;
    trace->token->refusal = sample_bytes(hostile);
    sample_add(trace, &trace->token->audience, "https://outlook.office365.com");
    sample_add(trace, &trace->token->scopes, "SMTP.Send");
    sample_add(trace, &trace->token->roles, hostile);
}

static void fill_lookups(struct trace *trace)
{
    struct lookup *good = trace_add_lookup(trace);
    good->name = "smtp.office365.com";
    good->type = "AAAA";
    good->server = "192.0.2.53:53";
    good->transport = "udp";
    good->rcode = "NOERROR";
    sample_add(trace, &good->answers, "2001:db8::1");
    sample_add(trace, &good->cname, hostile);
    good->truncated = good->ad = true;
    good->ede = 0;
    good->zone = "example.org";
    good->beside = true;
    static struct icmp refusal = { .type = 3, .code = 13, .sender = "10.9.0.1" };
    good->icmp = &refusal;
    good->duration_ns = MS(12.345);
    struct lookup *bad = trace_add_lookup(trace);
    bad->name = "contoso.com";
    bad->type = "MX";
    bad->server = "/etc/hosts";
    bad->source = LOOKUP_GETADDRINFO;
    bad->error = failure_make(FAILURE_SERVER_FAILURE, "it said \\ so");
    bad->start_ns = MS(0.001);
}

static void fill_addresses(struct trace *trace, struct endpoint *endpoint)
{
    static struct icmp icmp = { .type = 3, .code = 13, .sender = "10.9.0.1" };
    struct address *good = trace_add_address(trace, endpoint);
    *good = (struct address) {
        .text = "52.98.41.130",
        .family = 4,
        .status = STATUS_OK,
        .chosen = true,
        .start_ns = MS(13),
        .connect_ns = MS(21.5),
        .rtt_ns = MS(20.25),
        .local = "10.1.4.77:51234",
    };
    struct address *bad = trace_add_address(trace, endpoint);
    bad->text = "2001:db8::1";
    bad->family = 6;
    bad->status = STATUS_FAIL;
    bad->error = failure_from_errno(101);
    bad->icmp = &icmp;
    static struct tcp_facts tcp = { .state = "syn-sent",
                                    .retransmits = 3,
                                    .total_retrans = 3,
                                    .unacked = 1,
                                    .out_of_order = 2,
                                    .bytes_acked = 0,
                                    .bytes_received = 12,
                                    .path_mtu = 1500,
                                    .rto_ns = MS(8000) };
    bad->tcp = &tcp;
    static struct hop refused = { .ttl = 2,
                                  .answer = HOP_UNREACHABLE,
                                  .sender = "fd77:1::1",
                                  .type = 1,
                                  .code = 1,
                                  .duration_ns = MS(2) };
    static struct hop first = {
        .next = &refused, .ttl = 1, .type = -1, .code = -1, .duration_ns = -1
    };
    static struct hop control = { .ttl = 1,
                                  .answer = HOP_ROUTER,
                                  .sender = "fd77::1",
                                  .type = -1,
                                  .code = -1,
                                  .duration_ns = MS(1) };
    static struct path_facts path = { .control = "fd77:3::1",
                                      .control_port = 993,
                                      .same_address = true,
                                      .control_hops = &control,
                                      .confirmed = true,
                                      .probes = 9,
                                      .start_ns = MS(900),
                                      .duration_ns = MS(2000) };
    bad->hops = &first;
    bad->path = &path;
}

static struct certificate *make_certificate(struct trace *trace, const char *subject)
{
    struct certificate *c = arena_new(&trace->arena, sizeof *c);
    c->subject = subject;
    c->issuer = "CN=DigiCert Global Root G2,O=DigiCert Inc,C=US";
    c->common_name = hostile;
    sample_add(trace, &c->names, "smtp.office365.com");
    sample_add(trace, &c->names, hostile);
    c->not_before = 1767225600;
    c->not_after = INT64_C(253402300799); /* the last second of the year 9999 */
    c->key = "RSA-2048";
    c->key_bits = 2048;
    c->signature = "RSA-SHA256";
    c->sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    c->self_issued = c->authority = true;
    return c;
}

static void fill_tls(struct trace *trace, struct attempt *attempt)
{
    struct tls_facts *tls = arena_new(&trace->arena, sizeof *tls);
    attempt->tls = tls;
    tls->version = "TLS1.3";
    tls->cipher = "AES-256-GCM";
    tls->group = "X25519";
    tls->sni = "smtp.office365.com";
    tls->chain = make_certificate(trace, "CN=outlook.com");
    tls->chain->next = make_certificate(trace, hostile);
    tls->verified = tls->name_checked = tls->name_matches = tls->trust_loaded = true;
    sample_add(trace, &tls->problems, "expired");
    tls->checked_name = "smtp.office365.com";
    tls->added_root = "CN=Contoso Inspection";
    tls->ocsp = "none";
    tls->alert = "close notify";
}

static void fill_attempt(struct trace *trace, struct attempt *attempt)
{
    attempt->address = "52.98.41.130";
    attempt->start_ns = MS(12);
    struct step *step =
        sample_step(trace, attempt, "AUTH", STAGE_LOGIN, STATUS_FAIL, MS(180), MS(5200.001));
    step->budget_ms = 35000;
    step->reply = (struct bytes) { "535 5.7.139 no\r\n\0\x80\x7f\\x41 end", 27 };
    step->error = failure_make(FAILURE_REFUSED, "535");
    sample_step(trace, attempt, "EXAMINE", STAGE_MAILBOX, STATUS_SKIPPED, MS(5380), 0)->blocked_by =
        "AUTH";
    sample_step(trace, attempt, "odd", STAGE_NONE, STATUS_WARNING, MS(5380), 0);
    fill_tls(trace, attempt);
    attempt->capabilities.before_seen = attempt->capabilities.after_seen = true;
    sample_add(trace, &attempt->capabilities.before, "SIZE 157286400");
    sample_add(trace, &attempt->capabilities.after, hostile);
    attempt->auth.mechanism = "LOGIN";
    sample_add(trace, &attempt->auth.offered, "LOGIN");
    sample_add(trace, &attempt->auth.offered, "XOAUTH2");
    attempt->auth.outcome = LOGIN_JUDGED;
    attempt->auth.held_by = BLOCK_REFUSED_EARLIER;
    attempt->exercise = arena_new(&trace->arena, sizeof *attempt->exercise);
    attempt->exercise->folder = "INBOX.maildoctor-exercise-20261122T101400-0000cafe";
    sample_add(trace, &attempt->exercise->left, hostile);
    sample_add(trace, &attempt->exercise->swept, "maildoctor-exercise-20261122T101300-0000dead");
    attempt->exercise->second_session = "locked";
    attempt->session_id = "08DE2A6028D26C22";
    attempt->seen_as = "203.0.113.9";
    trace_add_exchange(trace, attempt, 'S', sample_bytes(hostile))->at_ns = MS(40);
    trace_add_exchange(trace, attempt, 'C', sample_bytes("AUTH LOGIN [redacted]"));
    trace_add_exchange(trace, attempt, '*', sample_bytes("closed"));
}

static void fill_finding(struct result *result)
{
    struct trace *trace = result->trace;
    struct finding *finding = result_add_finding(result);
    finding->class_id = "smtp-auth-disabled-tenant";
    finding->severity = SEVERITY_ERROR;
    finding->stage = STAGE_LOGIN;
    finding->owner = OWNER_TENANT_ADMIN;
    finding->confidence = CONFIDENCE_CERTAIN;
    finding->endpoint = "smtp.office365.com:587";
    finding->address = "52.98.41.130";
    finding->title = "SMTP AUTH is off";
    finding->meaning = "It is off for contoso\\ana.";
    sample_add(trace, &finding->fix, "Switch it on.");
    sample_add(trace, &finding->commands, "Set-It 'C:\\x' -On $true");
    sample_add(trace, &finding->references, "RFC 4954");
    struct evidence *evidence = result_add_evidence(result, finding);
    evidence->endpoint = finding->endpoint;
    evidence->address = finding->address;
    evidence->step = "AUTH";
    evidence->at_ns = MS(5380.001);
    evidence->line = sample_bytes(hostile);
    result_add_evidence(result, finding);
    result_add_finding(result);
}

static void fill_verdict(struct result *result)
{
    struct trace *trace = result->trace;
    result->verdict = (struct verdict) {
        .status = VERDICT_FAIL,
        .class_id = "smtp-auth-disabled-tenant",
        .title = "SMTP AUTH is off",
        .summary = "Your organisation has switched SMTP AUTH off.",
        .meaning = "It is off.",
        .owner = OWNER_TENANT_ADMIN,
        .confidence = CONFIDENCE_LIKELY,
        .endpoint = "smtp.office365.com:587",
        .send = NEED_STATUS_FAIL,
        .read = NEED_STATUS_OK,
        .send_by = "smtp.office365.com:587",
        .read_by = "outlook.office365.com:993",
    };
    sample_add(trace, &result->verdict.fix, "Switch it on.");
    sample_add(trace, &result->verdict.commands, "Set-It 'C:\\x' -On $true");
    sample_add(trace, &result->verdict.not_tested, "another network");
    struct alternative *alternative = result_add_alternative(result);
    alternative->class_id = "bad-credentials";
    alternative->title = "Wrong password";
    alternative->confidence = CONFIDENCE_POSSIBLE;
    sample_add(trace, &alternative->against, "the words say otherwise");
    sample_add(trace, &alternative->in_favour, "it happens");
    result_add_alternative(result);
    static const struct reported reported = {
        .class_id = "bad-credentials",
        .title = "Wrong password",
        .confidence = CONFIDENCE_LIKELY,
        .relation = REPORTED_CONTRADICTS,
        .summary = "It was not seen here.",
    };
    struct reported *own = arena_new(&trace->arena, sizeof *own);
    *own = reported;
    own->line = sample_bytes(hostile);
    sample_add(trace, &own->compare, "another network");
    result->verdict.reported = own;
}

/* A result of its own; what it is made of stands in the one above already. */
static void fill_recipient(struct result *result)
{
    struct trace *trace = result->trace;
    result->catalogue_date = "2026-11-22";
    trace->target.input = "outlook.office365.com";
    trace->target.address = trace->target.user = "jo@contoso.com";
    trace->target.provider = "microsoft365";
    trace->target.provider_title = "Microsoft 365";
    trace->from.host = "desk7";
    trace->from.os = "Debian";
    trace->from.kernel = "6.1";
    struct endpoint *endpoint = sample_endpoint(trace, "outlook.office365.com", 993);
    fill_attempt(trace, trace_add_attempt(trace, endpoint, PURPOSE_MAIN));
    result_add_finding(result)->class_id = "bad-credentials";
    result->verdict.status = VERDICT_FAIL;
    result->verdict.summary = "The password is wrong.";
}

struct result *sample_rich(void)
{
    struct result *result = sample_empty();
    struct trace *trace = result->trace;
    fill_run(trace);
    fill_token(trace);
    fill_lookups(trace);
    struct endpoint *endpoint = sample_endpoint(trace, "smtp.office365.com", 587);
    endpoint->guessed = endpoint->transfer = true;
    endpoint->status = STATUS_FAIL;
    fill_addresses(trace, endpoint);
    fill_attempt(trace, trace_add_attempt(trace, endpoint, PURPOSE_MAIN));
    struct attempt *sniff = trace_add_attempt(trace, endpoint, PURPOSE_SNIFF);
    sniff->proxy = arena_new(&trace->arena, sizeof *sniff->proxy);
    *sniff->proxy = (struct proxy_facts) { .asked = "mail.example.org:587", .heard = true };
    trace_link_address(trace, &sniff->proxy->addresses)->text = "192.0.2.80";
    sniff->capabilities.before_seen = true;
    sample_add(trace, &sniff->capabilities.before, "STARTTLS");
    trace_add_attempt(trace, endpoint, PURPOSE_SNIFF)->capabilities.after_seen = true;
    sample_endpoint(trace, "outlook.office365.com", 993);
    static const struct submission_facts submission = {
        .from = "info@contoso.com",
        .to = "jo@contoso.com",
        .message_id = "0123456789abcdef.maildoctor@contoso.com",
        .run_id = "0123456789abcdef",
        .rcpt_only = true,
        .anonymous = true,
        .route = "Direct Send",
        .limit = "it carries nothing abroad",
        .endpoint = "smtp.office365.com:587",
        .size = 601,
        .recipient_taken = true,
        .accepted = true,
        .withheld = true,
    };
    static const struct passage passage = {
        .from = "[192.0.2.7]",
        .by = "mx.example.com",
        .at_s = 1795299600,
        .delay_s = 3,
    };
    static const struct delivery_facts delivery = {
        .endpoint = "outlook.office365.com:993",
        .account = "jo@contoso.com",
        .copy_only = false,
        .arrived = true,
        .junk = true,
        .folder = "Junk Email",
        .found_ns = 1500000000,
        .waited_ns = 2000000000,
        .removed = 1,
        .left = 1,
    };
    trace->delivery = arena_new(&trace->arena, sizeof delivery);
    *trace->delivery = delivery;
    trace->delivery->passages = arena_new(&trace->arena, sizeof passage);
    *trace->delivery->passages = passage;
    sample_add(trace, &trace->delivery->authentication, "mx.example.com; spf=pass");
    trace->delivery->bounce = sample_bytes("Reporting-MTA: dns; mx");
    trace->delivery->diagnostic = sample_bytes("550 5.1.1 unknown");
    trace->submission = arena_new(&trace->arena, sizeof submission);
    *trace->submission = submission;
    fill_finding(result);
    fill_verdict(result);
    trace->recipient = trace_new();
    fill_recipient(result->recipient = result_new(trace->recipient));
    return result;
}
