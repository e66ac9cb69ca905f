#include "engine/path_limits.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { KNOWN = 1024, TEXT_SIZE = 72 }; /* addresses remembered; an address, a zone and a port */

static const int64_t hour_ns = 3600 * (int64_t)1000000000;

struct walked {
    char what[TEXT_SIZE]; /* "": free */
    int64_t at_ns;
};

struct path_limits {
    struct walked known[KNOWN];
    bool busy;
};

struct path_limits *path_limits_new(void)
{
    return memory_new(sizeof(struct path_limits));
}

void path_limits_free(struct path_limits *limits)
{
    assert(!limits || !limits->busy);
    free(limits);
}

bool path_limits_take(struct path_limits *limits, const char *address, int port, int64_t now_ns)
{
    if (!limits)
        return true;
    char *what = memory_format("%.63s %d", address, port);
    struct walked *place = &limits->known[0];
    bool free_again = true;
    for (size_t i = 0; i < KNOWN; i++) {
        struct walked *each = &limits->known[i];
        if (strcmp(each->what, what) == 0) {
            place = each;
            free_again = now_ns - each->at_ns >= hour_ns;
            break;
        }
        /* The oldest gives way; a free place was never walked. */
        if (place->what[0] && (!each->what[0] || each->at_ns < place->at_ns))
            place = each;
    }
    /* With every place taken within the hour, this one waits for its turn. */
    if (place->what[0] && now_ns - place->at_ns < hour_ns)
        free_again = false;
    if (free_again) {
        memcpy(place->what, what, strlen(what) + 1);
        place->at_ns = now_ns;
    }
    free(what);
    return free_again;
}

bool path_limits_enter(struct path_limits *limits)
{
    if (!limits)
        return true;
    if (limits->busy)
        return false;
    return limits->busy = true;
}

void path_limits_leave(struct path_limits *limits)
{
    if (limits)
        limits->busy = false;
}
