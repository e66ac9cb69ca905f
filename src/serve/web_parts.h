/* Private to serve/web*.c: connections, requests, and the library's listeners. */
#ifndef SERVE_WEB_PARTS_H
#define SERVE_WEB_PARTS_H

#include "serve/web.h"

#include <microhttpd.h>

enum { PARAMETER_LIMIT = 16 };

/* What a connection does decides how long it may go on doing it: libmicrohttpd's own limit begins
 * anew with each byte. */
enum activity { READING, WORKING, WRITING, IDLE };

struct connection {
    struct connection *next, **link;
    struct listener *listener;
    int fd;
    enum activity activity;
    int64_t since_ns;
    bool cut;
};

struct parameter {
    const char *name, *value;
};

struct web_request {
    struct web *web;
    struct listener *listener;
    struct MHD_Connection *mhd;
    struct connection *connection;
    enum web_method method;
    char *path;
    struct parameter parameters[PARAMETER_LIMIT];
    size_t parameter_count;
    const char *fault;
    struct MHD_Response *response;
    unsigned status;
    bool dispatched, suspended, queued;
};

/* What the library knows of a certificate it learns when it is started: another one is another of
 * these, on the same socket, while those before it end with their connections. */
struct listener {
    struct listener *next;
    struct web *web;
    struct MHD_Daemon *daemon;
    int fd; /* -1: it takes no more connections */
    struct loop_watch *watch;
    struct loop_timer *timer;
    size_t connection_count;
    bool running, again;
};

struct web {
    struct loop *loop;
    struct web_options options;
    bool knows_clients;         /* by their certificates */
    struct listener *listeners; /* the one in force first */
    struct loop_timer *sweep;
    struct connection *connections;
    size_t connection_count, pending;
};

/* ---- web.c ---- */

void web_enter(struct connection *connection, enum activity activity);
/* Lets the library do what there is to do; comes back from a handler at once. */
void web_pump(struct listener *listener);
/* It ends with its connections. */
bool web_is_retired(const struct listener *listener);

/* ---- web_request.c: what the library calls, with a listener ---- */

enum MHD_Result web_on_request(void *arg, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **context);
void web_on_completed(void *arg, struct MHD_Connection *mhd, void **context,
                      enum MHD_RequestTerminationCode code);

#endif
