#include "simulate/folder.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool sim_folder_open(struct sim_folder *folder, const char *path, char **ret_error)
{
    *folder = (struct sim_folder) { 0 };
    if (path) {
        folder->path = memory_copy(path);
        folder->made = mkdir(path, 0700) == 0;
        if (folder->made || (errno == EEXIST && is_folder(path)))
            return true;
    } else {
        const char *parent = getenv("TMPDIR");
        folder->path =
            memory_format("%s/maildoctor-simulate-XXXXXX", parent && parent[0] ? parent : "/tmp");
        folder->made = mkdtemp(folder->path);
        if (folder->made)
            return true;
    }
    *ret_error = memory_format("cannot make the directory '%s': %s", folder->path, strerror(errno));
    sim_folder_close(folder);
    return false;
}

static bool write_all(int fd, const char *text)
{
    size_t size = strlen(text);
    while (size) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        size -= (size_t)n;
    }
    return true;
}

bool sim_folder_write(struct sim_folder *folder, const char *name, const char *text, bool secret,
                      char **ret_path, char **ret_error)
{
    mode_t mode = secret ? 0600 : 0644;
    char *path = memory_format("%s/%s", folder->path, name);
    /* A file of this name that is there already may be anybody's: a new one takes its place. */
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    bool written = fd >= 0 && write_all(fd, text);
    int error = errno;
    if (fd >= 0 && close(fd) < 0 && written) {
        written = false;
        error = errno;
    }
    if (fd >= 0)
        *ret_path = path; /* also a torn one is to be removed */
    if (!written)
        *ret_error = memory_format("cannot write '%s': %s", path, strerror(error));
    if (fd < 0)
        free(path);
    return written;
}

void sim_folder_close(struct sim_folder *folder)
{
    char **const files[] = { &folder->ca_file, &folder->password_file, &folder->token_file,
                             &folder->client_secret_file };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (*files[i])
            unlink(*files[i]);
        free(*files[i]);
    }
    if (folder->made)
        rmdir(folder->path);
    free(folder->path);
    *folder = (struct sim_folder) { 0 };
}
