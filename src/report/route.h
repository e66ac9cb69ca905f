/* A walked path, hop by hop, for those that draw it. */
#ifndef REPORT_ROUTE_H
#define REPORT_ROUTE_H

#include "result/path.h"

/* How many hops are worth showing: up to the server, else up to the last that is known. */
int route_last(const struct address *address, const struct path_break *at);

/* Who is there, by either walk; NULL: it did not name itself. */
const char *route_sender(const struct address *address, const struct path_break *at, int ttl);

/* Does what is wrong with the path lie between the hop before TTL and TTL? */
bool route_breaks_before(const struct path_break *at, int ttl);

#endif
