/* A borrowed run of bytes, as a peer sent it: not terminated, any value, possibly empty. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>

struct bytes {
    const char *data; /* NULL only when size is 0 */
    size_t size;
};

#endif
