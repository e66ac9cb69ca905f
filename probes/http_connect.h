/* A tunnel through an HTTP proxy: CONNECT (RFC 9110 section 9.3.6), with Basic authentication (RFC
 * 7617) or without. */
#ifndef PROBES_HTTP_CONNECT_H
#define PROBES_HTTP_CONNECT_H

#include "probes/proxy.h"

/* The two halves of proxy.h for HTTP: what is said first, and what is made of an answer. */
void http_connect_begin(struct proxy_talk *talk);
size_t http_connect_bytes(struct proxy_talk *talk, struct bytes bytes);

#endif
