#include "probes/dns_name.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes one byte of a label off *TEXT, which does not stand at its end. False: a broken escape. */
static bool take_byte(const char **text, uint8_t *ret_byte)
{
    const char *p = *text;
    if (*p != '\\') {
        *ret_byte = (uint8_t)*p;
        *text = p + 1;
        return true;
    }
    if (is_digit(p[1]) && is_digit(p[2]) && is_digit(p[3])) {
        int value = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
        *ret_byte = (uint8_t)value;
        *text = p + 4;
        return value <= UINT8_MAX;
    }
    *ret_byte = (uint8_t)p[1];
    *text = p + 2;
    return p[1] != '\0' && !is_digit(p[1]);
}

/* Takes a label and the dot behind it off *TEXT; 63 bytes at most, and none is empty. */
static bool take_label(struct dns_name *name, const char **text)
{
    size_t length_at = name->size++;
    size_t length = 0;
    while (**text && **text != '.') {
        uint8_t byte;
        /* One byte of room is left for the root's label. */
        if (length == DNS_LABEL_LIMIT || name->size >= DNS_NAME_LIMIT - 1 ||
            !take_byte(text, &byte))
            return false;
        name->wire[name->size++] = byte;
        length++;
    }
    if (**text)
        (*text)++;
    name->wire[length_at] = (uint8_t)length;
    return length > 0;
}

bool dns_name_parse(struct dns_name *ret_name, const char *text)
{
    struct dns_name name = { .size = 0 };
    ret_name->size = 0;
    if (!*text)
        return false;
    while (*text)
        if (name.size >= DNS_NAME_LIMIT - 1 || !take_label(&name, &text))
            return false;
    name.wire[name.size++] = 0;
    *ret_name = name;
    return true;
}

/* A length octet's two high bits (RFC 1035 section 4.1.4). */
enum { KIND_MASK = 0xc0, KIND_POINTER = 0xc0, KIND_LABEL = 0 };

enum { JUMP_LIMIT = 127 }; /* no name has more labels, so none needs more pointers */

bool dns_name_read(struct dns_name *ret_name, struct bytes message, size_t *at)
{
    const uint8_t *data = (const uint8_t *)message.data;
    struct dns_name name = { .size = 0 };
    size_t here = *at, lowest = *at, behind = 0, jumps = 0;
    ret_name->size = 0;
    for (;;) {
        if (here >= message.size)
            return false;
        uint8_t length = data[here];
        if ((length & KIND_MASK) == KIND_POINTER) {
            if (here + 1 >= message.size)
                return false;
            if (!behind)
                behind = here + 2;
            here = (size_t)(length & ~KIND_MASK) << 8 | data[here + 1];
            /* Each jump goes further back than all before, so that they come to an end. */
            if (here >= lowest || ++jumps > JUMP_LIMIT)
                return false;
            lowest = here;
            continue;
        }
        if ((length & KIND_MASK) != KIND_LABEL || message.size - here <= length ||
            name.size + 1 + length > DNS_NAME_LIMIT)
            return false;
        memcpy(name.wire + name.size, data + here, (size_t)length + 1);
        name.size += (size_t)length + 1;
        here += (size_t)length + 1;
        if (length == 0)
            break;
    }
    *at = behind ? behind : here;
    *ret_name = name;
    return true;
}

const char *dns_name_text(const struct dns_name *name, char text[static DNS_NAME_TEXT_SIZE])
{
    char *out = text;
    size_t at = 0;
    while (at < name->size && name->wire[at] != 0) {
        size_t end = at + 1 + name->wire[at];
        if (at > 0)
            *out++ = '.';
        for (at++; at < end; at++) {
            uint8_t c = name->wire[at];
            if (c <= ' ' || c >= 0x7f) {
                out += snprintf(out, 5, "\\%03u", (unsigned)c);
                continue;
            }
            if (c == '.' || c == '\\')
                *out++ = '\\';
            *out++ = (char)c;
        }
    }
    *out = '\0';
    return text;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
    if (a->size != b->size)
        return false;
    /* Length octets are below 'A': folding leaves them as they are. */
    for (size_t i = 0; i < a->size; i++)
        if (text_lower((char)a->wire[i]) != text_lower((char)b->wire[i]))
            return false;
    return true;
}

bool dns_name_is_in(const struct dns_name *name, const struct dns_name *zone)
{
    struct dns_name rest = *name;
    while (rest.size > zone->size) {
        size_t label = (size_t)rest.wire[0] + 1;
        if (label >= rest.size)
            return false;
        rest.size -= label;
        memmove(rest.wire, rest.wire + label, rest.size);
    }
    return dns_name_equal(&rest, zone);
}
