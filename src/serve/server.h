/* The exporter: what each address of the listener answers, reload, and a stop that loses nothing.
 */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include "serve/module.h"
#include "serve/web.h"

struct server;

struct server_options {
    struct web_options web;     /* handle and arg are the server's */
    const struct secret *login; /* "user:password" that every request must bring; NULL: none */
    int64_t offset_ms;          /* taken off Prometheus' scrape timeout */
    int64_t limit_ms;           /* how long a request waits at most */
    const char *state_dir;
    size_t jobs, keep; /* as in prober.h */
    /* Reads the modules (anew). NULL and a message (release with free()). */
    struct serve_modules *(*load)(void *arg, char **ret_error);
    /* Reads the files of the listener anew, and puts them in force with server_renew() where they
     * have changed. False and a message: it stays as it was. */
    bool (*renew)(void *arg, char **ret_error);
    void (*log)(void *arg, const char *line);
    loop_function *stopped; /* after server_stop() */
    void *arg;
};

/* Takes MODULES. NULL and a message (release with free()); MODULES are freed then too. Strings and
 * secrets are borrowed until server_free(). */
struct server *server_start(struct loop *loop, const struct server_options *options,
                            struct serve_modules *modules, char **ret_error);
/* On failure the modules in force stay so, and the log says why. */
void server_reload(struct server *server);
/* Has requests from now on bring LOGIN, which is borrowed, and connections see IDENTITY (NULL: what
 * they saw before). False and a message: all stays as it was. */
bool server_renew(struct server *server, const struct web_identity *identity,
                  const struct secret *login, char **ret_error);
/* Takes no more requests; calls STOPPED when all that runs has ended and is answered. Called again:
 * ends what runs now. */
void server_stop(struct server *server);
void server_free(struct server *server); /* NULL is legal */

#endif
