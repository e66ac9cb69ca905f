/* What the options of a run say, and what can be wrong with them: found before anything is begun.
 */
#ifndef ENGINE_RUN_CHECK_H
#define ENGINE_RUN_CHECK_H

#include "engine/run.h"
#include "net/evidence.h"

/* RET_SOURCE is --source, read. False and a message, to be released with free(). */
bool run_options_check(const struct run_options *options, struct net_address *ret_source,
                       char **ret_error);

#endif
