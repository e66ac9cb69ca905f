#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"
#include "simulate/script_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_script *sim_script_new(const struct sim_script_options *options)
{
    struct sim_script *script = memory_new(sizeof *script);
    script->options = *options;
    script->protocol = sim_ports[options->port_index].protocol;
    script->now_ns = options->now_ns;
    strcpy(script->tag, "*");
    uint64_t id;
    crypto_random(&id, sizeof id);
    /* Session ids of one year begin alike, as real ones do. */
    snprintf(script->session, sizeof script->session, "08DE%012llX",
             (unsigned long long)(id & 0xffffffffffffULL));
    buffer_init(&script->user, SIM_LINE_LIMIT);
    buffer_init(&script->line, SIM_LINE_LIMIT);
    buffer_init(&script->command, SIM_COMMAND_LIMIT + SIM_MESSAGE_LIMIT);
    buffer_init(&script->message, SIM_MESSAGE_LIMIT);
    return script;
}

void sim_script_free(struct sim_script *script)
{
    if (!script)
        return;
    buffer_done(&script->user);
    buffer_done(&script->line);
    buffer_done(&script->command);
    buffer_done(&script->message);
    sim_pop3_end(script); /* also what IMAP saw */
    explicit_bzero(script, sizeof *script);
    free(script);
}

static const struct sim_answer *row(const struct sim_script *script, enum sim_moment moment)
{
    return sim_scenario_answer(script->options.scenario, script->options.port_index, moment);
}

const char *sim_reply(const struct sim_script *script, enum sim_moment moment)
{
    const struct sim_answer *answer = row(script, moment);
    return answer && answer->reply ? answer->reply : "";
}

void sim_say(struct sim_script *script, enum sim_moment moment)
{
    const struct sim_answer *answer = row(script, moment);
    if (!answer)
        answer = row(script, SIM_UNKNOWN);
    assert(answer);
    if (answer->reply)
        sim_expand(script, answer->reply, script->out);
    script->act = (struct sim_act) { .delay_ms = answer->delay_ms, .then = answer->then };
}

bool sim_overruled(struct sim_script *script, enum sim_moment moment)
{
    bool overruled =
        sim_scenario_overrules(script->options.scenario, script->options.port_index, moment);
    if (overruled)
        sim_say(script, moment);
    return overruled;
}

bool sim_offers(const struct sim_script *script, const char *word)
{
    enum sim_moment moment = script->tls ? SIM_CAPABILITIES_TLS : SIM_CAPABILITIES;
    struct bytes rest = text_bytes(sim_reply(script, moment)), line;
    while (text_next_line(&rest, &line)) {
        /* SMTP: the word behind the code and its hyphen stands at the line's start. */
        if (script->protocol == SIM_SMTP && line.size >= 4) {
            line.data += 4;
            line.size -= 4;
        }
        if (text_has_word(line, word))
            return true;
    }
    return false;
}

void sim_quote(struct sim_script *script, struct bytes bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes.size && n + 1 < sizeof script->quote; i++) {
        char c = bytes.data[i];
        script->quote[n++] = c >= ' ' && c <= '~' ? c : '?';
    }
    script->quote[n] = '\0';
}

void sim_take_word(struct bytes *rest, char word[static SIM_WORD_SIZE])
{
    size_t n = 0;
    *rest = text_trim(*rest);
    while (rest->size && *rest->data != ' ' && *rest->data != '\t') {
        char c = *rest->data;
        if (n + 1 < SIM_WORD_SIZE)
            word[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        rest->data++;
        rest->size--;
    }
    word[n] = '\0';
    *rest = text_trim(*rest);
}

void sim_script_open(struct sim_script *script, struct buffer *out, struct sim_act *ret_act)
{
    script->out = out;
    sim_say(script, SIM_GREETING);
    script->out = NULL;
    *ret_act = script->act;
}

void sim_script_tls(struct sim_script *script)
{
    script->tls = true;
    script->hello = script->mail = script->rcpt = false;
    script->refusal[0] = '\0';
    buffer_clear(&script->user);
}

enum taken { TAKEN_NOTHING, TAKEN_LINE, TAKEN_TOO_LONG };

/* Drops the rest of a line that was too long; false while its end has not come. */
static bool skip_line(struct sim_script *script, struct buffer *in)
{
    struct bytes have = buffer_bytes(in);
    const char *newline = have.size ? memchr(have.data, '\n', have.size) : NULL;
    buffer_consume(in, newline ? (size_t)(newline + 1 - have.data) : have.size);
    script->skipping = !newline;
    return newline;
}

/* Moves the next line, without its end, from IN to script->line. */
static enum taken take_line(struct sim_script *script, struct buffer *in)
{
    if (script->skipping && !skip_line(script, in))
        return TAKEN_NOTHING;
    struct bytes have = buffer_bytes(in);
    const char *newline = have.size ? memchr(have.data, '\n', have.size) : NULL;
    if (!newline && have.size < SIM_LINE_LIMIT)
        return TAKEN_NOTHING;
    if (!newline) {
        buffer_consume(in, have.size);
        script->skipping = true;
        return TAKEN_TOO_LONG;
    }
    struct bytes rest = have, line;
    text_next_line(&rest, &line);
    buffer_clear(&script->line);
    buffer_append(&script->line, line.data, line.size);
    buffer_consume(in, have.size - rest.size);
    return script->line.overflow ? TAKEN_TOO_LONG : TAKEN_LINE;
}

/* One command. False: it is not whole yet (IMAP, a literal follows that needs no word of ours). */
static bool speak(struct sim_script *script, struct bytes line)
{
    if (script->auth != SIM_AUTH_NONE)
        sim_auth_line(script, line);
    else if (script->protocol == SIM_SMTP)
        sim_smtp_line(script, line);
    else if (script->protocol == SIM_POP3)
        sim_pop3_line(script, line);
    else
        return sim_imap_line(script, line);
    return true;
}

static bool step(struct sim_script *script, struct buffer *in)
{
    for (;;) {
        if (script->data)
            return sim_smtp_data(script, in);
        if (script->literal && script->protocol == SIM_SMTP)
            return sim_smtp_chunk(script, in);
        if (script->literal && !sim_imap_literal(script, in))
            return false;
        enum taken taken = take_line(script, in);
        if (taken == TAKEN_NOTHING)
            return false;
        if (taken == TAKEN_TOO_LONG) {
            script->auth = SIM_AUTH_NONE;
            buffer_clear(&script->command);
            sim_say(script, SIM_TOO_LONG);
            return true;
        }
        if (speak(script, buffer_bytes(&script->line)))
            return true;
    }
}

bool sim_script_step(struct sim_script *script, int64_t now_ns, struct buffer *in,
                     struct buffer *out, struct sim_act *ret_act)
{
    script->out = out;
    script->now_ns = now_ns;
    script->act = (struct sim_act) { 0 };
    bool spoken = step(script, in);
    buffer_clear(&script->line);
    script->out = NULL;
    *ret_act = script->act;
    return spoken;
}

bool sim_script_news(struct sim_script *script, struct buffer *out)
{
    size_t had = buffer_size(out);
    if (!script->idle)
        return false;
    script->out = out;
    sim_view_tell(script, true);
    script->out = NULL;
    return buffer_size(out) > had;
}
