/* The files of the listener of `serve`: its certificate, whom it knows, and the login. */
#ifndef COMMAND_SERVE_LISTENER_H
#define COMMAND_SERVE_LISTENER_H

#include "base/buffer.h"
#include "command/serve_options.h"
#include "serve/web.h"

struct serve_listener {
    struct secret *key, *login;           /* NULL: none */
    struct buffer certificate, client_ca; /* terminated; empty: none */
};

/* False and a message (release with free()) when a file cannot be read, or a login is none. To be
 * released in any case. */
bool serve_listener_read(struct serve_listener *listener, const struct serve_settings *settings,
                         char **ret_error);
void serve_listener_done(struct serve_listener *listener);

/* Borrowed from LISTENER. */
struct web_identity serve_listener_identity(const struct serve_listener *listener);
/* Would a connection see the same of both? */
bool serve_listener_is_same(const struct serve_listener *a, const struct serve_listener *b);

#endif
