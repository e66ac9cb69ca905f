/* Asking for a secret at the terminal. */
#ifndef COMMAND_PROMPT_H
#define COMMAND_PROMPT_H

#include "base/buffer.h"

/* Asks for WHAT on the controlling terminal, without echo, and appends the line to IN, newline
 * included. Signals that end or stop the program restore the echo first. False and a message
 * (release with free()) without a terminal, or at its end. */
bool prompt_secret(const char *what, struct buffer *in, char **ret_error);

#endif
