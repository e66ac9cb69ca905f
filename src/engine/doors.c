#include "engine/doors.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { NS_PER_MS = 1000000 };

/* One address. It is kept while anybody refers to it, or while it is left alone. */
struct door {
    struct door *next;
    char *address;
    size_t inside, users; /* users: requests that refer to it, those inside among them */
    int64_t closed_until_ns;
    int delay_ms; /* of the last time; 0: it let everybody in since */
};

struct doors {
    struct loop *loop;
    size_t at_once;
    struct door *all;
    struct doors_request *waiting; /* in order of asking */
    struct loop_timer *turn;
    int64_t turn_ns; /* when it is due */
};

/* ---- doors ---- */

/* A door that nobody uses is remembered for as long as its next delay would be, so that one that
 * turns everybody away is asked ever more rarely. */
static bool is_idle(const struct door *door, int64_t now)
{
    return door->users == 0 && now >= door->closed_until_ns + (int64_t)door->delay_ms * NS_PER_MS;
}

static void forget_idle(struct doors *doors)
{
    int64_t now = clock_mono_ns();
    for (struct door **link = &doors->all; *link;) {
        struct door *door = *link;
        if (!is_idle(door, now)) {
            link = &door->next;
            continue;
        }
        *link = door->next;
        free(door->address);
        free(door);
    }
}

static struct door *find(struct doors *doors, const char *address)
{
    for (struct door *door = doors->all; door; door = door->next)
        if (strcmp(door->address, address) == 0)
            return door;
    struct door *door = memory_new(sizeof *door);
    *door = (struct door) { .next = doors->all, .address = memory_copy(address) };
    doors->all = door;
    return door;
}

/* ---- who goes in ---- */

static bool refers_to(const struct doors_request *request, const struct door *door)
{
    for (size_t i = 0; i < request->count; i++)
        if (request->doors[i] == door)
            return true;
    return false;
}

/* How long REQUEST has to wait at least; 0: it may go in; -1: until somebody leaves. */
static int64_t must_wait_ns(const struct doors *doors, const struct doors_request *request,
                            int64_t now)
{
    int64_t longest = 0;
    for (size_t i = 0; i < request->count; i++) {
        const struct door *door = request->doors[i];
        if (door->inside >= doors->at_once)
            return -1;
        if (door->closed_until_ns - now > longest)
            longest = door->closed_until_ns - now;
    }
    return longest;
}

static void look(void *arg);

static void look_in(struct doors *doors, int64_t ns)
{
    int64_t due = clock_mono_ns() + ns;
    if (doors->turn && doors->turn_ns <= due)
        return;
    loop_timer_stop(&doors->turn);
    doors->turn_ns = due;
    doors->turn = loop_timer_start(doors->loop, ns / NS_PER_MS + (ns > 0), look, doors);
}

static void enter(struct doors_request *request)
{
    request->inside = true;
    for (size_t i = 0; i < request->count; i++)
        request->doors[i]->inside++;
    request->granted(request->arg);
}

/* Lets in the first that may; the others get a look of their own, since granted() may do anything.
 */
static void look(void *arg)
{
    struct doors *doors = arg;
    int64_t now = clock_mono_ns();
    loop_timer_stop(&doors->turn);
    for (struct doors_request **link = &doors->waiting; *link; link = &(*link)->next) {
        struct doors_request *request = *link;
        int64_t wait = must_wait_ns(doors, request, now);
        if (wait > 0)
            look_in(doors, wait);
        if (wait)
            continue;
        *link = request->next;
        request->waiting = false;
        look_in(doors, 0);
        enter(request);
        return;
    }
}

void doors_ask(struct doors *doors, struct doors_request *request, const char *const *addresses,
               size_t count)
{
    forget_idle(doors);
    request->count = 0;
    for (size_t i = 0; i < count && request->count < DOORS_ADDRESSES; i++) {
        struct door *door = find(doors, addresses[i]);
        if (refers_to(request, door))
            continue;
        request->doors[request->count++] = door;
        door->users++;
    }
    int64_t wait = must_wait_ns(doors, request, clock_mono_ns());
    if (wait == 0) {
        enter(request);
        return;
    }
    struct doors_request **link = &doors->waiting;
    while (*link)
        link = &(*link)->next;
    *link = request;
    request->next = NULL;
    request->waiting = true;
    if (wait > 0)
        look_in(doors, wait);
}

static void close_door(struct door *door)
{
    int twice = 2 * door->delay_ms;
    door->delay_ms = door->delay_ms == 0        ? DOORS_FIRST_MS
                     : twice < DOORS_LONGEST_MS ? twice
                                                : DOORS_LONGEST_MS;
    door->closed_until_ns = clock_mono_ns() + (int64_t)door->delay_ms * NS_PER_MS;
}

/* Several that were inside together are turned away together: that counts once. */
static void judge(struct door *door, bool turned_away)
{
    bool closed = clock_mono_ns() < door->closed_until_ns;
    if (turned_away && !closed)
        close_door(door);
    else if (!turned_away && !closed)
        door->delay_ms = 0;
}

void doors_leave(struct doors *doors, struct doors_request *request, const char *address,
                 bool turned_away)
{
    struct doors_request **link = &doors->waiting;
    while (*link && *link != request)
        link = &(*link)->next;
    if (*link)
        *link = request->next;
    for (size_t i = 0; i < request->count; i++) {
        struct door *door = request->doors[i];
        door->users--;
        door->inside -= request->inside;
        if (request->inside && address && strcmp(door->address, address) == 0)
            judge(door, turned_away);
    }
    request->count = 0;
    request->waiting = request->inside = false;
    if (doors->waiting)
        look_in(doors, 0);
}

struct doors *doors_new(struct loop *loop, size_t at_once)
{
    struct doors *doors = memory_new(sizeof *doors);
    *doors = (struct doors) { .loop = loop, .at_once = at_once };
    return doors;
}

void doors_free(struct doors *doors)
{
    if (!doors)
        return;
    loop_timer_stop(&doors->turn);
    while (doors->all) {
        struct door *door = doors->all;
        doors->all = door->next;
        free(door->address);
        free(door);
    }
    free(doors);
}
