/* The options of `check` that submit a test message. */
#ifndef COMMAND_CHECK_SUBMIT_H
#define COMMAND_CHECK_SUBMIT_H

#include "command/check_options.h"

extern const struct option_row check_submit_rows[];

/* VALUE with its domain in ASCII; NULL and why when it is no address for a message. */
const char *check_submit_address(struct arena *arena, const char *value, const char **ret_why);

/* How much longer a run may take for it. */
int check_submit_ms(const struct check_settings *settings);

/* Once all options are read and fit each other: fills in what the target gives (the mailbox itself
 * as sender and recipient) and sets the run's wish. False and a message where a message could not
 * be submitted. */
bool check_submit_complete(struct check_settings *settings, char **ret_error);

#endif
