/* Where on the way a connection ends: from the walk to a port, and the walk to its control. A pure
 * function of what was seen; it names pairs of hops, never one box alone, since a router looks at a
 * packet's life before its filter does. */
#ifndef RESULT_PATH_H
#define RESULT_PATH_H

#include "result/result.h"

enum path_kind {
    PATH_UNKNOWN,     /* the walk does not tell */
    PATH_OPEN,        /* the port answered, as far away as the control or further */
    PATH_DROPPED,     /* between two hops, where the control goes on */
    PATH_AT_HOST,     /* at the server, its last hop, or on the way back: these look alike */
    PATH_REJECTED,    /* a box or the server said no by ICMP */
    PATH_RESET,       /* a reset from nearer than the server is */
    PATH_REFUSED,     /* a reset from where the control answers: the server's own */
    PATH_INTERCEPTED, /* a connection nearer than the server is: a proxy nobody asked for */
    PATH_DEAD,        /* no sign of life after a hop, the control's neither: not a port block */
};

/* A hop of the pair. TTL 0 is this machine. */
struct path_place {
    int ttl;
    const char *sender; /* NULL: it did not name itself */
};

struct path_break {
    enum path_kind kind;
    struct path_place after;  /* the last that answered */
    struct path_place before; /* the first that did not, or that answered in the server's place */
    int server_ttl;           /* where the control was answered; 0 unknown */
    int forwarded_ttl; /* a router there answered as the server: it forwards the port; 0 no */
    enum confidence confidence;
};

/* ADDRESS may have no walk: PATH_UNKNOWN. Strings are borrowed. */
struct path_break path_place(const struct address *address);

/* The hop of that TTL; NULL when none was tried. */
const struct hop *path_hop(const struct hop *hops, int ttl);

#endif
