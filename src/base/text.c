#include "base/text.h"

#include <stdint.h>
#include <string.h>

struct bytes text_bytes(const char *text)
{
    return (struct bytes) { .data = text, .size = text ? strlen(text) : 0 };
}

char text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_equal_fold(const char *a, const char *b)
{
    while (*a && text_lower(*a) == text_lower(*b)) {
        a++;
        b++;
    }
    return text_lower(*a) == text_lower(*b);
}

bool text_starts_fold(struct bytes text, const char *prefix)
{
    size_t i = 0;
    for (; prefix[i]; i++)
        if (i == text.size || text_lower(text.data[i]) != text_lower(prefix[i]))
            return false;
    return true;
}

bool text_ends_fold(const char *text, const char *suffix)
{
    size_t size = strlen(text), tail = strlen(suffix);
    return size >= tail && text_equal_fold(text + size - tail, suffix);
}

const char *text_find_fold(struct bytes text, const char *needle)
{
    size_t size = strlen(needle);
    if (size > text.size)
        return NULL;
    for (size_t at = 0; at <= text.size - size; at++)
        if (text_starts_fold((struct bytes) { text.data + at, size }, needle))
            return text.data + at;
    return NULL;
}

bool text_has_word(struct bytes line, const char *word)
{
    size_t size = strlen(word), at = 0;
    while (at < line.size) {
        size_t end = at;
        while (end < line.size && line.data[end] != ' ')
            end++;
        if (end - at == size && text_starts_fold((struct bytes) { line.data + at, size }, word))
            return true;
        at = end + 1;
    }
    return false;
}

bool text_next_line(struct bytes *rest, struct bytes *ret_line)
{
    if (rest->size == 0)
        return false;
    const char *newline = memchr(rest->data, '\n', rest->size);
    size_t size = newline ? (size_t)(newline - rest->data) : rest->size;
    size_t taken = newline ? size + 1 : size;
    *ret_line = (struct bytes) { rest->data, size };
    if (size && rest->data[size - 1] == '\r')
        ret_line->size--;
    rest->data += taken;
    rest->size -= taken;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int64_t text_take_number(struct bytes *text)
{
    size_t at = 0;
    int64_t number = 0;
    while (at < text->size && text->data[at] == ' ')
        at++;
    size_t start = at;
    for (; at < text->size && text->data[at] >= '0' && text->data[at] <= '9'; at++)
        if (number <= UINT32_MAX)
            number = number * 10 + (text->data[at] - '0');
    bool found = at > start && number <= UINT32_MAX;
    if (at)
        *text = (struct bytes) { text->data + at, text->size - at };
    return found ? number : -1;
}

struct bytes text_trim(struct bytes text)
{
    while (text.size && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

int text_hex_digit(char c)
{
    c = text_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *text_decode_user(char *user)
{
    char *out = user;
    for (const char *in = user; *in; in++) {
        int c = (unsigned char)*in;
        if (c == '%') {
            int high = text_hex_digit(in[1]), low = high < 0 ? -1 : text_hex_digit(in[2]);
            if (low < 0)
                return "a % is not followed by two hexadecimal digits";
            c = high << 4 | low;
            in += 2;
        }
        if (c < 0x20 || c == 0x7f)
            return "the user name holds a control character";
        *out++ = (char)c;
    }
    *out = '\0';
    return text_is_utf8(text_bytes(user)) ? NULL : "the user name is not UTF-8";
}

/* The value of the character at the start of TEXT, and its length; length 0 when malformed. */
static size_t decode_utf8(struct bytes text, uint32_t *ret_value)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (text.size == 0)
        return 0;
    unsigned char first = (unsigned char)text.data[0];
    size_t length = first < 0x80       ? 1
                    : first >> 5 == 6  ? 2
                    : first >> 4 == 14 ? 3
                    : first >> 3 == 30 ? 4
                                       : 0;
    if (length == 0 || length > text.size)
        return 0;
    uint32_t value = length == 1 ? first : first & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        unsigned char next = (unsigned char)text.data[i];
        if (next >> 6 != 2)
            return 0;
        value = value << 6 | (next & 0x3fU);
    }
    if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *ret_value = value;
    return length;
}

size_t text_utf8_length(struct bytes text)
{
    uint32_t value;
    return decode_utf8(text, &value);
}

bool text_is_utf8(struct bytes text)
{
    while (text.size) {
        size_t length = text_utf8_length(text);
        if (length == 0)
            return false;
        text.data += length;
        text.size -= length;
    }
    return true;
}

/* Controls, and the characters that reorder or break a line where nobody expects it
 * (CVE-2021-42574). */
static bool must_escape(uint32_t value)
{
    return value < 0x20 || (value >= 0x7f && value <= 0x9f) || value == '\\' || value == 0x061c ||
           (value >= 0x200b && value <= 0x200f) || (value >= 0x2028 && value <= 0x202e) ||
           (value >= 0x2066 && value <= 0x2069) || value == 0xfeff;
}

void text_escape(struct buffer *out, struct bytes text)
{
    static const char digits[] = "0123456789abcdef";
    while (text.size) {
        uint32_t value = 0;
        size_t length = decode_utf8(text, &value);
        if (length && !must_escape(value)) {
            buffer_append(out, text.data, length);
        } else {
            length = length ? length : 1;
            for (size_t i = 0; i < length; i++) {
                unsigned char byte = (unsigned char)text.data[i];
                char hex[4] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };
                buffer_append(out, hex, sizeof hex);
            }
        }
        text.data += length;
        text.size -= length;
    }
}

void text_unescape(struct buffer *out, const char *escaped)
{
    for (const char *p = escaped; *p; p++) {
        int high = p[0] == '\\' && p[1] == 'x' ? text_hex_digit(p[2]) : -1;
        int low = high >= 0 ? text_hex_digit(p[3]) : -1;
        if (low < 0) {
            buffer_append(out, p, 1);
            continue;
        }
        char byte = (char)(high << 4 | low);
        buffer_append(out, &byte, 1);
        p += 3;
    }
}
