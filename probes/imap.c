/* IMAP as a mail client speaks it: RFC 3501 and RFC 9051, SASL-IR (RFC 4959).
 *
 *     greeting [- CAPABILITY] [- STARTTLS - TLS - CAPABILITY] - AUTHENTICATE or LOGIN
 *              - EXAMINE INBOX - LOGOUT
 *
 * CAPABILITY is asked only where the server has not already told it in a response code. The mailbox
 * is opened by EXAMINE: SELECT would take the \Recent flags away from the user's own client. */
#include "base/text.h"
#include "probes/imap_command.h"
#include "probes/imap_frame.h"
#include "probes/mail_state.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum step {
    GREETING = STEP_OPENING,
    CAPABILITY,
    STARTTLS,
    NO_STARTTLS,
    PREAUTH_STARTTLS,
    TLS,
    AUTHENTICATE,
    LOGIN,
    NO_LOGIN,
    NO_MECHANISM,
    EXAMINE,
    LOGOUT,
    STEP_COUNT
};

/* ---- what a server tells of itself ---- */

static void read_capability(struct mail *mail, struct bytes word)
{
    mail_add_offer(mail, word);
    if (text_has_word(word, "STARTTLS"))
        mail->offers.starttls = true;
    if (text_has_word(word, "SASL-IR"))
        mail->offers.sasl_ir = true;
    if (text_has_word(word, "LOGINDISABLED"))
        mail->offers.no_login_command = true;
    if (text_starts_fold(word, "AUTH="))
        mail_add_mechanisms(mail, (struct bytes) { word.data + 5, word.size - 5 });
}

/* WORDS: what stands behind "CAPABILITY". */
static void read_capabilities(struct mail *mail, struct bytes words)
{
    mail_begin_offers(mail);
    for (size_t at = 0; at < words.size;) {
        size_t end = at;
        while (end < words.size && words.data[end] != ' ')
            end++;
        if (end > at)
            read_capability(mail, (struct bytes) { words.data + at, end - at });
        at = end + 1;
    }
    mail->offers.login_mechanism = mail_has_mechanism(mail, "LOGIN");
    if (!mail->offers.no_login_command)
        mail_add_mechanisms(mail, text_bytes("LOGIN"));
}

/* The list in LINE, "* CAPABILITY ..." or "... [CAPABILITY ...] ..."; false when it has none. */
static bool find_capabilities(struct bytes line, struct bytes *ret_words)
{
    static const char untagged[] = "* CAPABILITY ", code[] = "[CAPABILITY ";
    if (text_starts_fold(line, untagged)) {
        *ret_words =
            (struct bytes) { line.data + sizeof untagged - 1, line.size - (sizeof untagged - 1) };
        return true;
    }
    const char *found = text_find_fold(line, code);
    if (!found)
        return false;
    found += sizeof code - 1;
    size_t size = (size_t)(line.data + line.size - found);
    const char *close = memchr(found, ']', size);
    *ret_words = (struct bytes) { found, close ? (size_t)(close - found) : size };
    return true;
}

/* Takes the last list in TEXT, if there is one. */
static void look_for_capabilities(struct mail *mail, struct bytes text)
{
    struct bytes line, words;
    while (text_next_line(&text, &line))
        if (find_capabilities(line, &words))
            read_capabilities(mail, words);
}

static bool was_advertised(const struct mail *mail, struct bytes word)
{
    const struct strings *list = mail->dialogue.tls ? &mail->facts.after : &mail->facts.before;
    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->items[i]) == word.size && text_starts_fold(word, list->items[i]))
            return true;
    return false;
}

/* After the login a server offers more, and some say so unasked. The mechanisms it may list again
 * no longer matter. */
static void note_late_capabilities(struct mail *mail, struct bytes text)
{
    struct bytes line, words;
    while (text_next_line(&text, &line)) {
        if (!find_capabilities(line, &words))
            continue;
        for (size_t at = 0; at < words.size;) {
            size_t end = at;
            while (end < words.size && words.data[end] != ' ')
                end++;
            struct bytes word = { words.data + at, end - at };
            if (word.size && !text_starts_fold(word, "AUTH=") && !was_advertised(mail, word))
                mail_add_offer(mail, word);
            at = end + 1;
        }
    }
}

/* ---- the steps ---- */

static int imap_open(struct dialogue *d)
{
    return mail_of(d)->wish.implicit ? TLS : GREETING;
}

static int imap_held_back(struct dialogue *d)
{
    (void)d;
    return LOGOUT;
}

static void say_tag(struct mail *mail, struct buffer *out)
{
    buffer_format(out, "a%d ", ++mail->commands);
}

static int after_login(const struct mail *mail)
{
    if (mail->wish.task)
        return STEP_TASK;
    return mail->wish.mailbox ? EXAMINE : LOGOUT;
}

/* AUTHENTICATE LOGIN takes three exchanges where the command LOGIN takes one; it is for servers
 * that forbid the command alone. */
static int choose_login(struct mail *mail)
{
    /* The command LOGIN is assumed; what is advertised beside it goes first. */
    struct strings advertised = mail->facts.mechanisms;
    bool assumed = !mail->offers.no_login_command && !mail->offers.login_mechanism;
    advertised.count -= assumed && advertised.count; /* it was added last */
    if (!mail_choose(mail, &advertised) && !mail_choose(mail, &mail->facts.mechanisms))
        return NO_MECHANISM;
    bool login = text_equal_fold(mail->mechanism->name, "LOGIN");
    return login && !mail->offers.no_login_command ? LOGIN : AUTHENTICATE;
}

static int after_capabilities(struct mail *mail)
{
    if (mail->wish.starttls && !mail->dialogue.tls)
        return mail->offers.starttls ? STARTTLS : NO_STARTTLS;
    if (mail->preauthenticated)
        return mail_has_login(mail) ? after_login(mail) : LOGOUT;
    if (!mail_has_login(mail))
        return NO_LOGIN;
    return choose_login(mail);
}

static int greeting_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail, reply, STEP_FAILED); /* BYE: the server closes, RFC 3501 7.1.5 */
    mail->greeted = true;
    mail->preauthenticated = text_starts_fold(reply->text, "* PREAUTH");
    mail_read_greeting_token(mail, mail_last_line(reply->text));
    if (mail->preauthenticated && mail->wish.starttls)
        return PREAUTH_STARTTLS;
    look_for_capabilities(mail, reply->text);
    return mail->offers.known ? after_capabilities(mail) : CAPABILITY;
}

static void capability_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "CAPABILITY");
}

static int capability_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    if (reply->kind != REPLY_OK)
        return mail_refused(mail, reply, LOGOUT);
    look_for_capabilities(mail, reply->text);
    if (!mail->offers.known)
        return dialogue_reject(
            d, failure_make(FAILURE_PROTOCOL_VIOLATION, "completed without a capability list"),
            LOGOUT);
    return after_capabilities(mail);
}

static void starttls_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "STARTTLS");
}

static int no_starttls(struct dialogue *d)
{
    return dialogue_reject(d, failure_make(FAILURE_NOT_OFFERED, "STARTTLS is not offered"), LOGOUT);
}

/* STARTTLS is for sessions that are not authenticated (RFC 3501 section 6.2.1): whoever answers
 * PREAUTH in clear keeps the client from ever asking for TLS (CVE-2020-12398's kind). */
static int preauth_starttls(struct dialogue *d)
{
    return dialogue_reject(
        d,
        failure_make(FAILURE_PROTOCOL_VIOLATION, "preauthenticated in clear: STARTTLS is barred"),
        LOGOUT);
}

static int tls_up(struct dialogue *d, const struct reply *reply)
{
    (void)reply;
    struct mail *mail = mail_of(d);
    mail_forget_offers(mail);
    return mail->greeted ? CAPABILITY : GREETING;
}

static void authenticate_say(struct dialogue *d, struct buffer *out)
{
    struct mail *mail = mail_of(d);
    char verb[sizeof "a AUTHENTICATE" + 12] = "";
    if (!mail->begun)
        snprintf(verb, sizeof verb, "a%d AUTHENTICATE", ++mail->commands);
    mail_auth_say(mail, out, verb, mail->offers.sasl_ir ? SIZE_MAX : 0);
}

static int authenticate_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    struct bytes line = mail_last_line(reply->text);
    size_t skip = line.size < 2 ? line.size : 2;
    struct bytes challenge = { line.data + skip, line.size - skip };
    if (reply->kind == REPLY_OK)
        note_late_capabilities(mail, reply->text);
    return mail_auth_heard(mail, reply, challenge, AUTHENTICATE, after_login(mail), LOGOUT);
}

/* RFC 3501 section 9: a quoted string holds neither line ends nor 8-bit characters. */
static bool is_quotable(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= 0 || text.data[i] == '\r' || text.data[i] == '\n')
            return false;
    return true;
}

static void say_quoted(struct buffer *out, struct bytes text)
{
    buffer_append_text(out, "\"");
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buffer_append_text(out, "\\");
        buffer_append(out, text.data + i, 1);
    }
    buffer_append_text(out, "\"");
}

/* The command, or after "+" its next literal and what follows it. Synchronising literals only: the
 * server says "+" before it gets one. */
static void login_say(struct dialogue *d, struct buffer *out)
{
    struct mail *mail = mail_of(d);
    const struct sasl_login *login = &mail->wish.login;
    struct bytes arguments[] = { text_bytes(login->user), secret_bytes(login->password) };
    if (!mail->begun) {
        say_tag(mail, out);
        buffer_append_text(out, "LOGIN");
        dialogue_public(d, out);
        mail->begun = true;
    }
    if (mail->literal) {
        buffer_append(out, arguments[mail->argument].data, arguments[mail->argument].size);
        mail->argument++;
        mail->literal = false;
    }
    while (mail->argument < 2 && !mail->literal) {
        struct bytes argument = arguments[mail->argument];
        buffer_append_text(out, " ");
        mail->literal = !is_quotable(argument);
        if (mail->literal) {
            buffer_format(out, "{%zu}", argument.size);
        } else {
            say_quoted(out, argument);
            mail->argument++;
        }
    }
    buffer_append(out, "\r\n", 2);
    mail->facts.login_sent = mail->argument == 2;
}

static int login_heard(struct dialogue *d, const struct reply *reply)
{
    struct mail *mail = mail_of(d);
    if (reply->kind == REPLY_MORE && mail->literal)
        return LOGIN;
    if (reply->kind == REPLY_OK)
        note_late_capabilities(mail, reply->text);
    return mail_login_heard(mail, reply, after_login(mail), LOGOUT);
}

static int no_login(struct dialogue *d)
{
    return dialogue_skip(d, "no-credential", LOGOUT);
}

static int no_mechanism(struct dialogue *d)
{
    return mail_no_mechanism(mail_of(d), LOGOUT);
}

static void examine_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "EXAMINE INBOX");
}

static void logout_say(struct dialogue *d, struct buffer *out)
{
    imap_command(d, out, "LOGOUT");
}

static const struct dialogue_step steps[] = {
    [GREETING] = { .name = "greeting",
                   .stage = STAGE_GREETING,
                   .patience_ms = PATIENCE_MS,
                   .hear = greeting_heard },
    [CAPABILITY] = { .name = "CAPABILITY",
                     .stage = STAGE_CAPABILITY,
                     .patience_ms = PATIENCE_MS,
                     .say = capability_say,
                     .hear = capability_heard },
    [STARTTLS] = { .name = "STARTTLS",
                   .stage = STAGE_STARTTLS,
                   .patience_ms = PATIENCE_MS,
                   .say = starttls_say,
                   .then = TLS,
                   .otherwise = LOGOUT },
    [NO_STARTTLS] = { .name = "STARTTLS", .stage = STAGE_STARTTLS, .decide = no_starttls },
    [PREAUTH_STARTTLS] = { .name = "STARTTLS",
                           .stage = STAGE_STARTTLS,
                           .decide = preauth_starttls },
    [TLS] = { .name = "TLS handshake",
              .stage = STAGE_TLS,
              .patience_ms = PATIENCE_MS,
              .tls = true,
              .hear = tls_up },
    [AUTHENTICATE] = { .name = "AUTHENTICATE",
                       .stage = STAGE_LOGIN,
                       .patience_ms = PATIENCE_LOGIN_MS,
                       .say = authenticate_say,
                       .hear = authenticate_heard,
                       .secret = true,
                       .permit = true },
    [LOGIN] = { .name = "LOGIN",
                .stage = STAGE_LOGIN,
                .patience_ms = PATIENCE_LOGIN_MS,
                .say = login_say,
                .hear = login_heard,
                .secret = true,
                .permit = true },
    [NO_LOGIN] = { .name = "AUTHENTICATE", .stage = STAGE_LOGIN, .decide = no_login },
    [NO_MECHANISM] = { .name = "AUTHENTICATE", .stage = STAGE_LOGIN, .decide = no_mechanism },
    [EXAMINE] = { .name = "EXAMINE",
                  .stage = STAGE_MAILBOX,
                  .patience_ms = PATIENCE_MS,
                  .say = examine_say,
                  .then = LOGOUT,
                  .otherwise = LOGOUT },
    [LOGOUT] = { .name = "LOGOUT",
                 .stage = STAGE_GOODBYE,
                 .patience_ms = PATIENCE_GOODBYE_MS,
                 .say = logout_say,
                 .then = STEP_DONE,
                 .ahead = true },
};
_Static_assert(sizeof steps / sizeof *steps == STEP_COUNT, "a step without a row");

const struct protocol imap_protocol = {
    .name = "imap",
    .steps = steps,
    .step_count = STEP_COUNT,
    .frame = imap_frame,
    .open = imap_open,
    .held_back = imap_held_back,
    .goodbye = LOGOUT,
};
