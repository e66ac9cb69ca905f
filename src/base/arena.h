/* Memory that lives and dies together.
 *
 * A result is built by appending for seconds and thrown away at once: everything in it comes from
 * one arena. What an arena hands out is zeroed, aligned for any type and stays where it is until
 * arena_done(). */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/bytes.h"

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first; {0} is an empty arena */
};

/* Releases everything; the arena is empty and may be used again. */
void arena_done(struct arena *arena);

void *arena_new(struct arena *arena, size_t size);

/* A copy of TEXT; NULL for NULL. */
char *arena_copy(struct arena *arena, const char *text);

/* A terminated copy of BYTES (the terminator is not counted). Never NULL data. */
struct bytes arena_copy_bytes(struct arena *arena, struct bytes bytes);

char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A growing list of strings whose memory is an arena's. {0} is an empty list. */
struct strings {
    const char **items;
    size_t count;
    size_t capacity;
};

/* Appends TEXT itself, not a copy: it must live as long as the list. */
void strings_add(struct strings *list, struct arena *arena, const char *text);

#endif
