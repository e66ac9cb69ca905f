/* HTTP as a client, over TLS only: the one door to libcurl, driven by the house's own loop through
 * its multi-socket interface. libcurl is set up at the first use. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/bytes.h"
#include "base/secret.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_BODY_LIMIT = 256 * 1024, /* bytes of an answer; a longer one is trouble */
    HTTP_PLACE_LIMIT = 32
};

struct http_options {
    const char *ca_file; /* PEM, in addition to the system's roots; NULL */
    bool no_system_ca;
    /* "HOST:PORT:ADDRESS:PORT" as curl's --connect-to; the first two may be empty. */
    const char *const *connect_to;
    size_t connect_to_count;
    int family;           /* 4, 6, or 0 for both */
    const char *source;   /* the numeric address to connect from; NULL */
    const char *resolver; /* names are asked there, as for a mail server's; NULL: as the system
                             does. Behind a proxy it is the proxy that asks. */
    const char *proxy;    /* "socks5h://host:port", "http://host:port"; NULL: as https_proxy says */
    const char *proxy_user;
    const struct secret *proxy_password; /* with proxy_user */
};

struct http;

/* Everything in OPTIONS is borrowed until http_free(). NULL and a message (release with free())
 * when libcurl cannot begin, or ca_file cannot be read. */
struct http *http_new(struct loop *loop, const struct http_options *options, char **ret_error);
/* Ends what is under way without calling anybody. NULL is legal. Not from http_done. */
void http_free(struct http *http);

struct http_request {
    const char *url;    /* https only */
    struct bytes form;  /* POST; NULL data: GET */
    const char *type;   /* of the form; NULL: application/x-www-form-urlencoded */
    const char *bearer; /* what Authorization says; NULL: no such header */
    int64_t
        deadline_ms; /* from the name, or once RESOLVER has told it, to the answer's last byte */
};

struct http_answer {
    int status;            /* 200, 400, ...; 0 without an answer */
    struct bytes body;     /* borrowed for the call, wiped after it */
    int64_t retry_after_s; /* the header, as seconds from now (RFC 9110 section 10.2.3); 0: none */
    const char *trouble;   /* in a person's words, why there is no answer, or no whole one; NULL */
};

typedef void http_done(void *arg, const struct http_answer *answer);

/* Begins. The form is copied, and wiped once it is no longer needed, like the answer. No redirect
 * is followed: a secret must not travel on to where it was not sent. DONE is called once, from the
 * loop, at the next turn at the earliest. */
void http_ask(struct http *http, const struct http_request *request, http_done *done, void *arg);

#endif
