/* The HTTP listener: the one door to libmicrohttpd. It is driven by our loop; a request that cannot
 * be answered at once waits without a thread. */
#ifndef SERVE_WEB_H
#define SERVE_WEB_H

#include "base/bytes.h"
#include "base/secret.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct web;
struct web_request;

enum web_method { WEB_GET, WEB_POST, WEB_OTHER };

/* Called once a request, bound within the limits, is whole. It is answered with web_reply(), at
 * once or later. */
typedef void web_handle(void *arg, struct web_request *request);

/* Borrowed for the call. */
struct web_identity {
    const char *certificate;  /* PEM; NULL: no TLS */
    const struct secret *key; /* PEM, of the certificate */
    const char *client_ca;    /* PEM: who shows no certificate of these is not let in; NULL */
};

struct web_options {
    int fd; /* listens already; taken */
    struct web_identity identity;
    unsigned connections; /* most at once; more wait in the system's queue */
    int request_ms;       /* for a request to arrive, and for its answer to be taken */
    int idle_ms;          /* between two requests of one connection */
    size_t query_limit;   /* most parameters of one request */
    web_handle *handle;
    void *arg;
};

/* NULL and a message (release with free()) when the library refuses: a bad certificate or key, a
 * system without epoll. Strings are borrowed for the call. */
struct web *web_start(struct loop *loop, const struct web_options *options, char **ret_error);
/* Has whoever connects from now on see IDENTITY, of the same kind (TLS or not, client certificates
 * or not). Connections that are there are answered once more, by what they know, and closed. False
 * and a message when the library refuses: all stays as it was. Not after web_quiesce(). */
bool web_renew(struct web *web, const struct web_identity *identity, char **ret_error);
/* Takes no more connections; requests that are under way are still answered. */
void web_quiesce(struct web *web);
/* Requests that came and were not answered, or whose answer is not yet taken. */
size_t web_pending(const struct web *web);
/* Closes all connections. Every request was answered before. NULL is legal. */
void web_stop(struct web *web);
/* Connections that are open. */
size_t web_connections(const struct web *web);

enum web_method web_request_method(const struct web_request *request);
const char *web_request_path(const struct web_request *request); /* without the query */
/* The value of a header; NULL: none. */
const char *web_request_header(const struct web_request *request, const char *name);
/* The I-th parameter of the query, decoded; false when there is none. */
bool web_request_parameter(const struct web_request *request, size_t i, const char **ret_name,
                           const char **ret_value);
/* Why the request cannot be understood (a zero byte in it, too many parameters, a body); NULL: it
 * can. */
const char *web_request_fault(const struct web_request *request);
/* With client_ca: a certificate of these was shown. Else true. */
bool web_request_is_known(const struct web_request *request);

/* Once a request; it is over then. TYPE is the Content-Type. CHALLENGE: a login is asked for
 * (status 401). BODY is copied. */
struct web_answer {
    unsigned status;
    const char *type;
    const char *allow; /* the Allow header; NULL: none */
    bool challenge;
    struct bytes body;
};
void web_reply(struct web_request *request, const struct web_answer *answer);

#endif
