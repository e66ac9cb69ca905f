/* What the network did to us: a value, never a message printed where it happened.
 *
 * The words follow OpenTelemetry's error.type where it has one. Rules of the catalogue name an
 * event as
 * "<stage>.<kind>", for instance "connect.timed_out". */
#ifndef BASE_FAILURE_H
#define BASE_FAILURE_H

enum failure_kind {
    FAILURE_NONE,
    /* names */
    FAILURE_HOST_NOT_FOUND, /* NXDOMAIN */
    FAILURE_NO_ADDRESS,     /* the name exists, the record type does not */
    FAILURE_SERVER_FAILURE, /* SERVFAIL */
    FAILURE_QUERY_REFUSED,  /* REFUSED */
    FAILURE_BAD_ANSWER,     /* malformed, FORMERR, NOTIMP, or any other rcode */
    /* connections */
    FAILURE_TIMED_OUT,
    FAILURE_CONNECTION_REFUSED,
    FAILURE_HOST_UNREACHABLE,
    FAILURE_NETWORK_UNREACHABLE,
    FAILURE_ADDRESS_NOT_AVAILABLE, /* this machine has no address of that family or no such source
                                      address */
    FAILURE_PROHIBITED, /* a box or this machine's own firewall said no (EACCES, EPERM) */
    FAILURE_CONNECTION_RESET,
    FAILURE_CONNECTION_CLOSED,
    FAILURE_SYSTEM, /* any other errno; system and text tell */
    /* proxies; the step's reply holds the proxy's words */
    FAILURE_PROXY_UNREACHABLE, /* no connection to the proxy itself; text says why */
    FAILURE_PROXY_SILENT,      /* connected, but it says nothing, or not how it went */
    FAILURE_PROXY_BROKEN,      /* hangs up, or does not speak the proxy protocol */
    FAILURE_PROXY_LOGIN,       /* wants a login, or refuses the one given */
    FAILURE_PROXY_REFUSED,     /* its own rules say no */
    FAILURE_PROXY_TARGET,      /* it says that it could not reach the server */
    FAILURE_PROXY_FAILED,      /* it failed, and does not say whose fault that is */
    /* dialogues */
    FAILURE_PROTOCOL_MISMATCH,  /* something else answers here; text names it: "HTTP", "SSH", "TLS",
                                   "POP3", ... */
    FAILURE_PROTOCOL_VIOLATION, /* right protocol, broken form; text says how */
    FAILURE_REPLY_TOO_LONG,
    FAILURE_REFUSED,            /* a negative reply; the reply tells */
    FAILURE_NOT_OFFERED,        /* the capability needed is not among those offered */
    FAILURE_PLAINTEXT_INJECTED, /* bytes behind the STARTTLS reply */
    FAILURE_NO_MECHANISM,       /* no SASL mechanism that both sides have */
    FAILURE_SERVER_UNPROVEN,    /* it cannot prove that it knows the password; text tells */
    FAILURE_WRONG_RESULT, /* it agreed, and what was asked for has not come about; text tells */
    FAILURE_HELD_BACK, /* the credential gate or the TLS rule kept the secret here; blocked_by tells
                        */
    /* TLS */
    FAILURE_TLS_VERSION,   /* no common protocol version */
    FAILURE_TLS_HANDSHAKE, /* any other handshake failure; text holds the alert or GnuTLS's words */
    /* the run */
    FAILURE_CANCELLED, /* an interrupt, the deadline, or nobody needs it any more */
    FAILURE_COUNT
};

struct failure {
    enum failure_kind kind;
    int system;     /* errno, where one was seen, else 0 */
    char text[160]; /* more words: own text only, never a peer's bytes; may be empty */
};

/* "timed_out", "connection_refused", ...; "" for FAILURE_NONE. */
const char *failure_name(enum failure_kind kind);
enum failure_kind failure_parse(const char *name); /* FAILURE_NONE when unknown */

struct failure failure_make(enum failure_kind kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The failure that errno value ERROR stands for on a socket. */
struct failure failure_from_errno(int error);

#endif
