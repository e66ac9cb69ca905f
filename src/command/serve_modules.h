/* The modules file of `serve`: JSON, read whole or not at all. */
#ifndef COMMAND_SERVE_MODULES_H
#define COMMAND_SERVE_MODULES_H

#include "command/token_keeper.h"
#include "serve/module.h"

/* PATH NULL: one module, "default", without a login and for every target. NULL and a message
 * (release with free()) when the file cannot be read, is no JSON, or asks for what cannot be.
 * Secrets are read once, so that a missing one is told at once. KEEPER, borrowed, has the tokens of
 * all readings; NULL: none is going to be asked for. */
struct serve_modules *serve_modules_read(const char *path, struct token_keeper *keeper,
                                         char **ret_error);

#endif
