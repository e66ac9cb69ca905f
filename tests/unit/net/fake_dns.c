#include "fake_dns.h"

#include "base/memory.h"
#include "net/evidence.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MESSAGE_LIMIT = 65535, CLIENT_LIMIT = 16, DELAYED_LIMIT = 64 };

struct client {
    struct fake_dns *server;
    int fd; /* -1: free */
    struct loop_watch *watch;
    uint8_t data[2 + 512];
    size_t size;
};

struct delayed {
    struct fake_dns *server;
    struct loop_timer *timer; /* NULL: free */
    struct net_address to;
    uint8_t query[512];
    size_t size;
};

struct fake_dns {
    struct loop *loop;
    int udp, tcp;
    char text[EVIDENCE_ADDRESS_SIZE];
    char always[32];
    int delay_ms;
    bool drops_udp;
    int udp_count, tcp_count;
    struct loop_watch *udp_watch, *tcp_watch;
    struct client clients[CLIENT_LIMIT];
    struct delayed delayed[DELAYED_LIMIT];
};

/* ---- making answers ---- */

struct answer {
    uint8_t data[MESSAGE_LIMIT];
    size_t size;
    unsigned flags, count;
    bool edns; /* the query had it */
    unsigned extended_error;
    bool silent, twice, echo_wrong_id, garbage;
    unsigned type;
};

static void put16(struct answer *a, unsigned value)
{
    a->data[a->size++] = (uint8_t)(value >> 8);
    a->data[a->size++] = (uint8_t)value;
}

static void put_name(struct answer *a, const char *name)
{
    while (*name) {
        size_t length = strcspn(name, ".");
        a->data[a->size++] = (uint8_t)length;
        memcpy(a->data + a->size, name, length);
        a->size += length;
        name += length + (name[length] == '.');
    }
    a->data[a->size++] = 0;
}

/* OWNER NULL: the name that was asked. */
static void put_record(struct answer *a, const char *owner, unsigned type, const void *data,
                       size_t size)
{
    if (owner)
        put_name(a, owner);
    else
        put16(a, 0xc00c);
    put16(a, type);
    put16(a, 1);
    put16(a, 0);
    put16(a, 300);
    put16(a, (unsigned)size);
    memcpy(a->data + a->size, data, size);
    a->size += size;
    a->count++;
}

static void put_alias(struct answer *a, const char *owner, const char *target)
{
    struct answer name = { .size = 0 };
    put_name(&name, target);
    put_record(a, owner, 5, name.data, name.size);
}

static void put_address(struct answer *a, const char *owner, unsigned last)
{
    uint8_t v4[4] = { 192, 0, 2, (uint8_t)last };
    uint8_t v6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = (uint8_t)last };
    if (a->type == 1)
        put_record(a, owner, 1, v4, sizeof v4);
    else if (a->type == 28)
        put_record(a, owner, 28, v6, sizeof v6);
}

static bool is_label(const char *label, const char *word)
{
    return strcmp(label, word) == 0;
}

/* What each first label gets. */
static void decide(struct answer *a, const char *label, bool tcp)
{
    if (is_label(label, "nx"))
        a->flags |= 3;
    else if (is_label(label, "servfail"))
        a->flags |= 2;
    else if (is_label(label, "bogus")) {
        a->flags |= 2;
        a->extended_error = 7;
    } else if (is_label(label, "refused"))
        a->flags |= 5;
    else if (is_label(label, "odd"))
        a->flags |= 11;
    else if (is_label(label, "noedns") && a->edns) {
        a->flags |= 1;
        a->edns = false;
    } else if (is_label(label, "never"))
        a->flags |= 1;
    else if (is_label(label, "silent"))
        a->silent = true;
    else if (is_label(label, "nodata"))
        a->count = 0;
    else if (is_label(label, "mx"))
        put_record(a, NULL, 15, "\0\12\2mx\7example\0", 14);
    else if (is_label(label, "ad")) {
        a->flags |= 0x20;
        put_address(a, NULL, 1);
    } else if (is_label(label, "alias")) {
        put_alias(a, "b.example", "c.example");
        put_address(a, "c.example", 1);
        put_alias(a, NULL, "b.example");
    } else if (is_label(label, "loop")) {
        put_alias(a, NULL, "b.example");
        put_alias(a, "b.example", "loop.example");
    } else if (is_label(label, "twice")) {
        a->twice = true;
        put_address(a, NULL, 1);
    } else if (is_label(label, "wrongid")) {
        a->echo_wrong_id = true;
        put_address(a, NULL, 66);
    } else if (is_label(label, "garbage"))
        a->garbage = true;
    else if (is_label(label, "big") && !tcp) {
        a->flags |= 0x200;
        put_address(a, NULL, 1);
    } else if (is_label(label, "big") || is_label(label, "large")) {
        for (unsigned i = 1; i <= 60; i++)
            put_address(a, NULL, i);
    } else {
        put_address(a, NULL, 1);
        put_address(a, NULL, 2);
    }
}

/* The answer to QUERY; false: none. */
static bool make_answer(const struct fake_dns *server, struct answer *a, const uint8_t *query,
                        size_t size, bool tcp)
{
    char label[64] = "";
    size_t end = 12;
    if (size < 12 + 5 || query[end] > 63)
        return false;
    memcpy(label, query + end + 1, query[end]);
    while (end < size && query[end])
        end += (size_t)query[end] + 1;
    end += 5;
    if (end > size)
        return false;
    *a = (struct answer) { .flags = 0x8180, .edns = query[11] > 0, .extended_error = 0xffff };
    a->type = (unsigned)(query[end - 4] << 8 | query[end - 3]);
    memcpy(a->data, query, end);
    a->size = end;
    decide(a, *server->always ? server->always : label, tcp);
    if (a->silent)
        return false;
    if (a->garbage) {
        a->count = 7;
        put16(a, 0xc0ff);
    }
    if (a->edns) {
        a->data[a->size++] = 0;
        put16(a, 41);
        put16(a, 1232);
        put16(a, 0);
        put16(a, 0);
        put16(a, a->extended_error == 0xffff ? 0 : 6);
        if (a->extended_error != 0xffff) {
            put16(a, 15);
            put16(a, 2);
            put16(a, a->extended_error);
        }
    }
    size_t all = a->size;
    a->size = 2;
    put16(a, a->flags);
    put16(a, 1);
    put16(a, a->count);
    put16(a, 0);
    put16(a, a->edns ? 1 : 0);
    a->size = all;
    return true;
}

/* ---- UDP ---- */

static void udp_answer(struct fake_dns *server, const uint8_t *query, size_t size,
                       const struct net_address *to)
{
    static struct answer a;
    if (!make_answer(server, &a, query, size, false))
        return;
    const struct sockaddr *address = (const struct sockaddr *)&to->storage;
    if (a.echo_wrong_id) {
        /* A forged answer first, then the right one. */
        a.data[0] ^= 0xff;
        sendto(server->udp, a.data, a.size, 0, address, to->size);
        a.data[0] ^= 0xff;
        a.data[a.size - (a.edns ? 12 : 1)] = 1;
    }
    sendto(server->udp, a.data, a.size, 0, address, to->size);
    if (a.twice)
        sendto(server->udp, a.data, a.size, 0, address, to->size);
}

static void delay_over(void *arg)
{
    struct delayed *delayed = arg;
    loop_timer_stop(&delayed->timer);
    udp_answer(delayed->server, delayed->query, delayed->size, &delayed->to);
}

static void udp_ready(void *arg, unsigned events)
{
    struct fake_dns *server = arg;
    uint8_t query[512];
    struct net_address from = { .size = sizeof from.storage };
    (void)events;
    ssize_t got = recvfrom(server->udp, query, sizeof query, MSG_DONTWAIT,
                           (struct sockaddr *)&from.storage, &from.size);
    if (got < 0)
        return;
    server->udp_count++;
    if (server->drops_udp)
        return;
    if (server->delay_ms == 0) {
        udp_answer(server, query, (size_t)got, &from);
        return;
    }
    struct delayed *delayed = server->delayed;
    while (delayed->timer)
        delayed++;
    assert_true(delayed < server->delayed + DELAYED_LIMIT);
    delayed->server = server;
    delayed->to = from;
    delayed->size = (size_t)got;
    memcpy(delayed->query, query, (size_t)got);
    delayed->timer = loop_timer_start(server->loop, server->delay_ms, delay_over, delayed);
}

/* ---- TCP ---- */

static void client_close(struct client *client)
{
    loop_watch_stop(&client->watch);
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

static void client_ready(void *arg, unsigned events)
{
    struct client *client = arg;
    static struct answer a;
    (void)events;
    ssize_t got = recv(client->fd, client->data + client->size, sizeof client->data - client->size,
                       MSG_DONTWAIT);
    if (got <= 0) {
        client_close(client);
        return;
    }
    client->size += (size_t)got;
    size_t wanted = client->size < 2 ? 2 : 2 + ((size_t)client->data[0] << 8 | client->data[1]);
    if (client->size < wanted)
        return;
    client->server->tcp_count++;
    if (make_answer(client->server, &a, client->data + 2, wanted - 2, true)) {
        uint8_t length[2] = { (uint8_t)(a.size >> 8), (uint8_t)a.size };
        /* In pieces, as TCP may. */
        send(client->fd, length, 1, MSG_NOSIGNAL);
        send(client->fd, length + 1, 1, MSG_NOSIGNAL);
        send(client->fd, a.data, a.size / 2, MSG_NOSIGNAL);
        send(client->fd, a.data + a.size / 2, a.size - a.size / 2, MSG_NOSIGNAL);
    }
    client->size = 0;
}

static void tcp_ready(void *arg, unsigned events)
{
    struct fake_dns *server = arg;
    (void)events;
    int fd = accept(server->tcp, NULL, NULL);
    if (fd < 0)
        return;
    struct client *client = server->clients;
    while (client->fd >= 0)
        client++;
    assert_true(client < server->clients + CLIENT_LIMIT);
    client->server = server;
    client->fd = fd;
    client->size = 0;
    client->watch = loop_watch_start(server->loop, fd, LOOP_READ, client_ready, client);
}

/* ---- life ---- */

/* Binds both to one free port. */
static bool bind_both(struct fake_dns *server, struct net_address *address)
{
    struct sockaddr *a = (struct sockaddr *)&address->storage;
    server->tcp = socket(address->storage.ss_family, SOCK_STREAM, 0);
    server->udp = socket(address->storage.ss_family, SOCK_DGRAM, 0);
    return bind(server->tcp, a, address->size) == 0 &&
           getsockname(server->tcp, a, &address->size) == 0 &&
           bind(server->udp, a, address->size) == 0 && listen(server->tcp, 8) == 0;
}

struct fake_dns *fake_dns_new(struct loop *loop, const char *address)
{
    struct fake_dns *server = memory_new(sizeof *server);
    struct net_address bound;
    server->loop = loop;
    for (int tries = 0;; tries++) {
        assert_true(tries < 20 && net_address_parse(&bound, address, 0));
        if (bind_both(server, &bound))
            break;
        close(server->tcp);
        close(server->udp);
    }
    net_address_text_port(&bound, server->text);
    for (int i = 0; i < CLIENT_LIMIT; i++)
        server->clients[i].fd = -1;
    server->udp_watch = loop_watch_start(loop, server->udp, LOOP_READ, udp_ready, server);
    server->tcp_watch = loop_watch_start(loop, server->tcp, LOOP_READ, tcp_ready, server);
    return server;
}

void fake_dns_free(struct fake_dns *server)
{
    for (int i = 0; i < CLIENT_LIMIT; i++)
        client_close(&server->clients[i]);
    for (int i = 0; i < DELAYED_LIMIT; i++)
        loop_timer_stop(&server->delayed[i].timer);
    fake_dns_no_udp(server, true);
    fake_dns_no_tcp(server);
    free(server);
}

void fake_dns_no_tcp(struct fake_dns *server)
{
    if (!server->tcp_watch)
        return;
    loop_watch_stop(&server->tcp_watch);
    close(server->tcp);
}

void fake_dns_no_udp(struct fake_dns *server, bool refuse)
{
    server->drops_udp = true;
    if (!refuse || !server->udp_watch)
        return;
    loop_watch_stop(&server->udp_watch);
    close(server->udp);
}

const char *fake_dns_text(const struct fake_dns *server)
{
    return server->text;
}

void fake_dns_always(struct fake_dns *server, const char *label)
{
    snprintf(server->always, sizeof server->always, "%s", label ? label : "");
}

void fake_dns_delay(struct fake_dns *server, int delay_ms)
{
    server->delay_ms = delay_ms;
}

int fake_dns_udp_count(const struct fake_dns *server)
{
    return server->udp_count;
}

int fake_dns_tcp_count(const struct fake_dns *server)
{
    return server->tcp_count;
}
