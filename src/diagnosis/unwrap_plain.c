/* Marks that a text picks up on its way to us: HTML, Markdown, string literals. */
#include "base/text.h"
#include "diagnosis/unwrap.h"

#include <string.h>

enum { TAG_LIMIT = 2048 };

struct rewrite {
    struct bytes rest;
    char *out;
    size_t size, limit;
};

static bool is_alnum(char c)
{
    c = text_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static char peek(const struct rewrite *rewrite, size_t at)
{
    return at < rewrite->rest.size ? rewrite->rest.data[at] : ' ';
}

static void skip(struct rewrite *rewrite, size_t size)
{
    size = size < rewrite->rest.size ? size : rewrite->rest.size;
    rewrite->rest.data += size;
    rewrite->rest.size -= size;
}

static void put(struct rewrite *rewrite, char c)
{
    if (rewrite->size < rewrite->limit)
        rewrite->out[rewrite->size++] = c;
}

static char before(const struct rewrite *rewrite)
{
    return rewrite->size ? rewrite->out[rewrite->size - 1] : ' ';
}

/* DIGITS hexadecimal digits from AT on; -1 when they are none. */
static int read_hex(const struct rewrite *rewrite, size_t at, size_t digits)
{
    int value = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = text_hex_digit(peek(rewrite, at + i));
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static void put_character(struct rewrite *rewrite, int value)
{
    put(rewrite, value == '\n' || (value > ' ' && value < 0x7f) ? (char)value : ' ');
}

/* A backslash: of a string literal (\r\n, \", \x27, \u003c), or of Markdown (\_). However often
 * the text was quoted, a run of backslashes counts as one. */
static void rewrite_escape(struct rewrite *rewrite)
{
    while (peek(rewrite, 0) == '\\')
        skip(rewrite, 1);
    char c = peek(rewrite, 0);
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 0;
    int value = digits ? read_hex(rewrite, 1, digits) : -1;
    if (value >= 0) {
        put_character(rewrite, value);
        skip(rewrite, 1 + digits);
    } else if (c == 'r' && peek(rewrite, 1) == '\\') {
        skip(rewrite, 1);
    } else if (c == 'n' || c == 'r' || c == 't') {
        put(rewrite, c == 't' ? ' ' : '\n');
        skip(rewrite, 1);
    } else if (is_alnum(c)) {
        put(rewrite, '\\'); /* DOMAIN\user */
    }
}

static void rewrite_entity(struct rewrite *rewrite)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = { { "&lt;", '<' },    { "&gt;", '>' },   { "&amp;", '&' },  { "&quot;", '"' },
                     { "&apos;", '\'' }, { "&#39;", '\'' }, { "&nbsp;", ' ' }, { "&#34;", '"' },
                     { "&#160;", ' ' },  { "&#x27;", '\'' } };
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        if (text_starts_fold(rewrite->rest, entities[i].name)) {
            put(rewrite, entities[i].c);
            skip(rewrite, strlen(entities[i].name));
            return;
        }
    }
    put(rewrite, '&');
    skip(rewrite, 1);
}

/* Length of the element's name when a tag begins here, 0 otherwise: an address in angle brackets
 * is none. */
static size_t tag_name(const struct rewrite *rewrite, size_t start)
{
    size_t size = 0;
    while (size < 12 && is_alnum(peek(rewrite, start + size)))
        size++;
    char end = peek(rewrite, start + size);
    return end == '>' || end == ' ' || end == '/' || end == '\n' || end == '\r' ? size : 0;
}

static bool is_among(const char *const *names, struct bytes name)
{
    for (; *names; names++)
        if (strlen(*names) == name.size && text_starts_fold(name, *names))
            return true;
    return false;
}

/* Everything up to and with the end tag: rules for a page's looks are no words. */
static bool skip_element(struct rewrite *rewrite, const char *end)
{
    const char *found = memmem(rewrite->rest.data, rewrite->rest.size, end, strlen(end));
    if (!found)
        return false;
    skip(rewrite, (size_t)(found - rewrite->rest.data) + strlen(end));
    return true;
}

static bool rewrite_tag(struct rewrite *rewrite)
{
    static const char *const breaking[] = { "br",    "p",          "div", "tr", "li", "h1",
                                            "h2",    "h3",         "h4",  "hr", "ul", "pre",
                                            "title", "blockquote", "ol",  NULL };
    static const char *const others[] = { "a",      "b",      "i",     "u",    "td",
                                          "th",     "em",     "tt",    "img",  "html",
                                          "body",   "head",   "font",  "span", "code",
                                          "strong", "style",  "table", "meta", "tbody",
                                          "link",   "center", "small", "o",    NULL };
    if (text_starts_fold(rewrite->rest, "<style") && skip_element(rewrite, "</style>"))
        return true;
    size_t start = peek(rewrite, 1) == '/' ? 2 : 1;
    struct bytes name = { rewrite->rest.data + start, tag_name(rewrite, start) };
    if (!name.size || !(is_among(breaking, name) || is_among(others, name)))
        return false;
    size_t limit = rewrite->rest.size < TAG_LIMIT ? rewrite->rest.size : TAG_LIMIT;
    const char *end = memchr(rewrite->rest.data, '>', limit);
    if (!end)
        return false;
    put(rewrite, is_among(breaking, name) ? '\n' : ' ');
    skip(rewrite, (size_t)(end - rewrite->rest.data) + 1);
    return true;
}

/* Two asterisks are Markdown; one is IMAP's, many are what a firewall made of a greeting. */
static bool is_emphasis(const struct rewrite *rewrite)
{
    return peek(rewrite, 1) == '*' && peek(rewrite, 2) != '*' && before(rewrite) != '*' &&
           (is_alnum(peek(rewrite, 2)) || is_alnum(before(rewrite)));
}

/* Typographic quotes, in UTF-8: a program sets a reply between them in its user's language. */
static bool rewrite_quote(struct rewrite *rewrite)
{
    static const struct {
        const char *given;
        char plain;
    } quotes[] = { { "\xe2\x80\x98", '\'' }, { "\xe2\x80\x99", '\'' }, { "\xe2\x80\x9a", '\'' },
                   { "\xe2\x80\x9c", '"' },  { "\xe2\x80\x9d", '"' },  { "\xe2\x80\x9e", '"' },
                   { "\xc2\xab", '"' },      { "\xc2\xbb", '"' },      { "\xc2\xa0", ' ' } };
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        size_t size = strlen(quotes[i].given);
        if (rewrite->rest.size >= size && memcmp(rewrite->rest.data, quotes[i].given, size) == 0) {
            put(rewrite, quotes[i].plain);
            skip(rewrite, size);
            return true;
        }
    }
    return false;
}

static void rewrite_mark(struct rewrite *rewrite)
{
    char c = peek(rewrite, 0);
    if (rewrite_quote(rewrite))
        return;
    if (c == '\\') {
        rewrite_escape(rewrite);
    } else if (c == '&') {
        rewrite_entity(rewrite);
    } else if (c == '<' && rewrite_tag(rewrite)) {
        return;
    } else if (c == '*' && is_emphasis(rewrite)) {
        skip(rewrite, 2);
    } else {
        if (c != '`')
            put(rewrite, c);
        skip(rewrite, 1);
    }
}

size_t unwrap_plain(char *out, size_t size, struct bytes text)
{
    static const bool marks[256] = {
        ['\\'] = true, ['&'] = true,  ['<'] = true,  ['*'] = true,
        ['`'] = true,  [0xc2] = true, [0xe2] = true,
    };
    struct rewrite rewrite = { .rest = text, .out = out, .limit = size };
    while (rewrite.rest.size && rewrite.size < size) {
        if (marks[(unsigned char)*rewrite.rest.data]) {
            rewrite_mark(&rewrite);
        } else {
            put(&rewrite, *rewrite.rest.data);
            skip(&rewrite, 1);
        }
    }
    return rewrite.size;
}
