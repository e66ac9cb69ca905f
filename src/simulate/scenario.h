/* What the simulated provider does: scenarios (data files, made into a table at build time) laid
 * over a persona (how a healthy provider of that kind speaks). */
#ifndef SIMULATE_SCENARIO_H
#define SIMULATE_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_protocol { SIM_SMTP, SIM_IMAP, SIM_POP3 };

/* The seven documented mail ports, in the order of sim_ports[]. */
enum { SIM_25, SIM_587, SIM_465, SIM_143, SIM_993, SIM_110, SIM_995, SIM_PORT_COUNT };

struct sim_port {
    int number;
    enum sim_protocol protocol;
    bool implicit; /* TLS first */
};
extern const struct sim_port sim_ports[SIM_PORT_COUNT];

/* What a port does with those who knock. */
enum sim_mode {
    SIM_MODE_DEFAULT,  /* as the persona says; there: serve */
    SIM_MODE_SERVE,    /* the port's own protocol */
    SIM_MODE_REFUSED,  /* nobody listens: RST */
    SIM_MODE_SILENT,   /* the connect is dropped: no answer at all */
    SIM_MODE_MUTE,     /* accepts, and then says nothing whatever it is sent */
    SIM_MODE_RESET,    /* accepts, and resets */
    SIM_MODE_CLOSE,    /* accepts, and closes */
    SIM_MODE_IMPLICIT, /* the port's protocol inside TLS from the first byte */
    SIM_MODE_PLAIN,    /* the port's protocol without implicit TLS */
    SIM_MODE_HTTP,     /* a web server */
    SIM_MODE_SSH       /* a secure shell server */
};

/* The moments of a conversation at which the server speaks. In the data files: in lower case, with
 * hyphens. The generator reads this list. */
enum sim_moment {
    SIM_GREETING,
    SIM_CAPABILITIES,           /* EHLO, CAPABILITY, CAPA in clear */
    SIM_CAPABILITIES_TLS,       /* the same inside TLS */
    SIM_CAPABILITIES_LOGGED_IN, /* the same after the login */
    SIM_HELO,
    SIM_STARTTLS,         /* STARTTLS or STLS, where the capabilities offer it */
    SIM_STARTTLS_REFUSED, /* where they do not */
    SIM_AUTH_IN_CLEAR,    /* a login before TLS, where only TLS may carry one */
    SIM_AUTH_UNKNOWN,     /* a mechanism that is not offered */
    SIM_AUTH_MALFORMED,   /* not base64, or not the mechanism's form */
    SIM_AUTH_CANCELLED,   /* the client sent "*" */
    SIM_AUTH_ONE_LINE,    /* POP3 AUTH with an initial response; no row: it is taken */
    SIM_PROMPT,           /* go on with the mechanism */
    SIM_PROMPT_USER,
    SIM_PROMPT_PASSWORD,
    SIM_PASSWORD, /* any password, right or wrong; no row: it is judged */
    SIM_TOKEN,    /* any token; likewise */
    SIM_LOGIN_ACCEPTED,
    SIM_PASSWORD_REFUSED,
    SIM_TOKEN_REFUSED,
    SIM_NOT_LOGGED_IN, /* a command that needs a login */
    SIM_TLS_NEEDED,    /* a command that needs TLS */
    SIM_ALREADY,       /* a second login, EHLO missing, any wrong order */
    SIM_MAIL,
    SIM_RCPT,
    SIM_DATA,
    SIM_MESSAGE, /* the end of data */
    SIM_RSET,
    SIM_NOOP,
    SIM_VRFY,
    SIM_USER,
    /* Operations of the mailbox. A persona's row is the last line of a success; a scenario's is all
     * that is said, and then nothing is done. */
    SIM_MAILBOX, /* EXAMINE, STAT */
    SIM_SELECT,
    SIM_LIST,
    SIM_LIST_ONE,
    SIM_STATUS,
    SIM_SEARCH,
    SIM_FETCH, /* RETR as well */
    SIM_TOP,
    SIM_UIDL,
    SIM_UIDL_ONE,
    SIM_NAMESPACE,
    SIM_ID,
    SIM_IDLE,
    SIM_CREATE, /* these: no row, and success is said as SIM_DONE says it */
    SIM_RENAME,
    SIM_DELETE, /* DELE as well */
    SIM_SUBSCRIBE,
    SIM_APPEND,
    SIM_STORE,
    SIM_COPY, /* and MOVE */
    SIM_EXPUNGE,
    SIM_DONE,
    /* and why they fail */
    SIM_MAILBOX_UNKNOWN, /* or message */
    SIM_MAILBOX_EXISTS,
    SIM_NOT_SELECTED,
    SIM_MALFORMED, /* not the command's form */
    SIM_READ_ONLY,
    SIM_REFUSED, /* cannot be done */
    SIM_FULL,
    SIM_LOCKED,  /* POP3: another session holds the mailbox */
    SIM_LITERAL, /* go on with the literal */
    SIM_GOODBYE, /* QUIT, LOGOUT */
    SIM_UNKNOWN,
    SIM_TOO_LONG,
    SIM_MOMENT_COUNT
};

enum sim_then {
    SIM_GO_ON,
    SIM_UPGRADE, /* TLS begins */
    SIM_CLOSE,
    SIM_CUT,    /* RST */
    SIM_SILENCE /* never another word */
};

/* One row: on these ports (bits by SIM_25...), at this moment, say this. REPLY: lines divided by
 * '\n', none at the end, with {placeholders} (expand.c); NULL says nothing. */
struct sim_answer {
    unsigned ports;
    enum sim_moment moment;
    const char *reply;
    enum sim_then then;
    int delay_ms;
};

enum { SIM_ON_SMTP = 7, SIM_ON_IMAP = 24, SIM_ON_POP3 = 96, SIM_ON_ALL = 127 };

enum sim_record_type { SIM_ADDRESS, SIM_CNAME, SIM_MX, SIM_TXT, SIM_SRV };

/* A record of the simulated names. SIM_ADDRESS stands for A and AAAA: where the simulator listens.
 */
struct sim_record {
    const char *name;
    enum sim_record_type type;
    const char *text; /* the target, or the text; NULL for SIM_ADDRESS */
    uint16_t preference, weight, port;
};

/* The mailbox of a provider's account. */
struct sim_home {
    const char *const *mailboxes; /* beside INBOX, ended by NULL */
    const char *junk, *sent;      /* two of them; SENT NULL: no copy is kept of what is submitted */
    uint32_t uid_validity;        /* of INBOX */
    bool hex_uidl;                /* POP3's unique ids: hexadecimal, else five characters */
    const char *authentication;   /* the Authentication-Results of what arrives; NULL: none */
};

struct sim_persona {
    const char *id, *title;
    const struct sim_persona *base; /* speaks where this one has no words of its own; NULL */
    const char *domain;
    const char *smtp_host, *imap_host, *pop3_host;
    const char *front, *backend; /* the names it gives itself */
    const char *user;
    const char *const *certificate_names; /* ended by NULL */
    const struct sim_record *records;
    size_t record_count;
    const struct sim_home *home;
    enum sim_mode modes[SIM_PORT_COUNT];
    const struct sim_answer *answers;
    size_t answer_count;
};
extern const struct sim_persona sim_exchange, sim_exchange_mx, sim_exchange_hve, sim_generic;
const char *sim_persona_host(const struct sim_persona *persona, int port_index);

enum sim_login { SIM_LOGIN_NONE, SIM_LOGIN_PASSWORD, SIM_LOGIN_WRONG_PASSWORD, SIM_LOGIN_TOKEN };

/* What the user's access token is like; servers take the good and the opaque one. */
enum sim_token_kind {
    SIM_KIND_GOOD,
    SIM_KIND_OPAQUE, /* as those of personal accounts */
    SIM_KIND_EXPIRED,
    SIM_KIND_NOT_YET_VALID,
    SIM_KIND_GRAPH, /* for another service */
    SIM_KIND_NO_SCOPE,
    SIM_KIND_OTHER_USER,
    SIM_KIND_OTHER_CLOUD,
    SIM_KIND_APP_ONLY /* of an app that Exchange does not know */
};

enum sim_certificate {
    SIM_CERTIFICATE_GOOD,
    SIM_CERTIFICATE_EXPIRED,
    SIM_CERTIFICATE_NOT_YET_VALID,
    SIM_CERTIFICATE_WRONG_NAME,
    SIM_CERTIFICATE_UNTRUSTED,
    SIM_CERTIFICATE_INSPECTED, /* made by a virus scanner */
    SIM_CERTIFICATE_SELF_SIGNED,
    SIM_CERTIFICATE_WEAK
};

enum sim_tls { SIM_TLS_GOOD, SIM_TLS_ONLY_10, SIM_TLS_NO_CIPHER };

enum sim_dns_fault {
    SIM_DNS_GOOD,
    SIM_DNS_NXDOMAIN,
    SIM_DNS_NO_DATA, /* no A, no AAAA; other types stay */
    SIM_DNS_SERVFAIL,
    SIM_DNS_REFUSED,
    SIM_DNS_SILENT,
    SIM_DNS_TCP_ONLY, /* over UDP it is silent */
    SIM_DNS_TRUNCATED /* over UDP; TCP has it all */
};

/* What becomes of a message to the account itself, once it was accepted. */
enum sim_delivery {
    SIM_DELIVERY_INBOX,
    SIM_DELIVERY_JUNK,
    SIM_DELIVERY_NOWHERE,
    SIM_DELIVERY_BOUNCE /* a message to anybody comes back to its sender as a report */
};

struct sim_scenario {
    const char *id, *title;
    const char *expected_class; /* of the verdict; NULL: no fault */
    int expected_exit;
    const struct sim_persona *persona;
    const char *target;         /* what `maildoctor check` is given */
    const char *const *options; /* more words for it, ended by NULL */
    enum sim_login login;
    enum sim_token_kind token;
    enum sim_certificate certificate;
    enum sim_tls tls;
    enum sim_dns_fault dns_fault;
    const char *const *dns_names; /* whom the fault befalls, ended by NULL; NULL: every name */
    int clock_days;               /* how far the server's clock is ahead */
    enum sim_delivery delivery;
    int delivery_ms;    /* how long it takes */
    const char *bounce; /* the refusing server's words, "550 5.1.1 ..."; NULL: nothing bounces */
    bool pop3_lock;     /* one session at a time (RFC 1939 section 4) */
    bool ipv6;          /* listens on ::1 too, where there is one */
    enum sim_mode modes[SIM_PORT_COUNT];
    const struct sim_answer *answers; /* before the persona's */
    size_t answer_count;
};

extern const struct sim_scenario sim_scenarios[];
extern const size_t sim_scenario_count;
const struct sim_scenario *sim_scenario_find(const char *id); /* NULL when unknown */

/* What the port does in the end; never SIM_MODE_DEFAULT. */
enum sim_mode sim_scenario_mode(const struct sim_scenario *scenario, int port_index);
/* The row for a moment on a port: the scenario's, else the persona's; NULL when neither has one. */
const struct sim_answer *sim_scenario_answer(const struct sim_scenario *scenario, int port_index,
                                             enum sim_moment moment);
/* Has the scenario itself a row for it, so that only its words are said? */
bool sim_scenario_overrules(const struct sim_scenario *scenario, int port_index,
                            enum sim_moment moment);

#endif
