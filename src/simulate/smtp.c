/* SMTP (RFC 5321) with STARTTLS (RFC 3207), AUTH (RFC 4954) and CHUNKING (RFC 3030). */
#include "base/text.h"
#include "simulate/script_parts.h"

#include <stdlib.h>
#include <string.h>

static void forget_mail(struct sim_script *script)
{
    script->mail = script->rcpt = false;
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

static void mail(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    bool tls_needed = !script->tls && sim_reply(script, SIM_TLS_NEEDED)[0];
    bool login_needed = !script->logged_in && sim_offers(script, "AUTH");
    if (!script->hello || script->mail)
        sim_say(script, SIM_ALREADY);
    else if (tls_needed)
        sim_say(script, SIM_TLS_NEEDED);
    else if (login_needed)
        sim_say(script, SIM_NOT_LOGGED_IN);
    else
        sim_say(script, SIM_MAIL);
    script->mail = script->mail || (script->hello && !tls_needed && !login_needed);
}

static void rcpt(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    script->rcpt = script->mail;
    sim_say(script, script->mail ? SIM_RCPT : SIM_ALREADY);
}

static void data(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    script->data = script->rcpt;
    sim_say(script, script->rcpt ? SIM_DATA : SIM_ALREADY);
}

static void rset(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    forget_mail(script);
    sim_say(script, SIM_RSET);
}

static void end_of_chunk(struct sim_script *script)
{
    bool whole = script->last_chunk && script->rcpt;
    sim_say(script, whole ? SIM_MESSAGE : script->rcpt ? SIM_RSET : SIM_ALREADY);
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

bool sim_smtp_data(struct sim_script *script, struct buffer *in)
{
    for (;;) {
        struct bytes have = buffer_bytes(in);
        const char *newline = have.size ? memchr(have.data, '\n', have.size) : NULL;
        bool start = !script->skipping;
        if (!newline) {
            /* Of a line without end only the start matters. */
            if (have.size > 3 || !start) {
                buffer_consume(in, have.size);
                script->skipping = true;
            }
            return false;
        }
        size_t size = (size_t)(newline - have.data);
        bool end = start && size == 2 && memcmp(have.data, ".\r", 2) == 0;
        script->skipping = false;
        buffer_consume(in, size + 1);
        if (end) {
            script->data = false;
            forget_mail(script);
            sim_say(script, SIM_MESSAGE);
            return true;
        }
    }
}

bool sim_smtp_chunk(struct sim_script *script, struct buffer *in)
{
    size_t have = buffer_size(in);
    size_t taken = have < script->literal ? have : script->literal;
    buffer_consume(in, taken);
    script->literal -= taken;
    if (script->literal)
        return false;
    end_of_chunk(script);
    return true;
}
