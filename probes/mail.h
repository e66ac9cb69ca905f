/* What the three mail protocols have in common: what is wished for, and what was learned. */
#ifndef PROBES_MAIL_H
#define PROBES_MAIL_H

#include "base/arena.h"
#include "probes/dialogue.h"
#include "probes/sasl.h"
#include "probes/submission.h"

/* What the dialogue shall do. Borrowed until mail_free(). */
struct mail_wish {
    bool starttls;    /* upgrade before anything else; never go on in clear */
    bool implicit;    /* TLS first */
    const char *ehlo; /* the name to announce, without blanks or controls; NULL: "localhost" */
    const char *host; /* the server's name, for OAUTHBEARER */
    int port;
    bool transfer; /* SMTP between servers: no AUTH offered is healthy, and no login is tried */
    struct sasl_login login; /* no user or no secret: everything up to AUTH, nothing further; the
                                user has no control characters */
    const struct dialogue_task *task; /* instead of MAILBOX: what is done after the login; NULL */
    void *task_state;                 /* that task's own */
    bool mailbox; /* after the login open INBOX read-only (IMAP EXAMINE, POP3 STAT) */
    const struct submission *submission; /* SMTP: submit this after the login; NULL: nothing */
};

/* What was learned so far; strings live as long as the struct mail. */
struct mail_facts {
    bool before_seen, after_seen;
    struct strings before, after; /* capability lines before and after TLS */
    struct strings
        mechanisms; /* SASL mechanisms last advertised; IMAP "LOGIN" and POP3 "USER" as they are */
    const char *mechanism; /* chosen; NULL none */
    bool login_sent;       /* a secret left this machine */
    bool login_done;       /* the server accepted it */
    struct bytes
        login_reply; /* the final words on it, a decoded error challenge in front where one came */
    bool mail_due;   /* what asks for permission is the message, not a login */
    bool recipient_taken; /* RCPT was accepted */
    bool message_taken;   /* the server has accepted the message, and answers for it from now on */
    size_t message_size;  /* bytes; 0 before MAIL was said */
    const char *session_id; /* SMTP banner "[16 hex]", IMAP/POP3 greeting token decoded; NULL */
    const char *seen_as;    /* "Hello [192.0.2.7]"; NULL */
};

struct mail;

enum mail_protocol { MAIL_SMTP, MAIL_IMAP, MAIL_POP3 };

/* A dialogue with a server that speaks PROTOCOL. */
struct mail *mail_new(enum mail_protocol protocol, const struct mail_wish *wish);
void mail_free(struct mail *mail); /* wipes; NULL is legal */
struct dialogue *mail_dialogue(struct mail *mail);
/* To be told before DIALOGUE_TLS_UP, where the TLS connection has something that a login can be
 * bound to; copied. */
void mail_bind(struct mail *mail, const struct sasl_binding *binding);
const struct mail_facts *mail_facts(const struct mail *mail);

/* The tables, for tests. */
extern const struct protocol smtp_protocol, imap_protocol, pop3_protocol;

#endif
