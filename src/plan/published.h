/* What is published of the endpoints of a run: from a file that the user gave, else from the
 * providers' table. */
#ifndef PLAN_PUBLISHED_H
#define PLAN_PUBLISHED_H

#include "result/trace.h"

/* Copies into TRACE what concerns one of its endpoints, by host and port. GIVEN is the file's list;
 * NULL: the table's. */
void published_note(struct trace *trace, const struct published *given);

#endif
