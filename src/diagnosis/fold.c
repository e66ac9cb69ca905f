#include "diagnosis/fold.h"

#include "base/text.h"

#include <string.h>

struct writer {
    char *space;
    size_t size;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    c = text_lower(c);
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

/* The byte at AT, or a blank past the end: so that edges need no special case. */
static char at(struct bytes text, size_t at)
{
    return at < text.size ? text.data[at] : ' ';
}

static struct bytes skip(struct bytes text, size_t count)
{
    return (struct bytes) { text.data + count, text.size - count };
}

/* RFC 5321 section 4.2: three digits, then a blank, a hyphen or the end. */
static int read_code(struct bytes line)
{
    if (at(line, 0) < '2' || at(line, 0) > '5' || !is_digit(at(line, 1)) || !is_digit(at(line, 2)))
        return 0;
    if (at(line, 3) != ' ' && at(line, 3) != '-')
        return 0;
    return (line.data[0] - '0') * 100 + (line.data[1] - '0') * 10 + (line.data[2] - '0');
}

/* One to three digits from *POS on. */
static bool read_number(struct bytes text, size_t *pos, unsigned *ret_number)
{
    size_t start = *pos;
    *ret_number = 0;
    while (*pos < start + 3 && is_digit(at(text, *pos)))
        *ret_number = *ret_number * 10 + (unsigned)(at(text, (*pos)++) - '0');
    return *pos > start;
}

/* RFC 3463 section 2: class, subject, detail. Returns its length, 0 when none stands here. */
static size_t read_enhanced(struct bytes text, unsigned *ret_packed)
{
    char kind = at(text, 0);
    unsigned subject, detail;
    size_t pos = 2;
    if ((kind != '2' && kind != '4' && kind != '5') || at(text, 1) != '.')
        return 0;
    if (!read_number(text, &pos, &subject) || at(text, pos++) != '.' ||
        !read_number(text, &pos, &detail) || is_alnum(at(text, pos)))
        return 0;
    *ret_packed = fold_pack((unsigned)(kind - '0'), subject, detail);
    return pos;
}

/* Takes the enhanced code off the start of LINE: the first one of a reply, and its repetitions on
 * the further lines. */
static struct bytes take_enhanced(struct folded *folded, struct bytes line)
{
    unsigned packed;
    size_t size = read_enhanced(line, &packed);
    if (size == 0 || at(line, size) == '.' || (folded->enhanced && folded->enhanced != packed))
        return line;
    folded->enhanced = packed;
    return skip(line, size);
}

/* RFC 9051 section 7.1: a tag, or "*", and a condition. Only the tag is taken off. */
static struct bytes take_tag(struct bytes line)
{
    static const char *const conditions[] = { "OK", "NO", "BAD", "BYE" };
    size_t size = 0;
    bool digit = false;
    for (; size < 20 && is_alnum(at(line, size)); size++)
        digit |= is_digit(line.data[size]);
    if (at(line, 0) == '*')
        size = digit = 1;
    if (!digit || at(line, size) != ' ')
        return line;
    while (size < line.size && line.data[size] == ' ')
        size++;
    struct bytes rest = skip(line, size);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (text_starts_fold(rest, conditions[i]) && at(rest, strlen(conditions[i])) == ' ')
            return rest;
    return line;
}

/* Typographic quotes, dashes and the no-break space, as a pasted or translated text has them. */
static size_t read_plain(struct bytes text, char *ret_plain)
{
    static const struct {
        const char *from;
        char to;
    } plain[] = {
        { "\xe2\x80\x98", '\'' }, { "\xe2\x80\x99", '\'' }, { "\xe2\x80\x9c", '"' },
        { "\xe2\x80\x9d", '"' },  { "\xe2\x80\x90", '-' },  { "\xe2\x80\x91", '-' },
        { "\xe2\x80\x93", '-' },  { "\xe2\x80\x94", '-' },  { "\xc2\xa0", ' ' },
    };
    unsigned char first = (unsigned char)text.data[0];
    *ret_plain = text_lower(text.data[0]);
    if (first <= ' ' || first == 0x7f)
        *ret_plain = ' ';
    if (first != 0xe2 && first != 0xc2)
        return 1;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        size_t size = strlen(plain[i].from);
        if (text.size >= size && memcmp(text.data, plain[i].from, size) == 0) {
            *ret_plain = plain[i].to;
            return size;
        }
    }
    return 1;
}

static void write_line(struct writer *out, struct bytes line)
{
    size_t start = out->size;
    bool gap = start > 0;
    while (line.size && out->size < FOLD_LIMIT) {
        char c;
        line = skip(line, read_plain(line, &c));
        if (c == ' ') {
            gap |= out->size > start;
            continue;
        }
        if (gap && out->size + 1 < FOLD_LIMIT)
            out->space[out->size++] = ' ';
        out->space[out->size++] = c;
        gap = false;
    }
}

/* An enhanced code in the middle of the words, where none stood at a line's start. Subjects end at
 * 7 (RFC 3463 section 3), so that few version numbers pass for one. */
static unsigned find_enhanced(struct bytes text)
{
    for (size_t i = 0; i + 5 <= text.size; i++) {
        struct bytes here = skip(text, i);
        unsigned packed;
        if ((here.data[0] != '4' && here.data[0] != '5') || here.data[1] != '.')
            continue;
        if (i && (is_alnum(text.data[i - 1]) || text.data[i - 1] == '.'))
            continue;
        size_t size = read_enhanced(here, &packed);
        bool one_digit = here.data[3] == '.' && here.data[2] <= '7';
        if (size && one_digit && !(at(here, size) == '.' && is_digit(at(here, size + 1))))
            return packed;
    }
    return 0;
}

struct folded fold(struct bytes words, char space[static FOLD_LIMIT])
{
    struct folded folded = { .text.data = space };
    struct writer out = { .space = space };
    struct bytes line;
    while (out.size < FOLD_LIMIT && text_next_line(&words, &line)) {
        line = text_trim(line);
        int code = read_code(line);
        if (code && (folded.code == 0 || folded.code == code)) {
            folded.code = code;
            line = text_trim(skip(line, line.size < 4 ? line.size : 4));
        } else {
            line = take_tag(line);
        }
        write_line(&out, take_enhanced(&folded, line));
    }
    folded.text.size = out.size;
    if (folded.enhanced == 0 && (folded.code < 200 || folded.code >= 400))
        folded.enhanced = find_enhanced(folded.text);
    return folded;
}

static const char *find(struct bytes text, const char *literal)
{
    return memmem(text.data, text.size, literal, strlen(literal));
}

bool fold_nested(const struct folded *outer, struct folded *ret_inner)
{
    static const char mark[] = "error: ";
    struct bytes rest = outer->text;
    if (outer->enhanced != fold_pack(5, 7, 57) && !find(rest, "authenticated to send"))
        return false;
    for (const char *found; (found = find(rest, mark)) != NULL;) {
        rest = skip(rest, (size_t)(found - rest.data) + strlen(mark));
        int code = read_code(rest);
        if (code && rest.size > 4) {
            *ret_inner = (struct folded) { .code = code };
            ret_inner->text = text_trim(take_enhanced(ret_inner, skip(rest, 4)));
            return true;
        }
    }
    return false;
}
