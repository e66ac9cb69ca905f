#include "command/rules_file.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "command/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 16384 };

/* NULL when all was read; else why not. */
static const char *read_all(int fd, struct buffer *text)
{
    char chunk[CHUNK];
    ssize_t got;
    do {
        got = read(fd, chunk, sizeof chunk);
        if (got > 0)
            buffer_append(text, chunk, (size_t)got);
    } while ((got > 0 && !text->overflow) || (got < 0 && errno == EINTR));
    if (got < 0)
        return strerror(errno);
    return text->overflow ? "it is larger than 1 MiB" : NULL;
}

bool rules_file_read(const char *path, struct rules **ret, char **ret_error)
{
    if (!path)
        return true;
    struct buffer text;
    buffer_init(&text, RULES_SIZE_LIMIT);
    char *quoted = options_quote(path), *why = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    const char *unread = fd < 0 ? strerror(errno) : read_all(fd, &text);
    if (fd >= 0)
        close(fd);
    if (unread)
        *ret_error = memory_format("cannot read the rules in %s: %s", quoted, unread);
    else if (!(*ret = rules_read(buffer_bytes(&text), &why)))
        *ret_error = memory_format("the rules in %s: %s", quoted, why);
    free(why);
    free(quoted);
    buffer_done(&text);
    return *ret != NULL;
}
