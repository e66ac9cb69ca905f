/* The test message that is submitted, and what its addresses need. No clock is read: the caller
 * says when it is. */
#ifndef PROBES_SUBMISSION_H
#define PROBES_SUBMISSION_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* Borrowed by whoever speaks of it. Addresses have their domain in ASCII; what stands before the @
 * may be UTF-8, and then needs SMTPUTF8 (RFC 6531). */
struct submission {
    const char *from;       /* of MAIL FROM and of the From header */
    const char *to;         /* of RCPT TO and of the To header */
    const char *message_id; /* without its angle brackets */
    const char *run_id;     /* what tells this run from all others */
    const char *tool;       /* "maildoctor/0.1" */
    int64_t now_s;          /* Unix seconds, for Date */
    bool rcpt_only;         /* nothing is sent: it ends after the recipient */
    bool anonymous;         /* no login is needed first */
};

/* "a.b@example.com", "\"a b\"@example.com": may it stand between angle brackets (RFC 5321 section
 * 4.1.2, RFC 6531 section 3.3)? */
bool submission_is_address(const char *address);

bool submission_needs_utf8(const struct submission *submission);

/* Appends the whole message, its lines ended by CR LF (RFC 5322), dots not stuffed. It says of
 * itself what it is; From is as given. */
void submission_write(const struct submission *submission, struct buffer *out);

/* Appends MESSAGE as DATA wants it: dots stuffed, and the lone dot behind it (RFC 5321 section
 * 4.5.2). */
void submission_stuff(struct bytes message, struct buffer *out);

#endif
