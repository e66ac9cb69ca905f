/* SMTP as a mail client speaks it: RFC 5321, STARTTLS (RFC 3207), AUTH (RFC 4954).
 *
 *     greeting - EHLO [- HELO] [- STARTTLS - TLS - EHLO] - AUTH [- MAIL - RCPT - DATA - message] -
 * QUIT
 *
 * With implicit TLS (RFC 8314) the TLS step comes first. A client that wants STARTTLS and is not
 * offered it says goodbye: it never goes on in clear. */
#include "base/text.h"
#include "probes/smtp_steps.h"

#include <ctype.h>
#include <string.h>

enum { COMMAND_LIMIT = 512 }; /* RFC 5321 section 4.5.3.1.4, which RFC 4954 section 4 keeps */

/* ---- framing ---- */

static bool is_reply_line(struct bytes line)
{
    if (line.size < 3 || line.data[0] < '2' || line.data[0] > '5')
        return false;
    if (!isdigit((unsigned char)line.data[1]) || !isdigit((unsigned char)line.data[2]))
        return false;
    return line.size == 3 || line.data[3] == ' ' || line.data[3] == '-';
}

static enum reply_kind kind_of(char digit)
{
    return digit == '2'   ? REPLY_OK
           : digit == '3' ? REPLY_MORE
           : digit == '4' ? REPLY_TEMP
                          : REPLY_NO;
}

/* RFC 5321 section 4.2.1. The last line's code counts: clients have always read it so, and some
 * servers number the lines before it differently. */
static long smtp_frame(struct dialogue *d, struct bytes pending, struct reply *ret_reply)
{
    struct bytes rest = { pending.data + d->scanned, pending.size - d->scanned };
    while (rest.size) {
        d->scanned = pending.size - rest.size;
        bool whole = memchr(rest.data, '\n', rest.size);
        if (!whole && rest.size < DIALOGUE_LINE_SHOWN)
            return 0;
        struct bytes line;
        text_next_line(&rest, &line);
        if (!is_reply_line(line)) {
            size_t shown = line.size < DIALOGUE_LINE_SHOWN ? line.size : DIALOGUE_LINE_SHOWN;
            ret_reply->text = (struct bytes) { pending.data, d->scanned + shown };
            return -1;
        }
        if (!whole)
            return 0;
        if (line.size > 3 && line.data[3] == '-')
            continue;
        ret_reply->kind = kind_of(line.data[0]);
        ret_reply->code =
            (line.data[0] - '0') * 100 + (line.data[1] - '0') * 10 + (line.data[2] - '0');
        return (long)(pending.size - rest.size);
    }
    d->scanned = pending.size;
    return 0;
}

/* ---- what a server tells of itself ---- */

static bool is_hex(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!isxdigit((unsigned char)text.data[i]))
            return false;
    return true;
}

/* Exchange ends its banner with the session's id, "[08DE2A6028D26C22]"; a support case wants it. */
static void read_session_id(struct mail *mail, struct bytes line)
{
    enum { DIGITS = 16 };
    line = text_trim(line);
    if (line.size < DIGITS + 2 || line.data[line.size - 1] != ']')
        return;
    struct bytes id = { line.data + line.size - 1 - DIGITS, DIGITS };
    if (id.data[-1] == '[' && is_hex(id))
        mail->facts.session_id = arena_copy_bytes(&mail->arena, id).data;
}

/* "250-host Hello [192.0.2.7]" (Exchange), "250-host Hello name [192.0.2.7]" (Exim, Sendmail). */
static void read_seen_as(struct mail *mail, struct bytes line)
{
    const char *end = line.data + line.size, *hello = text_find_fold(line, "Hello ");
    const char *open = hello ? memchr(hello, '[', (size_t)(end - hello)) : NULL;
    const char *close = open ? memchr(open, ']', (size_t)(end - open)) : NULL;
    if (!close)
        return;
    struct bytes address = { open + 1, (size_t)(close - open - 1) };
    if (text_starts_fold(address, "IPv6:")) {
        address.data += 5;
        address.size -= 5;
    }
    if (!address.size || address.size > 45) /* the longest address text, RFC 4291 */
        return;
    for (size_t i = 0; i < address.size; i++)
        if (!isxdigit((unsigned char)address.data[i]) && address.data[i] != '.' &&
            address.data[i] != ':')
            return;
    mail->facts.seen_as = arena_copy_bytes(&mail->arena, address).data;
}

/* One EHLO line behind the first: a keyword and its parameters (RFC 5321 section 4.1.1.1). */
static void read_capability(struct mail *mail, struct bytes line)
{
    line = text_trim(line);
    mail_add_offer(mail, line);
    const char *blank = memchr(line.data, ' ', line.size);
    struct bytes keyword = { line.data, blank ? (size_t)(blank - line.data) : line.size };
    struct bytes rest = { line.data + keyword.size, line.size - keyword.size };
    mail->offers.starttls |= text_has_word(keyword, "STARTTLS");
    mail->offers.pipelining |= text_has_word(keyword, "PIPELINING");
    mail->offers.size |= text_has_word(keyword, "SIZE");
    mail->offers.eight_bit |= text_has_word(keyword, "8BITMIME");
    mail->offers.smtputf8 |= text_has_word(keyword, "SMTPUTF8");
    /* "AUTH=LOGIN" is how it was spelled before RFC 2554, and some servers still say both. */
    bool old = text_starts_fold(keyword, "AUTH=");
    if (!old && !text_has_word(keyword, "AUTH"))
        return;
    mail->offers.login = true;
    if (old)
        mail_add_mechanisms(mail, (struct bytes) { keyword.data + 5, keyword.size - 5 });
    mail_add_mechanisms(mail, rest);
}

static void read_capabilities(struct mail *mail, struct bytes text)
{
    struct bytes line;
    mail_begin_offers(mail);
    if (text_next_line(&text, &line))
        read_seen_as(mail, line);
    while (text_next_line(&text, &line))
        if (line.size > 4)
            read_capability(mail, (struct bytes) { line.data + 4, line.size - 4 });
}

/* ---- the steps ---- */

static int smtp_open(struct dialogue *d)
{
    return mail_of(d)->wish.implicit ? TLS : GREETING;
}

static int smtp_held_back(struct dialogue *d)
{
    (void)d;
    return QUIT;
}

static int greeting_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail, reply, QUIT); /* RFC 5321 section 3.1: also after 554 */
    mail->greeted = true;
    read_session_id(mail, mail_last_line(reply->text));
    return EHLO;
}

static void ehlo_say(struct dialogue *d, struct buffer *out)
{
    buffer_format(out, "EHLO %s\r\n", mail_of(d)->wish.ehlo);
}

static void helo_say(struct dialogue *d, struct buffer *out)
{
    buffer_format(out, "HELO %s\r\n", mail_of(d)->wish.ehlo);
}

/* What follows once the server has said what it offers. */
static int after_hello(struct mail *mail)
{
    if (mail->wish.starttls && !mail->dialogue.tls)
        return mail->offers.starttls ? STARTTLS : NO_STARTTLS;
    bool anonymous = mail->wish.submission && mail->wish.submission->anonymous;
    if (mail->wish.transfer && !mail->offers.login)
        return anonymous ? smtp_begin_mail(mail) : QUIT;
    if (!mail_has_login(mail))
        return anonymous ? smtp_begin_mail(mail) : NO_LOGIN;
    return mail_choose(mail, &mail->facts.mechanisms) ? AUTH : NO_MECHANISM;
}

static int ehlo_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    /* An old server does not know the command: that is an answer, not yet a fault. */
    if (reply->code == 500 || reply->code == 502)
        return HELO;
    if (reply->kind != REPLY_OK)
        return mail_refused(mail, reply, QUIT);
    read_capabilities(mail, reply->text);
    return after_hello(mail);
}

static int helo_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    return reply->kind == REPLY_OK ? after_hello(mail) : mail_refused(mail, reply, QUIT);
}

static int no_starttls(struct dialogue *d)
{
    return dialogue_reject(d, failure_make(FAILURE_NOT_OFFERED, "STARTTLS is not offered"), QUIT);
}

static int tls_up(struct dialogue *d, const struct reply *reply)
{
    (void)reply;
    struct mail *mail = mail_of(d);
    mail_forget_offers(mail);
    return mail->greeted ? EHLO : GREETING;
}

static void auth_say(struct dialogue *d, struct buffer *out)
{
    mail_auth_say(mail_of(d), out, "AUTH", COMMAND_LIMIT);
}

static int auth_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    struct bytes line = mail_last_line(reply->text);
    size_t skip = line.size < 4 ? line.size : 4;
    struct bytes challenge = { line.data + skip, line.size - skip };
    int next = mail_auth_heard(mail, reply, challenge, AUTH, MAIL, QUIT);
    return next == MAIL ? smtp_begin_mail(mail) : next;
}

static int no_login(struct dialogue *d)
{
    return dialogue_skip(d, "no-credential", QUIT);
}

static int no_mechanism(struct dialogue *d)
{
    return mail_no_mechanism(mail_of(d), QUIT);
}

static const struct dialogue_step steps[] = {
    [GREETING] = { .name = "greeting",
                   .stage = STAGE_GREETING,
                   .patience_ms = PATIENCE_MS,
                   .hear = greeting_heard },
    [EHLO] = { .name = "EHLO",
               .stage = STAGE_CAPABILITY,
               .patience_ms = PATIENCE_MS,
               .say = ehlo_say,
               .hear = ehlo_heard },
    [HELO] = { .name = "HELO",
               .stage = STAGE_CAPABILITY,
               .patience_ms = PATIENCE_MS,
               .say = helo_say,
               .hear = helo_heard },
    [STARTTLS] = { .name = "STARTTLS",
                   .stage = STAGE_STARTTLS,
                   .patience_ms = PATIENCE_MS,
                   .line = "STARTTLS",
                   .then = TLS,
                   .otherwise = QUIT },
    [NO_STARTTLS] = { .name = "STARTTLS", .stage = STAGE_STARTTLS, .decide = no_starttls },
    [TLS] = { .name = "TLS handshake",
              .stage = STAGE_TLS,
              .patience_ms = PATIENCE_MS,
              .tls = true,
              .hear = tls_up },
    [AUTH] = { .name = "AUTH",
               .stage = STAGE_LOGIN,
               .patience_ms = PATIENCE_LOGIN_MS,
               .say = auth_say,
               .hear = auth_heard,
               .secret = true,
               .permit = true },
    [NO_LOGIN] = { .name = "AUTH", .stage = STAGE_LOGIN, .decide = no_login },
    [NO_MECHANISM] = { .name = "AUTH", .stage = STAGE_LOGIN, .decide = no_mechanism },
    [MAIL] = { .name = "MAIL FROM",
               .stage = STAGE_SUBMIT,
               .patience_ms = PATIENCE_MS,
               .say = smtp_mail_say,
               .hear = smtp_mail_heard,
               .then = RCPT,
               .permit = true },
    [NO_SMTPUTF8] = { .name = "MAIL FROM", .stage = STAGE_SUBMIT, .decide = smtp_no_smtputf8 },
    [RCPT] = { .name = "RCPT TO",
               .stage = STAGE_SUBMIT,
               .patience_ms = PATIENCE_MS,
               .say = smtp_rcpt_say,
               .hear = smtp_rcpt_heard,
               .ahead = true },
    [DATA] = { .name = "DATA",
               .stage = STAGE_SUBMIT,
               .patience_ms = PATIENCE_MS,
               .line = "DATA",
               .hear = smtp_data_heard },
    [MESSAGE] = { .name = "end of data",
                  .stage = STAGE_SUBMIT,
                  .patience_ms = PATIENCE_MESSAGE_MS,
                  .say = smtp_message_say,
                  .hear = smtp_message_heard },
    [RSET] = { .name = "RSET",
               .stage = STAGE_GOODBYE,
               .patience_ms = PATIENCE_GOODBYE_MS,
               .line = "RSET",
               .then = QUIT,
               .otherwise = QUIT },
    [QUIT] = { .name = "QUIT",
               .stage = STAGE_GOODBYE,
               .patience_ms = PATIENCE_GOODBYE_MS,
               .line = "QUIT",
               .then = STEP_DONE },
};
_Static_assert(sizeof steps / sizeof *steps == STEP_COUNT, "a step without a row");

const struct protocol smtp_protocol = {
    .name = "smtp",
    .steps = steps,
    .step_count = STEP_COUNT,
    .frame = smtp_frame,
    .open = smtp_open,
    .pipelines = smtp_pipelines,
    .held_back = smtp_held_back,
};
