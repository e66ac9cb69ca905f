/* The parts of a message (RFC 2045, RFC 2046), as far as IMAP names them. */
#include "base/text.h"
#include "simulate/imap_parts.h"

#include <string.h>

enum { BOUNDARY_SIZE = 80, VALUE_LIMIT = 8192 };

struct sim_part sim_part_of(struct bytes text)
{
    struct bytes rest = text, line;
    while (text_next_line(&rest, &line))
        if (line.size == 0)
            break;
    return (struct sim_part) { .header = { text.data, text.size - rest.size }, .body = rest };
}

bool sim_part_field(struct bytes header, const char *name, struct buffer *out)
{
    struct bytes line;
    bool found = false;
    while (text_next_line(&header, &line)) {
        bool folded = line.size && strchr(" \t", *line.data);
        if (found && !folded)
            break;
        if (!found && !folded && text_starts_fold(line, name) && line.size > strlen(name) &&
            line.data[strlen(name)] == ':') {
            found = true;
            line.data += strlen(name) + 1;
            line.size -= strlen(name) + 1;
            line = text_trim(line);
        }
        if (found)
            buffer_append(out, line.data, line.size);
    }
    return found;
}

/* The value of PARAMETER in a field like Content-Type, without quotes; "" when there is none. */
static void read_parameter(struct bytes value, const char *parameter,
                           char out[static BOUNDARY_SIZE])
{
    const char *at = text_find_fold(value, parameter);
    size_t n = 0;
    out[0] = '\0';
    if (!at)
        return;
    at += strlen(parameter);
    const char *end = value.data + value.size;
    bool quoted = at < end && *at == '"';
    for (at += quoted; at < end && n + 1 < BOUNDARY_SIZE; at++) {
        if (quoted ? *at == '"' : strchr("; \t", *at) != NULL)
            break;
        out[n++] = *at;
    }
    out[n] = '\0';
}

/* A word of "type/subtype", lower case, cut to fit. */
static struct bytes take_word(struct bytes value, char word[static SIM_WORD_SIZE])
{
    size_t n = 0;
    while (value.size && !strchr("/; \t", *value.data)) {
        if (n + 1 < SIM_WORD_SIZE)
            word[n++] = text_lower(*value.data);
        value.data++;
        value.size--;
    }
    word[n] = '\0';
    return value;
}

void sim_part_type(const struct sim_part *part, char type[static SIM_WORD_SIZE],
                   char subtype[static SIM_WORD_SIZE])
{
    struct buffer value;
    buffer_init(&value, VALUE_LIMIT);
    bool said = sim_part_field(part->header, "Content-Type", &value);
    struct bytes rest = take_word(buffer_bytes(&value), type);
    if (rest.size) {
        rest.data++;
        rest.size--;
    }
    take_word(rest, subtype);
    if (!said || !type[0] || !subtype[0]) {
        strcpy(type, "text");
        strcpy(subtype, "plain");
    }
    buffer_done(&value);
}

/* "--boundary", with or without "--" behind it. */
static bool is_divider(struct bytes line, const char *boundary, bool *ret_last)
{
    size_t size = strlen(boundary);
    if (line.size < size + 2 || memcmp(line.data, "--", 2) != 0 ||
        memcmp(line.data + 2, boundary, size) != 0)
        return false;
    struct bytes behind = { line.data + 2 + size, line.size - 2 - size };
    *ret_last = behind.size >= 2 && memcmp(behind.data, "--", 2) == 0;
    return *ret_last || text_trim(behind).size == 0;
}

/* Child NUMBER of a multipart: between its divider and the next, whose line end is the divider's
 * (RFC 2046 section 5.1.1). */
static bool find_child(struct bytes body, const char *boundary, size_t number, struct bytes *child)
{
    struct bytes rest = body, line;
    size_t at = 0;
    *child = (struct bytes) { 0 };
    for (;;) {
        const char *start = rest.data;
        bool last = false, more = text_next_line(&rest, &line);
        if (more && !is_divider(line, boundary, &last))
            continue;
        if (at == number && at) {
            const char *end = more ? start : body.data + body.size;
            end -= more && end > child->data && end[-1] == '\n';
            end -= more && end > child->data && end[-1] == '\r';
            child->size = (size_t)(end - child->data);
            return true;
        }
        if (!more || last)
            return false;
        at++;
        child->data = rest.data;
    }
}

bool sim_part_message(const struct sim_part *part, struct sim_part *ret_message)
{
    char type[SIM_WORD_SIZE], subtype[SIM_WORD_SIZE];
    sim_part_type(part, type, subtype);
    *ret_message = sim_part_of(part->body);
    return strcmp(type, "message") == 0 && strcmp(subtype, "rfc822") == 0;
}

bool sim_part_child(const struct sim_part *part, size_t number, struct sim_part *ret_child)
{
    char type[SIM_WORD_SIZE], subtype[SIM_WORD_SIZE], boundary[BOUNDARY_SIZE];
    struct buffer value;
    struct bytes text;
    sim_part_type(part, type, subtype);
    if (strcmp(type, "multipart") != 0)
        return false;
    buffer_init(&value, VALUE_LIMIT);
    sim_part_field(part->header, "Content-Type", &value);
    read_parameter(buffer_bytes(&value), "boundary=", boundary);
    buffer_done(&value);
    if (!boundary[0] || !find_child(part->body, boundary, number, &text))
        return false;
    *ret_child = sim_part_of(text);
    return true;
}
