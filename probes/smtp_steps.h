/* The rows of SMTP's table, and the part of them that submits a message (smtp_submit.c). Private to
 * smtp.c and smtp_submit.c. */
#ifndef PROBES_SMTP_STEPS_H
#define PROBES_SMTP_STEPS_H

#include "probes/mail_state.h"

enum smtp_step {
    GREETING = STEP_OPENING,
    EHLO,
    HELO,
    STARTTLS,
    NO_STARTTLS,
    TLS,
    AUTH,
    NO_LOGIN,
    NO_MECHANISM,
    MAIL,
    NO_SMTPUTF8,
    RCPT,
    DATA,
    MESSAGE,
    RSET,
    QUIT,
    STEP_COUNT
};

/* Where the login, or its absence, leads: to the message that is to be submitted, else to QUIT. */
int smtp_begin_mail(struct mail *mail);
/* May RCPT be said behind MAIL (RFC 2920)? */
bool smtp_pipelines(struct dialogue *d);

void smtp_mail_say(struct dialogue *d, struct buffer *out);
int smtp_mail_heard(struct dialogue *d, const struct reply *reply);
int smtp_no_smtputf8(struct dialogue *d);
void smtp_rcpt_say(struct dialogue *d, struct buffer *out);
int smtp_rcpt_heard(struct dialogue *d, const struct reply *reply);
int smtp_data_heard(struct dialogue *d, const struct reply *reply);
void smtp_message_say(struct dialogue *d, struct buffer *out);
int smtp_message_heard(struct dialogue *d, const struct reply *reply);

#endif
