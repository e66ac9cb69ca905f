/* Which faults often pass by themselves. */
#ifndef DIAGNOSIS_TRANSIENT_H
#define DIAGNOSIS_TRANSIENT_H

#include <stdbool.h>

/* One run that shows such a class proves little: a packet was lost, a server restarts. NULL and
 * unknown ids are none. */
bool class_is_transient(const char *id);

#endif
