/* What a system adds to plain sockets: evidence_linux.c, or evidence_portable.c where errno is all
 * there is. Meson chooses; only evidence*.c, hops_linux.c and the resolver's sockets come here. */
#ifndef NET_EVIDENCE_SYSTEM_H
#define NET_EVIDENCE_SYSTEM_H

#include "net/evidence.h"

/* A non-blocking socket that no child inherits, never raises SIGPIPE and, where the system can,
 * stamps what arrives. TYPE is SOCK_STREAM or SOCK_DGRAM. -1 with errno. */
int evidence_system_socket(int family, int type);

/* The errno that ERROR of a connect() really means, where the system uses an odd one. */
int evidence_system_meaning(int error);

/* Whether ICMP errors are queued with their sender, or only set errno. */
void evidence_system_queue_errors(int fd, int family, bool on);

/* Empties the error queue; true when a router or host spoke in it. *RET_ERROR is the errno its
 * first words stand for. */
bool evidence_system_icmp(int fd, struct net_icmp *ret_icmp, int *ret_error);

/* Nanoseconds; -1 unknown. */
int64_t evidence_system_rtt(int fd);
bool evidence_system_tcp(int fd, struct tcp_facts *ret_facts);
bool evidence_system_has_holes(int fd);

/* Asks for the next acknowledgements to be sent at once. */
void evidence_system_ack_now(int fd);

/* As recvfrom() and send(), with the monotonic time of arrival. FROM may be NULL. */
ssize_t evidence_system_receive(int fd, void *data, size_t size, struct net_address *from,
                                int64_t *ret_arrived_ns);
ssize_t evidence_system_send(int fd, const void *data, size_t size);

#endif
