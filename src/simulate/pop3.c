/* POP3 (RFC 1939) with CAPA (RFC 2449), STLS (RFC 2595) and AUTH (RFC 5034). */
#include "base/text.h"
#include "simulate/script_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void capa(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    bool own = sim_reply(script, SIM_CAPABILITIES_LOGGED_IN)[0];
    sim_say(script, script->logged_in && own ? SIM_CAPABILITIES_LOGGED_IN
                    : script->tls            ? SIM_CAPABILITIES_TLS
                                             : SIM_CAPABILITIES);
}

static void stls(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    bool offered = !script->tls && !script->logged_in && sim_offers(script, "STLS");
    sim_say(script, offered ? SIM_STARTTLS : SIM_STARTTLS_REFUSED);
}

/* True when the state does not allow a login, and the client has been told. */
static bool no_login_now(struct sim_script *script)
{
    if (script->logged_in)
        sim_say(script, SIM_ALREADY);
    else if (!script->tls && !sim_offers(script, "USER"))
        sim_say(script, SIM_AUTH_IN_CLEAR);
    else
        return false;
    return true;
}

static void user(struct sim_script *script, struct bytes rest)
{
    if (no_login_now(script))
        return;
    buffer_clear(&script->user);
    buffer_append(&script->user, rest.data, rest.size);
    sim_say(script, SIM_USER);
}

static void pass(struct sim_script *script, struct bytes rest)
{
    if (no_login_now(script))
        return;
    if (buffer_size(&script->user) == 0)
        sim_say(script, SIM_ALREADY);
    else
        sim_judge_password(script, buffer_bytes(&script->user), rest);
    buffer_clear(&script->user);
}

static void auth(struct sim_script *script, struct bytes rest)
{
    char mechanism[SIM_WORD_SIZE];
    sim_take_word(&rest, mechanism);
    if (no_login_now(script))
        return;
    if (rest.size && sim_reply(script, SIM_AUTH_ONE_LINE)[0])
        sim_say(script, SIM_AUTH_ONE_LINE);
    else
        sim_auth_begin(script, mechanism, rest);
}

/* ---- the mailbox ---- */

/* A message of this session's mailbox: what was there at its beginning (RFC 1939 section 3), less
 * what it has marked as deleted. */
static struct sim_message *find(const struct sim_script *script, size_t number)
{
    const struct sim_view *view = &script->view;
    const struct sim_mailbox *mailbox = sim_view_mailbox(script);
    if (number == 0 || number > view->count || (view->seen[number - 1].flags & SIM_DELETED))
        return NULL;
    return mailbox ? sim_mailbox_message(mailbox, view->seen[number - 1].uid) : NULL;
}

/* The message that REST begins with; NULL, and the client has been told, when there is none. */
static struct sim_message *take_message(struct sim_script *script, struct bytes *rest)
{
    char word[SIM_WORD_SIZE];
    sim_take_word(rest, word);
    sim_quote(script, text_bytes(word));
    struct bytes digits = text_bytes(word);
    int64_t number = text_take_number(&digits);
    struct sim_message *message =
        number > 0 && digits.size == 0 ? find(script, (size_t)number) : NULL;
    script->said.number = message ? (size_t)number : 0;
    script->said.size = message ? message->size : 0;
    if (!message)
        sim_say(script, SIM_MAILBOX_UNKNOWN);
    return message;
}

static void count_all(struct sim_script *script)
{
    script->said.exists = script->said.size = 0;
    for (size_t number = 1; number <= script->view.count; number++) {
        const struct sim_message *message = find(script, number);
        script->said.exists += message != NULL;
        script->said.size += message ? message->size : 0;
    }
}

static void stat(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    count_all(script);
    sim_say(script, SIM_MAILBOX);
}

/* What tells a message from all others for ever (RFC 1939 section 7). */
static const char *unique_id(struct sim_script *script, const struct sim_message *message)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const struct sim_mailbox *mailbox = sim_view_mailbox(script);
    char *code = script->said.code;
    if (script->options.scenario->persona->home->hex_uidl) {
        snprintf(code, SIM_CODE_SIZE, "%08" PRIx32 "%08" PRIx32, message->uid,
                 mailbox->uid_validity);
        return code;
    }
    for (int i = 0; i < 5; i++)
        code[i] = letters[message->uid >> 6 * (4 - i) & 63];
    code[5] = '\0';
    return code;
}

/* LIST and UIDL: of one, or a line for each. */
static void list(struct sim_script *script, struct bytes rest)
{
    bool uidl = strcmp(script->verb, "UIDL") == 0;
    if (rest.size) {
        const struct sim_message *message = take_message(script, &rest);
        if (!message)
            return;
        unique_id(script, message);
        sim_say(script, uidl ? SIM_UIDL_ONE : SIM_LIST_ONE);
        return;
    }
    count_all(script);
    sim_say(script, uidl ? SIM_UIDL : SIM_LIST);
    for (size_t number = 1; number <= script->view.count; number++) {
        const struct sim_message *message = find(script, number);
        if (message && uidl)
            buffer_format(script->out, "%zu %s\r\n", number, unique_id(script, message));
        else if (message)
            buffer_format(script->out, "%zu %zu\r\n", number, message->size);
    }
    buffer_append_text(script->out, ".\r\n");
}

/* The header, and so many lines behind it; a dot in front is doubled (RFC 1939 section 3). */
static void put_lines(const struct sim_message *message, int64_t most, struct buffer *out)
{
    struct bytes rest = { message->text, message->size }, line;
    bool body = false;
    while ((!body || most-- > 0) && text_next_line(&rest, &line)) {
        body = body || line.size == 0;
        if (line.size && *line.data == '.')
            buffer_append_text(out, ".");
        buffer_append(out, line.data, line.size);
        buffer_append_text(out, "\r\n");
    }
    buffer_append_text(out, ".\r\n");
}

/* Over POP3 too a message that was fetched is seen. */
static void retr(struct sim_script *script, struct bytes rest)
{
    struct sim_message *message = take_message(script, &rest);
    if (!message)
        return;
    sim_store_set_flags(script->options.store, message, message->flags | SIM_SEEN);
    sim_say(script, SIM_FETCH);
    put_lines(message, INT64_MAX, script->out);
}

static void top(struct sim_script *script, struct bytes rest)
{
    const struct sim_message *message = take_message(script, &rest);
    int64_t lines = message ? text_take_number(&rest) : 0;
    if (!message)
        return;
    sim_say(script, lines < 0 ? SIM_MALFORMED : SIM_TOP);
    if (lines >= 0)
        put_lines(message, lines, script->out);
}

static void dele(struct sim_script *script, struct bytes rest)
{
    if (!take_message(script, &rest))
        return;
    script->view.seen[script->said.number - 1].flags |= SIM_DELETED;
    sim_say(script, SIM_DONE);
}

static void rset(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    for (size_t i = 0; i < script->view.count; i++)
        script->view.seen[i].flags &= ~(unsigned)SIM_DELETED;
    sim_say(script, SIM_RSET);
}

/* Only a session that says goodbye deletes (RFC 1939 section 6). */
static void quit(struct sim_script *script, struct bytes rest)
{
    struct sim_mailbox *mailbox = sim_view_mailbox(script);
    (void)rest;
    for (size_t i = 0; mailbox && i < script->view.count; i++)
        if (script->view.seen[i].flags & SIM_DELETED)
            sim_store_remove(script->options.store, mailbox, script->view.seen[i].uid);
    sim_pop3_end(script);
    sim_say(script, SIM_GOODBYE);
}

bool sim_pop3_begin(struct sim_script *script)
{
    struct sim_store *store = script->options.store;
    if (store->pop3_sessions && script->options.scenario->pop3_lock)
        return false;
    store->pop3_sessions++;
    script->holds_pop3 = true;
    sim_view_open(script, store->mailboxes[0], false);
    for (size_t i = 0; i < script->view.count; i++)
        script->view.seen[i].flags = 0;
    return true;
}

void sim_pop3_end(struct sim_script *script)
{
    script->options.store->pop3_sessions -= script->holds_pop3;
    script->holds_pop3 = false;
    sim_view_close(script);
}

/* ---- commands ---- */

/* With an ACT the row of MOMENT is only what a scenario may say instead of it. */
static const struct {
    const char *verb;
    bool login; /* only after it */
    void (*act)(struct sim_script *script, struct bytes rest);
    enum sim_moment moment;
} commands[] = {
    { "CAPA", false, capa, SIM_MOMENT_COUNT },
    { "STLS", false, stls, SIM_MOMENT_COUNT },
    { "USER", false, user, SIM_MOMENT_COUNT },
    { "PASS", false, pass, SIM_MOMENT_COUNT },
    { "AUTH", false, auth, SIM_MOMENT_COUNT },
    { "QUIT", false, quit, SIM_GOODBYE },
    { "STAT", true, stat, SIM_MAILBOX },
    { "LIST", true, list, SIM_LIST },
    { "UIDL", true, list, SIM_UIDL },
    { "RETR", true, retr, SIM_FETCH },
    { "TOP", true, top, SIM_TOP },
    { "DELE", true, dele, SIM_DELETE },
    { "NOOP", true, NULL, SIM_NOOP },
    { "RSET", true, rset, SIM_RSET },
};

void sim_pop3_line(struct sim_script *script, struct bytes line)
{
    sim_quote(script, line);
    /* A password may begin or end with blanks: only the one behind the verb goes. */
    size_t verb = 0;
    while (verb < line.size && line.data[verb] != ' ')
        verb++;
    struct bytes word = { line.data, verb };
    sim_take_word(&word, script->verb);
    size_t taken = verb < line.size ? verb + 1 : verb;
    struct bytes rest = { taken < line.size ? line.data + taken : NULL, line.size - taken };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(script->verb, commands[i].verb) != 0)
            continue;
        if (commands[i].login && !script->logged_in)
            sim_say(script, SIM_NOT_LOGGED_IN);
        else if (commands[i].moment < SIM_MOMENT_COUNT && sim_overruled(script, commands[i].moment))
            return;
        else if (commands[i].act)
            commands[i].act(script, rest);
        else
            sim_say(script, commands[i].moment);
        return;
    }
    sim_say(script, SIM_UNKNOWN);
}
