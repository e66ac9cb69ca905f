#include "result/escape.h"

#include "base/text.h"

#include <string.h>

void escape_words(struct buffer *out, struct bytes text)
{
    while (text.size) {
        const char *backslash = memchr(text.data, '\\', text.size);
        size_t size = backslash ? (size_t)(backslash - text.data) : text.size;
        text_escape(out, (struct bytes) { text.data, size });
        if (backslash)
            buffer_append(out, backslash, 1);
        size_t taken = backslash ? size + 1 : size;
        text.data += taken;
        text.size -= taken;
    }
}
