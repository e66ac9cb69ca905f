/* SOCKS version 5 (RFC 1928), with a user name and password (RFC 1929) or without. */
#ifndef PROBES_SOCKS_H
#define PROBES_SOCKS_H

#include "probes/proxy.h"

/* The two halves of proxy.h for SOCKS5: what is said first, and what is made of an answer. */
void socks_begin(struct proxy_talk *talk);
size_t socks_bytes(struct proxy_talk *talk, struct bytes bytes);

/* The name of a reply code in RFC 1928 section 6, in its words; "an unassigned code" for others. */
const char *socks_reply_name(int code);

#endif
