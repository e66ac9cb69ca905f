/* What the files of the script share. */
#ifndef SIMULATE_SCRIPT_PARTS_H
#define SIMULATE_SCRIPT_PARTS_H

#include "simulate/script.h"

enum {
    SIM_TAG_SIZE = 64,
    SIM_WORD_SIZE = 64,
    SIM_QUOTE_SIZE = 81,
    SIM_REFUSAL_SIZE = 256,
    SIM_CODE_SIZE = 1024
};

enum sim_auth {
    SIM_AUTH_NONE,
    SIM_AUTH_PLAIN,          /* the one message of PLAIN is due */
    SIM_AUTH_LOGIN_USER,     /* the user name of LOGIN is due */
    SIM_AUTH_LOGIN_PASSWORD, /* the password of LOGIN is due */
    SIM_AUTH_XOAUTH2
};

/* What a session was told of its mailbox. In IMAP message n is seen[n - 1] until its expunge is
 * told (RFC 3501 section 7.4.1); in POP3 it is what was there when the session began. */
struct sim_view {
    unsigned mailbox; /* its id; 0: none is open */
    bool read_only;
    struct sim_seen {
        uint32_t uid;
        unsigned flags;
    } * seen;
    size_t count, capacity;
};

struct sim_script {
    struct sim_script_options options;
    enum sim_protocol protocol;
    bool tls, logged_in;
    enum sim_auth auth;
    int64_t now_ns;
    char session[17];               /* 16 hex digits */
    char tag[SIM_TAG_SIZE];         /* IMAP; "*" before there is one */
    char verb[SIM_WORD_SIZE];       /* of the command, upper case */
    char quote[SIM_QUOTE_SIZE];     /* of the client's line, printable ASCII only */
    char refusal[SIM_REFUSAL_SIZE]; /* the last refused login, for the reply to MAIL */
    struct {
        size_t exists, size, number;
        uint32_t validity, next;
        char code[SIM_CODE_SIZE]; /* a response code with a blank behind it, a unique id, or "" */
    } said;                       /* for the row's placeholders */
    bool by_uid;                  /* IMAP: the command began with UID */
    struct sim_view view;
    bool holds_pop3;                /* among the store's sessions of POP3 */
    struct sim_submission envelope; /* SMTP: of the message under way */
    struct buffer message;          /* and its text */
    struct buffer user;             /* sent by LOGIN's first step or by USER */
    struct buffer line;
    struct buffer command; /* IMAP: the command so far, its literals included */
    size_t literal;        /* IMAP: bytes of a literal still to come; SMTP: of a chunk */
    bool last_chunk;
    bool skipping; /* the rest of a line that was too long */
    bool hello, mail, rcpt, data, idle;
    struct buffer *out; /* during a step */
    struct sim_act act;
};

/* Speaks the row of MOMENT: appends its text and sets what follows. */
void sim_say(struct sim_script *script, enum sim_moment moment);
/* The row's reply on this port; "" when there is none. */
const char *sim_reply(const struct sim_script *script, enum sim_moment moment);
/* True when the scenario has words of its own for MOMENT: they were said, and nothing else is to be
 * done. */
bool sim_overruled(struct sim_script *script, enum sim_moment moment);
/* Is WORD in the row that lists what is offered now? */
bool sim_offers(const struct sim_script *script, const char *word);
/* Keeps what is harmless of BYTES for {line}. */
void sim_quote(struct sim_script *script, struct bytes bytes);
/* Takes the first word (up to a blank) off *rest, upper case, cut to fit; "" at the end. */
void sim_take_word(struct bytes *rest, char word[static SIM_WORD_SIZE]);

/* expand.c: TEXT with its placeholders filled in and its lines ended by CR LF. */
void sim_expand(const struct sim_script *script, const char *text, struct buffer *out);

/* login.c */
/* AUTH or AUTHENTICATE; INITIAL is the response on the same line, NULL data without one. */
void sim_auth_begin(struct sim_script *script, const char *mechanism, struct bytes initial);
/* A line of the exchange. */
void sim_auth_line(struct sim_script *script, struct bytes line);
/* A user name and a password from LOGIN, PASS, or a mechanism. */
void sim_judge_password(struct sim_script *script, struct bytes user, struct bytes password);

/* view.c */
void sim_view_open(struct sim_script *script, const struct sim_mailbox *mailbox, bool read_only);
void sim_view_close(struct sim_script *script);
/* What is open; NULL: nothing, or it was deleted meanwhile. */
struct sim_mailbox *sim_view_mailbox(const struct sim_script *script);
/* Appends what changed since it was last told; expunges only where EXPUNGES. */
void sim_view_tell(struct sim_script *script, bool expunges);
void sim_put_flags(struct buffer *out, unsigned flags); /* "(\\Seen \\Flagged)" */

/* smtp.c, imap.c, pop3.c: one command line without its end. */
void sim_smtp_line(struct sim_script *script, struct bytes line);
/* Bytes of a message or chunk; as many of IN as there are. False when more are needed. */
bool sim_smtp_data(struct sim_script *script, struct buffer *in);
bool sim_smtp_chunk(struct sim_script *script, struct buffer *in);
bool sim_imap_line(struct sim_script *script, struct bytes line); /* false: nothing was said */
bool sim_imap_literal(struct sim_script *script, struct buffer *in);
void sim_pop3_line(struct sim_script *script, struct bytes line);
/* The mailbox as it is now becomes the session's. False: another one holds it. */
bool sim_pop3_begin(struct sim_script *script);
void sim_pop3_end(struct sim_script *script);

#endif
