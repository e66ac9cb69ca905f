/* The submission of one message (RFC 6409): MAIL, RCPT, DATA, the message, or RSET in its place.
 *
 * RCPT goes behind MAIL where PIPELINING is offered (RFC 2920 section 3.1). DATA waits for the
 * recipient: a server that takes it without one would have to be sent a message all the same. */
#include "probes/smtp_steps.h"

enum { MESSAGE_LIMIT = 64 * 1024 };

int smtp_begin_mail(struct mail *mail)
{
    const struct submission *submission = mail->wish.submission;
    if (!submission)
        return QUIT;
    if (submission_needs_utf8(submission) && !mail->offers.smtputf8)
        return NO_SMTPUTF8;
    mail->facts.mail_due = true;
    return MAIL;
}

bool smtp_pipelines(struct dialogue *d)
{
    return mail_of(d)->offers.pipelining;
}

int smtp_no_smtputf8(struct dialogue *d)
{
    return dialogue_reject(
        d, failure_make(FAILURE_NOT_OFFERED, "SMTPUTF8 is not offered, and an address needs it"),
        QUIT);
}

static void write_message(const struct mail *mail, struct buffer *out)
{
    buffer_init(out, MESSAGE_LIMIT);
    submission_write(mail->wish.submission, out);
}

void smtp_mail_say(struct dialogue *d, struct buffer *out)
{
    struct mail *mail = mail_of(d);
    const struct submission *submission = mail->wish.submission;
    bool utf8 = submission_needs_utf8(submission);
    struct buffer message;
    write_message(mail, &message);
    mail->facts.message_size = buffer_size(&message);
    buffer_done(&message);
    buffer_format(out, "MAIL FROM:<%s>", submission->from);
    if (mail->offers.size) /* RFC 1870 section 6 */
        buffer_format(out, " SIZE=%zu", mail->facts.message_size);
    if (mail->offers.eight_bit && utf8) /* RFC 6152; all else is seven-bit */
        buffer_append_text(out, " BODY=8BITMIME");
    if (utf8)
        buffer_append_text(out, " SMTPUTF8");
    buffer_append_text(out, "\r\n");
}

int smtp_mail_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    mail->facts.mail_due = false;
    mail->mail_refused = reply->kind != REPLY_OK;
    if (!mail->mail_refused)
        return RCPT;
    /* Where RCPT was said already, its reply is still to come. */
    return mail_refused(mail, reply, d->open > 1 ? RCPT : QUIT);
}

void smtp_rcpt_say(struct dialogue *d, struct buffer *out)
{
    buffer_format(out, "RCPT TO:<%s>\r\n", mail_of(d)->wish.submission->to);
}

int smtp_rcpt_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    if (mail->mail_refused) /* whatever is said of a recipient without a sender */
        return dialogue_skip(d, "MAIL FROM", QUIT);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail, reply, QUIT);
    mail->facts.recipient_taken = true;
    return mail->wish.submission->rcpt_only ? RSET : DATA;
}

int smtp_data_heard(struct dialogue *d, const struct reply *reply)
{
    if (reply->kind == REPLY_MORE)
        return MESSAGE;
    if (reply->kind != REPLY_OK)
        return mail_refused(mail_of(d), reply, QUIT);
    return dialogue_reject(
        d, failure_make(FAILURE_PROTOCOL_VIOLATION, "does not ask for the message after DATA"),
        QUIT);
}

void smtp_message_say(struct dialogue *d, struct buffer *out)
{
    struct buffer message;
    write_message(mail_of(d), &message);
    submission_stuff(buffer_bytes(&message), out);
    buffer_done(&message);
}

int smtp_message_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail, reply, QUIT);
    mail->facts.message_taken = true;
    return QUIT;
}
