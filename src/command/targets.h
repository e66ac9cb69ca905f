/* check --targets: many targets, each answered by a line of JSON as soon as it is known. */
#ifndef COMMAND_TARGETS_H
#define COMMAND_TARGETS_H

#include "command/targets_input.h"

/* SETTINGS are those of the command line, COMMON what each target is given of them. Returns the
 * exit status. */
int targets_check(const struct check_settings *settings, const struct targets_common *common);

/* Is it about many targets: does any of their options stand there? */
bool targets_wanted(const struct check_settings *settings);
/* Do the options fit many targets? False and a message (release with free()). */
bool targets_fit(const struct check_settings *settings, size_t operand_count, char **ret_error);

#endif
