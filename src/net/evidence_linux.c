#include "net/evidence_system.h"

#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>

enum {
    RESENDS = 3,      /* of one segment, unanswered: three round trips' time and more */
    QUEUE_LIMIT = 16, /* errors read from one queue: more say nothing new */
    ICMP_ORIGIN_V4 = SO_EE_ORIGIN_ICMP,
    ICMP_ORIGIN_V6 = SO_EE_ORIGIN_ICMP6,
};

static const int64_t ns_per_s = 1000000000;
/* Bytes that waited longer than any budget: the wall clock was set in between. */
static const int64_t longest_wait_ns = 300 * ns_per_s;

int evidence_system_socket(int family, int type)
{
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    return fd;
}

bool evidence_sees_icmp(void)
{
    struct utsname names;
    int major = 0, minor = 0;
    if (uname(&names) != 0 || sscanf(names.release, "%d.%d", &major, &minor) != 2)
        return false;
    return major > 5 || (major == 5 && minor >= 8);
}

void evidence_system_queue_errors(int fd, int family, bool on)
{
    int value = on;
    if (family == AF_INET6)
        setsockopt(fd, SOL_IPV6, IPV6_RECVERR, &value, sizeof value);
    else
        setsockopt(fd, SOL_IP, IP_RECVERR, &value, sizeof value);
}

int evidence_system_meaning(int error)
{
    switch (error) {
    case EINVAL: /* a local route of type "blackhole" (measured) */
        return ENETUNREACH;
    case ENONET:      /* ICMP "source host isolated" */
    case ENOPROTOOPT: /* ICMP "protocol unreachable" */
        return EHOSTUNREACH;
    default:
        return error;
    }
}

/* ---- the error queue ---- */

/* The control message's struct sock_extended_err, when it is of ICMP, and its sender. */
static bool read_error(const struct cmsghdr *control, struct sock_extended_err *ret_error,
                       struct net_icmp *ret_icmp)
{
    bool v4 = control->cmsg_level == SOL_IP && control->cmsg_type == IP_RECVERR;
    bool v6 = control->cmsg_level == SOL_IPV6 && control->cmsg_type == IPV6_RECVERR;
    if ((!v4 && !v6) || control->cmsg_len < CMSG_LEN(sizeof *ret_error))
        return false;
    memcpy(ret_error, CMSG_DATA(control), sizeof *ret_error);
    if (ret_error->ee_origin != ICMP_ORIGIN_V4 && ret_error->ee_origin != ICMP_ORIGIN_V6)
        return false; /* LOCAL: this machine, which errno tells */
    *ret_icmp = (struct net_icmp) {
        .seen = true,
        .type = ret_error->ee_type,
        .code = ret_error->ee_code,
    };
    struct net_address sender = { 0 };
    size_t room = control->cmsg_len - CMSG_LEN(sizeof *ret_error);
    size_t size = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (room < size)
        return true;
    memcpy(&sender.storage, CMSG_DATA(control) + sizeof *ret_error, size);
    sender.size = (socklen_t)size;
    if (sender.storage.ss_family == AF_INET || sender.storage.ss_family == AF_INET6)
        net_address_text(&sender, ret_icmp->sender);
    return true;
}

bool evidence_system_icmp(int fd, struct net_icmp *ret_icmp, int *ret_error)
{
    bool found = false;
    for (int i = 0; i < QUEUE_LIMIT; i++) {
        char payload[64];
        alignas(struct cmsghdr) char space[512];
        struct iovec piece = { .iov_base = payload, .iov_len = sizeof payload };
        struct msghdr message = {
            .msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space
        };
        if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return found;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c && !found;
             c = CMSG_NXTHDR(&message, c)) {
            struct sock_extended_err error;
            found = read_error(c, &error, ret_icmp);
            if (found)
                *ret_error = (int)error.ee_errno;
        }
    }
    return found;
}

/* ---- an open connection ---- */

/* How much of it was filled; an older kernel knows fewer fields. */
static socklen_t read_info(int fd, struct tcp_info *ret_info)
{
    socklen_t size = sizeof *ret_info;
    memset(ret_info, 0, sizeof *ret_info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret_info, &size) < 0 ? 0 : size;
}

#define KNOWS(size, field)                                                                         \
    ((size) >= offsetof(struct tcp_info, field) + sizeof((struct tcp_info *)0)->field)

int64_t evidence_system_rtt(int fd)
{
    struct tcp_info info;
    socklen_t size = read_info(fd, &info);
    if (!KNOWS(size, tcpi_rtt) || info.tcpi_rtt == 0)
        return -1;
    return (int64_t)info.tcpi_rtt * 1000;
}

static int clamped(uint64_t count)
{
    return count > INT_MAX ? INT_MAX : (int)count;
}

bool evidence_system_tcp(int fd, struct tcp_facts *ret_facts)
{
    /* The order of the kernel's enum, which linux/tcp.h does not have. */
    static const char *const states[] = {
        NULL,        "established", "syn-sent",   "syn-received", "fin-wait-1", "fin-wait-2",
        "time-wait", "close",       "close-wait", "last-ack",     "listen",     "closing",
    };
    struct tcp_info info;
    socklen_t size = read_info(fd, &info);
    if (!KNOWS(size, tcpi_total_retrans))
        return false;
    *ret_facts = (struct tcp_facts) {
        .state = info.tcpi_state < sizeof states / sizeof *states ? states[info.tcpi_state] : NULL,
        .retransmits = info.tcpi_retransmits,
        .total_retrans = clamped(info.tcpi_total_retrans),
        .unacked = clamped(info.tcpi_unacked),
        .out_of_order = KNOWS(size, tcpi_rcv_ooopack) ? clamped(info.tcpi_rcv_ooopack) : -1,
        .bytes_acked = KNOWS(size, tcpi_bytes_acked) ? clamped(info.tcpi_bytes_acked) : -1,
        .bytes_received = KNOWS(size, tcpi_bytes_received) ? clamped(info.tcpi_bytes_received) : -1,
        .path_mtu = clamped(info.tcpi_pmtu),
        .rto_ns = (int64_t)info.tcpi_rto * 1000,
    };
    return true;
}

/* Is a segment of ours on its way that is larger than any small one? */
static bool has_large_unacked(int fd, const struct tcp_info *info, socklen_t size)
{
    int queued = 0; /* sent without an answer, and not yet sent */
    if (ioctl(fd, SIOCOUTQ, &queued) < 0 || !KNOWS(size, tcpi_notsent_bytes))
        return false;
    return queued - clamped(info->tcpi_notsent_bytes) > EVIDENCE_SMALL_SEGMENT;
}

bool evidence_system_has_holes(int fd)
{
    struct tcp_info info;
    socklen_t size = read_info(fd, &info);
    bool ours = info.tcpi_unacked > 0 && info.tcpi_retransmits >= RESENDS &&
                has_large_unacked(fd, &info, size);
    return ours || (KNOWS(size, tcpi_rcv_ooopack) && info.tcpi_rcv_ooopack > 0);
}

void evidence_system_ack_now(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* The kernel stamps with the wall clock; how long ago that was is right on every clock. */
static int64_t arrival(struct msghdr *message)
{
    int64_t now = clock_mono_ns();
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        struct timespec stamp;
        memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        int64_t waited =
            clock_real_ns() - ((int64_t)stamp.tv_sec * ns_per_s + (int64_t)stamp.tv_nsec);
        if (waited > 0 && waited < longest_wait_ns)
            return now - waited;
    }
    return now;
}

ssize_t evidence_system_receive(int fd, void *data, size_t size, struct net_address *from,
                                int64_t *ret_arrived_ns)
{
    alignas(struct cmsghdr) char space[256];
    struct iovec piece = { .iov_base = data, .iov_len = size };
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space
    };
    if (from) {
        message.msg_name = &from->storage;
        message.msg_namelen = sizeof from->storage;
    }
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
    if (got < 0)
        return got;
    if (from)
        from->size = message.msg_namelen;
    *ret_arrived_ns = arrival(&message);
    return got;
}

ssize_t evidence_system_send(int fd, const void *data, size_t size)
{
    return send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}
