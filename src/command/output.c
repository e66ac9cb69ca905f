#include "command/output.h"

#include "base/memory.h"
#include "command/options.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *complain(const char *path, int error)
{
    char *quoted = path ? options_quote(path) : memory_copy("standard output");
    char *message = memory_format("cannot write %s: %s", quoted, strerror(error));
    free(quoted);
    return message;
}

/* 0 or an errno value. Standard output may be a pipe that somebody made non-blocking. */
static int write_whole(int fd, struct bytes bytes)
{
    while (bytes.size) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n >= 0) {
            bytes.data += n;
            bytes.size -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd wait = { .fd = fd, .events = POLLOUT };
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* Is PATH something to write into rather than to replace? A symbolic link is written through, so
 * that it stays one. */
static bool is_written_into(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return memory_copy(".");
    return slash == path ? memory_copy("/") : memory_format("%.*s", (int)(slash - path), path);
}

bool output_check(const char *path, char **ret_error)
{
    if (!path)
        return true;
    struct stat status;
    char *folder = folder_of(path);
    int error = 0;
    if (*path == '\0')
        error = ENOENT;
    else if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        error = EISDIR;
    else if (is_written_into(path) ? access(path, W_OK) != 0 && errno != ENOENT
                                   : access(folder, W_OK | X_OK) != 0)
        error = errno;
    free(folder);
    if (error)
        *ret_error = complain(path, error);
    return error == 0;
}

/* HOW is O_TRUNC or O_APPEND. */
static int write_into(const char *path, int how, struct bytes bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | how | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return errno;
    int error = write_whole(fd, bytes);
    if (close(fd) != 0 && error == 0)
        error = errno;
    return error;
}

/* The mode that a file made in the ordinary way would have, or that the replaced one has. */
static mode_t wanted_mode(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0)
        return status.st_mode & 07777;
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static int replace(const char *path, mode_t mode, struct bytes bytes)
{
    char *beside = memory_format("%s.XXXXXX", path);
    int fd = mkostemp(beside, O_CLOEXEC);
    int error = fd < 0 ? errno : 0;
    if (fd >= 0) {
        error = write_whole(fd, bytes);
        if (error == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
            error = errno;
        if (close(fd) != 0 && error == 0)
            error = errno;
        if (error == 0 && rename(beside, path) != 0)
            error = errno;
        if (error)
            unlink(beside);
    }
    free(beside);
    return error;
}

bool output_write(const char *path, struct bytes bytes, char **ret_error)
{
    int error = !path                   ? write_whole(STDOUT_FILENO, bytes)
                : is_written_into(path) ? write_into(path, O_TRUNC, bytes)
                                        : replace(path, wanted_mode(path), bytes);
    if (error)
        *ret_error = complain(path, error);
    return error == 0;
}

bool output_write_private(const char *path, struct bytes bytes, char **ret_error)
{
    char *real = realpath(path, NULL); /* a link stays one */
    int error = replace(real ? real : path, S_IRUSR | S_IWUSR, bytes);
    free(real);
    if (error)
        *ret_error = complain(path, error);
    return error == 0;
}

bool output_stream(int fd, struct bytes bytes, char **ret_error)
{
    int error = write_whole(fd, bytes);
    if (error)
        *ret_error = memory_format("cannot write the results: %s", strerror(error));
    return error == 0;
}

bool output_append(const char *path, struct bytes bytes, char **ret_error)
{
    int error = write_into(path, O_APPEND, bytes);
    if (error)
        *ret_error = complain(path, error);
    return error == 0;
}
