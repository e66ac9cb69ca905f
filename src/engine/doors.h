/* The front doors of providers: many targets share them, and whoever comes with too many
 * connections at once is turned away. So connections are counted by the address they go to, and an
 * address that says "too many" is left alone for a while. */
#ifndef ENGINE_DOORS_H
#define ENGINE_DOORS_H

#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct doors;

enum {
    DOORS_AT_ONCE = 32,       /* places at one address */
    DOORS_FIRST_MS = 2000,    /* how long it is left alone; doubled each time, */
    DOORS_LONGEST_MS = 60000, /* up to this */
    DOORS_ADDRESSES = 32      /* of one request; further ones are not counted */
};

struct doors *doors_new(struct loop *loop, size_t at_once);
void doors_free(struct doors *doors); /* nobody waits or is inside any more; NULL is legal */

/* One that wants to connect to some addresses at once: it gets a place at each, or waits. Embedded,
 * zeroed at first. */
struct doors_request {
    loop_function *granted; /* once; possibly before doors_ask() returns */
    void *arg;
    /* private */
    struct doors_request *next;
    struct door *doors[DOORS_ADDRESSES];
    size_t count;
    bool waiting, inside;
};

/* ADDRESSES are numeric and copied. Who waits is let in as soon as there is room, the first who
 * fits first. */
void doors_ask(struct doors *doors, struct doors_request *request, const char *const *addresses,
               size_t count);
/* Leaves, or waits no longer; legal at any time. ADDRESS, one of those asked for or NULL, was
 * spoken with; TURNED_AWAY: it said that it is too much. */
void doors_leave(struct doors *doors, struct doors_request *request, const char *address,
                 bool turned_away);

#endif
