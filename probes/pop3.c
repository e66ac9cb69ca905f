/* POP3 as a mail client speaks it: RFC 1939, CAPA (RFC 2449), STLS (RFC 2595), AUTH (RFC 5034).
 *
 *     greeting - CAPA [- STLS - TLS - CAPA] - AUTH or USER, PASS - STAT - QUIT
 *
 * Nothing is ever deleted: DELE is not in the table. QUIT is waited for, because servers count
 * sessions that were left without it. */
#include "base/text.h"
#include "probes/mail_state.h"

#include <string.h>

enum step {
    GREETING = STEP_OPENING,
    CAPA,
    STLS,
    NO_STLS,
    TLS,
    AUTH,
    USER,
    PASS,
    NO_LOGIN,
    NO_MECHANISM,
    STAT,
    QUIT,
    STEP_COUNT
};

enum { COMMAND_LIMIT = 255 }; /* RFC 2449 section 4, which RFC 5034 section 4 keeps */

/* ---- framing ---- */

static bool read_kind(const struct dialogue *d, struct bytes line, enum reply_kind *ret_kind)
{
    static const char *const later[] = { "-ERR [SYS/TEMP]", "-ERR [IN-USE]", "-ERR [LOGIN-DELAY]" };
    if (text_starts_fold(line, "+OK")) {
        *ret_kind = REPLY_OK;
        return true;
    }
    if (text_starts_fold(line, "-ERR")) {
        *ret_kind = REPLY_NO;
        for (size_t i = 0; i < sizeof later / sizeof *later; i++) /* RFC 2449, RFC 3206 */
            if (text_starts_fold(line, later[i]))
                *ret_kind = REPLY_TEMP;
        return true;
    }
    *ret_kind = REPLY_MORE;
    return d->awaited != GREETING &&
           (text_starts_fold(line, "+ ") || (line.size == 1 && line.data[0] == '+'));
}

static bool is_lone_dot(struct bytes line)
{
    return line.size == 1 && line.data[0] == '.';
}

/* Only a good reply to a multiline command has a second line, so past the first the kind is OK. */
static long pop3_frame(struct dialogue *d, struct bytes pending, struct reply *ret_reply)
{
    struct bytes rest = { pending.data + d->scanned, pending.size - d->scanned };
    while (rest.size) {
        bool first = rest.size == pending.size;
        d->scanned = pending.size - rest.size;
        bool whole = memchr(rest.data, '\n', rest.size);
        if (!whole && (!first || rest.size < DIALOGUE_LINE_SHOWN))
            return 0;
        struct bytes line;
        text_next_line(&rest, &line);
        if (first && !read_kind(d, line, &ret_reply->kind)) {
            size_t shown = line.size < DIALOGUE_LINE_SHOWN ? line.size : DIALOGUE_LINE_SHOWN;
            ret_reply->text = (struct bytes) { pending.data, shown };
            return -1;
        }
        if (!whole)
            return 0;
        bool runs_on = ret_reply->kind == REPLY_OK && dialogue_awaited(d)->multiline;
        if (first ? !runs_on : is_lone_dot(line))
            return (long)(pending.size - rest.size);
    }
    d->scanned = pending.size;
    return 0;
}

/* ---- what a server tells of itself ---- */

static void read_capability(struct mail *mail, struct bytes line)
{
    const char *blank = memchr(line.data, ' ', line.size);
    struct bytes keyword = { line.data, blank ? (size_t)(blank - line.data) : line.size };
    struct bytes rest = { line.data + keyword.size, line.size - keyword.size };
    mail_add_offer(mail, line);
    if (text_has_word(keyword, "STLS"))
        mail->offers.starttls = true;
    if (text_has_word(keyword, "PIPELINING"))
        mail->offers.pipelining = true;
    if (text_has_word(keyword, "USER"))
        mail_add_mechanisms(mail, keyword);
    if (text_has_word(keyword, "SASL"))
        mail_add_mechanisms(mail, rest);
}

static void read_capabilities(struct mail *mail, struct bytes text)
{
    struct bytes line;
    mail_begin_offers(mail);
    text_next_line(&text, &line);
    while (text_next_line(&text, &line)) {
        line = text_trim(line);
        if (line.size && !is_lone_dot(line))
            read_capability(mail, line);
    }
}

/* ---- the steps ---- */

static int pop3_open(struct dialogue *d)
{
    return mail_of(d)->wish.implicit ? TLS : GREETING;
}

static bool pop3_pipelines(struct dialogue *d)
{
    return mail_of(d)->offers.pipelining;
}

static int pop3_held_back(struct dialogue *d)
{
    (void)d;
    return QUIT;
}

static int greeting_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail, reply, QUIT);
    mail->greeted = true;
    mail_read_greeting_token(mail, mail_last_line(reply->text));
    return CAPA;
}

/* USER and PASS are lines: a name or password that would end them cannot be said. */
static bool fits_a_line(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\r' || text.data[i] == '\n' || text.data[i] == '\0')
            return false;
    return text.size > 0;
}

static bool may_use_pass(const struct mail *mail)
{
    const struct sasl_login *login = &mail->wish.login;
    bool offered = !mail->offers.known || mail_has_mechanism(mail, "USER");
    return offered && login->password && !login->mailbox && mail_allows(mail, "USER") &&
           fits_a_line(secret_bytes(login->password)) && fits_a_line(text_bytes(login->user));
}

/* USER and PASS are known to every server, and two exchanges: LOGIN's three, and mechanisms that
 * need a password kept in a form of their own, are for servers that offer nothing else. */
static bool choose_mechanism(struct mail *mail)
{
    const struct strings *offered = &mail->facts.mechanisms;
    bool found = mail_choose(mail, offered);
    bool good =
        found && (mail->mechanism->wants_token || text_equal_fold(mail->mechanism->name, "PLAIN"));
    if (good || !may_use_pass(mail))
        return found;
    mail->mechanism = NULL;
    mail->facts.mechanism = "USER";
    return true;
}

static int after_capabilities(struct mail *mail)
{
    if (mail->wish.starttls && !mail->dialogue.tls)
        return mail->offers.starttls || !mail->offers.known ? STLS : NO_STLS;
    if (!mail_has_login(mail))
        return NO_LOGIN;
    if (!choose_mechanism(mail))
        return NO_MECHANISM;
    return mail->mechanism ? AUTH : USER;
}

/* A server without CAPA is an old one: what it offers is unknown, but USER it knows (RFC 1939
 * section 7; RFC 2449 section 5 lets a client try). */
static int capa_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    if (reply->kind == REPLY_MORE)
        return mail_refused(mail, reply, QUIT);
    if (reply->kind == REPLY_OK)
        read_capabilities(mail, reply->text);
    return after_capabilities(mail);
}

static int no_stls(struct dialogue *d)
{
    return dialogue_reject(d, failure_make(FAILURE_NOT_OFFERED, "STLS is not offered"), QUIT);
}

static int tls_up(struct dialogue *d, const struct reply *reply)
{
    (void)reply;
    struct mail *mail = mail_of(d);
    mail_forget_offers(mail);
    return mail->greeted ? CAPA : GREETING;
}

/* Exchange drops a session that sends a token on the AUTH line ("Protocol error. Connection is
 * closed. 10"), and a token would seldom fit there anyway. */
static void auth_say(struct dialogue *d, struct buffer *out)
{
    struct mail *mail = mail_of(d);
    mail_auth_say(mail, out, "AUTH", mail->mechanism->wants_token ? 0 : COMMAND_LIMIT);
}

static int after_login(const struct mail *mail)
{
    if (mail->wish.task)
        return STEP_TASK;
    return mail->wish.mailbox ? STAT : QUIT;
}

static int auth_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    struct bytes line = mail_last_line(reply->text);
    size_t skip = line.size < 2 ? line.size : 2;
    struct bytes challenge = { line.data + skip, line.size - skip };
    return mail_auth_heard(mail, reply, challenge, AUTH, after_login(mail), QUIT);
}

static void user_say(struct dialogue *d, struct buffer *out)
{
    buffer_append_text(out, "USER ");
    dialogue_public(d, out);
    buffer_format(out, "%s\r\n", mail_of(d)->wish.login.user);
}

static int user_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    return reply->kind == REPLY_OK ? PASS : mail_login_heard(mail, reply, PASS, QUIT);
}

static void pass_say(struct dialogue *d, struct buffer *out)
{
    struct mail *mail = mail_of(d);
    struct bytes password = secret_bytes(mail->wish.login.password);
    buffer_append_text(out, "PASS ");
    dialogue_public(d, out);
    buffer_append(out, password.data, password.size);
    buffer_append(out, "\r\n", 2);
    mail->facts.login_sent = true;
}

static int pass_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    return mail_login_heard(mail, reply, after_login(mail), QUIT);
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
    [CAPA] = { .name = "CAPA",
               .stage = STAGE_CAPABILITY,
               .patience_ms = PATIENCE_MS,
               .line = "CAPA",
               .hear = capa_heard,
               .multiline = true },
    [STLS] = { .name = "STLS",
               .stage = STAGE_STARTTLS,
               .patience_ms = PATIENCE_MS,
               .line = "STLS",
               .then = TLS,
               .otherwise = QUIT },
    [NO_STLS] = { .name = "STLS", .stage = STAGE_STARTTLS, .decide = no_stls },
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
    [USER] = { .name = "USER",
               .stage = STAGE_LOGIN,
               .patience_ms = PATIENCE_LOGIN_MS,
               .say = user_say,
               .hear = user_heard,
               .secret = true,
               .permit = true },
    [PASS] = { .name = "PASS",
               .stage = STAGE_LOGIN,
               .patience_ms = PATIENCE_LOGIN_MS,
               .say = pass_say,
               .hear = pass_heard,
               .secret = true },
    [NO_LOGIN] = { .name = "AUTH", .stage = STAGE_LOGIN, .decide = no_login },
    [NO_MECHANISM] = { .name = "AUTH", .stage = STAGE_LOGIN, .decide = no_mechanism },
    [STAT] = { .name = "STAT",
               .stage = STAGE_MAILBOX,
               .patience_ms = PATIENCE_MS,
               .line = "STAT",
               .then = QUIT,
               .otherwise = QUIT },
    [QUIT] = { .name = "QUIT",
               .stage = STAGE_GOODBYE,
               .patience_ms = PATIENCE_GOODBYE_MS,
               .line = "QUIT",
               .then = STEP_DONE,
               .ahead = true },
};
_Static_assert(sizeof steps / sizeof *steps == STEP_COUNT, "a step without a row");

const struct protocol pop3_protocol = {
    .name = "pop3",
    .steps = steps,
    .step_count = STEP_COUNT,
    .frame = pop3_frame,
    .open = pop3_open,
    .pipelines = pop3_pipelines,
    .held_back = pop3_held_back,
    .goodbye = QUIT,
};
