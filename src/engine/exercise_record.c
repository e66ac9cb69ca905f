#include "engine/exercise_record.h"

#include "base/memory.h"
#include "engine/gate_memory.h"
#include "probes/exercise.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char stem[] = "exercise-";
enum { STEM_SIZE = sizeof stem - 1, RECORD_LIMIT = 100 };

static char *record_path(const char *dir, const char *id)
{
    return memory_format("%s/%s%s", dir, stem, id);
}

/* It gets its name only once it is locked: until then it would look like a killed run's. */
int exercise_record_begin(const char *dir, const char *id)
{
    if (!dir)
        return -1;
    gate_memory_make_directory(dir);
    char *path = record_path(dir, id), *unnamed = memory_format("%s/.%s%s", dir, stem, id);
    int fd = open(unnamed, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) != 0 || rename(unnamed, path) != 0)) {
        unlink(unnamed);
        close(fd);
        fd = -1;
    }
    free(unnamed);
    free(path);
    return fd;
}

void exercise_record_remove(const char *dir, const char *id)
{
    if (!dir)
        return;
    char *path = record_path(dir, id);
    unlink(path);
    free(path);
}

static bool is_alive(const char *dir, const char *id)
{
    char *path = record_path(dir, id);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (fd >= 0)
        close(fd);
    free(path);
    return locked;
}

void exercise_record_read(const char *dir, struct arena *arena, struct strings *dead,
                          struct strings *busy)
{
    DIR *entries = dir ? opendir(dir) : NULL;
    const struct dirent *entry;
    while (entries && (entry = readdir(entries)) && dead->count + busy->count < RECORD_LIMIT) {
        const char *id = entry->d_name + STEM_SIZE;
        if (strncmp(entry->d_name, stem, STEM_SIZE) != 0 || strlen(id) != EXERCISE_ID_SIZE - 1)
            continue;
        strings_add(is_alive(dir, id) ? busy : dead, arena, arena_copy(arena, id));
    }
    if (entries)
        closedir(entries);
}
