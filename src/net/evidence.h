/* Sockets, and all that the kernel can tell about them without privileges: who refused, how long it
 * took, when bytes really arrived. Linux's own parts (IP_RECVERR, TCP_INFO, SO_TIMESTAMPNS) stand
 * behind this header; elsewhere errno is all there is, and the fields say so. No uv.h here: it
 * conflicts with linux/tcp.h. */
#ifndef NET_EVIDENCE_H
#define NET_EVIDENCE_H

#include "result/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
    EVIDENCE_ADDRESS_SIZE = 64,
    EVIDENCE_SMALL_SEGMENT = 1000, /* bytes of payload: fits any path that mail can use */
};

/* An address and port, IPv4 or IPv6. */
struct net_address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/* TEXT is a numeric address ("192.0.2.1", "2001:db8::1", "fe80::1%eth0"), no name. False when it is
 * none. */
bool net_address_parse(struct net_address *ret_address, const char *text, int port);
/* Without port. Returns TEXT. */
const char *net_address_text(const struct net_address *address,
                             char text[static EVIDENCE_ADDRESS_SIZE]);
/* "192.0.2.1:25", "[2001:db8::1]:25". Returns TEXT. */
const char *net_address_text_port(const struct net_address *address,
                                  char text[static EVIDENCE_ADDRESS_SIZE]);
int net_address_family(const struct net_address *address); /* 4 or 6 */
int net_address_port(const struct net_address *address);
bool net_address_is_loopback(const struct net_address *address);

/* Whether this machine can send from ADDRESS: a socket is bound to it, and closed. False with
 * *ret_failure. */
bool net_address_is_own(const struct net_address *address, struct failure *ret_failure);

/* Does this system tell a program without privileges who refused its connection? Linux does since
 * 5.8 (commit 45af29ca761c). */
bool evidence_sees_icmp(void);

struct net_icmp {
    bool seen;
    int type, code;
    char sender[EVIDENCE_ADDRESS_SIZE];
};

/* Begins a non-blocking connect from SOURCE (NULL: any). The descriptor, with TCP_NODELAY and
 * arrival timestamps on; or -1 with *ret_failure, when this machine itself says no at once. */
int evidence_connect(const struct net_address *peer, const struct net_address *source,
                     struct failure *ret_failure);
/* The same with segments of at most SEGMENT bytes (TCP_MAXSEG), both ways; 0: as the path has it.
 */
int evidence_connect_small(const struct net_address *peer, const struct net_address *source,
                           int segment, struct failure *ret_failure);
/* Once the descriptor is writable or in error: true when connected, else what happened and who said
 * so. SO_ERROR is read before the error queue, and IP_RECVERR goes off once connected (technology
 * facts 1a). */
bool evidence_connected(int fd, struct failure *ret_failure, struct net_icmp *ret_icmp);

/* The kernel's view of an open connection. */
struct net_facts {
    int64_t rtt_ns;                    /* -1 unknown */
    char local[EVIDENCE_ADDRESS_SIZE]; /* our address and port; "" unknown */
};
void evidence_facts(int fd, struct net_facts *ret_facts);

/* The same of any connection that failed, or that hangs. False where the system does not tell. */
bool evidence_tcp(int fd, struct tcp_facts *ret_facts);

/* May packets' size keep them from arriving? True when later ones came while an earlier one is
 * missing, or when ours, which are no small segments, are sent again and again. A lost packet looks
 * the same for a while. */
bool evidence_has_holes(int fd);

/* Reads at most SIZE bytes. >0: how many, with *ret_arrived_ns the monotonic time at which the
 * kernel got them (not when the loop woke); 0: the peer closed; -1: nothing now; -2: failed,
 * *ret_failure tells. Keeps TCP_QUICKACK on: else a server's Nagle and our delayed ACK cost 41 ms
 * (measured). */
ssize_t evidence_read(int fd, void *data, size_t size, int64_t *ret_arrived_ns,
                      struct failure *ret_failure);
/* Writes at most SIZE bytes, never raising SIGPIPE. >=0: how many; -1: not now; -2: failed. */
ssize_t evidence_write(int fd, const void *data, size_t size, struct failure *ret_failure);

#endif
