/* The part of a login that is the same in every protocol: choosing, responses, the verdict. */
#include "base/crypto.h"
#include "base/text.h"
#include "probes/mail_state.h"

#include <string.h>

bool mail_has_login(const struct mail *mail)
{
    const struct sasl_login *login = &mail->wish.login;
    return login->user && (login->password || login->token);
}

bool mail_allows(const struct mail *mail, const char *name)
{
    const char *wanted = mail->wish.login.mechanism;
    return !wanted || text_equal_fold(wanted, name);
}

bool mail_choose(struct mail *mail, const struct strings *offered)
{
    mail->mechanism = sasl_choose(&mail->wish.login, offered, &mail->exchange.binding);
    if (!mail->mechanism)
        return false;
    mail->facts.mechanism = mail->exchange.mechanism = mail->mechanism->name;
    return true;
}

int mail_no_mechanism(struct mail *mail, int next)
{
    const struct sasl_login *login = &mail->wish.login;
    const char *secret = login->token ? "access token" : "password";
    struct failure failure =
        failure_make(FAILURE_NO_MECHANISM, "no mechanism offered for a login with %s %s",
                     login->token ? "an" : "a", secret);
    if (mail->facts.mechanisms.count == 0)
        failure = failure_make(FAILURE_NO_MECHANISM, "no login is offered");
    else if (login->mailbox)
        failure = failure_make(FAILURE_NO_MECHANISM, "nothing offered can name another mailbox");
    else if (login->mechanism && !mail_has_mechanism(mail, login->mechanism))
        failure = failure_make(FAILURE_NO_MECHANISM, "%s is not offered", login->mechanism);
    else if (login->mechanism && sasl_find(login->mechanism)->binds && login->password)
        failure = failure_make(FAILURE_NO_MECHANISM, "the connection has nothing to bind %s to",
                               login->mechanism);
    else if (login->mechanism)
        failure = failure_make(FAILURE_NO_MECHANISM, "%s does not take the %s given",
                               login->mechanism, secret);
    return dialogue_reject(&mail->dialogue, failure, next);
}

static void append_response(struct buffer *out, const struct buffer *raw, bool initial)
{
    if (initial)
        buffer_append_text(out, " ");
    if (initial && !buffer_size(raw))
        buffer_append_text(out, "="); /* RFC 4954 section 4, RFC 4959 section 3 */
    crypto_base64_encode(out, buffer_bytes(raw));
}

/* With an initial response, where there is one and it fits; else the exchange stays at its start.
 */
static void say_first(struct mail *mail, struct buffer *out, const char *verb, size_t line_limit)
{
    size_t before = buffer_size(out);
    buffer_format(out, "%s %s", verb, mail->mechanism->name);
    dialogue_public(&mail->dialogue, out);
    mail->begun = true;
    if (!mail->mechanism->client_first || !line_limit)
        return;
    struct sasl_exchange start = mail->exchange;
    struct buffer raw;
    buffer_init(&raw, 2 * SECRET_LIMIT);
    mail->mechanism->respond(&mail->exchange, (struct bytes) { 0 }, &raw);
    size_t line = buffer_size(out) - before + 1 + (buffer_size(&raw) + 2) / 3 * 4 + 2;
    if (line <= line_limit)
        append_response(out, &raw, true);
    else
        mail->exchange.round = start.round, mail->exchange.secret_said = start.secret_said;
    buffer_done(&raw);
}

static void say_next(struct mail *mail, struct buffer *out)
{
    struct buffer raw;
    buffer_init(&raw, 2 * SECRET_LIMIT);
    if (mail->mechanism->respond(&mail->exchange, buffer_bytes(&mail->challenge), &raw)) {
        append_response(out, &raw, false);
    } else {
        mail->cancelled = true; /* RFC 4954 section 4, RFC 3501 section 6.2.2, RFC 5034 section 4 */
        buffer_append_text(out, "*");
        dialogue_public(&mail->dialogue, out);
    }
    buffer_done(&raw);
}

void mail_auth_say(struct mail *mail, struct buffer *out, const char *verb, size_t line_limit)
{
    if (mail->begun)
        say_next(mail, out);
    else
        say_first(mail, out, verb, line_limit);
    buffer_append(out, "\r\n", 2);
    mail->facts.login_sent = mail->facts.login_sent || mail->exchange.secret_said;
}

int mail_login_heard(struct mail *mail, const struct reply *reply, int done, int goodbye)
{
    struct dialogue *d = &mail->dialogue;
    struct bytes text = text_trim(reply->text), note = buffer_bytes(&d->note);
    char *words = arena_new(&mail->arena, note.size + 2 + text.size + 1);
    size_t size = 0;
    if (note.size) {
        memcpy(words, note.data, note.size);
        memcpy(words + note.size, "\r\n", 2);
        size = note.size + 2;
    }
    memcpy(words + size, text.data, text.size);
    mail->facts.login_reply = (struct bytes) { words, size + text.size };
    if (reply->kind != REPLY_OK)
        return mail_refused(mail, reply, goodbye);
    if (!sasl_is_proven(&mail->exchange))
        return dialogue_reject(
            d, failure_make(FAILURE_SERVER_UNPROVEN, "accepted without knowing the password"),
            goodbye);
    mail->facts.login_done = true;
    return done;
}

static void read_challenge(struct mail *mail, struct bytes challenge)
{
    buffer_clear(&mail->challenge);
    /* Some servers prompt in plain words; no mechanism here looks at what a prompt says. */
    if (!crypto_base64_decode(&mail->challenge, challenge))
        buffer_append(&mail->challenge, challenge.data, challenge.size);
    if (mail->exchange.round &&
        sasl_is_error_challenge(mail->mechanism, buffer_bytes(&mail->challenge)))
        dialogue_note(&mail->dialogue, text_trim(buffer_bytes(&mail->challenge)));
}

static struct failure why_cancelled(const struct mail *mail)
{
    const struct sasl_exchange *exchange = &mail->exchange;
    if (exchange->unproven)
        return failure_make(FAILURE_SERVER_UNPROVEN, "its proof of the password is wrong");
    if (exchange->trouble)
        return failure_make(FAILURE_PROTOCOL_VIOLATION, "%s: %s", mail->mechanism->name,
                            exchange->trouble);
    return failure_make(FAILURE_PROTOCOL_VIOLATION, "asks for more than %s has to say",
                        mail->mechanism->name);
}

int mail_auth_heard(struct mail *mail, const struct reply *reply, struct bytes challenge, int again,
                    int done, int goodbye)
{
    if (reply->kind == REPLY_MORE && !mail->cancelled) {
        read_challenge(mail, challenge);
        return again;
    }
    if (mail->cancelled)
        return dialogue_reject(&mail->dialogue, why_cancelled(mail),
                               reply->kind == REPLY_MORE ? STEP_FAILED : goodbye);
    return mail_login_heard(mail, reply, done, goodbye);
}
