#include "simulate/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 256, ACCEPT_AT_ONCE = 64, PAUSE_MS = 100, FILL_MS = 20 };

int sim_bind(const struct net_address *address, int type)
{
    int on = 1;
    int fd = socket(address->storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (address->storage.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (type == SOCK_STREAM) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        /* What it accepts inherits this: a greeting must not wait for the acknowledgement of what
         * TLS sent just before. */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (bind(fd, (const struct sockaddr *)&address->storage, address->size) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* ---- silence ---- */

/* True when a connection of ours was taken: it is kept in the queue. */
static bool fill_one(struct sim_listener *listener, const struct net_address *own)
{
    int fd = socket(own->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd wait = { .fd = fd, .events = POLLOUT };
    int error = 0;
    socklen_t size = sizeof error;
    if (fd < 0)
        return false;
    if (connect(fd, (const struct sockaddr *)&own->storage, own->size) < 0 &&
        (errno != EINPROGRESS || poll(&wait, 1, FILL_MS) != 1 ||
         getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)) {
        close(fd);
        return false;
    }
    listener->fillers[listener->filler_count++] = fd;
    return true;
}

/* A queue of the smallest length, filled by ourselves: Linux drops every further SYN. */
static bool make_silent(struct sim_listener *listener)
{
    struct net_address own = { .size = sizeof own.storage };
    size_t most = sizeof listener->fillers / sizeof listener->fillers[0];
    if (listen(listener->fd, 0) < 0 ||
        getsockname(listener->fd, (struct sockaddr *)&own.storage, &own.size) < 0)
        return false;
    while (listener->filler_count < most)
        if (!fill_one(listener, &own))
            return true;
    errno = EOPNOTSUPP; /* a system that takes any number is never silent */
    return false;
}

/* ---- accepting ---- */

static void on_knock(void *arg, unsigned events);

static void on_pause_over(void *arg)
{
    struct sim_listener *listener = arg;
    loop_timer_stop(&listener->pause);
    loop_watch_change(listener->watch, LOOP_READ);
}

static void on_knock(void *arg, unsigned events)
{
    struct sim_listener *listener = arg;
    (void)events;
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        struct net_address peer = { .size = sizeof peer.storage };
        char text[EVIDENCE_ADDRESS_SIZE];
        int fd = accept4(listener->fd, (struct sockaddr *)&peer.storage, &peer.size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            sim_connection_start(listener->host, fd, listener->port_index,
                                 net_address_text(&peer, text));
            continue;
        }
        if (errno == EAGAIN)
            return;
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        /* No descriptor left: the knock stays, so look away for a while. */
        loop_watch_change(listener->watch, 0);
        listener->pause = loop_timer_start(listener->host->loop, PAUSE_MS, on_pause_over, listener);
        return;
    }
}

bool sim_listener_open(struct sim_listener *listener, struct sim_host *host, int port_index, int fd)
{
    *listener = (struct sim_listener) { .host = host, .port_index = port_index, .fd = fd };
    enum sim_mode mode = sim_scenario_mode(host->scenario, port_index);
    if (mode == SIM_MODE_REFUSED)
        return true;
    if (mode == SIM_MODE_SILENT)
        return make_silent(listener);
    if (listen(fd, BACKLOG) < 0)
        return false;
    listener->watch = loop_watch_start(host->loop, fd, LOOP_READ, on_knock, listener);
    return listener->watch;
}

void sim_listener_close(struct sim_listener *listener)
{
    loop_watch_stop(&listener->watch);
    loop_timer_stop(&listener->pause);
    for (size_t i = 0; i < listener->filler_count; i++)
        close(listener->fillers[i]);
    listener->filler_count = 0;
    if (listener->fd > 0)
        close(listener->fd);
    listener->fd = 0;
}
