/* Probes of a path walk: connects whose packets live for a few hops only, so that the router where
 * they end says so. What a system offers for it stands behind this header: hops_linux.c, or
 * hops_portable.c where ICMP errors of a connection cannot be read. No privilege is needed. */
#ifndef NET_HOPS_H
#define NET_HOPS_H

#include "net/evidence.h"

/* Can paths be walked on this system at all? */
bool hops_supported(void);

enum hops_answer {
    HOPS_SILENT,      /* nothing yet */
    HOPS_ROUTER,      /* ICMP time exceeded, from SENDER */
    HOPS_OPEN,        /* connected, if only for a moment */
    HOPS_RESET,       /* refused, and no ICMP came with it */
    HOPS_UNREACHABLE, /* ICMP TYPE and CODE, from SENDER */
    HOPS_OURS         /* this machine itself would not send it */
};

struct hops_reply {
    enum hops_answer answer;
    struct net_icmp icmp; /* of ROUTER and UNREACHABLE */
};

/* Begins a non-blocking connect to PEER from SOURCE (NULL: any), its packets living for TTL hops.
 * With a port in SOURCE several probes may follow each other from that one port, each after the
 * last was closed. -1 when this machine says no. At most one packet leaves before the first second
 * is over: close the descriptor by then. */
int hops_probe(const struct net_address *peer, const struct net_address *source, int ttl);

/* What has come back, once the descriptor is writable or in error; and when its time is up. */
struct hops_reply hops_read(int fd);

/* The local port and address the probe goes out from; false when unknown. */
bool hops_source(int fd, struct net_address *ret_source);

#endif
