/* The words that IMAP's commands are made of. */
#include "base/text.h"
#include "simulate/imap_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void advance(struct bytes *rest, size_t size)
{
    rest->data += size;
    rest->size -= size;
}

static void skip_blanks(struct bytes *rest)
{
    while (rest->size && *rest->data == ' ')
        advance(rest, 1);
}

char sim_peek(struct bytes *rest)
{
    skip_blanks(rest);
    return rest->size ? *rest->data : '\0';
}

/* How long the literal at the start of REST is with its head; 0: it is none. */
static size_t literal_size(struct bytes rest, size_t *ret_head)
{
    const char *newline = memchr(rest.data, '\n', rest.size);
    size_t size = newline ? strtoul(rest.data + 1, NULL, 10) : 0;
    if (!newline || size > (size_t)(rest.data + rest.size - newline - 1))
        return 0;
    *ret_head = (size_t)(newline + 1 - rest.data);
    return *ret_head + size;
}

/* How long the quoted string at the start of REST is with its quotes; 0: it does not end. */
static size_t quoted_size(struct bytes rest)
{
    for (size_t i = 1; i < rest.size; i++) {
        if (rest.data[i] == '"')
            return i + 1;
        if (rest.data[i] == '\\')
            i++;
    }
    return 0;
}

bool sim_take_astring(struct bytes *rest, struct buffer *out)
{
    skip_blanks(rest);
    size_t size = 0, head = 0;
    if (rest->size == 0)
        return false;
    if (*rest->data == '"') {
        size = quoted_size(*rest);
        for (size_t i = 1; i + 1 < size; i++) {
            i += rest->data[i] == '\\';
            buffer_append(out, rest->data + i, 1);
        }
    } else if (*rest->data == '{') {
        size = literal_size(*rest, &head);
        buffer_append(out, rest->data + head, size - head);
    } else {
        while (size < rest->size && !strchr(" ()", rest->data[size]))
            size++;
        buffer_append(out, rest->data, size);
    }
    advance(rest, size);
    return size > 0;
}

/* How long the token at the start of REST is, quotes, literals and brackets in one piece. */
static size_t token_size(struct bytes rest)
{
    size_t i = 0, head;
    int brackets = 0;
    while (i < rest.size && (brackets || !strchr(" ()", rest.data[i]))) {
        struct bytes here = { rest.data + i, rest.size - i };
        size_t whole = *here.data == '"'   ? quoted_size(here)
                       : *here.data == '{' ? literal_size(here, &head)
                                           : 0;
        brackets += *here.data == '[';
        brackets -= *here.data == ']' && brackets;
        i += whole ? whole : 1;
    }
    return i;
}

bool sim_take_list(struct bytes *rest, struct bytes *ret_list)
{
    skip_blanks(rest);
    if (rest->size == 0 || *rest->data != '(')
        return false;
    size_t i = 1;
    for (int depth = 1; i < rest->size;) {
        struct bytes here = { rest->data + i, rest->size - i };
        size_t size = token_size(here);
        depth += size == 0 && *here.data == '(';
        depth -= size == 0 && *here.data == ')';
        if (depth == 0) {
            *ret_list = (struct bytes) { rest->data + 1, i - 1 };
            advance(rest, i + 1);
            return true;
        }
        i += size ? size : 1;
    }
    return false;
}

bool sim_take_item(struct bytes *rest, struct bytes *ret_item)
{
    skip_blanks(rest);
    size_t size = token_size(*rest);
    *ret_item = (struct bytes) { rest->data, size };
    advance(rest, size);
    return size > 0;
}

bool sim_equals(struct bytes bytes, const char *word)
{
    return bytes.size == strlen(word) && text_starts_fold(bytes, word);
}

/* ---- sets ---- */

/* A number, or '*' which is 0; false when it is neither. */
static bool take_number(struct bytes *set, uint32_t *ret_number)
{
    *ret_number = 0;
    if (set->size && *set->data == '*') {
        advance(set, 1);
        return true;
    }
    uint64_t number = 0;
    size_t digits = 0;
    for (; set->size && *set->data >= '0' && *set->data <= '9'; digits++) {
        number = number * 10 + (uint64_t)(*set->data - '0');
        if (number > UINT32_MAX)
            return false;
        advance(set, 1);
    }
    *ret_number = (uint32_t)number;
    return digits && number;
}

static bool take_range(struct bytes *set, uint32_t *ret_from, uint32_t *ret_to)
{
    if (!take_number(set, ret_from))
        return false;
    *ret_to = *ret_from;
    if (set->size && *set->data == ':') {
        advance(set, 1);
        if (!take_number(set, ret_to))
            return false;
    }
    if (set->size == 0)
        return true;
    bool more = *set->data == ',' && set->size > 1;
    advance(set, 1);
    return more;
}

bool sim_is_set(struct bytes set)
{
    uint32_t from, to;
    bool good = set.size > 0;
    while (good && set.size)
        good = take_range(&set, &from, &to);
    return good;
}

bool sim_in_set(struct bytes set, uint32_t number, uint32_t largest)
{
    uint32_t from, to;
    while (set.size && take_range(&set, &from, &to)) {
        from = from ? from : largest;
        to = to ? to : largest;
        if ((number >= from && number <= to) || (number >= to && number <= from))
            return true;
    }
    return false;
}

uint32_t sim_set_end(struct bytes set)
{
    uint32_t from, to, end = 0;
    while (set.size && take_range(&set, &from, &to)) {
        end = from > end ? from : end;
        end = to > end ? to : end;
    }
    return end;
}

/* ---- flags ---- */

bool sim_read_flag(struct bytes word, unsigned *ret_flag)
{
    static const char *const names[] = { "\\Seen", "\\Answered", "\\Flagged", "\\Deleted",
                                         "\\Draft" };
    *ret_flag = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (sim_equals(word, names[i]))
            *ret_flag = 1U << i;
    return word.size && (*ret_flag || *word.data != '\\');
}

bool sim_read_flags(struct bytes words, unsigned *ret_flags)
{
    struct bytes word;
    *ret_flags = 0;
    while (sim_take_item(&words, &word)) {
        unsigned flag;
        if (!sim_read_flag(word, &flag))
            return false;
        *ret_flags |= flag;
    }
    return words.size == 0;
}

/* ---- dates ---- */

int64_t sim_read_date(struct bytes text, bool whole)
{
    char copy[32];
    struct tm tm = { 0 };
    snprintf(copy, sizeof copy, "%.*s", (int)(text.size < sizeof copy ? text.size : 0), text.data);
    const char *start = copy;
    while (*start == ' ')
        start++; /* the day may be a blank and a digit (RFC 3501 section 9: date-day-fixed) */
    const char *end = strptime(start, whole ? "%d-%b-%Y %H:%M:%S" : "%d-%b-%Y", &tm);
    if (!end || (whole ? strlen(end) != 6 || !strchr("+-", end[1]) : *end))
        return -1;
    int64_t at_s = timegm(&tm);
    if (!whole)
        return at_s;
    int zone = atoi(end + 2);
    int offset_s = (zone / 100 * 60 + zone % 100) * 60;
    return end[1] == '-' ? at_s + offset_s : at_s - offset_s;
}
