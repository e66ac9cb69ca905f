/* A bounded byte queue: append at the end, consume at the front.
 *
 * The bound is given at birth and nothing makes it grow past that: what does not fit is dropped
 * whole and `overflow` sticks, so that a run of appends needs one check at its end. Whatever leaves
 * a buffer is wiped: passwords pass through here. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *space;
    size_t start, end, capacity;
    size_t limit;  /* most bytes it may hold */
    bool overflow; /* something did not fit, ever since init or clear */
};

void buffer_init(struct buffer *buffer, size_t limit);

/* Wipes and releases; legal on a zeroed struct and twice. */
void buffer_done(struct buffer *buffer);

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What is queued; borrowed until the next call on this buffer. */
struct bytes buffer_bytes(const struct buffer *buffer);
size_t buffer_size(const struct buffer *buffer);

/* Wipes and drops SIZE bytes from the front; SIZE is at most buffer_size(). */
void buffer_consume(struct buffer *buffer, size_t size);

/* Wipes and drops everything; forgets the overflow. */
void buffer_clear(struct buffer *buffer);

#endif
