#include "simulate/dns_server.h"

#include "base/memory.h"
#include "net/evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64, TALKS = 64, AT_ONCE = 64, QUERY_SIZE = 4096, PATIENCE_MS = 10000 };

/* One asker over TCP. */
struct talk {
    struct sim_dns_server *server;
    int fd; /* 0: free */
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct buffer in;
};

struct sim_dns_server {
    struct loop *loop;
    const struct sim_scenario *scenario;
    const struct sim_dns_addresses *addresses;
    int udp, tcp;
    struct loop_watch *udp_watch, *tcp_watch;
    struct talk talks[TALKS];
};

static void on_datagram(void *arg, unsigned events)
{
    struct sim_dns_server *server = arg;
    struct buffer out;
    (void)events;
    buffer_init(&out, SIM_DNS_LIMIT);
    for (int i = 0; i < AT_ONCE; i++) {
        char query[QUERY_SIZE];
        struct net_address peer = { .size = sizeof peer.storage };
        ssize_t n = recvfrom(server->udp, query, sizeof query, 0, (struct sockaddr *)&peer.storage,
                             &peer.size);
        if (n < 0)
            break;
        struct bytes bytes = { query, (size_t)n };
        buffer_clear(&out);
        if (sim_dns_answer(server->scenario, server->addresses, bytes, false, &out)) {
            struct bytes answer = buffer_bytes(&out);
            /* Lost when it cannot be sent, as datagrams are. */
            (void)!sendto(server->udp, answer.data, answer.size, MSG_NOSIGNAL,
                          (const struct sockaddr *)&peer.storage, peer.size);
        }
    }
    buffer_done(&out);
}

static void end_talk(struct talk *talk)
{
    loop_watch_stop(&talk->watch);
    loop_timer_stop(&talk->timer);
    if (talk->fd)
        close(talk->fd);
    talk->fd = 0;
    buffer_done(&talk->in);
}

static void on_patience_over(void *arg)
{
    end_talk(arg);
}

/* The answer behind its length (RFC 1035 section 4.2.2), in one write; answers here are far smaller
 * than any socket's buffer. */
static bool send_answer(struct talk *talk, struct bytes query)
{
    struct buffer body, out;
    bool sent = true;
    buffer_init(&body, SIM_DNS_LIMIT);
    buffer_init(&out, SIM_DNS_LIMIT + 2);
    if (sim_dns_answer(talk->server->scenario, talk->server->addresses, query, true, &body)) {
        size_t size = buffer_size(&body);
        char length[2] = { (char)(size >> 8), (char)size };
        buffer_append(&out, length, sizeof length);
        buffer_append(&out, buffer_bytes(&body).data, size);
        sent = send(talk->fd, buffer_bytes(&out).data, buffer_size(&out), MSG_NOSIGNAL) ==
               (ssize_t)buffer_size(&out);
    }
    buffer_done(&body);
    buffer_done(&out);
    return sent;
}

static void on_talk(void *arg, unsigned events)
{
    struct talk *talk = arg;
    char bytes[QUERY_SIZE];
    (void)events;
    ssize_t n = recv(talk->fd, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        end_talk(talk);
        return;
    }
    buffer_append(&talk->in, bytes, (size_t)n);
    while (talk->fd && buffer_size(&talk->in) >= 2) {
        struct bytes have = buffer_bytes(&talk->in);
        size_t size =
            (size_t)(unsigned char)have.data[0] << 8 | (size_t)(unsigned char)have.data[1];
        if (have.size - 2 < size)
            break;
        if (send_answer(talk, (struct bytes) { have.data + 2, size }))
            buffer_consume(&talk->in, size + 2);
        else
            end_talk(talk);
    }
    if (talk->fd && talk->in.overflow)
        end_talk(talk);
}

static void on_knock(void *arg, unsigned events)
{
    struct sim_dns_server *server = arg;
    (void)events;
    /* cppcheck-suppress nullPointer; accept(2): NULL where nobody asks who it is */
    int fd = accept4(server->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    for (size_t i = 0; i < TALKS; i++) {
        struct talk *talk = &server->talks[i];
        if (talk->fd)
            continue;
        *talk = (struct talk) { .server = server, .fd = fd };
        buffer_init(&talk->in, SIM_DNS_LIMIT + 2);
        talk->watch = loop_watch_start(server->loop, fd, LOOP_READ, on_talk, talk);
        talk->timer = loop_timer_start(server->loop, PATIENCE_MS, on_patience_over, talk);
        if (!talk->watch)
            end_talk(talk);
        return;
    }
    close(fd); /* as many talk as may */
}

struct sim_dns_server *sim_dns_server_start(struct loop *loop, const struct sim_scenario *scenario,
                                            const struct sim_dns_addresses *addresses, int udp,
                                            int tcp)
{
    struct sim_dns_server *server = memory_new(sizeof *server);
    *server = (struct sim_dns_server) {
        .loop = loop, .scenario = scenario, .addresses = addresses, .udp = udp, .tcp = tcp
    };
    if (listen(tcp, BACKLOG) == 0) {
        server->udp_watch = loop_watch_start(loop, udp, LOOP_READ, on_datagram, server);
        server->tcp_watch = loop_watch_start(loop, tcp, LOOP_READ, on_knock, server);
    }
    if (server->udp_watch && server->tcp_watch)
        return server;
    int error = errno;
    sim_dns_server_stop(server);
    errno = error;
    return NULL;
}

void sim_dns_server_stop(struct sim_dns_server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < TALKS; i++)
        end_talk(&server->talks[i]);
    loop_watch_stop(&server->udp_watch);
    loop_watch_stop(&server->tcp_watch);
    close(server->udp);
    close(server->tcp);
    free(server);
}
