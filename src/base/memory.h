/* Heap allocation that cannot fail.
 *
 * When the machine has no memory left these print one line to standard error and leave with status
 * 3: nothing else in the house needs a path for it. Results are written in one piece at the end, so
 * no output is left half done. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* SIZE zeroed bytes; release with free(). */
void *memory_new(size_t size);

/* As realloc(); new space is not zeroed. */
void *memory_resize(void *old, size_t size);

/* A copy of TEXT; NULL for NULL. Release with free(). */
char *memory_copy(const char *text);

/* printf into new memory. Release with free(). */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
