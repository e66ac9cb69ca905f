/* Asking the system itself for the addresses of a name: getaddrinfo(), as other programs here do,
 * with whatever nsswitch.conf plugs in. It blocks for as long as it likes, so it runs on a detached
 * thread that nobody waits for: neither the loop nor the exit of the program. */
#ifndef NET_SYSTEM_NAMES_H
#define NET_SYSTEM_NAMES_H

#include "base/failure.h"
#include "net/loop.h"

#include <stddef.h>

struct system_names;

struct system_answer {
    struct failure failure;       /* FAILURE_NONE: there are addresses */
    const char *const *addresses; /* numeric, each once; valid until system_names_stop() */
    size_t count;
};
typedef void system_names_function(void *arg, const struct system_answer *answer);

/* Calls FUNCTION once, on the loop. FAMILY: 4, 6 or 0 for both. NULL where no thread or socket is
 * to be had. NAME is copied. */
struct system_names *system_names_start(struct loop *loop, const char *name, int family,
                                        system_names_function *function, void *arg);
/* No call is wanted any more; legal in the call. NULL inside is legal. */
void system_names_stop(struct system_names **names);

#endif
