#include "command/explain_input.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 65536 };

/* As read(), but waits where standard input was made non-blocking by somebody. */
static ssize_t read_some(int fd, char *space, size_t size)
{
    for (;;) {
        ssize_t n = read(fd, space, size);
        if (n >= 0)
            return n;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd wait = { .fd = fd, .events = POLLIN };
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return -1;
        }
    }
}

static char *complain(void)
{
    return memory_format("cannot read standard input: %s", strerror(errno));
}

/* ---- lines ---- */

/* A line that is not at its end yet. */
struct part {
    char *space; /* INPUT_LINE_LIMIT */
    size_t size, cut;
    bool begun;
};

static void keep(struct part *part, struct bytes bytes)
{
    size_t room = INPUT_LINE_LIMIT - part->size;
    size_t taken = bytes.size < room ? bytes.size : room;
    if (taken)
        memcpy(part->space + part->size, bytes.data, taken);
    part->size += taken;
    part->cut += bytes.size - taken;
    part->begun = true;
}

static bool give(const struct input_reader *reader, struct bytes line, size_t cut)
{
    if (line.size && line.data[line.size - 1] == '\r' && cut == 0)
        line.size--;
    if (line.size > INPUT_LINE_LIMIT) {
        cut = line.size - INPUT_LINE_LIMIT;
        line.size = INPUT_LINE_LIMIT;
    }
    return reader->line(reader->to, line, cut);
}

static bool finish(struct part *part, const struct input_reader *reader)
{
    struct bytes line = { part->space, part->size };
    size_t cut = part->cut;
    part->size = part->cut = 0;
    part->begun = false;
    return give(reader, line, cut);
}

static bool take_chunk(struct part *part, struct bytes chunk, const struct input_reader *reader)
{
    while (chunk.size) {
        const char *end = memchr(chunk.data, '\n', chunk.size);
        struct bytes line = { chunk.data, end ? (size_t)(end - chunk.data) : chunk.size };
        bool whole = end && !part->begun;
        if (!whole)
            keep(part, line);
        if (end && !(whole ? give(reader, line, 0) : finish(part, reader)))
            return false;
        size_t taken = line.size + (end != NULL);
        chunk = (struct bytes) { chunk.data + taken, chunk.size - taken };
    }
    return true;
}

bool input_stream(int fd, const struct input_reader *reader, char **ret_error)
{
    char *chunk = memory_new(CHUNK);
    struct part part = { .space = memory_new(INPUT_LINE_LIMIT) };
    bool going = true;
    ssize_t n = 0;
    while (going && (n = read_some(fd, chunk, CHUNK)) > 0)
        going = take_chunk(&part, (struct bytes) { chunk, (size_t)n }, reader) &&
                reader->pause(reader->to);
    if (n < 0) {
        *ret_error = complain();
        going = false;
    }
    if (going && part.begun)
        going = finish(&part, reader);
    free(part.space);
    free(chunk);
    return going;
}

bool input_lines(struct bytes text, const struct input_reader *reader)
{
    struct bytes line;
    if (text.size == 0)
        return give(reader, text, 0);
    while (text_next_line(&text, &line))
        if (!give(reader, line, 0))
            return false;
    return true;
}

/* ---- all at once ---- */

bool input_whole(int fd, struct buffer *whole, char **ret_error)
{
    char *chunk = memory_new(CHUNK);
    ssize_t n;
    while ((n = read_some(fd, chunk, CHUNK)) > 0 && !whole->overflow)
        buffer_append(whole, chunk, (size_t)n);
    free(chunk);
    if (n < 0)
        *ret_error = complain();
    else if (whole->overflow)
        *ret_error = memory_format("standard input is larger than %d MiB; --format ndjson takes "
                                   "any amount",
                                   INPUT_LIMIT >> 20);
    return n >= 0 && !whole->overflow;
}

void input_paragraphs(struct bytes text, void (*take)(void *to, struct bytes paragraph), void *to)
{
    const char *start = NULL, *end = NULL;
    struct bytes line;
    while (text_next_line(&text, &line)) {
        if (text_trim(line).size) {
            start = start ? start : line.data;
            end = line.data + line.size;
        } else if (start) {
            take(to, (struct bytes) { start, (size_t)(end - start) });
            start = NULL;
        }
    }
    if (start)
        take(to, (struct bytes) { start, (size_t)(end - start) });
}
