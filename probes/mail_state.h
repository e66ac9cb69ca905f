/* What a mail dialogue keeps, and the parts of a login that do not differ by protocol. Private to
 * mail.c, smtp.c, imap.c and pop3.c. */
#ifndef PROBES_MAIL_STATE_H
#define PROBES_MAIL_STATE_H

#include "probes/mail.h"

/* Exchange delays a refused login by up to 17.5 s, so a login may take longer than a command; what
 * a message is may be looked at before it is accepted; a goodbye tells nothing that is worth
 * waiting for. */
enum {
    PATIENCE_MS = 30000,
    PATIENCE_LOGIN_MS = 35000,
    PATIENCE_MESSAGE_MS = 120000,
    PATIENCE_GOODBYE_MS = 5000,
};

struct mail {
    struct dialogue dialogue; /* first: a struct dialogue of ours is a struct mail */
    struct mail_wish wish;
    struct mail_facts facts;
    struct arena arena;
    bool greeted;
    /* What the last capability list offered; forgotten when TLS comes up (RFC 3207 section 4.2, RFC
     * 3501 section 6.2.1, RFC 2595 section 4). */
    struct {
        bool known;                             /* a list came at all */
        bool starttls;                          /* STARTTLS, STLS */
        bool login;                             /* SMTP: AUTH; the others: always some way */
        bool pipelining;                        /* POP3, SMTP */
        bool size, eight_bit, smtputf8;         /* SMTP */
        bool sasl_ir;                           /* IMAP */
        bool no_login_command, login_mechanism; /* IMAP: LOGINDISABLED; AUTH=LOGIN */
    } offers;
    /* the SASL exchange under way */
    const struct sasl_mechanism *mechanism;
    struct sasl_exchange exchange;
    struct buffer challenge; /* decoded; what the next response answers */
    bool begun;              /* AUTH was said */
    bool cancelled;          /* "*" was said: the server asked for more than there is */
    bool mail_refused;       /* SMTP: what follows MAIL says nothing any more */
    /* IMAP */
    int commands; /* said so far; the last tag */
    int argument; /* of LOGIN: 0 the name, 1 the password, 2 all said */
    bool literal; /* the argument was announced and waits for "+" */
    bool preauthenticated;
};

static inline struct mail *mail_of(struct dialogue *d)
{
    return (struct mail *)d;
}

/* ---- capabilities ---- */

/* TLS is up: what was learned in clear no longer counts, but stays in the report. */
void mail_forget_offers(struct mail *mail);
/* Starts the list of before or after TLS anew. */
void mail_begin_offers(struct mail *mail);
/* Adds LINE, as advertised, to that list. */
void mail_add_offer(struct mail *mail, struct bytes line);
/* Adds each blank-separated name of WORDS to the mechanisms, once each. */
void mail_add_mechanisms(struct mail *mail, struct bytes words);
bool mail_has_mechanism(const struct mail *mail, const char *name);

/* ---- replies ---- */

/* The step under way was answered with a refusal, or asked for more than it has. */
int mail_refused(struct mail *mail, const struct reply *reply, int next);
struct bytes mail_last_line(struct bytes text); /* without its line end */
/* The server's name hidden in a greeting of Exchange, "... [base64 of UTF-16LE]"; sets session_id.
 */
void mail_read_greeting_token(struct mail *mail, struct bytes line);

/* ---- login ---- */

/* Was a name and a secret given? */
bool mail_has_login(const struct mail *mail);
/* Is NAME the mechanism asked for, or was none asked for? */
bool mail_allows(const struct mail *mail, const char *name);
/* Chooses a SASL mechanism among OFFERED; false when none fits. */
bool mail_choose(struct mail *mail, const struct strings *offered);
/* Why no mechanism fits, and NEXT. For a step that decides. */
int mail_no_mechanism(struct mail *mail, int next);

/* Says AUTH with its mechanism, or the next response. VERB ("AUTH", "a1 AUTHENTICATE") begins the
 * command; an initial response goes with it where the mechanism has one and the whole line is at
 * most LINE_LIMIT bytes, line end included: 0 for never. */
void mail_auth_say(struct mail *mail, struct buffer *out, const char *verb, size_t line_limit);
/* Hears the reply to that. CHALLENGE: the base64 behind the reply's "334", "+". Leads to AGAIN for
 * the next response, DONE when accepted, GOODBYE when refused. */
int mail_auth_heard(struct mail *mail, const struct reply *reply, struct bytes challenge, int again,
                    int done, int goodbye);
/* The login was accepted or refused by REPLY: keeps its words and leads on. */
int mail_login_heard(struct mail *mail, const struct reply *reply, int done, int goodbye);

#endif
