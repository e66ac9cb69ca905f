/* The modules file of `serve`: JSON, read whole or not at all. */
#ifndef COMMAND_SERVE_MODULES_H
#define COMMAND_SERVE_MODULES_H

#include "serve/module.h"

/* PATH NULL: one module, "default", without a login and for every target. NULL and a message
 * (release with free()) when the file cannot be read, is no JSON, or asks for what cannot be.
 * Secrets are read once, so that a missing one is told at once. */
struct serve_modules *serve_modules_read(const char *path, char **ret_error);

#endif
