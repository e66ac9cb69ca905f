/* SMTP (RFC 5321) with STARTTLS (RFC 3207), AUTH (RFC 4954) and CHUNKING (RFC 3030). */
#include "base/text.h"
#include "simulate/script_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void forget_mail(struct sim_script *script)
{
    script->mail = script->rcpt = false;
    script->envelope = (struct sim_submission) { 0 };
    buffer_clear(&script->message);
}

/* Speaks the row; false when it is a refusal. */
static bool agree(struct sim_script *script, enum sim_moment moment)
{
    size_t start = buffer_size(script->out);
    sim_say(script, moment);
    struct bytes said = buffer_bytes(script->out);
    return said.size > start && strchr("23", said.data[start]);
}

static void ehlo(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    script->hello = true;
    forget_mail(script);
    sim_say(script, script->tls ? SIM_CAPABILITIES_TLS : SIM_CAPABILITIES);
}

static void helo(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    script->hello = true;
    forget_mail(script);
    sim_say(script, SIM_HELO);
}

static void starttls(struct sim_script *script, struct bytes rest)
{
    bool offered = !script->tls && sim_offers(script, "STARTTLS");
    sim_say(script, rest.size ? SIM_AUTH_MALFORMED : offered ? SIM_STARTTLS : SIM_STARTTLS_REFUSED);
}

static void auth(struct sim_script *script, struct bytes rest)
{
    char mechanism[SIM_WORD_SIZE];
    sim_take_word(&rest, mechanism);
    if (script->logged_in || !script->hello || script->mail)
        sim_say(script, SIM_ALREADY); /* RFC 4954 section 4 */
    else if (!script->tls && !sim_offers(script, "AUTH"))
        sim_say(script, SIM_AUTH_IN_CLEAR);
    else
        sim_auth_begin(script, mechanism, rest);
}

/* The address between the angle brackets; "" when there is none, or it is too long. */
static void read_path(struct bytes rest, char address[static SIM_ADDRESS_SIZE])
{
    const char *open = rest.size ? memchr(rest.data, '<', rest.size) : NULL;
    const char *end = rest.data + rest.size;
    const char *close = open ? memchr(open, '>', (size_t)(end - open)) : NULL;
    size_t size = close ? (size_t)(close - open) - 1 : 0;
    address[0] = '\0';
    for (size_t i = 0; i < size; i++)
        if (open[1 + i] <= ' ' || open[1 + i] == '<')
            return;
    if (size < SIM_ADDRESS_SIZE && size) {
        memcpy(address, open + 1, size);
        address[size] = '\0';
    }
}

static void mail(struct sim_script *script, struct bytes rest)
{
    bool tls_needed = !script->tls && sim_reply(script, SIM_TLS_NEEDED)[0];
    bool login_needed = !script->logged_in && sim_offers(script, "AUTH");
    if (!script->hello || script->mail)
        sim_say(script, SIM_ALREADY);
    else if (tls_needed)
        sim_say(script, SIM_TLS_NEEDED);
    else if (login_needed)
        sim_say(script, SIM_NOT_LOGGED_IN);
    else if (agree(script, SIM_MAIL)) {
        script->mail = true;
        read_path(rest, script->envelope.sender);
    }
}

static void rcpt(struct sim_script *script, struct bytes rest)
{
    char recipient[SIM_ADDRESS_SIZE];
    read_path(rest, recipient);
    if (!script->mail) {
        sim_say(script, SIM_ALREADY);
    } else if (agree(script, SIM_RCPT)) {
        struct sim_submission *envelope = &script->envelope;
        if (!script->rcpt)
            memcpy(envelope->recipient, recipient, sizeof recipient);
        script->rcpt = true;
        envelope->to_self =
            envelope->to_self || text_equal_fold(recipient, script->options.accounts->user);
    }
}

static void data(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    if (!script->rcpt)
        sim_say(script, SIM_ALREADY);
    else
        script->data = agree(script, SIM_DATA);
}

static void rset(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    forget_mail(script);
    sim_say(script, SIM_RSET);
}

/* The message is whole: the store takes it, unless the scenario says what becomes of it. */
static void end_of_message(struct sim_script *script)
{
    struct sim_store *store = script->options.store;
    struct sim_submission *envelope = &script->envelope;
    const char *user = script->options.accounts->user;
    struct bytes text = buffer_bytes(&script->message);
    envelope->from_self = text_equal_fold(envelope->sender, user);
    envelope->by_login = script->logged_in;
    envelope->accepted_ns = script->now_ns;
    snprintf(envelope->client, sizeof envelope->client, "%s", script->options.client);
    snprintf(envelope->session, sizeof envelope->session, "%s", script->session);
    if (sim_overruled(script, SIM_MESSAGE))
        ;
    else if (script->message.overflow)
        sim_say(script, SIM_REFUSED);
    else if (!sim_store_submit(store, envelope, text))
        sim_say(script, SIM_FULL);
    else
        sim_say(script, SIM_MESSAGE);
    forget_mail(script);
}

static void end_of_chunk(struct sim_script *script)
{
    if (!script->rcpt)
        sim_say(script, SIM_ALREADY);
    else if (!script->last_chunk)
        sim_say(script, SIM_RSET);
    else
        end_of_message(script);
    if (script->last_chunk)
        forget_mail(script);
    script->last_chunk = false;
}

/* BDAT size [LAST]: that many bytes follow, whatever the reply will be (RFC 3030 section 2). */
static void bdat(struct sim_script *script, struct bytes rest)
{
    char size[SIM_WORD_SIZE], last[SIM_WORD_SIZE];
    sim_take_word(&rest, size);
    sim_take_word(&rest, last);
    if (!size[0] || strspn(size, "0123456789") != strlen(size) || strlen(size) > 9) {
        sim_say(script, SIM_AUTH_MALFORMED);
        return;
    }
    script->literal = strtoul(size, NULL, 10);
    script->last_chunk = strcmp(last, "LAST") == 0;
    if (script->literal == 0)
        end_of_chunk(script);
}

static const struct {
    const char *verb;
    void (*act)(struct sim_script *script, struct bytes rest); /* NULL: only the row is spoken */
    enum sim_moment moment;
} commands[] = {
    { "EHLO", ehlo, 0 },        { "HELO", helo, 0 },        { "STARTTLS", starttls, 0 },
    { "AUTH", auth, 0 },        { "MAIL", mail, 0 },        { "RCPT", rcpt, 0 },
    { "DATA", data, 0 },        { "BDAT", bdat, 0 },        { "RSET", rset, 0 },
    { "NOOP", NULL, SIM_NOOP }, { "VRFY", NULL, SIM_VRFY }, { "QUIT", NULL, SIM_GOODBYE },
};

static void command(struct sim_script *script, struct bytes rest)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(script->verb, commands[i].verb) == 0) {
            if (commands[i].act)
                commands[i].act(script, rest);
            else
                sim_say(script, commands[i].moment);
            return;
        }
    sim_say(script, SIM_UNKNOWN);
}

void sim_smtp_line(struct sim_script *script, struct bytes line)
{
    sim_quote(script, line);
    sim_take_word(&line, script->verb);
    command(script, line);
}

/* The lone dot ends it, a dot in front of more goes (RFC 5321 section 4.5.2). */
bool sim_smtp_data(struct sim_script *script, struct buffer *in)
{
    for (;;) {
        struct bytes have = buffer_bytes(in);
        const char *newline = have.size ? memchr(have.data, '\n', have.size) : NULL;
        bool start = !script->skipping; /* at the start of a line */
        size_t size = newline ? (size_t)(newline + 1 - have.data) : have.size;
        if (!newline && start && have.size <= 3)
            return false;
        if (newline && start && size == 3 && memcmp(have.data, ".\r", 2) == 0) {
            buffer_consume(in, size);
            script->data = false;
            end_of_message(script);
            return true;
        }
        size_t dot = start && *have.data == '.';
        buffer_append(&script->message, have.data + dot, size - dot);
        buffer_consume(in, size);
        script->skipping = !newline; /* of a line without end what is there is taken */
        if (!newline)
            return false;
    }
}

bool sim_smtp_chunk(struct sim_script *script, struct buffer *in)
{
    size_t have = buffer_size(in);
    size_t taken = have < script->literal ? have : script->literal;
    if (script->rcpt)
        buffer_append(&script->message, buffer_bytes(in).data, taken);
    buffer_consume(in, taken);
    script->literal -= taken;
    if (script->literal)
        return false;
    end_of_chunk(script);
    return true;
}
