#include "report/width.h"

#include "base/text.h"

#include <stdint.h>

struct range {
    uint32_t first, last;
};

/* Unicode 15: the blocks of combining marks, and those whose East Asian width is wide. Whole blocks
 * are enough to wrap by. */
static const struct range zero[] = {
    { 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd },   { 0x0610, 0x061a },
    { 0x064b, 0x065f }, { 0x0900, 0x0902 }, { 0x0e31, 0x0e31 },   { 0x0e34, 0x0e3a },
    { 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },   { 0x20d0, 0x20ff },
    { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xe0100, 0xe01ef },
};
static const struct range wide[] = {
    { 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },
    { 0xa960, 0xa97c },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },
    { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x16fe0, 0x18cff }, { 0x1b000, 0x1b2ff },
    { 0x1f004, 0x1f004 }, { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f19a }, { 0x1f200, 0x1f64f },
    { 0x1f680, 0x1f6ff }, { 0x1f7e0, 0x1f7eb }, { 0x1f90c, 0x1faff }, { 0x20000, 0x3fffd },
};

static int is_in(const struct range *ranges, size_t count, uint32_t value)
{
    for (size_t i = 0; i < count; i++)
        if (value >= ranges[i].first && value <= ranges[i].last)
            return 1;
    return 0;
}

static uint32_t decode(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t value = length == 1 ? p[0] : p[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++)
        value = value << 6 | (p[i] & 0x3fU);
    return value;
}

/* The next character: its bytes, and its columns. A malformed byte takes one. */
static size_t next(struct bytes text, size_t *ret_columns)
{
    size_t length = text_utf8_length(text);
    uint32_t value = length ? decode(text.data, length) : 0;
    *ret_columns = 1;
    if (is_in(zero, sizeof zero / sizeof *zero, value))
        *ret_columns = 0;
    else if (is_in(wide, sizeof wide / sizeof *wide, value))
        *ret_columns = 2;
    return length ? length : 1;
}

size_t width_columns(struct bytes text)
{
    size_t sum = 0, columns;
    while (text.size) {
        size_t length = next(text, &columns);
        sum += columns;
        text.data += length;
        text.size -= length;
    }
    return sum;
}

size_t width_fit(struct bytes text, size_t columns)
{
    size_t taken = 0, sum = 0, more;
    while (taken < text.size) {
        size_t length = next((struct bytes) { text.data + taken, text.size - taken }, &more);
        if (sum + more > columns)
            break;
        sum += more;
        taken += length;
    }
    return taken;
}
