/* The HTTP listener: the one door to libmicrohttpd. It is driven by our loop; a request that cannot
 * be answered at once waits without a thread. */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include "base/bytes.h"
#include "base/secret.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct http;
struct http_request;

enum http_method { HTTP_GET, HTTP_POST, HTTP_OTHER };

/* Called once a request, bound within the limits, is whole. It is answered with http_reply(), at
 * once or later. */
typedef void http_handle(void *arg, struct http_request *request);

struct http_options {
    int fd;                   /* listens already; taken */
    const char *certificate;  /* PEM; NULL: no TLS */
    const struct secret *key; /* PEM, of the certificate */
    const char *client_ca;    /* PEM: who shows no certificate of these is not let in; NULL */
    unsigned connections;     /* most at once; more wait in the system's queue */
    int request_ms;           /* for a request to arrive, and for its answer to be taken */
    int idle_ms;              /* between two requests of one connection */
    size_t query_limit;       /* most parameters of one request */
    http_handle *handle;
    void *arg;
};

/* NULL and a message (release with free()) when the library refuses: a bad certificate or key, a
 * system without epoll. Strings are borrowed for the call. */
struct http *http_start(struct loop *loop, const struct http_options *options, char **ret_error);
/* Takes no more connections; requests that are under way are still answered. */
void http_quiesce(struct http *http);
/* Requests that came and were not answered, or whose answer is not yet taken. */
size_t http_pending(const struct http *http);
/* Closes all connections. Every request was answered before. NULL is legal. */
void http_stop(struct http *http);
/* Connections that are open. */
size_t http_connections(const struct http *http);

enum http_method http_request_method(const struct http_request *request);
const char *http_request_path(const struct http_request *request); /* without the query */
/* The value of a header; NULL: none. */
const char *http_request_header(const struct http_request *request, const char *name);
/* The I-th parameter of the query, decoded; false when there is none. */
bool http_request_parameter(const struct http_request *request, size_t i, const char **ret_name,
                            const char **ret_value);
/* Why the request cannot be understood (a zero byte in it, too many parameters, a body); NULL: it
 * can. */
const char *http_request_fault(const struct http_request *request);
/* With client_ca: a certificate of these was shown. Else true. */
bool http_request_is_known(const struct http_request *request);

/* Once a request; it is over then. TYPE is the Content-Type. CHALLENGE: a login is asked for
 * (status 401). BODY is copied. */
struct http_answer {
    unsigned status;
    const char *type;
    const char *allow; /* the Allow header; NULL: none */
    bool challenge;
    struct bytes body;
};
void http_reply(struct http_request *request, const struct http_answer *answer);

#endif
