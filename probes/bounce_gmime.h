/* A delivery report as it arrived (RFC 3464), decoded: the door to GMime. */
#ifndef PROBES_BOUNCE_GMIME_H
#define PROBES_BOUNCE_GMIME_H

#include "base/arena.h"

#include <stdbool.h>

enum { BOUNCE_LIMIT = 40000 };

struct bounce {
    /* Its fields of status, then its words, then the header of the message it is about: each as it
     * is without its transfer encoding, in the charset in which it came. */
    struct bytes text;
    bool failed; /* and not a notice of delay, or that all went well */
};

/* False when MESSAGE, of which the first BOUNCE_LIMIT bytes are read, is no such report; one that
 * somebody forwards is none. The text is ARENA's. */
bool bounce_read(struct arena *arena, struct bytes message, struct bounce *ret_bounce);

#endif
