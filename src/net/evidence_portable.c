#include "net/evidence_system.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL /* macOS has a socket option instead */
#define MSG_NOSIGNAL 0
#endif

int evidence_system_socket(int family, int type)
{
    int fd = socket(family, type, 0);
    if (fd < 0)
        return fd;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
#ifdef SO_NOSIGPIPE
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    return fd;
}

int evidence_system_meaning(int error)
{
    return error;
}

bool evidence_sees_icmp(void)
{
    return false;
}

void evidence_system_queue_errors(int fd, int family, bool on)
{
    (void)fd;
    (void)family;
    (void)on;
}

bool evidence_system_icmp(int fd, struct net_icmp *ret_icmp, int *ret_error)
{
    (void)fd;
    (void)ret_icmp;
    (void)ret_error;
    return false;
}

int64_t evidence_system_rtt(int fd)
{
    (void)fd;
    return -1;
}

bool evidence_system_tcp(int fd, struct tcp_facts *ret_facts)
{
    (void)fd;
    (void)ret_facts;
    return false;
}

bool evidence_system_has_holes(int fd)
{
    (void)fd;
    return false;
}

void evidence_system_ack_now(int fd)
{
    (void)fd;
}

ssize_t evidence_system_receive(int fd, void *data, size_t size, struct net_address *from,
                                int64_t *ret_arrived_ns)
{
    socklen_t from_size = sizeof(struct sockaddr_storage);
    ssize_t got = recvfrom(fd, data, size, 0, from ? (struct sockaddr *)&from->storage : NULL,
                           from ? &from_size : NULL);
    if (got < 0)
        return got;
    if (from)
        from->size = from_size;
    *ret_arrived_ns = clock_mono_ns();
    return got;
}

ssize_t evidence_system_send(int fd, const void *data, size_t size)
{
    return send(fd, data, size, MSG_NOSIGNAL);
}
