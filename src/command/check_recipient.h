/* The options of `check` about the account that the test message goes to, where that is another. */
#ifndef COMMAND_CHECK_RECIPIENT_H
#define COMMAND_CHECK_RECIPIENT_H

#include "command/check_options.h"
#include "result/trace.h"

extern const struct option_row check_recipient_rows[];

void check_recipient_init(struct check_recipient *recipient);

/* Before the options of the message are completed: does what was given of the recipient fit? Then
 * it is a round trip. False and a message. */
bool check_recipient_agrees(struct check_settings *settings, char **ret_error);

/* Once all other options are complete: reads the secret, and sets the run's recipient. Nothing
 * without --round-trip-to. False and a message. */
bool check_recipient_take(struct check_settings *settings, char **ret_error);
/* Makes the trace of its run in TRACE, with what its token says; nothing without one. */
void check_recipient_note(const struct check_settings *settings, struct trace *trace);
/* Wipes the secrets; legal at any time. */
void check_recipient_done(struct check_recipient *recipient);

#endif
