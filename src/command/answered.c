#include "command/answered.h"

#include "base/memory.h"
#include "command/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536, DIGITS_LIMIT = 18 };

void answered_init(struct answered *answered)
{
    *answered = (struct answered) { 0 };
}

void answered_done(struct answered *answered)
{
    free(answered->ranges);
    answered_init(answered);
}

/* The number of ranges that end before INDEX. */
static size_t place_of(const struct answered *answered, int64_t index)
{
    size_t low = 0, high = answered->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (answered->ranges[middle].last < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool answered_has(const struct answered *answered, int64_t index)
{
    size_t at = place_of(answered, index);
    return at < answered->count && answered->ranges[at].first <= index;
}

static void remove_range(struct answered *answered, size_t at)
{
    answered->count--;
    memmove(answered->ranges + at, answered->ranges + at + 1,
            (answered->count - at) * sizeof *answered->ranges);
}

static void insert_range(struct answered *answered, size_t at, int64_t index)
{
    if (answered->count == answered->capacity) {
        answered->capacity = answered->capacity ? 2 * answered->capacity : 16;
        answered->ranges =
            memory_resize(answered->ranges, answered->capacity * sizeof *answered->ranges);
    }
    memmove(answered->ranges + at + 1, answered->ranges + at,
            (answered->count - at) * sizeof *answered->ranges);
    answered->ranges[at] = (struct answered_range) { index, index };
    answered->count++;
}

void answered_add(struct answered *answered, int64_t index)
{
    size_t at = place_of(answered, index);
    if (at < answered->count && answered->ranges[at].first <= index)
        return;
    answered->total++;
    bool joins_before = at > 0 && answered->ranges[at - 1].last == index - 1;
    bool joins_after = at < answered->count && answered->ranges[at].first == index + 1;
    if (joins_before && joins_after) {
        answered->ranges[at - 1].last = answered->ranges[at].last;
        remove_range(answered, at);
    } else if (joins_before) {
        answered->ranges[at - 1].last = index;
    } else if (joins_after) {
        answered->ranges[at].first = index;
    } else {
        insert_range(answered, at, index);
    }
}

/* ---- the file ---- */

/* Reads a file in pieces, and of each line its beginning. */
struct scan {
    struct answered *answered;
    size_t seen;     /* characters of this line that were looked at */
    int64_t index;   /* the number so far */
    off_t at, whole; /* bytes read, and up to the last line end */
    bool known;      /* the number has ended: the rest is passed over */
    bool foreign;    /* a line that is none of ours */
};

static void scan_character(struct scan *scan, char c)
{
    static const char prefix[] = ANSWERED_PREFIX;
    const size_t size = sizeof prefix - 1;
    scan->at++;
    if (c == '\n') {
        if (scan->known)
            answered_add(scan->answered, scan->index);
        else
            scan->foreign = true;
        scan->seen = 0;
        scan->index = 0;
        scan->known = false;
        scan->whole = scan->at;
        return;
    }
    if (scan->known)
        return;
    if (scan->seen < size ? c != prefix[scan->seen] : false)
        scan->foreign = true;
    else if (scan->seen >= size && c == ',' && scan->seen > size)
        scan->known = true;
    else if (scan->seen >= size && (c < '0' || c > '9' || scan->seen > size + DIGITS_LIMIT))
        scan->foreign = true;
    else if (scan->seen >= size)
        scan->index = 10 * scan->index + (c - '0');
    scan->seen++;
}

/* 0 or an errno value. */
static int scan_file(struct scan *scan, int fd)
{
    char *chunk = memory_new(CHUNK);
    ssize_t n;
    while ((n = read(fd, chunk, CHUNK)) != 0 && !scan->foreign) {
        if (n < 0 && errno != EINTR)
            break;
        for (ssize_t i = 0; i < n && !scan->foreign; i++)
            scan_character(scan, chunk[i]);
    }
    int error = n < 0 ? errno : 0;
    free(chunk);
    return error;
}

int answered_open(struct answered *answered, const char *path, char **ret_error)
{
    struct scan scan = { .answered = answered };
    struct stat status = { 0 };
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    int error = fd < 0 || fstat(fd, &status) != 0 ? errno : 0;
    bool regular = error == 0 && S_ISREG(status.st_mode);
    if (regular)
        error = scan_file(&scan, fd);
    if (regular && error == 0 && !scan.foreign &&
        (ftruncate(fd, scan.whole) != 0 || lseek(fd, scan.whole, SEEK_SET) < 0))
        error = errno;
    if (error == 0 && regular && !scan.foreign)
        return fd;
    char *quoted = options_quote(path);
    *ret_error = error
                     ? memory_format("cannot continue %s: %s", quoted, strerror(error))
                     : memory_format("%s holds no results of --targets: it is left alone", quoted);
    free(quoted);
    if (fd >= 0)
        close(fd);
    return -1;
}
