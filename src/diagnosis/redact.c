#include "diagnosis/redact.h"

#include "base/text.h"
#include "diagnosis/unwrap.h"

#include <string.h>

enum {
    SECRET_PEEK = 96, /* how much of a base64 text is decoded to see what it is */
    TOKEN_LEAST = 16, /* a shorter word in base64 is no token */
};

struct walk {
    struct buffer *out;
    struct bytes line;
    size_t at, copied;
    size_t judged; /* no base64 begins before this that was not looked at */
    size_t lone;   /* where a line's only word in base64 begins; its size: none */
    bool hidden;
};

static bool is_alnum(char c)
{
    c = text_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* strchr() finds the zero byte in every set. */
static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

static char peek(const struct walk *walk, size_t at)
{
    return at < walk->line.size ? walk->line.data[at] : '\n';
}

static struct bytes from(const struct walk *walk, size_t at)
{
    at = at < walk->line.size ? at : walk->line.size;
    return (struct bytes) { walk->line.data + at, walk->line.size - at };
}

static bool starts(const struct walk *walk, size_t at, const char *word)
{
    return text_starts_fold(from(walk, at), word);
}

static size_t skip_blanks(const struct walk *walk, size_t at)
{
    while (peek(walk, at) == ' ' || peek(walk, at) == '\t')
        at++;
    return at;
}

/* Puts the mark in the place of what lies between START and END, and goes on behind it. False when
 * nothing lies there. */
static bool hide(struct walk *walk, size_t start, size_t end)
{
    end = end < walk->line.size ? end : walk->line.size;
    if (start >= end)
        return false;
    buffer_append(walk->out, walk->line.data + walk->copied, start - walk->copied);
    buffer_append_text(walk->out, REDACTED);
    walk->copied = walk->at = end;
    walk->hidden = true;
    return true;
}

/* The end of one word, or of a text in quotes. */
static size_t word_end(const struct walk *walk, size_t at)
{
    char quote = peek(walk, at);
    if (quote == '"' || quote == '\'') {
        for (size_t end = at + 1; end < walk->line.size; end++)
            if (peek(walk, end) == quote && peek(walk, end - 1) != '\\')
                return end + 1;
        return walk->line.size;
    }
    while (at < walk->line.size && !is_one_of(peek(walk, at), " \t\"'<>,;&)}]"))
        at++;
    return at;
}

/* ---- base64 ---- */

static size_t count_zeros(const char *data, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += data[i] == '\0';
    return count;
}

/* SASL PLAIN (RFC 4616): two zero bytes, not one in two as in the names that Exchange greets with.
 * XOAUTH2 and OAUTHBEARER (RFC 7628): "user=" or "n,". A web token or a JSON text begins with a
 * brace. */
static bool is_secret_content(const char *data, size_t size)
{
    struct bytes content = { data, size };
    if (size == 0)
        return false;
    return data[0] == '{' || text_starts_fold(content, "user=") ||
           text_starts_fold(content, "n,a=") || memmem(data, size, "auth=", 5) ||
           count_zeros(data, size) == 2;
}

static bool is_readable(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((data[i] < ' ' && data[i] != '\0' && data[i] != 1) || data[i] == 0x7f)
            return false;
    return size > 0;
}

/* Returns whether the word here was one, and is hidden now. */
static bool look_at_base64(struct walk *walk)
{
    if (walk->at < walk->judged)
        return false;
    struct bytes rest = from(walk, walk->at);
    size_t span = unwrap_base64_span(rest);
    walk->judged = walk->at + span;
    if (span < TOKEN_LEAST)
        return false;
    char data[SECRET_PEEK];
    size_t size = unwrap_base64((struct bytes) { rest.data, span }, data, sizeof data);
    /* Web tokens go on behind a full stop; the parts are base64url (RFC 7515). */
    size_t end = walk->at + span;
    while (end < walk->line.size &&
           (is_alnum(peek(walk, end)) || is_one_of(peek(walk, end), "-_.=")))
        end++;
    return is_secret_content(data, size) && hide(walk, walk->at, end);
}

/* A line of which nothing is left but one word in base64, behind a log's mark for a client or
 * none, is an answer to a challenge. */
static void find_lone_word(struct walk *walk)
{
    struct bytes line = text_trim(walk->line);
    size_t start = line.size;
    while (start && line.data[start - 1] != ' ' && line.data[start - 1] != '\t')
        start--;
    struct bytes word = { line.data + start, line.size - start };
    size_t marks = 0;
    while (marks < word.size && is_one_of(word.data[marks], "<>\"'"))
        marks++;
    word = (struct bytes) { word.data + marks, word.size - marks };
    size_t span = unwrap_base64_span(word);
    if (span < 4 || (word.size - span > 1))
        return;
    bool alone = start == 0;
    bool client = start >= 2 && is_one_of(line.data[start - 2], ":>-");
    char data[SECRET_PEEK];
    size_t size = unwrap_base64((struct bytes) { word.data, span }, data, sizeof data);
    bool text = is_readable(data, size) || word.data[span - 1] == '=';
    if (span % 4 || !text || !(client || (alone && span >= 8)))
        return;
    walk->lone = (size_t)(word.data - walk->line.data);
}

/* ---- words that announce a secret ---- */

/* AUTH MECH INITIAL, AUTHENTICATE MECH INITIAL: what follows the mechanism. */
static bool hide_initial(struct walk *walk, size_t at)
{
    static const char *const mechanisms[] = { "PLAIN",        "LOGIN",      "XOAUTH2",
                                              "OAUTHBEARER",  "CRAM-MD5",   "NTLM",
                                              "GSSAPI",       "DIGEST-MD5", "SCRAM-SHA-1",
                                              "SCRAM-SHA-256" };
    at = skip_blanks(walk, at);
    for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
        if (!starts(walk, at, mechanisms[i]))
            continue;
        size_t start = at + strlen(mechanisms[i]);
        size_t argument = skip_blanks(walk, start);
        size_t span = unwrap_base64_span(from(walk, argument));
        if (argument == start || span < 4)
            continue;
        /* "AUTH LOGIN XOAUTH2" is a list of mechanisms; "AUTH PLAIN failed" a sentence. */
        char data[SECRET_PEEK];
        size_t size =
            unwrap_base64((struct bytes) { walk->line.data + argument, span }, data, sizeof data);
        if (span % 4 && !is_secret_content(data, size))
            return false;
        if (!is_readable(data, size))
            return false;
        return hide(walk, argument, word_end(walk, argument));
    }
    return false;
}

static bool hide_auth(struct walk *walk, size_t length)
{
    return hide_initial(walk, walk->at + length);
}

/* A challenge (RFC 4954 section 4): what it asks for is no secret, but servers echo. */
static bool hide_challenge(struct walk *walk, size_t length)
{
    char sign = peek(walk, walk->at + length);
    size_t at = skip_blanks(walk, walk->at + length + is_one_of(sign, "),:"));
    if (starts(walk, at, "response:"))
        at = skip_blanks(walk, at + 9);
    while (is_one_of(peek(walk, at), "<'\"b ") && unwrap_base64_span(from(walk, at)) < 4)
        at++;
    size_t span = unwrap_base64_span(from(walk, at));
    if (span < 8 || span % 4)
        return false;
    return hide(walk, at, at + span);
}

/* POP3's PASS (RFC 1939 section 7) takes the rest of the line for the password. */
static bool hide_pass(struct walk *walk, size_t length)
{
    size_t end = walk->at + length;
    bool upper = memcmp(walk->line.data + walk->at, "PASS", 4) == 0;
    struct bytes ahead = text_trim((struct bytes) { walk->line.data, walk->at });
    bool begins = ahead.size == 0 || is_one_of(ahead.data[ahead.size - 1], ">:\"'");
    if (peek(walk, end) != ' ' || !(upper || begins) || !begins)
        return false;
    return hide(walk, skip_blanks(walk, end), walk->line.size);
}

/* IMAP: TAG LOGIN USER PASSWORD (RFC 9051 section 6.2.3). */
static bool hide_login(struct walk *walk, size_t length)
{
    struct bytes ahead = text_trim((struct bytes) { walk->line.data, walk->at });
    size_t tag = 0;
    bool digit = false;
    while (tag < ahead.size && is_alnum(ahead.data[ahead.size - 1 - tag])) {
        char c = ahead.data[ahead.size - 1 - tag++];
        digit |= c >= '0' && c <= '9';
    }
    if (!digit || peek(walk, walk->at + length) != ' ')
        return false;
    size_t user = skip_blanks(walk, walk->at + length);
    size_t password = skip_blanks(walk, word_end(walk, user));
    if (password >= walk->line.size)
        return false;
    return hide(walk, password, walk->line.size);
}

static bool hide_bearer(struct walk *walk, size_t length)
{
    size_t at = skip_blanks(walk, walk->at + length);
    size_t end = at;
    while (is_alnum(peek(walk, end)) || is_one_of(peek(walk, end), "-._~+/="))
        end++;
    if (end < at + TOKEN_LEAST)
        return false;
    return hide(walk, at, end);
}

/* password=x, "password": "x", --password x. Behind a bare colon only what is no plain word: "bad
 * password: try again" is a sentence. */
static bool hide_value(struct walk *walk, size_t length)
{
    size_t at = walk->at + length;
    bool quoted = peek(walk, at) == '"' || peek(walk, at) == '\'';
    bool option = walk->at >= 2 && peek(walk, walk->at - 1) == '-';
    at = skip_blanks(walk, at + (quoted ? 1 : 0));
    char sign = peek(walk, at);
    bool arrow = sign == '=' && peek(walk, at + 1) == '>';
    if (sign == '=' || sign == ':')
        at = skip_blanks(walk, at + 1 + (arrow ? 1 : 0));
    else if (!option || at == walk->at + length)
        return false;
    size_t end = word_end(walk, at);
    bool letters = sign == ':' && !quoted;
    for (size_t i = at; i < end && letters; i++)
        letters = is_alnum(peek(walk, i)) && !(peek(walk, i) >= '0' && peek(walk, i) <= '9');
    if (end == at || (letters && end < text_trim(walk->line).size))
        return false;
    bool wrapped = peek(walk, at) == '"' || peek(walk, at) == '\'';
    return hide(walk, at + wrapped, end - (wrapped && end > at + 1 ? 1 : 0));
}

/* scheme://user:password@host (RFC 3986 section 3.2.1). */
static bool hide_userinfo(struct walk *walk)
{
    size_t at = walk->at + 3, colon = 0;
    for (; at < walk->line.size && !is_one_of(peek(walk, at), "/ \t\"'<>"); at++) {
        if (peek(walk, at) == ':' && !colon)
            colon = at;
        if (peek(walk, at) == '@' && colon) {
            return hide(walk, colon + 1, at);
        }
    }
    return false;
}

static const struct {
    const char *word;
    bool (*hide)(struct walk *walk, size_t length);
} announcers[] = {
    { "authenticate", hide_auth },   { "authentication-results", NULL },
    { "auth-password", hide_value }, { "auth", hide_auth },
    { "334", hide_challenge },       { "bearer", hide_bearer },
    { "password", hide_value },      { "passwd", hide_value },
    { "pass", hide_pass },           { "pass", hide_value },
    { "pwd", hide_value },           { "passphrase", hide_value },
    { "login", hide_login },         { "access_token", hide_value },
    { "refresh_token", hide_value }, { "id_token", hide_value },
    { "client_secret", hide_value }, { "secret", hide_value },
    { "token", hide_value },         { "assertion", hide_value },
};

static bool look_at_word(struct walk *walk)
{
    for (size_t i = 0; i < sizeof announcers / sizeof *announcers; i++) {
        size_t length = strlen(announcers[i].word);
        if (announcers[i].hide && starts(walk, walk->at, announcers[i].word) &&
            !is_alnum(peek(walk, walk->at + length)) && announcers[i].hide(walk, length))
            return true;
    }
    return false;
}

static bool may_announce(char c)
{
    return is_one_of(text_lower(c), "abcilprst3");
}

static bool redact_line(struct buffer *out, struct bytes line)
{
    struct walk walk = { .out = out, .line = line, .lone = line.size };
    find_lone_word(&walk);
    while (walk.at < line.size) {
        char c = peek(&walk, walk.at);
        if (walk.at == walk.lone &&
            hide(&walk, walk.at, walk.at + unwrap_base64_span(from(&walk, walk.at))))
            continue;
        if (c == ':' && starts(&walk, walk.at, "://") && hide_userinfo(&walk))
            continue;
        if (!is_alnum(c)) {
            walk.at++;
            continue;
        }
        if (may_announce(c) && look_at_word(&walk))
            continue;
        if (look_at_base64(&walk))
            continue;
        while (is_alnum(peek(&walk, walk.at)))
            walk.at++;
    }
    buffer_append(out, line.data + walk.copied, line.size - walk.copied);
    return walk.hidden;
}

bool redact(struct buffer *out, struct bytes text)
{
    bool hidden = false;
    while (text.size) {
        const char *newline = memchr(text.data, '\n', text.size);
        size_t size = newline ? (size_t)(newline - text.data) + 1 : text.size;
        size_t end = size;
        while (end && (text.data[end - 1] == '\n' || text.data[end - 1] == '\r'))
            end--;
        hidden |= redact_line(out, (struct bytes) { text.data, end });
        buffer_append(out, text.data + end, size - end);
        text = (struct bytes) { text.data + size, text.size - size };
    }
    return hidden;
}
