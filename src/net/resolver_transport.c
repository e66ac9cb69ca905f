#include "net/resolver_transport.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/memory.h"
#include "net/evidence_system.h"

#define CARES_NO_DEPRECATED /* of later versions: Debian 12 has the calls used here only */
#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    UDP_TRIES = 5,
    TCP_WAIT_MS = 600 * 1000, /* the caller's timer is the one that counts */
    DATAGRAM_LIMIT = 4096,
    SOCKET_LIMIT = 8, /* a channel to one server has one, in all versions known */
};

/* A socket of a channel that the loop watches. */
struct watched {
    struct watched *next;
    struct channel *channel;
    int fd;
    struct loop_watch *watch;
};

struct channel {
    struct dns_server *server;
    enum dns_transport transport;
    ares_channel ares;
    bool open;
    struct watched *sockets;
    struct loop_timer *timer;
    int64_t arrived_ns;            /* of the bytes read last */
    char datagram[DATAGRAM_LIMIT]; /* the last one, whole */
    size_t datagram_size;
    bool inside;            /* c-ares is at work on it */
    struct failure failure; /* the first that a socket met since the last send */
    struct net_icmp icmp;   /* that belongs to it */
};

struct dns_server {
    struct loop *loop;
    struct net_address address, source; /* size 0: any source */
    int first_wait_ms;
    struct channel channels[DNS_TRANSPORT_COUNT];
    struct dns_exchange *exchanges;
};

struct dns_exchange {
    struct dns_exchange *next;
    struct channel *channel;
    uint16_t id;
    dns_reply_function *function; /* NULL: forgotten */
    void *arg;
    struct failure failure;
    struct net_icmp icmp;
    struct loop_timer *telling; /* c-ares is done with it, the failure is about to be told */
};

/* ---- the sockets: c-ares has no way to tell arrival times, errnos or senders ---- */

static void note_failure(struct channel *channel, struct failure failure)
{
    if (channel->failure.kind == FAILURE_NONE)
        channel->failure = failure;
}

/* Keeps errno for c-ares. */
static void note_errno(struct channel *channel, int fd)
{
    int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == EINPROGRESS)
        return;
    struct failure failure = failure_from_errno(error);
    struct net_icmp icmp;
    int queued;
    /* The queue must be emptied in any case, or the socket stays in error. */
    if (evidence_system_icmp(fd, &icmp, &queued)) {
        channel->icmp = channel->failure.kind == FAILURE_NONE ? icmp : channel->icmp;
        snprintf(failure.text, sizeof failure.text, "%s, said %s (ICMP %d/%d)", strerror(error),
                 icmp.sender, icmp.type, icmp.code);
    }
    note_failure(channel, failure);
    errno = error;
}

static ares_socket_t open_socket(int family, int type, int protocol, void *arg)
{
    struct channel *channel = arg;
    (void)protocol;
    int fd = evidence_system_socket(family, type);
    if (fd < 0) {
        note_failure(channel, failure_from_errno(errno));
        return ARES_SOCKET_BAD;
    }
    const struct net_address *source = &channel->server->source;
    if (source->size && bind(fd, (const struct sockaddr *)&source->storage, source->size) != 0) {
        note_failure(channel, failure_from_errno(errno));
        close(fd);
        return ARES_SOCKET_BAD;
    }
    int on = 1;
    if (channel->transport == DNS_TCP)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    else
        evidence_system_queue_errors(fd, family, true);
    return fd;
}

static int close_socket(ares_socket_t fd, void *arg)
{
    (void)arg;
    return close(fd);
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *address, ares_socklen_t size,
                          void *arg)
{
    struct channel *channel = arg;
    (void)address; /* the same, but c-ares forgets the zone of a link-local address */
    (void)size;
    const struct net_address *peer = &channel->server->address;
    int status = connect(fd, (const struct sockaddr *)&peer->storage, peer->size);
    if (status < 0)
        note_errno(channel, fd);
    return status;
}

static ares_ssize_t receive_from_socket(ares_socket_t fd, void *data, size_t size, int flags,
                                        struct sockaddr *from, ares_socklen_t *from_size, void *arg)
{
    struct channel *channel = arg;
    struct net_address sender = { 0 };
    ssize_t got;
    (void)flags;
    do /* an empty datagram says nothing, least of all that the server closed */
        got = evidence_system_receive(fd, data, size, &sender, &channel->arrived_ns);
    while (got == 0 && channel->transport == DNS_UDP);
    if (got == 0)
        note_failure(channel, failure_make(FAILURE_CONNECTION_CLOSED,
                                           "the name server closed the connection"));
    else if (got < 0)
        note_errno(channel, fd);
    if (got <= 0) {
        /* channel_settle() ends the exchanges; c-ares would send them once more. */
        errno = EAGAIN;
        return -1;
    }
    if (from && from_size) {
        *from_size = sender.size < *from_size ? sender.size : *from_size;
        memcpy(from, &sender.storage, *from_size);
    }
    if (channel->transport == DNS_UDP && (size_t)got <= sizeof channel->datagram) {
        memcpy(channel->datagram, data, (size_t)got);
        channel->datagram_size = (size_t)got;
    }
    return got;
}

/* Writes the first piece only: c-ares asks again for the rest. */
static ares_ssize_t send_on_socket(ares_socket_t fd, const struct iovec *pieces, int count,
                                   void *arg)
{
    struct channel *channel = arg;
    assert(count > 0);
    (void)count;
    ssize_t sent = evidence_system_send(fd, pieces->iov_base, pieces->iov_len);
    if (sent < 0)
        note_errno(channel, fd);
    return sent;
}

static const struct ares_socket_functions socket_functions = {
    .asocket = open_socket,
    .aclose = close_socket,
    .aconnect = connect_socket,
    .arecvfrom = receive_from_socket,
    .asendv = send_on_socket,
};

/* ---- channels ---- */

static void channel_process(struct channel *channel, ares_socket_t readable,
                            ares_socket_t writable);

static void channel_timer_fired(void *arg)
{
    struct channel *channel = arg;
    loop_timer_stop(&channel->timer);
    channel_process(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

/* After every call that may have changed c-ares's queue; not from its callbacks, whose outer call
 * settles. */
static void channel_settle(struct channel *channel)
{
    if (channel->inside)
        return;
    /* One error of a socket ends its exchanges, as it does for every stub resolver: c-ares would
     * try the same server again and again. */
    if (channel->failure.kind != FAILURE_NONE)
        ares_cancel(channel->ares);
    loop_timer_stop(&channel->timer);
    struct timeval next;
    if (!ares_timeout(channel->ares, NULL, &next))
        return;
    int64_t wait_ms = (int64_t)next.tv_sec * 1000 + (next.tv_usec + 999) / 1000;
    channel->timer = loop_timer_start(channel->server->loop, wait_ms, channel_timer_fired, channel);
}

static void channel_process(struct channel *channel, ares_socket_t readable, ares_socket_t writable)
{
    channel->inside = true;
    ares_process_fd(channel->ares, readable, writable);
    channel->inside = false;
    channel_settle(channel);
}

static void socket_ready(void *arg, unsigned events)
{
    struct watched *socket = arg;
    struct channel *channel = socket->channel;
    int fd = socket->fd;
    channel_process(channel, events & LOOP_READ ? fd : ARES_SOCKET_BAD,
                    events & LOOP_WRITE ? fd : ARES_SOCKET_BAD);
}

static void socket_changed(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct channel *channel = arg;
    struct watched **link = &channel->sockets;
    while (*link && (*link)->fd != fd)
        link = &(*link)->next;
    struct watched *socket = *link;
    unsigned events = (readable ? LOOP_READ : 0U) | (writable ? LOOP_WRITE : 0U);
    if (socket && events) {
        loop_watch_change(socket->watch, events);
    } else if (socket) {
        loop_watch_stop(&socket->watch);
        *link = socket->next;
        free(socket);
    } else if (events) {
        socket = memory_new(sizeof *socket);
        socket->channel = channel;
        socket->fd = fd;
        socket->watch = loop_watch_start(channel->server->loop, fd, events, socket_ready, socket);
        assert(socket->watch);
        socket->next = channel->sockets;
        channel->sockets = socket;
    }
}

static void set_server(struct channel *channel)
{
    const struct net_address *address = &channel->server->address;
    struct ares_addr_port_node node = {
        .family = address->storage.ss_family,
        .udp_port = net_address_port(address),
        .tcp_port = net_address_port(address),
    };
    if (node.family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, &address->storage, sizeof v6);
        memcpy(&node.addr.addr6, &v6.sin6_addr, sizeof node.addr.addr6);
    } else {
        struct sockaddr_in v4;
        memcpy(&v4, &address->storage, sizeof v4);
        node.addr.addr4 = v4.sin_addr;
    }
    ares_set_servers_ports(channel->ares, &node);
}

/* False: out of memory or descriptors. */
static bool channel_open(struct channel *channel)
{
    if (channel->open)
        return true;
    static char nowhere[] = "/dev/null", dns_only[] = "b";
    bool udp = channel->transport == DNS_UDP;
    /* NOCHECKRESP: without it SERVFAIL and REFUSED are lost. IGNTC: truncation is the resolver's
     * to see. No EDNS: c-ares would edit queries that it did not make. */
    struct ares_options options = {
        .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
                 (udp ? ARES_FLAG_IGNTC : ARES_FLAG_USEVC),
        .timeout = udp ? channel->server->first_wait_ms : TCP_WAIT_MS,
        .tries = udp ? UDP_TRIES : 1,
        .lookups = dns_only,
        .sock_state_cb = socket_changed,
        .sock_state_cb_data = channel,
        .resolvconf_path = nowhere,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
               ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
    if (ares_init_options(&channel->ares, &options, mask) != ARES_SUCCESS)
        return false;
    channel->open = true;
    ares_set_socket_functions(channel->ares, &socket_functions, channel);
    set_server(channel);
    return true;
}

static void channel_close(struct channel *channel)
{
    if (!channel->open)
        return;
    ares_destroy(channel->ares);
    loop_timer_stop(&channel->timer);
    while (channel->sockets) { /* c-ares has told of each that it closed; none should be left */
        struct watched *socket = channel->sockets;
        channel->sockets = socket->next;
        loop_watch_stop(&socket->watch);
        free(socket);
    }
}

/* ---- exchanges ---- */

static void exchange_free(struct dns_exchange *exchange)
{
    struct dns_exchange **link = &exchange->channel->server->exchanges;
    while (*link != exchange)
        link = &(*link)->next;
    *link = exchange->next;
    loop_timer_stop(&exchange->telling);
    free(exchange);
}

static void exchange_tell(struct dns_exchange *exchange, const struct dns_reply *reply)
{
    dns_reply_function *function = exchange->function;
    void *arg = exchange->arg;
    exchange_free(exchange);
    if (function)
        function(arg, reply);
}

static void exchange_failed(void *arg)
{
    struct dns_exchange *exchange = arg;
    struct dns_reply reply = { .icmp = exchange->icmp,
                               .failure = exchange->failure,
                               .arrived_ns = clock_mono_ns() };
    exchange_tell(exchange, &reply);
}

static void exchange_fail_soon(struct dns_exchange *exchange, struct failure failure)
{
    exchange->failure = failure;
    exchange->telling =
        loop_timer_start(exchange->channel->server->loop, 0, exchange_failed, exchange);
}

/* Without EDNS c-ares hands over 512 bytes of a datagram; the whole of it was kept. */
static struct bytes whole_message(const struct channel *channel, const unsigned char *data,
                                  size_t size)
{
    if (channel->transport == DNS_UDP && channel->datagram_size > size &&
        memcmp(channel->datagram, data, size) == 0)
        return (struct bytes) { .data = channel->datagram, .size = channel->datagram_size };
    return (struct bytes) { .data = (const char *)data, .size = size };
}

/* c-ares's callback. An answer is told at once. A failure may come while c-ares still sends or
 * cancels, and is told at the loop's next turn. */
static void exchange_ended(void *arg, int status, int timeouts, unsigned char *data, int size)
{
    struct dns_exchange *exchange = arg;
    struct channel *channel = exchange->channel;
    (void)timeouts;
    if (status == ARES_SUCCESS) {
        struct dns_reply reply = {
            .message = whole_message(channel, data, (size_t)size),
            .arrived_ns = channel->arrived_ns,
        };
        exchange_tell(exchange, &reply);
    } else if (status == ARES_EDESTRUCTION || !exchange->function) {
        exchange_free(exchange);
    } else if (channel->failure.kind != FAILURE_NONE) {
        exchange->icmp = channel->icmp;
        exchange_fail_soon(exchange, channel->failure);
    } else if (status == ARES_ETIMEOUT) {
        exchange_fail_soon(exchange, failure_make(FAILURE_TIMED_OUT, "no answer"));
    } else {
        exchange_fail_soon(exchange, failure_make(FAILURE_SYSTEM, "%s", ares_strerror(status)));
    }
}

struct dns_exchange *dns_server_send(struct dns_server *server, enum dns_transport transport,
                                     struct bytes query, dns_reply_function *function, void *arg)
{
    assert(query.size >= 2);
    struct dns_exchange *exchange = memory_new(sizeof *exchange);
    struct channel *channel = &server->channels[transport];
    exchange->channel = channel;
    exchange->id = (uint16_t)((uint8_t)query.data[0] << 8 | (uint8_t)query.data[1]);
    exchange->function = function;
    exchange->arg = arg;
    exchange->next = server->exchanges;
    server->exchanges = exchange;
    if (!channel_open(channel)) {
        exchange_fail_soon(exchange, failure_make(FAILURE_SYSTEM, "no channel to ask through"));
        return exchange;
    }
    channel->failure = (struct failure) { 0 };
    channel->icmp = (struct net_icmp) { 0 };
    ares_send(channel->ares, (const unsigned char *)query.data, (int)query.size, exchange_ended,
              exchange);
    channel_settle(channel);
    return exchange;
}

void dns_exchange_forget(struct dns_exchange **exchange)
{
    struct dns_exchange *gone = *exchange;
    *exchange = NULL;
    if (!gone)
        return;
    gone->function = NULL; /* c-ares can drop no single query: it ends when that does */
    if (gone->telling)
        exchange_free(gone);
}

/* ---- servers ---- */

struct dns_server *dns_server_new(struct loop *loop, const struct net_address *address,
                                  const struct net_address *source, int first_wait_ms)
{
    ares_library_init(ARES_LIB_INIT_ALL); /* counts its calls */
    struct dns_server *server = memory_new(sizeof *server);
    server->loop = loop;
    server->address = *address;
    if (source && net_address_family(source) == net_address_family(address) &&
        !net_address_is_loopback(address))
        server->source = *source;
    server->first_wait_ms = first_wait_ms;
    for (int i = 0; i < DNS_TRANSPORT_COUNT; i++)
        server->channels[i] =
            (struct channel) { .server = server, .transport = (enum dns_transport)i };
    return server;
}

void dns_server_free(struct dns_server *server)
{
    if (!server)
        return;
    for (int i = 0; i < DNS_TRANSPORT_COUNT; i++)
        channel_close(&server->channels[i]);
    for (struct dns_exchange *next; server->exchanges; server->exchanges = next) {
        next = server->exchanges->next;
        loop_timer_stop(&server->exchanges->telling);
        free(server->exchanges);
    }
    free(server);
    ares_library_cleanup();
}

uint16_t dns_server_id(const struct dns_server *server)
{
    for (;;) {
        uint16_t id;
        crypto_random(&id, sizeof id);
        const struct dns_exchange *exchange = server->exchanges;
        while (exchange && exchange->id != id)
            exchange = exchange->next;
        if (!exchange)
            return id;
    }
}

void dns_server_drain(struct dns_server *server)
{
    for (int i = 0; i < DNS_TRANSPORT_COUNT; i++) {
        struct channel *channel = &server->channels[i];
        int fds[SOCKET_LIMIT];
        size_t count = 0;
        for (struct watched *s = channel->sockets; s && count < SOCKET_LIMIT; s = s->next)
            fds[count++] = s->fd;
        for (size_t k = 0; k < count; k++)
            channel_process(channel, fds[k], ARES_SOCKET_BAD);
    }
}
