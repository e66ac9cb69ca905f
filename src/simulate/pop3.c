/* POP3 (RFC 1939) with CAPA (RFC 2449), STLS (RFC 2595) and AUTH (RFC 5034). */
#include "base/text.h"
#include "simulate/script_parts.h"

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

/* There is one message. Without a number: of all of them. */
static void about_message(struct sim_script *script, struct bytes rest, enum sim_moment all,
                          enum sim_moment one)
{
    char number[SIM_WORD_SIZE];
    sim_take_word(&rest, number);
    sim_quote(script, text_bytes(number));
    bool known = strcmp(number, "1") == 0 || (!number[0] && all != one);
    sim_say(script, !known ? SIM_MAILBOX_UNKNOWN : number[0] ? one : all);
}

static void list(struct sim_script *script, struct bytes rest)
{
    about_message(script, rest, SIM_LIST, SIM_LIST_ONE);
}

static void uidl(struct sim_script *script, struct bytes rest)
{
    about_message(script, rest, SIM_UIDL, SIM_UIDL_ONE);
}

static void retr(struct sim_script *script, struct bytes rest)
{
    about_message(script, rest, SIM_FETCH_MESSAGE, SIM_FETCH_MESSAGE);
}

static void top(struct sim_script *script, struct bytes rest)
{
    about_message(script, rest, SIM_TOP, SIM_TOP);
}

static const struct {
    const char *verb;
    bool login; /* only after it */
    void (*act)(struct sim_script *script, struct bytes rest);
    enum sim_moment moment;
} commands[] = {
    { "CAPA", false, capa, 0 },
    { "STLS", false, stls, 0 },
    { "USER", false, user, 0 },
    { "PASS", false, pass, 0 },
    { "AUTH", false, auth, 0 },
    { "QUIT", false, NULL, SIM_GOODBYE },
    { "STAT", true, NULL, SIM_MAILBOX },
    { "LIST", true, list, 0 },
    { "UIDL", true, uidl, 0 },
    { "RETR", true, retr, 0 },
    { "TOP", true, top, 0 },
    { "DELE", true, NULL, SIM_READ_ONLY },
    { "NOOP", true, NULL, SIM_NOOP },
    { "RSET", true, NULL, SIM_RSET },
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
        else if (commands[i].act)
            commands[i].act(script, rest);
        else
            sim_say(script, commands[i].moment);
        return;
    }
    sim_say(script, SIM_UNKNOWN);
}
