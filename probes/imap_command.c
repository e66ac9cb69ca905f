#include "probes/imap_command.h"

#include "base/text.h"
#include "probes/mail_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_SIZE = 1024 }; /* our longest names and words are far shorter */

void imap_command(struct dialogue *d, struct buffer *out, const char *format, ...)
{
    char command[COMMAND_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    buffer_format(out, "a%d %s\r\n", ++mail_of(d)->commands, command);
}

bool imap_line_has(struct bytes text, const char *word, const char *other)
{
    struct bytes line;
    while (text_next_line(&text, &line))
        if (text_find_fold(line, word) && text_find_fold(line, other))
            return true;
    return false;
}

size_t imap_found(struct bytes text, uint32_t *ret_numbers, size_t limit)
{
    static const char search[] = "* SEARCH ";
    struct bytes line;
    size_t count = 0;
    while (text_next_line(&text, &line)) {
        if (!text_starts_fold(line, search))
            continue;
        line.data += sizeof search - 1;
        line.size -= sizeof search - 1;
        int64_t number;
        while (count < limit && (number = text_take_number(&line)) > 0) /* 0 is none (section 9) */
            ret_numbers[count++] = (uint32_t)number;
    }
    return count;
}

bool imap_found_any(struct bytes text)
{
    uint32_t number;
    return imap_found(text, &number, 1) > 0;
}

struct bytes imap_literal(struct bytes text)
{
    const char *brace = text.size ? memchr(text.data, '{', text.size) : NULL;
    const char *end = text.data + text.size;
    const char *line = brace ? memchr(brace, '\n', (size_t)(end - brace)) : NULL;
    if (!line)
        return (struct bytes) { 0 };
    size_t size = strtoul(brace + 1, NULL, 10), rest = (size_t)(end - line - 1);
    return (struct bytes) { line + 1, size < rest ? size : rest };
}
