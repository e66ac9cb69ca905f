#include "net/evidence_system.h"
#include "net/hops.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

enum {
    V4_UNREACHABLE = 3, /* RFC 792 */
    V4_TIME_EXCEEDED = 11,
    V6_UNREACHABLE = 1, /* RFC 4443 */
    V6_TIME_EXCEEDED = 3,
};

bool hops_supported(void)
{
    return evidence_sees_icmp();
}

static void set_life(int fd, int family, int ttl)
{
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof ttl);
    else
        setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
}

/* The port of a probe that was closed a moment ago is free: its SYN was never answered. */
static bool set_source(int fd, const struct net_address *source)
{
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, (const struct sockaddr *)&source->storage, source->size) == 0;
}

int hops_probe(const struct net_address *peer, const struct net_address *source, int ttl)
{
    int family = peer->storage.ss_family, one = 1;
    int fd = evidence_system_socket(family, SOCK_STREAM);
    if (fd < 0)
        return -1;
    set_life(fd, family, ttl);
    setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &one, sizeof one);
    evidence_system_queue_errors(fd, family, true);
    bool sent = !source || set_source(fd, source);
    if (sent)
        sent = connect(fd, (const struct sockaddr *)&peer->storage, peer->size) == 0 ||
               errno == EINPROGRESS;
    if (sent)
        return fd;
    close(fd);
    return -1;
}

static enum hops_answer answer_of(const struct net_icmp *icmp, int family)
{
    int exceeded = family == AF_INET6 ? V6_TIME_EXCEEDED : V4_TIME_EXCEEDED;
    int unreachable = family == AF_INET6 ? V6_UNREACHABLE : V4_UNREACHABLE;
    return icmp->type == exceeded      ? HOPS_ROUTER
           : icmp->type == unreachable ? HOPS_UNREACHABLE
                                       : HOPS_SILENT;
}

static int family_of(int fd)
{
    int family = AF_INET;
    socklen_t size = sizeof family;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return family;
}

struct hops_reply hops_read(int fd)
{
    struct hops_reply reply = { .answer = HOPS_SILENT };
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    if (poll(&ready, 1, 0) <= 0)
        return reply;
    /* In this order: reading the queue clears SO_ERROR. */
    int error = 0, queued = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        error = errno;
    bool icmp = evidence_system_icmp(fd, &reply.icmp, &queued);
    struct net_address peer = { .size = sizeof peer.storage };
    if (error ==
        ECONNRESET) /* it stood, and was cut off since: a SYN is answered by ECONNREFUSED */
        reply.answer = HOPS_OPEN;
    else if (error == 0 && getpeername(fd, (struct sockaddr *)&peer.storage, &peer.size) == 0)
        reply.answer = HOPS_OPEN;
    else if (icmp)
        reply.answer = answer_of(&reply.icmp, family_of(fd));
    else if (error == ECONNREFUSED)
        reply.answer = HOPS_RESET;
    else if (error != ETIMEDOUT && error != 0)
        reply.answer = HOPS_OURS;
    return reply;
}

bool hops_source(int fd, struct net_address *ret_source)
{
    *ret_source = (struct net_address) { .size = sizeof ret_source->storage };
    return getsockname(fd, (struct sockaddr *)&ret_source->storage, &ret_source->size) == 0;
}
