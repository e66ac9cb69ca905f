#include "probes/mail_state.h"

#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct mail *mail_new(enum mail_protocol protocol, const struct mail_wish *wish)
{
    static const struct protocol *const protocols[] = {
        [MAIL_SMTP] = &smtp_protocol,
        [MAIL_IMAP] = &imap_protocol,
        [MAIL_POP3] = &pop3_protocol,
    };
    struct mail *mail = memory_new(sizeof *mail);
    mail->wish = *wish;
    if (!mail->wish.ehlo)
        mail->wish.ehlo = "localhost";
    mail->exchange = (struct sasl_exchange) {
        .login = &mail->wish.login,
        .host = mail->wish.host,
        .port = mail->wish.port,
    };
    buffer_init(&mail->challenge, DIALOGUE_REPLY_LIMIT);
    dialogue_init(&mail->dialogue, protocols[protocol], wish->login.password, wish->login.token);
    mail->dialogue.task = wish->task;
    return mail;
}

void mail_free(struct mail *mail)
{
    if (!mail)
        return;
    dialogue_done(&mail->dialogue);
    sasl_done(&mail->exchange);
    buffer_done(&mail->challenge);
    arena_done(&mail->arena);
    free(mail);
}

struct dialogue *mail_dialogue(struct mail *mail)
{
    return &mail->dialogue;
}

void mail_bind(struct mail *mail, const struct sasl_binding *binding)
{
    mail->exchange.binding = (struct sasl_binding) {
        .type = binding->type,
        .data = arena_copy_bytes(&mail->arena, binding->data),
    };
}

const struct mail_facts *mail_facts(const struct mail *mail)
{
    return &mail->facts;
}

/* ---- capabilities ---- */

void mail_forget_offers(struct mail *mail)
{
    memset(&mail->offers, 0, sizeof mail->offers);
    mail->facts.mechanisms = (struct strings) { 0 };
}

void mail_begin_offers(struct mail *mail)
{
    mail_forget_offers(mail);
    mail->offers.known = true;
    if (mail->dialogue.tls) {
        mail->facts.after_seen = true;
        mail->facts.after = (struct strings) { 0 };
    } else {
        mail->facts.before_seen = true;
        mail->facts.before = (struct strings) { 0 };
    }
}

void mail_add_offer(struct mail *mail, struct bytes line)
{
    struct strings *list = mail->dialogue.tls ? &mail->facts.after : &mail->facts.before;
    strings_add(list, &mail->arena, arena_copy_bytes(&mail->arena, line).data);
}

bool mail_has_mechanism(const struct mail *mail, const char *name)
{
    for (size_t i = 0; i < mail->facts.mechanisms.count; i++)
        if (text_equal_fold(mail->facts.mechanisms.items[i], name))
            return true;
    return false;
}

void mail_add_mechanisms(struct mail *mail, struct bytes words)
{
    for (size_t at = 0; at < words.size;) {
        size_t end = at;
        while (end < words.size && words.data[end] != ' ')
            end++;
        struct bytes word = { words.data + at, end - at };
        const char *name = arena_copy_bytes(&mail->arena, word).data;
        if (word.size && !mail_has_mechanism(mail, name))
            strings_add(&mail->facts.mechanisms, &mail->arena, name);
        at = end + 1;
    }
}

/* ---- replies ---- */

int mail_refused(struct mail *mail, const struct reply *reply, int next)
{
    if (reply->kind != REPLY_MORE)
        return dialogue_refuse(&mail->dialogue, next);
    return dialogue_reject(
        &mail->dialogue,
        failure_make(FAILURE_PROTOCOL_VIOLATION, "asks for more where nothing follows"), next);
}

struct bytes mail_last_line(struct bytes text)
{
    struct bytes rest = text, line = { 0 };
    while (text_next_line(&rest, &line))
        ;
    return line;
}

/* The name as ASCII; NULL when TOKEN does not decode to one. */
static const char *decode_utf16_name(struct mail *mail, struct bytes token)
{
    struct buffer raw;
    buffer_init(&raw, DIALOGUE_REPLY_LIMIT);
    char *name = NULL;
    if (crypto_base64_decode(&raw, token) && buffer_size(&raw) && buffer_size(&raw) % 2 == 0) {
        struct bytes units = buffer_bytes(&raw);
        name = arena_new(&mail->arena, units.size / 2 + 1);
        for (size_t i = 0; i < units.size && name; i += 2) {
            name[i / 2] = units.data[i];
            if (units.data[i + 1] != 0 || units.data[i] <= ' ' || units.data[i] > '~')
                name = NULL;
        }
    }
    buffer_done(&raw);
    return name;
}

void mail_read_greeting_token(struct mail *mail, struct bytes line)
{
    line = text_trim(line);
    const char *open = line.size ? memrchr(line.data, '[', line.size) : NULL;
    if (!open || line.data[line.size - 1] != ']')
        return;
    size_t size = (size_t)(line.data + line.size - 1 - (open + 1));
    mail->facts.session_id = decode_utf16_name(mail, (struct bytes) { open + 1, size });
}
