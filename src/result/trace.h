/* The trace: what one run observed, and nothing else. No opinions stand here.
 *
 * Everything is allocated from the trace's arena and linked in order of appearance; a struct is
 * complete, with legal zero values, from the moment it is linked, so the trace is valid after every
 * append and an interrupt at any moment leaves a whole result. Times are nanoseconds since
 * `started`, on the monotonic clock, unless a name says otherwise; durations are -1 while a thing
 * is still under way. Peer bytes (struct bytes) are kept as they were received, with known secrets
 * blotted out; a report escapes them. The JSON form is docs/schema/result-1.json. */
#ifndef RESULT_TRACE_H
#define RESULT_TRACE_H

#include "base/arena.h"
#include "base/failure.h"
#include "base/stage.h"
#include "result/message.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- words ---- */

enum service { SERVICE_SMTP, SERVICE_IMAP, SERVICE_POP3, SERVICE_COUNT };
enum security { SECURITY_PLAIN, SECURITY_STARTTLS, SECURITY_IMPLICIT, SECURITY_COUNT };
/* What the provider's documents say of a port. */
enum expectation {
    EXPECT_OFFERED,
    EXPECT_OPTIONAL,
    EXPECT_NOT_OFFERED,
    EXPECT_UNKNOWN,
    EXPECT_COUNT
};
enum status { STATUS_OK, STATUS_WARNING, STATUS_FAIL, STATUS_SKIPPED, STATUS_CUT, STATUS_COUNT };
/* What an attempt was for: the check itself; a look at a silent port; small packets; the
 * same once more; and, to a mailbox that let this run in: trying its operations, being a second
 * client meanwhile, looking whether a message has come. */
enum purpose {
    PURPOSE_MAIN,
    PURPOSE_SNIFF,
    PURPOSE_MSS,
    PURPOSE_AGAIN,
    PURPOSE_EXERCISE,
    PURPOSE_SECOND_CLIENT,
    PURPOSE_ARRIVAL,
    PURPOSE_COUNT
};

/* What must work. A set of bits. */
enum need {
    NEED_SEND = 1,
    NEED_READ = 2,
    NEED_IMAP = 4,
    NEED_POP = 8,
    NEED_RELAY = 16,
    NEED_ENDPOINT = 32,
    NEED_ANY = 64
};

const char *service_name(enum service service);    /* "smtp", "imap", "pop3" */
const char *security_name(enum security security); /* "plain", "starttls", "implicit" */
const char *expectation_name(
    enum expectation expectation);           /* "offered", "optional", "not-offered", "unknown" */
const char *status_name(enum status status); /* "ok", "warning", "fail", "skipped", "cut" */
/* "main", "sniff", "mss", "again", "exercise", "second-client", "arrival" */
const char *purpose_name(enum purpose purpose);
/* One bit to its word: "send", "read", "imap", "pop", "relay", "endpoint" (each endpoint named by
 * --ports, a URL or host:port), "any" (a bare host: at least one of what it offers). NULL for no
 * single bit. */
const char *need_name(enum need need);

/* The reverse of each; -1 (need_parse: 0) when the word is unknown. */
int service_parse(const char *word);
int security_parse(const char *word);
int expectation_parse(const char *word);
int status_parse(const char *word);
int purpose_parse(const char *word);
int need_parse(const char *word);

/* ---- names ---- */

enum lookup_source { LOOKUP_DNS, LOOKUP_HOSTS, LOOKUP_GETADDRINFO };

struct icmp;

struct lookup {
    struct lookup *next;
    const char *name;      /* as asked, without a final dot */
    const char *type;      /* "A", "AAAA", "MX", "SRV" */
    const char *server;    /* "192.0.2.53:53"; "/etc/hosts" for LOOKUP_HOSTS; "this system" for
                              LOOKUP_GETADDRINFO, whose type is "A/AAAA" */
    const char *transport; /* "udp", "tcp", "" when no answer came */
    enum lookup_source source;
    const char *rcode;      /* "NOERROR", "NXDOMAIN", "SERVFAIL", ...; NULL without an answer */
    struct failure error;   /* FAILURE_NONE when an address or record came */
    struct strings answers; /* presentation form: "192.0.2.1", "10 mx.example.com", "0 1 587
                               smtp.example.com" */
    struct strings cname;   /* the chain in order, the asked name left out */
    bool truncated;         /* a UDP answer had TC set (it is then asked again over TCP) */
    bool udp_failed;        /* nothing came over UDP, or a refusal (icmp), while TCP was answered */
    bool ad;                /* the resolver says it validated DNSSEC */
    int ede;                /* extended DNS error (RFC 8914), -1 when none */
    const char *zone;  /* of an answer without records: the zone that has none, by its SOA; NULL:
                          none was named, as by a filter, or from a cache */
    bool beside;       /* asked for comparison only: it decided nothing */
    struct icmp *icmp; /* somebody said no to the question; NULL: none seen */
    int64_t start_ns;
    int64_t duration_ns;
};

/* ---- connections ---- */

struct icmp {
    int type, code;
    const char *sender; /* address that sent it */
};

/* What the kernel knows of a TCP connection; -1 where it does not say. */
struct tcp_facts {
    const char *state;  /* "syn-sent", "established", "close", ...; NULL unknown */
    int retransmits;    /* how often the oldest segment without an answer was sent again */
    int total_retrans;  /* segments sent again in all, a SYN among them */
    int unacked;        /* segments of ours without an answer */
    int out_of_order;   /* segments that came while an earlier one was missing */
    int bytes_acked;    /* of ours */
    int bytes_received; /* in order */
    int path_mtu;       /* bytes, as far as this machine knows */
    int64_t rto_ns;     /* until the next retransmission, at first */
};
/* Was every segment, theirs and ours, seen at its first sending? False where it is unknown. */
bool tcp_is_lossless(const struct tcp_facts *facts);

/* What came back for one probe of a path walk: a connect whose packets live for TTL hops only. */
enum hop_answer {
    HOP_SILENT,
    HOP_ROUTER,      /* "router": its life ended there, and SENDER said so (ICMP time exceeded) */
    HOP_OPEN,        /* "open": a connection */
    HOP_RESET,       /* "reset": a TCP reset */
    HOP_UNREACHABLE, /* "unreachable": SENDER said no, with that ICMP type and code */
    HOP_ANSWER_COUNT
};
const char *hop_answer_name(enum hop_answer answer); /* "silent" for HOP_SILENT, and as above */
int hop_answer_parse(const char *word);              /* -1 when unknown */

struct hop {
    struct hop *next; /* by TTL, ascending; each TTL once, with the best answer of all passes */
    int ttl;
    enum hop_answer answer;
    const char *sender;  /* NULL: nobody named himself */
    int type, code;      /* of HOP_UNREACHABLE; else -1 */
    int64_t duration_ns; /* until the answer; -1 none */
};

/* A path walk's other half: the same walk to a port that answers, for comparison. */
struct path_facts {
    const char *control;      /* its address; NULL: no port was found that answers */
    int control_port;         /* 0 without */
    bool same_address;        /* the control is another port of the address itself */
    struct hop *control_hops; /* as address.hops */
    bool confirmed;           /* a further look, all probes from one source port, agreed */
    bool accepts_all;         /* ports that nobody may use were open as well */
    int probes;               /* connects begun */
    int64_t start_ns, duration_ns;
};

/* One address of an endpoint. */
struct address {
    struct address *next;
    const char *text;   /* numeric, without port */
    int family;         /* 4 or 6 */
    enum status status; /* OK connected, FAIL, CUT, SKIPPED (not tried: e.g. no IPv6 here) */
    struct failure error;
    bool chosen; /* the dialogue ran on it */
    int64_t start_ns;
    int64_t connect_ns;      /* how long until connected or failed; -1 while open */
    int64_t rtt_ns;          /* the kernel's round trip time (TCP_INFO); -1 unknown */
    const char *local;       /* our own address and port, NULL unknown */
    struct icmp *icmp;       /* NULL: none seen */
    struct tcp_facts *tcp;   /* of a connection that failed; NULL: unknown */
    struct hop *hops;        /* the walk to this address and the endpoint's port; NULL: none */
    struct path_facts *path; /* what belongs to the walk; NULL: none */
};

/* ---- TLS ---- */

/* One certificate as sent. Times are Unix seconds. Strings are printable: what was not stands in
 * them as \xHH, as text_escape() writes it. */
struct certificate {
    struct certificate *next;     /* leaf first, then as the server sent them */
    const char *subject, *issuer; /* RFC 4514 */
    struct strings names;         /* subjectAltName: DNS names and IP addresses; empty: none */
    const char *common_name;      /* NULL: none */
    int64_t not_before, not_after;
    const char *key; /* "RSA-2048", "ECDSA-256", "Ed25519-256" */
    int key_bits;
    const char *signature; /* "RSA-SHA256", ... */
    const char *sha256;    /* fingerprint, lower-case hex */
    bool self_issued;      /* subject equals issuer */
    bool authority;        /* basicConstraints CA */
};

struct tls_facts {
    const char *version; /* "TLS1.3"; NULL: no handshake */
    const char *cipher;  /* "AES-256-GCM" ... as GnuTLS names it */
    const char *group;   /* "X25519", NULL unknown */
    const char *sni;     /* the name offered; NULL for an address */
    struct certificate *chain;
    bool verified; /* GnuTLS: chain, dates, purpose and name all good */
    struct strings
        problems;      /* verification bits by name: "signer-not-found", "expired", "not-activated",
                          "unexpected-owner", "revoked", "insecure-algorithm", "purpose-mismatch",
                          "signer-not-ca", "signer-constraints", "signature-failure",
                          "unknown-critical-extension", "missing-ocsp-status", "invalid-ocsp-status",
                          "revocation-data-superseded", "revocation-data-in-future"; "invalid" only when
                          none of them tells why. GnuTLS leaves the dates and the staple unsaid when the
                          purpose does not match */
    bool name_checked; /* the name below was compared with the leaf */
    bool name_matches;
    const char *checked_name; /* what the certificate must be valid for */
    const char *ocsp;         /* staple: "none", "good", "revoked", "unknown", "unreadable" */
    const char *alert;        /* an alert the server sent, by name; NULL: none */
    const char *added_root;   /* verified, and the chain leads to this root, which somebody added to
                                 the system's by hand: its subject; NULL: none, or not known */
    bool trust_loaded;        /* false: no root was available, nothing could be verified */
};

/* ---- the dialogue ---- */

struct step {
    struct step *next;
    const char *name; /* "resolve", "connect", "greeting", "EHLO", "STARTTLS", "TLS handshake",
                         "AUTH", ... */
    enum stage stage;
    enum status status;
    int64_t start_ns;
    int64_t duration_ns; /* -1: still open */
    int budget_ms;       /* what it was allowed; 0: no budget of its own */
    struct bytes reply;  /* the peer's words, all lines, CRLF between them, none at the end */
    struct failure error;
    const char
        *blocked_by; /* why it was skipped: words of login_block below, or a step's name; NULL */
};

/* A line of the transcript. Secrets were redacted where the line was written. */
struct exchange {
    struct exchange *next;
    int64_t at_ns;
    char
        direction; /* 'C' we said, 'S' the peer said, '*' an event ("TLS", "closed", "no answer") */
    struct bytes line;
};

/* What was learned of the login on one attempt. Outcomes are the credential gate's (DESIGN section
 * 3). */
enum login_outcome {
    LOGIN_NOT_TRIED,
    LOGIN_ACCEPTED,
    LOGIN_JUDGED,
    LOGIN_UNJUDGED,
    LOGIN_HELD_BACK,
    LOGIN_OUTCOME_COUNT
};
const char *login_outcome_name(
    enum login_outcome outcome); /* "not-tried", "accepted", "judged", "unjudged", "held-back" */
int login_outcome_parse(const char *word);

/* Why a login was not tried; the words of step.blocked_by for a login step. */
enum login_block {
    BLOCK_NONE,
    BLOCK_NO_CREDENTIAL,     /* "no-credential": none was given */
    BLOCK_UNVERIFIED_TLS,    /* "unverified-tls": a secret goes only over verified TLS */
    BLOCK_GUESSED_HOST,      /* "guessed-host": a guess or an MX never gets a secret */
    BLOCK_SHOWN_ELSEWHERE,   /* "shown-elsewhere": this protocol's login was accepted on another
                                endpoint */
    BLOCK_REFUSED_ELSEWHERE, /* "refused-elsewhere": this run, another endpoint: the secret is spent
                              */
    BLOCK_REFUSED_EARLIER, /* "refused-earlier": an earlier run within 30 minutes; the step's reply
                              repeats it */
    BLOCK_BEING_TRIED,     /* "being-tried": another run of this machine tries it just now, and has
                              had no answer yet */
    BLOCK_UNKNOWN_EARLIER, /* "unknown-earlier": a run within 30 minutes was killed while it tried
                              it: what came of that nobody knows */
    BLOCK_TRIED_ELSEWHERE, /* "tried-elsewhere": this protocol had its one try, unjudged */
    BLOCK_NO_MECHANISM,    /* "no-mechanism": nothing offered fits */
    BLOCK_TOKEN_EXPIRED,   /* "token-expired": the access token is over, by more than this machine's
                              clock alone, and was not sent */
    BLOCK_TOKEN_AUDIENCE,  /* "token-audience": it is certainly for another service, and was not
                              sent */
    BLOCK_COUNT
};
const char *login_block_name(enum login_block block); /* "" for BLOCK_NONE */
int login_block_parse(const char *word);

struct auth_facts {
    const char *mechanism;  /* the one used or that would be; NULL: none */
    struct strings offered; /* as last advertised */
    enum login_outcome outcome;
    enum login_block held_by;
};

struct capability_facts {
    bool before_seen, after_seen;
    struct strings before,
        after; /* lines as advertised before and after TLS, e.g. "SIZE 157286400" */
};

/* What stood between this machine and the server: a proxy hides the server's addresses. */
struct proxy_facts {
    const char *asked;         /* for what the proxy was asked: "smtp.office365.com:587" */
    bool heard;                /* it said anything at all */
    struct address *addresses; /* the proxy's own */
};

/* What became of what a trial of the mailbox made in it, and what only it can tell. */
struct exercise_facts {
    const char *folder;         /* IMAP: where it all happened; NULL: no folder stood */
    struct strings left;        /* folders of this run that are still there, as far as is known */
    struct strings swept;       /* folders of runs that were killed, which this one removed */
    const char *second_session; /* POP3, beside the first: "allowed", "locked"; NULL: unknown */
};

struct attempt {
    struct attempt *next;
    enum purpose purpose;
    const char *address; /* numeric; "" until connected, and through a proxy, which hides it */
    int64_t start_ns;
    struct proxy_facts *proxy; /* NULL: none */
    struct step *steps;
    struct tls_facts *tls; /* NULL: no handshake was begun */
    struct capability_facts capabilities;
    struct auth_facts auth;
    struct tcp_facts *tcp;           /* at the end, where that did not come as it should; NULL */
    struct exercise_facts *exercise; /* of PURPOSE_EXERCISE; NULL: none */
    const char *session_id; /* the peer's own id for this session (Exchange: 16 hex digits); NULL */
    const char *seen_as;    /* our address as the peer sees it (Exchange: "Hello [ip]"); NULL */
    struct exchange *transcript;
    struct exchange *transcript_end; /* trace_add_exchange()'s own: the last line */
};

struct endpoint {
    struct endpoint *next;
    const char *id; /* "smtp.office365.com:587" */
    const char *host;
    int port;
    enum service service;
    enum security security;
    enum expectation expectation;
    bool guessed;   /* the host is a guess or an MX: no secret goes there */
    bool transfer;  /* port 25 of a host that is no submission service: for mail between servers */
    unsigned needs; /* NEED_SEND, NEED_READ, ... bits that this endpoint can meet */
    enum status status; /* SKIPPED until a dialogue ended */
    struct address *addresses;
    struct attempt *attempts;
};

/* ---- the run ---- */

struct target_facts {
    const char *input;          /* as typed */
    const char *address;        /* "ana@contoso.com", NULL */
    const char *user;           /* the login's name; NULL: no login was given */
    const char *mailbox;        /* another's, opened by that login; NULL: its own */
    const char *domain;         /* NULL for a host or URL without an address */
    const char *provider;       /* "microsoft365", ..., "generic" */
    const char *provider_title; /* "Microsoft 365" */
    const char *cloud;          /* "worldwide", "gcc-high", ...; NULL where it means nothing */
    unsigned needs;
    struct bytes reported;  /* the error that the caller saw, without its secrets; empty: none */
    int64_t secret_expires; /* Unix seconds: when what the login rests on ends, be it a password, an
                               app's secret or its certificate; 0 unknown */
};

/* The access token of the run, as far as it lets itself be read; itself it is never kept. */
struct token_facts {
    const char *source;    /* "--token-file", "--oauth device" */
    const char *authority; /* the host it was asked of; NULL: it was ready */
    bool asked_in_vain;    /* none came, and refusal says why */
    bool authority_silent; /* no answer that could be read; refusal are our words then */
    bool
        authority_unfit; /* what it says of its pages does not do; likewise, and it was not asked */
    bool unvouched;      /* who is to vouch for this job did not; refusal is theirs, or ours */
    struct bytes refusal;    /* the authority's words */
    const char *sha256;      /* the first eight hex digits; NULL: there is none */
    bool readable;           /* what follows was found in it; else it is opaque */
    struct strings audience; /* aud */
    struct strings scopes;   /* scp */
    struct strings roles;
    bool app_only;                         /* an app's own, without a user */
    const char *user, *app_name, *app;     /* NULL each: it does not say */
    const char *tenant, *issuer, *version; /* likewise */
    const char *tenant_asked;              /* the organisation that was to give it; NULL */
    int64_t issued, not_before, expires;   /* Unix seconds; 0 unknown */
    int64_t obtained;                      /* when the authority gave it; likewise */
};

struct vantage {
    const char *host, *os, *kernel;
    struct strings addresses;   /* local source addresses used */
    const char *public_address; /* as a server saw us; NULL */
    struct strings resolvers;
    const char *icmp;  /* "unseen": this system does not tell who refused a connection; NULL */
    const char *proxy; /* its URL, never with a password; NULL: none */
};

/* What a provider publishes of its service for firewalls: of the endpoints of this run. */
struct published {
    struct published *next;
    const char *source;    /* the document or file */
    const char *date;      /* "2026-08-14"; NULL unknown */
    const char *tcp_ports; /* "143,587,993,995" */
    struct strings hosts;  /* "smtp.office365.com", "*.mail.protection.outlook.com" */
    struct strings ranges; /* "40.96.0.0/13", "2603:1006::/40" */
};

struct trace {
    struct arena arena;
    int64_t started_real_ns; /* the run's "now": rules use it, never a clock */
    int64_t duration_ns;
    bool complete;      /* false after an interrupt or the deadline */
    const char *cut_by; /* "interrupt", "deadline"; NULL when complete */
    struct target_facts target;
    struct vantage from;
    struct token_facts *token; /* NULL: none was given or asked for */
    struct lookup *lookups;
    struct endpoint *endpoints;
    struct delivery_facts *delivery;     /* NULL: it was not looked for */
    struct submission_facts *submission; /* NULL: none was asked for */
    struct published *published;
    struct trace *recipient; /* what was seen of the account to which the test message went, where
                                that is another: a trace of its own, so that nothing of it is held
                                against this one. NULL; owned */
};

/* An empty trace, complete until somebody says otherwise. No clock is read: `started_real_ns` is
 * the caller's to set. */
struct trace *trace_new(void);
void trace_free(struct trace *trace); /* NULL is legal */

/* Each links a zeroed struct at the end of its list and returns it, except that a step and an
 * address are STATUS_CUT until told, an endpoint is STATUS_SKIPPED and EXPECT_UNKNOWN, times and
 * codes that are unknown are -1, and an attempt's address and a lookup's transport are "". Strings
 * given are kept, not copied: copy them into trace->arena first. */
struct lookup *trace_add_lookup(struct trace *trace);
struct endpoint *trace_add_endpoint(struct trace *trace);
struct published *trace_add_published(struct trace *trace);
struct address *trace_add_address(struct trace *trace, struct endpoint *endpoint);
struct address *trace_link_address(struct trace *trace, struct address **list);
struct attempt *trace_add_attempt(struct trace *trace, struct endpoint *endpoint,
                                  enum purpose purpose);
struct step *trace_add_step(struct trace *trace, struct attempt *attempt, const char *name,
                            enum stage stage);
struct exchange *trace_add_exchange(struct trace *trace, struct attempt *attempt, char direction,
                                    struct bytes line);

/* The first attempt with that purpose, the last step of a stage; NULL when there is none. */
struct attempt *endpoint_attempt(const struct endpoint *endpoint, enum purpose purpose);
struct step *attempt_step(const struct attempt *attempt, enum stage stage);
/* The step that ended the attempt: the last with status FAIL, else NULL. */
struct step *attempt_failed_step(const struct attempt *attempt);
/* Was a message submitted on it and accepted, to the last dot? */
bool attempt_took_message(const struct attempt *attempt);

#endif
