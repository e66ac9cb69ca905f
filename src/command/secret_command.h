/* A shell command that prints a secret: a password manager, mostly. */
#ifndef COMMAND_SECRET_COMMAND_H
#define COMMAND_SECRET_COMMAND_H

#include "base/buffer.h"

enum { SECRET_COMMAND_SECONDS = 30 };

/* Appends the first line that COMMAND prints to IN. False and a message (release with free(); WHAT
 * is "password" or "token") when it cannot be started, fails, or has not ended after
 * SECRET_COMMAND_SECONDS: then it and all that it started are killed. It may use the terminal, as
 * one that asks for a passphrase does; Ctrl-C there ends this program. */
bool secret_command_run(const char *what, const char *command, struct buffer *in, char **ret_error);

#endif
