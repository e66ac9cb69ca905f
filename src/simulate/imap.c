/* IMAP4rev1 (RFC 3501) as far as a client needs it to look at one mailbox with one letter. */
#include "base/text.h"
#include "simulate/script_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes an astring (RFC 3501 section 9) off *rest and appends it to OUT: an atom, a quoted string,
 * or a literal as sim_imap_line() keeps it, "{3}" CR LF and three bytes. False when there is none.
 */
static bool take_astring(struct bytes *rest, struct buffer *out)
{
    while (rest->size && *rest->data == ' ') {
        rest->data++;
        rest->size--;
    }
    if (rest->size == 0)
        return false;
    const char *p = rest->data, *end = rest->data + rest->size;
    if (*p == '"') {
        for (p++; p < end && *p != '"'; p++) {
            if (*p == '\\' && p + 1 < end)
                p++;
            buffer_append(out, p, 1);
        }
        if (p == end)
            return false;
        p++;
    } else if (*p == '{') {
        const char *newline = memchr(p, '\n', rest->size);
        size_t size = newline ? strtoul(p + 1, NULL, 10) : 0;
        if (!newline || size > (size_t)(end - newline - 1))
            return false;
        buffer_append(out, newline + 1, size);
        p = newline + 1 + size;
    } else {
        while (p < end && *p != ' ')
            p++;
        buffer_append(out, rest->data, (size_t)(p - rest->data));
    }
    rest->size -= (size_t)(p - rest->data);
    rest->data = p;
    return true;
}

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
    if (take_astring(&rest, &user) && take_astring(&rest, &password))
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

/* INBOX is the one mailbox, in any case (RFC 3501 section 5.1). */
static void open_mailbox(struct sim_script *script, struct bytes rest, enum sim_moment moment)
{
    struct buffer name;
    buffer_init(&name, SIM_LINE_LIMIT);
    bool named = take_astring(&rest, &name);
    struct bytes bytes = buffer_bytes(&name);
    bool inbox = named && bytes.size == 5 && text_starts_fold(bytes, "INBOX");
    sim_quote(script, bytes);
    sim_say(script, inbox ? moment : named ? SIM_MAILBOX_UNKNOWN : SIM_AUTH_MALFORMED);
    buffer_done(&name);
}

static void examine(struct sim_script *script, struct bytes rest)
{
    open_mailbox(script, rest, SIM_MAILBOX);
}

static void choose(struct sim_script *script, struct bytes rest)
{
    open_mailbox(script, rest, SIM_SELECT);
}

static void status(struct sim_script *script, struct bytes rest)
{
    open_mailbox(script, rest, SIM_STATUS);
}

/* Is the whole letter asked for by its old name, and not RFC822.SIZE or a sister of it? */
static bool asks_rfc822(struct bytes rest)
{
    const char *at;
    while ((at = text_find_fold(rest, "RFC822"))) {
        size_t behind = (size_t)(at - rest.data) + strlen("RFC822");
        if (behind == rest.size || rest.data[behind] != '.')
            return true;
        rest.data += behind;
        rest.size -= behind;
    }
    return false;
}

/* The part of the message that is asked for is named in the words a client waits for: BODY.PEEK[]
 * is answered as BODY[] (RFC 3501 section 6.4.5). */
static void fetch(struct sim_script *script, struct bytes rest)
{
    static const struct {
        const char *asked, *answered;
    } parts[] = {
        { "BODY.PEEK[]", "BODY[]" },          { "BODY[]", "BODY[]" },
        { "RFC822.HEADER", "RFC822.HEADER" }, { "BODY.PEEK[HEADER]", "BODY[HEADER]" },
        { "BODY[HEADER]", "BODY[HEADER]" },
    };
    script->item[0] = '\0';
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !script->item[0]; i++)
        if (text_find_fold(rest, parts[i].asked))
            strcpy(script->item, parts[i].answered);
    if (!script->item[0] && asks_rfc822(rest))
        strcpy(script->item, "RFC822");
    sim_say(script, script->item[0] ? SIM_FETCH_MESSAGE : SIM_FETCH);
}

static void search(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    sim_say(script, SIM_SEARCH);
}

static void idle(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    script->idle = true;
    sim_say(script, SIM_IDLE);
}

static const struct {
    const char *verb;
    bool login; /* only after it */
    void (*act)(struct sim_script *script, struct bytes rest);
    enum sim_moment moment;
} commands[] = {
    { "CAPABILITY", false, capability, 0 },
    { "STARTTLS", false, starttls, 0 },
    { "LOGIN", false, login, 0 },
    { "AUTHENTICATE", false, authenticate, 0 },
    { "NOOP", false, NULL, SIM_NOOP },
    { "ID", false, NULL, SIM_ID },
    { "LOGOUT", false, NULL, SIM_GOODBYE },
    { "EXAMINE", true, examine, 0 },
    { "SELECT", true, choose, 0 },
    { "STATUS", true, status, 0 },
    { "LIST", true, NULL, SIM_LIST },
    { "LSUB", true, NULL, SIM_LIST },
    { "NAMESPACE", true, NULL, SIM_NAMESPACE },
    { "FETCH", true, fetch, 0 },
    { "SEARCH", true, search, 0 },
    { "IDLE", true, idle, 0 },
    { "CHECK", true, NULL, SIM_DONE },
    { "CLOSE", true, NULL, SIM_DONE },
    { "UNSELECT", true, NULL, SIM_DONE },
    { "ENABLE", true, NULL, SIM_DONE },
    { "SUBSCRIBE", true, NULL, SIM_READ_ONLY },
    { "UNSUBSCRIBE", true, NULL, SIM_READ_ONLY },
    { "APPEND", true, NULL, SIM_READ_ONLY },
    { "CREATE", true, NULL, SIM_READ_ONLY },
    { "DELETE", true, NULL, SIM_READ_ONLY },
    { "RENAME", true, NULL, SIM_READ_ONLY },
    { "STORE", true, NULL, SIM_READ_ONLY },
    { "COPY", true, NULL, SIM_READ_ONLY },
    { "MOVE", true, NULL, SIM_READ_ONLY },
    { "EXPUNGE", true, NULL, SIM_READ_ONLY },
};

static void dispatch(struct sim_script *script, struct bytes rest)
{
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

static void run_command(struct sim_script *script)
{
    struct bytes rest = buffer_bytes(&script->command);
    sim_quote(script, rest);
    script->number = "1";
    script->verb[0] = '\0';
    if (take_tag(script, &rest)) {
        sim_take_word(&rest, script->verb);
        if (strcmp(script->verb, "UID") == 0) {
            script->number = "4"; /* the UID of message 1 */
            sim_take_word(&rest, script->verb);
        }
    }
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

bool sim_imap_line(struct sim_script *script, struct bytes line)
{
    size_t size;
    bool waits;
    if (script->idle) { /* RFC 2177: DONE, and nothing else */
        script->idle = false;
        strcpy(script->verb, "IDLE");
        sim_say(script, SIM_DONE);
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
    if (size > SIM_COMMAND_LIMIT - buffer_size(&script->command) || script->command.overflow) {
        buffer_clear(&script->command);
        sim_say(script, SIM_TOO_LONG);
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
