/* Which targets of a list were answered by an earlier run, from the file that it left. */
#ifndef COMMAND_ANSWERED_H
#define COMMAND_ANSWERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Indexes as ranges, ascending and apart: answers come nearly in order, so there are few. */
struct answered {
    struct answered_range {
        int64_t first, last;
    } * ranges;
    size_t count, capacity;
    size_t total; /* how many indexes */
};

void answered_init(struct answered *answered);
void answered_done(struct answered *answered);

void answered_add(struct answered *answered, int64_t index);
bool answered_has(const struct answered *answered, int64_t index);

/* Opens PATH, which need not be there, reads its indexes and cuts off a last line without an end,
 * so that whole lines can be appended. The descriptor; -1 and a message (release with free()) when
 * it cannot be written, or holds something else. */
int answered_open(struct answered *answered, const char *path, char **ret_error);

/* How every line begins, before the index. */
#define ANSWERED_PREFIX "{\"index\":"

#endif
