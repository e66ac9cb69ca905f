/* The two files of this machine that steer name resolution: hosts(5) and resolv.conf(5). For the
 * resolver only. */
#ifndef NET_RESOLVER_FILES_H
#define NET_RESOLVER_FILES_H

#include "base/arena.h"
#include "net/evidence.h"

enum { RESOLVER_SERVER_LIMIT = 3 }; /* as many as the C library asks */

/* The name servers of the file at PATH, in order; 0 when there is none or no file. */
size_t resolver_read_servers(const char *path,
                             struct net_address ret_servers[static RESOLVER_SERVER_LIMIT]);

/* "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:53". False: none of them. */
bool resolver_parse_server(struct net_address *ret_server, const char *text);

/* The addresses that the hosts file at PATH has for NAME (without case), numeric as
 * net_address_text() writes them, of IPv4 and of IPv6; all of its lines count. */
void resolver_find_host(const char *path, const char *name, struct arena *arena,
                        struct strings *ret_v4, struct strings *ret_v6);

#endif
