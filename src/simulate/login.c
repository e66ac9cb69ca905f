/* Logins: the server's side of PLAIN (RFC 4616), LOGIN and XOAUTH2, and their judge. */
#include "base/crypto.h"
#include "base/text.h"
#include "simulate/script_parts.h"

#include <stdio.h>
#include <string.h>

static bool equal(struct bytes bytes, const char *text)
{
    size_t size = strlen(text);
    return bytes.size == size && (size == 0 || memcmp(bytes.data, text, size) == 0);
}

static bool equal_fold(struct bytes bytes, const char *text)
{
    return bytes.size == strlen(text) && text_starts_fold(bytes, text);
}

/* Keeps the words of a refusal, without the trace in brackets: Exchange says them again at MAIL. */
static void keep_refusal(struct sim_script *script, size_t start)
{
    struct bytes said = buffer_bytes(script->out);
    said.data += start;
    said.size -= start;
    const char *bracket = memchr(said.data, '[', said.size);
    if (bracket)
        said.size = (size_t)(bracket - said.data);
    said = text_trim(said);
    snprintf(script->refusal, sizeof script->refusal, "%.*s",
             (int)(said.size < sizeof script->refusal ? said.size : sizeof script->refusal - 1),
             said.data ? said.data : "");
}

/* ANY: the row for whatever secret came; where there is none, RIGHT decides. */
static void conclude(struct sim_script *script, enum sim_moment any, bool right,
                     enum sim_moment refused)
{
    size_t start = buffer_size(script->out);
    bool overruled = sim_scenario_answer(script->options.scenario, script->options.port_index, any);
    bool good = right && !overruled;
    bool locked = good && script->protocol == SIM_POP3 && !sim_pop3_begin(script);
    script->auth = SIM_AUTH_NONE;
    script->logged_in = good && !locked;
    sim_say(script, overruled ? any : locked ? SIM_LOCKED : right ? SIM_LOGIN_ACCEPTED : refused);
    if (!script->logged_in)
        keep_refusal(script, start);
}

void sim_judge_password(struct sim_script *script, struct bytes user, struct bytes password)
{
    const struct sim_accounts *accounts = script->options.accounts;
    bool right = equal_fold(user, accounts->user) && equal(password, accounts->password);
    conclude(script, SIM_PASSWORD, right, SIM_PASSWORD_REFUSED);
}

static void malformed(struct sim_script *script)
{
    script->auth = SIM_AUTH_NONE;
    sim_say(script, SIM_AUTH_MALFORMED);
}

/* RFC 4616 section 2: [authzid] NUL authcid NUL passwd */
static void judge_plain(struct sim_script *script, struct bytes message)
{
    const char *first = message.size ? memchr(message.data, '\0', message.size) : NULL;
    size_t left = first ? message.size - (size_t)(first + 1 - message.data) : 0;
    const char *second = left ? memchr(first + 1, '\0', left) : NULL;
    if (!second) {
        malformed(script);
        return;
    }
    struct bytes user = { first + 1, (size_t)(second - first - 1) };
    struct bytes password = { second + 1, message.size - (size_t)(second + 1 - message.data) };
    sim_judge_password(script, user, password);
}

/* "user=" address ^A "auth=Bearer " token ^A ^A */
static void judge_xoauth2(struct sim_script *script, struct bytes message)
{
    static const char bearer[] = "auth=Bearer ";
    struct bytes user = { 0 }, token = { 0 };
    while (message.size) {
        const char *end = memchr(message.data, '\1', message.size);
        size_t size = end ? (size_t)(end - message.data) : message.size;
        struct bytes field = { message.data, size };
        if (text_starts_fold(field, "user="))
            user = (struct bytes) { field.data + 5, size - 5 };
        else if (text_starts_fold(field, bearer))
            token = (struct bytes) { field.data + sizeof bearer - 1, size - (sizeof bearer - 1) };
        size_t taken = end ? size + 1 : size;
        message.data += taken;
        message.size -= taken;
    }
    if (!user.data || !token.data) {
        malformed(script);
        return;
    }
    const struct sim_accounts *accounts = script->options.accounts;
    bool known = (equal(token, accounts->token) && !accounts->token_bad) ||
                 (accounts->app_token && equal(token, accounts->app_token));
    bool right = equal_fold(user, accounts->user) && known;
    conclude(script, SIM_TOKEN, right, SIM_TOKEN_REFUSED);
}

static void advance(struct sim_script *script, struct bytes message)
{
    switch (script->auth) {
    case SIM_AUTH_PLAIN:
        judge_plain(script, message);
        break;
    case SIM_AUTH_XOAUTH2:
        judge_xoauth2(script, message);
        break;
    case SIM_AUTH_LOGIN_USER:
        buffer_clear(&script->user);
        buffer_append(&script->user, message.data, message.size);
        script->auth = SIM_AUTH_LOGIN_PASSWORD;
        sim_say(script, SIM_PROMPT_PASSWORD);
        break;
    case SIM_AUTH_LOGIN_PASSWORD:
        sim_judge_password(script, buffer_bytes(&script->user), message);
        break;
    case SIM_AUTH_NONE:
        break;
    }
}

void sim_auth_line(struct sim_script *script, struct bytes line)
{
    if (equal(line, "*")) { /* RFC 4954 section 4, RFC 9051 section 6.2.2, RFC 5034 section 4 */
        script->auth = SIM_AUTH_NONE;
        sim_say(script, SIM_AUTH_CANCELLED);
        return;
    }
    struct buffer message;
    buffer_init(&message, SIM_LINE_LIMIT);
    if (!equal(line, "=") && !crypto_base64_decode(&message, line))
        malformed(script);
    else
        advance(script, buffer_bytes(&message));
    buffer_done(&message);
}

static bool mechanism_offered(const struct sim_script *script, const char *mechanism)
{
    char word[SIM_WORD_SIZE + 8];
    if (script->protocol != SIM_IMAP)
        return sim_offers(script, mechanism);
    snprintf(word, sizeof word, "AUTH=%s", mechanism);
    return sim_offers(script, word);
}

void sim_auth_begin(struct sim_script *script, const char *mechanism, struct bytes initial)
{
    static const struct {
        const char *name;
        enum sim_auth first;
    } known[] = {
        { "PLAIN", SIM_AUTH_PLAIN },
        { "LOGIN", SIM_AUTH_LOGIN_USER },
        { "XOAUTH2", SIM_AUTH_XOAUTH2 },
    };
    script->auth = SIM_AUTH_NONE;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(mechanism, known[i].name) == 0 && mechanism_offered(script, mechanism))
            script->auth = known[i].first;
    if (script->auth == SIM_AUTH_NONE)
        sim_say(script, SIM_AUTH_UNKNOWN);
    else if (initial.size)
        sim_auth_line(script, initial);
    else
        sim_say(script, script->auth == SIM_AUTH_LOGIN_USER ? SIM_PROMPT_USER : SIM_PROMPT);
}
