#include "net/evidence.h"

#include "net/evidence_system.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- addresses ---- */

/* The zone of a link-local address (RFC 4007 section 11): an interface by name or by number. */
static bool parse_zone(const char *zone, uint32_t *ret_scope)
{
    unsigned index = if_nametoindex(zone);
    if (index == 0) {
        char *end;
        unsigned long number = strtoul(zone, &end, 10);
        if (*zone < '0' || *zone > '9' || *end || number == 0 || number > UINT32_MAX)
            return false;
        index = (unsigned)number;
    }
    *ret_scope = index;
    return true;
}

static bool parse_ipv6(struct sockaddr_in6 *ret_address, const char *text)
{
    char plain[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "%");
    if (length >= sizeof plain)
        return false;
    memcpy(plain, text, length);
    plain[length] = '\0';
    ret_address->sin6_family = AF_INET6;
    if (inet_pton(AF_INET6, plain, &ret_address->sin6_addr) != 1)
        return false;
    return !text[length] || parse_zone(text + length + 1, &ret_address->sin6_scope_id);
}

bool net_address_parse(struct net_address *ret_address, const char *text, int port)
{
    *ret_address = (struct net_address) { 0 };
    if (port < 0 || port > UINT16_MAX)
        return false;
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(&ret_address->storage, &v4, sizeof v4);
        ret_address->size = sizeof v4;
        return true;
    }
    struct sockaddr_in6 v6 = { .sin6_port = htons((uint16_t)port) };
    if (!parse_ipv6(&v6, text))
        return false;
    memcpy(&ret_address->storage, &v6, sizeof v6);
    ret_address->size = sizeof v6;
    return true;
}

const char *net_address_text(const struct net_address *address,
                             char text[static EVIDENCE_ADDRESS_SIZE])
{
    text[0] = '\0';
    getnameinfo((const struct sockaddr *)&address->storage, address->size, text,
                EVIDENCE_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST);
    return text;
}

const char *net_address_text_port(const struct net_address *address,
                                  char text[static EVIDENCE_ADDRESS_SIZE])
{
    /* 39 for the longest IPv6 address, 16 for "%" and an interface name. */
    char host[EVIDENCE_ADDRESS_SIZE];
    net_address_text(address, host);
    bool brackets = net_address_family(address) == 6;
    snprintf(text, EVIDENCE_ADDRESS_SIZE, brackets ? "[%.55s]:%d" : "%.55s:%d", host,
             net_address_port(address));
    return text;
}

int net_address_family(const struct net_address *address)
{
    return address->storage.ss_family == AF_INET6 ? 6 : 4;
}

int net_address_port(const struct net_address *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (address->storage.ss_family == AF_INET6) {
        memcpy(&v6, &address->storage, sizeof v6);
        return ntohs(v6.sin6_port);
    }
    memcpy(&v4, &address->storage, sizeof v4);
    return ntohs(v4.sin_port);
}

bool net_address_is_loopback(const struct net_address *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (address->storage.ss_family == AF_INET6) {
        memcpy(&v6, &address->storage, sizeof v6);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    }
    memcpy(&v4, &address->storage, sizeof v4);
    return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* ---- connecting ---- */

static struct failure connect_failure(int error)
{
    struct failure failure = failure_from_errno(error);
    failure.kind = failure_from_errno(evidence_system_meaning(error)).kind;
    return failure;
}

static bool bind_source(int fd, const struct net_address *peer, const struct net_address *source,
                        struct failure *ret_failure)
{
    if (source->storage.ss_family != peer->storage.ss_family) {
        *ret_failure = failure_make(FAILURE_ADDRESS_NOT_AVAILABLE,
                                    "the source address is not of the family of the address to "
                                    "reach");
        return false;
    }
    if (bind(fd, (const struct sockaddr *)&source->storage, source->size) == 0)
        return true;
    *ret_failure = failure_from_errno(errno);
    snprintf(ret_failure->text, sizeof ret_failure->text, "the source address: %s",
             strerror(errno));
    return false;
}

bool net_address_is_own(const struct net_address *address, struct failure *ret_failure)
{
    int fd = evidence_system_socket(address->storage.ss_family, SOCK_STREAM);
    bool own = fd >= 0 && bind(fd, (const struct sockaddr *)&address->storage, address->size) == 0;
    if (!own)
        *ret_failure = failure_from_errno(errno);
    if (fd >= 0)
        close(fd);
    return own;
}

static void set_no_delay(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int evidence_connect(const struct net_address *peer, const struct net_address *source,
                     struct failure *ret_failure)
{
    return evidence_connect_small(peer, source, 0, ret_failure);
}

int evidence_connect_small(const struct net_address *peer, const struct net_address *source,
                           int segment, struct failure *ret_failure)
{
    *ret_failure = (struct failure) { 0 };
    int fd = evidence_system_socket(peer->storage.ss_family, SOCK_STREAM);
    if (fd < 0) {
        *ret_failure = failure_from_errno(errno);
        return -1;
    }
    set_no_delay(fd);
    if (segment)
        setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    evidence_system_queue_errors(fd, peer->storage.ss_family, true);
    if (source && !bind_source(fd, peer, source, ret_failure)) {
        close(fd);
        return -1;
    }
    int status;
    do
        status = connect(fd, (const struct sockaddr *)&peer->storage, peer->size);
    while (status < 0 && errno == EINTR);
    if (status == 0 || errno == EINPROGRESS || errno == EALREADY)
        return fd;
    *ret_failure = connect_failure(errno);
    close(fd);
    return -1;
}

/* IPv4 reports a prohibition (RFC 1812 section 5.2.7.1) as if there were no way; IPv6 says EACCES.
 */
static bool forbids(const struct net_icmp *icmp, int family)
{
    return family == AF_INET && icmp->type == 3 &&
           (icmp->code == 9 || icmp->code == 10 || icmp->code == 13);
}

static int family_of(int fd)
{
    struct net_address local = { .size = sizeof local.storage };
    getsockname(fd, (struct sockaddr *)&local.storage, &local.size);
    return local.storage.ss_family;
}

static int pending_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

bool evidence_connected(int fd, struct failure *ret_failure, struct net_icmp *ret_icmp)
{
    *ret_failure = (struct failure) { 0 };
    *ret_icmp = (struct net_icmp) { 0 };
    /* In this order: reading the queue clears SO_ERROR. */
    int error = pending_error(fd);
    struct net_address peer = { .size = sizeof peer.storage };
    bool connected =
        error == 0 && getpeername(fd, (struct sockaddr *)&peer.storage, &peer.size) == 0;
    int queued = 0;
    bool icmp = evidence_system_icmp(fd, ret_icmp, &queued);
    if (connected) {
        /* From now on an ICMP error is a passing thing that TCP outlives; with the queue on it
         * would break the next read, and name no sender. */
        evidence_system_queue_errors(fd, peer.storage.ss_family, false);
        evidence_system_ack_now(fd);
        *ret_icmp = (struct net_icmp) { 0 };
        return true;
    }
    /* A peer may reset between the two looks: then only the second one finds the error. */
    if (error == 0)
        error = icmp ? queued : pending_error(fd);
    if (error == 0)
        error = ENOTCONN;
    *ret_failure = connect_failure(error);
    if (icmp && forbids(ret_icmp, family_of(fd)))
        *ret_failure = (struct failure) {
            .kind = FAILURE_PROHIBITED,
            .system = error,
            .text = "administratively prohibited",
        };
    return false;
}

void evidence_facts(int fd, struct net_facts *ret_facts)
{
    *ret_facts = (struct net_facts) { .rtt_ns = evidence_system_rtt(fd) };
    struct net_address local = { .size = sizeof local.storage };
    if (getsockname(fd, (struct sockaddr *)&local.storage, &local.size) == 0)
        net_address_text_port(&local, ret_facts->local);
}

bool evidence_tcp(int fd, struct tcp_facts *ret_facts)
{
    return evidence_system_tcp(fd, ret_facts);
}

bool evidence_has_holes(int fd)
{
    return evidence_system_has_holes(fd);
}

/* ---- talking ---- */

static bool try_again(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

ssize_t evidence_read(int fd, void *data, size_t size, int64_t *ret_arrived_ns,
                      struct failure *ret_failure)
{
    ssize_t got;
    do
        got = evidence_system_receive(fd, data, size, NULL, ret_arrived_ns);
    while (got < 0 && errno == EINTR);
    if (got >= 0) {
        /* The kernel falls back to delayed acknowledgements on its own, hence each time. */
        evidence_system_ack_now(fd);
        return got;
    }
    if (try_again())
        return -1;
    *ret_failure = failure_from_errno(errno);
    return -2;
}

ssize_t evidence_write(int fd, const void *data, size_t size, struct failure *ret_failure)
{
    ssize_t sent;
    do
        sent = evidence_system_send(fd, data, size);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    if (try_again())
        return -1;
    *ret_failure = failure_from_errno(errno);
    return -2;
}
