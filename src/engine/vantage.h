/* Where a run was made from: this machine, as far as it is of use to a reader of the result. */
#ifndef ENGINE_VANTAGE_H
#define ENGINE_VANTAGE_H

#include "result/trace.h"

/* Host name, system and kernel. */
void vantage_begin(struct trace *trace);
/* The local addresses that were used and the public one that a server saw (none of a
 * private network, of loopback or link-local: RFC 1918, 4193, 6598), from the finished trace.
 */
void vantage_end(struct trace *trace);

#endif
