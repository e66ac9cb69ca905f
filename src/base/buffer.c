#include "base/buffer.h"

#include "base/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer) { .limit = limit };
}

void buffer_done(struct buffer *buffer)
{
    if (buffer->space)
        explicit_bzero(buffer->space, buffer->capacity);
    free(buffer->space);
    *buffer = (struct buffer) { .limit = buffer->limit };
}

/* Not realloc(): it may leave the old bytes, a password among them, in freed memory. */
static void grow(struct buffer *buffer, size_t need)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    while (capacity < need)
        capacity *= 2;
    char *space = memory_new(capacity);
    size_t size = buffer_size(buffer);
    if (size)
        memcpy(space, buffer->space + buffer->start, size);
    if (buffer->space)
        explicit_bzero(buffer->space, buffer->capacity);
    free(buffer->space);
    buffer->space = space;
    buffer->capacity = capacity;
    buffer->start = 0;
    buffer->end = size;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
    size_t have = buffer_size(buffer);
    if (size > buffer->limit - have) {
        buffer->overflow = true;
        return;
    }
    if (size == 0)
        return;
    if (buffer->capacity - buffer->end < size)
        grow(buffer, have + size);
    memcpy(buffer->space + buffer->end, data, size);
    buffer->end += size;
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) {
        buffer->overflow = true;
        return;
    }
    buffer_append(buffer, text, (size_t)n);
    explicit_bzero(text, (size_t)n);
    free(text);
}

struct bytes buffer_bytes(const struct buffer *buffer)
{
    if (!buffer->space)
        return (struct bytes) { 0 };
    return (struct bytes) { .data = buffer->space + buffer->start, .size = buffer_size(buffer) };
}

size_t buffer_size(const struct buffer *buffer)
{
    return buffer->end - buffer->start;
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    assert(size <= buffer_size(buffer));
    if (size == 0)
        return;
    explicit_bzero(buffer->space + buffer->start, size);
    buffer->start += size;
    if (buffer->start == buffer->end)
        buffer->start = buffer->end = 0;
}

void buffer_clear(struct buffer *buffer)
{
    buffer_consume(buffer, buffer_size(buffer));
    buffer->overflow = false;
}
