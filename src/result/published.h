/* What a provider publishes for firewalls: does it concern a host and port, does it hold an
 * address? Pure functions. */
#ifndef RESULT_PUBLISHED_H
#define RESULT_PUBLISHED_H

#include "result/trace.h"

/* PATTERN is a name, or "*.name" for every name below it. Without case, and without a final dot. */
bool published_names(const char *pattern, const char *host);

/* Does it list HOST, and PORT of it (0: any)? */
bool published_concerns(const struct published *published, const char *host, int port);

/* Is ADDRESS (numeric) in one of the ranges? */
bool published_holds(const struct published *published, const char *address);

/* "192.0.2.0/24" or "2001:db8::/32": is it a range at all? */
bool published_is_range(const char *text);

#endif
