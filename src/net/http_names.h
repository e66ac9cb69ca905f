/* Private to net/http.c: the addresses of a web server's name, from the name server that the user
 * named; libcurl itself asks the system's only. */
#ifndef NET_HTTP_NAMES_H
#define NET_HTTP_NAMES_H

#include "net/loop.h"

#include <stdbool.h>

struct http_names;

bool http_is_numeric(const char *host);
/* Can this machine connect from SOURCE, a numeric address? False and a message (release with
 * free()). */
bool http_source_check(const char *source, char **ret_error);

/* SERVER as for a resolver; SOURCE, which was checked: the address to ask from, NULL any; FAMILY 4,
 * 6, or 0 for both. NULL and a message (release with free()) when SERVER is malformed. */
struct http_names *http_names_new(struct loop *loop, const char *server, const char *source,
                                  int family, char **ret_error);
/* Ends what is under way without calling anybody. NULL is legal. */
void http_names_free(struct http_names *names);

/* ADDRESSES: "192.0.2.1,2001:db8::1"; NULL: there are none, and TROUBLE says why in a person's
 * words. Both are borrowed for the call. */
typedef void http_names_function(void *arg, const char *addresses, const char *trouble);

/* Calls back once, at the next turn of the loop at the earliest. */
void http_names_ask(struct http_names *names, const char *host, http_names_function *function,
                    void *arg);

#endif
