/* IMAP4rev1 (RFC 3501) with UIDPLUS, IDLE, MOVE and UNSELECT: commands, and who may give them. */
#include "simulate/imap_parts.h"

#include <string.h>

static void capability(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    sim_say(script, script->logged_in ? SIM_CAPABILITIES_LOGGED_IN
                    : script->tls     ? SIM_CAPABILITIES_TLS
                                      : SIM_CAPABILITIES);
}

static void starttls(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    bool offered = !script->tls && !script->logged_in && sim_offers(script, "STARTTLS");
    sim_say(script, offered ? SIM_STARTTLS : SIM_STARTTLS_REFUSED);
}

static void login(struct sim_script *script, struct bytes rest)
{
    struct buffer user, password;
    if (script->logged_in) {
        sim_say(script, SIM_ALREADY);
        return;
    }
    if (!script->tls && sim_offers(script, "LOGINDISABLED")) {
        sim_say(script, SIM_AUTH_IN_CLEAR);
        return;
    }
    buffer_init(&user, SIM_LINE_LIMIT);
    buffer_init(&password, SIM_LINE_LIMIT);
    if (sim_take_astring(&rest, &user) && sim_take_astring(&rest, &password))
        sim_judge_password(script, buffer_bytes(&user), buffer_bytes(&password));
    else
        sim_say(script, SIM_AUTH_MALFORMED);
    buffer_done(&user);
    buffer_done(&password);
}

static void authenticate(struct sim_script *script, struct bytes rest)
{
    char mechanism[SIM_WORD_SIZE];
    sim_take_word(&rest, mechanism);
    if (script->logged_in)
        sim_say(script, SIM_ALREADY);
    else if (!script->tls && sim_offers(script, "LOGINDISABLED"))
        sim_say(script, SIM_AUTH_IN_CLEAR);
    else
        sim_auth_begin(script, mechanism, rest);
}

static void idle(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    script->idle = true;
    sim_say(script, SIM_IDLE);
}

enum state { ANY, LOGGED_IN, SELECTED };

/* With an ACT the row of MOMENT is only what a scenario may say instead of it. */
static const struct {
    const char *verb;
    enum state state;
    sim_imap_act *act;
    enum sim_moment moment;
} commands[] = {
    { "CAPABILITY", ANY, capability, SIM_MOMENT_COUNT },
    { "STARTTLS", ANY, starttls, SIM_MOMENT_COUNT },
    { "LOGIN", ANY, login, SIM_MOMENT_COUNT },
    { "AUTHENTICATE", ANY, authenticate, SIM_MOMENT_COUNT },
    { "NOOP", ANY, NULL, SIM_NOOP },
    { "ID", ANY, NULL, SIM_ID },
    { "LOGOUT", ANY, NULL, SIM_GOODBYE },
    { "EXAMINE", LOGGED_IN, sim_imap_select, SIM_MAILBOX },
    { "SELECT", LOGGED_IN, sim_imap_select, SIM_SELECT },
    { "STATUS", LOGGED_IN, sim_imap_status, SIM_STATUS },
    { "LIST", LOGGED_IN, sim_imap_list, SIM_LIST },
    { "LSUB", LOGGED_IN, sim_imap_list, SIM_LIST },
    { "NAMESPACE", LOGGED_IN, NULL, SIM_NAMESPACE },
    { "CREATE", LOGGED_IN, sim_imap_create, SIM_CREATE },
    { "DELETE", LOGGED_IN, sim_imap_delete, SIM_DELETE },
    { "RENAME", LOGGED_IN, sim_imap_rename, SIM_RENAME },
    { "SUBSCRIBE", LOGGED_IN, sim_imap_subscribe, SIM_SUBSCRIBE },
    { "UNSUBSCRIBE", LOGGED_IN, sim_imap_subscribe, SIM_SUBSCRIBE },
    { "APPEND", LOGGED_IN, sim_imap_append, SIM_APPEND },
    { "IDLE", LOGGED_IN, idle, SIM_IDLE },
    { "ENABLE", LOGGED_IN, NULL, SIM_DONE },
    { "FETCH", SELECTED, sim_imap_fetch, SIM_FETCH },
    { "SEARCH", SELECTED, sim_imap_search, SIM_SEARCH },
    { "STORE", SELECTED, sim_imap_store, SIM_STORE },
    { "COPY", SELECTED, sim_imap_copy, SIM_COPY },
    { "MOVE", SELECTED, sim_imap_copy, SIM_COPY },
    { "EXPUNGE", SELECTED, sim_imap_expunge, SIM_EXPUNGE },
    { "CHECK", SELECTED, NULL, SIM_DONE },
    { "CLOSE", SELECTED, sim_imap_close, SIM_DONE },
    { "UNSELECT", SELECTED, sim_imap_close, SIM_DONE },
};

static void dispatch(struct sim_script *script, struct bytes rest)
{
    size_t i = 0, count = sizeof commands / sizeof commands[0];
    while (i < count && strcmp(script->verb, commands[i].verb) != 0)
        i++;
    if (i == count) {
        sim_say(script, SIM_UNKNOWN);
    } else if (commands[i].state != ANY && !script->logged_in) {
        sim_say(script, SIM_NOT_LOGGED_IN);
    } else if (commands[i].moment < SIM_MOMENT_COUNT && sim_overruled(script, commands[i].moment)) {
        return;
    } else if (commands[i].state == SELECTED && !script->view.mailbox) {
        sim_say(script, SIM_NOT_SELECTED);
    } else if (commands[i].act) {
        commands[i].act(script, rest);
    } else {
        sim_imap_end(script, commands[i].moment);
    }
}

/* A tag is an atom without "+" (RFC 3501 section 9). */
static bool take_tag(struct sim_script *script, struct bytes *rest)
{
    size_t size = 0;
    while (size < rest->size && rest->data[size] != ' ')
        size++;
    strcpy(script->tag, "*");
    if (size == 0 || size >= sizeof script->tag)
        return false;
    for (size_t i = 0; i < size; i++)
        if (rest->data[i] <= ' ' || rest->data[i] > '~' || strchr("(){%*\"\\+", rest->data[i]))
            return false;
    memcpy(script->tag, rest->data, size);
    script->tag[size] = '\0';
    rest->data += size;
    rest->size -= size;
    return true;
}

static bool has_uid_form(const char *verb)
{
    static const char *const verbs[] = { "FETCH", "SEARCH", "STORE", "COPY", "MOVE", "EXPUNGE" };
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verb, verbs[i]) == 0)
            return true;
    return false;
}

/* Upper case, cut to fit; what is behind it may end with a literal, and stays as it is. */
static void take_verb(struct sim_script *script, struct bytes *rest)
{
    struct bytes word;
    if (!sim_take_item(rest, &word))
        word.size = 0;
    sim_take_word(&word, script->verb);
}

static void run_command(struct sim_script *script)
{
    struct bytes rest = buffer_bytes(&script->command);
    sim_quote(script, rest);
    script->verb[0] = script->said.code[0] = '\0';
    script->by_uid = false;
    if (take_tag(script, &rest)) {
        take_verb(script, &rest);
        script->by_uid = strcmp(script->verb, "UID") == 0;
        if (script->by_uid)
            take_verb(script, &rest);
    }
    if (script->by_uid && !has_uid_form(script->verb))
        sim_say(script, SIM_UNKNOWN);
    else
        dispatch(script, rest);
    buffer_clear(&script->command);
}

/* "{42}" at the end of LINE: the client waits for a word; "{42+}": it does not (RFC 7888). */
static bool announces_literal(struct bytes line, size_t *ret_size, bool *ret_waits)
{
    if (line.size < 3 || line.data[line.size - 1] != '}')
        return false;
    size_t at = line.size - 2;
    *ret_waits = line.data[at] != '+';
    if (!*ret_waits)
        at--;
    size_t value = 0, scale = 1, digits = 0;
    while (at > 0 && line.data[at] >= '0' && line.data[at] <= '9') {
        value += digits < 9 ? (size_t)(line.data[at] - '0') * scale : 0;
        value = digits < 9 ? value : SIM_COMMAND_LIMIT;
        scale *= 10;
        digits++;
        at--;
    }
    *ret_size = value;
    return digits > 0 && line.data[at] == '{';
}

/* A message may be longer than all other words, and comes after the login. */
static size_t literal_limit(const struct sim_script *script)
{
    size_t most = SIM_COMMAND_LIMIT + (script->logged_in ? SIM_MESSAGE_LIMIT : 0);
    size_t have = buffer_size(&script->command);
    return have < most ? most - have : 0;
}

/* One that waits for our word can be told no; of the other the bytes are on their way. */
static void refuse_literal(struct sim_script *script, bool waits)
{
    struct bytes rest = buffer_bytes(&script->command);
    bool polite = waits && script->logged_in && take_tag(script, &rest);
    take_verb(script, &rest);
    buffer_clear(&script->command);
    sim_say(script, polite ? SIM_FULL : SIM_TOO_LONG);
}

bool sim_imap_line(struct sim_script *script, struct bytes line)
{
    size_t size;
    bool waits;
    if (script->idle) { /* RFC 2177: DONE, and nothing else */
        script->idle = false;
        strcpy(script->verb, "IDLE");
        sim_imap_end(script, SIM_DONE);
        return true;
    }
    buffer_append(&script->command, line.data, line.size);
    if (!announces_literal(line, &size, &waits)) {
        if (script->command.overflow) {
            buffer_clear(&script->command);
            sim_say(script, SIM_TOO_LONG);
        } else {
            run_command(script);
        }
        return true;
    }
    buffer_append_text(&script->command, "\r\n");
    if (size > literal_limit(script) || script->command.overflow) {
        refuse_literal(script, waits);
        return true;
    }
    script->literal = size;
    if (waits)
        sim_say(script, SIM_LITERAL);
    return waits;
}

bool sim_imap_literal(struct sim_script *script, struct buffer *in)
{
    struct bytes have = buffer_bytes(in);
    size_t taken = have.size < script->literal ? have.size : script->literal;
    buffer_append(&script->command, have.data, taken);
    buffer_consume(in, taken);
    script->literal -= taken;
    return script->literal == 0;
}
