/* The clocks. Only net/, engine/, simulate/, serve/ and command/ ask them; everything else is
 * told the time. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_TEXT_SIZE = 32 };

/* Nanoseconds of the monotonic clock; only differences mean anything. */
int64_t clock_mono_ns(void);

/* Nanoseconds since 1970-01-01 UTC. */
int64_t clock_real_ns(void);

/* REAL_NS as RFC 3339 in UTC with milliseconds: "2026-11-22T10:14:05.123Z". Returns TEXT. */
const char *clock_format(int64_t real_ns, char text[static CLOCK_TEXT_SIZE]);

/* The reverse, with any number of decimals or none; -1 when TEXT is no such time, or one before
 * 1970 or after 2261. */
int64_t clock_parse(const char *text);

#endif
