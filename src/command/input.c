#include "command/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int input_read(int fd, struct buffer *in)
{
    char piece[16384];
    int error = 0;
    ssize_t n = 1;
    while (n != 0 && !error) {
        n = read(fd, piece, sizeof piece);
        if (n > 0)
            buffer_append(in, piece, (size_t)n);
        else if (n < 0 && errno != EINTR)
            error = errno;
        if (in->overflow)
            error = EFBIG;
    }
    explicit_bzero(piece, sizeof piece);
    return error;
}

int input_read_file(const char *path, struct buffer *in)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return errno;
    int error = input_read(fd, in);
    close(fd);
    return error;
}
