#include "simulate/connection.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_SIZE = 16384,
    IN_LIMIT = 4 * SIM_LINE_LIMIT, /* unread input; a client that sends more does not listen */
    WIRE_LIMIT = 4 * SIM_REPLY_LIMIT,
    WIRE_FULL = SIM_REPLY_LIMIT / 2, /* so much unread, and we wait before we say more */
    IDLE_MS = 1800000, /* RFC 3501 section 5.4, the longest that a protocol allows its clients */
    LINGER_MS = 2000   /* after the last word: for the client to close first */
};

struct sim_connection {
    struct sim_host *host;
    struct sim_connection *next, *previous;
    int fd;
    enum sim_mode mode;
    char client[64];
    struct loop_watch *watch;
    struct loop_timer *idle, *delay;
    struct tls *tls;
    bool handshaking;
    struct sim_script *script;
    struct buffer in, out, wire; /* plain text that came, a reply that waits, bytes to be written */
    struct sim_act act;          /* what follows the reply that waits */
    bool silent;                 /* says nothing more */
    bool ended;                  /* the client will send no more */
    bool closing;                /* ours was the last word */
    bool shut;                   /* and it has left */
    bool dead;                   /* to be freed at the end of this callback */
};

static void on_ready(void *arg, unsigned events);
static void on_idle(void *arg);
static void on_delay(void *arg);

static void free_connection(struct sim_connection *connection)
{
    struct sim_host *host = connection->host;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        host->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    host->count--;
    loop_watch_stop(&connection->watch);
    loop_timer_stop(&connection->idle);
    loop_timer_stop(&connection->delay);
    close(connection->fd);
    tls_free(connection->tls);
    sim_script_free(connection->script);
    buffer_done(&connection->in);
    buffer_done(&connection->out);
    buffer_done(&connection->wire);
    free(connection);
}

static void restart_idle(struct sim_connection *connection, int ms)
{
    loop_timer_stop(&connection->idle);
    connection->idle = loop_timer_start(connection->host->loop, ms, on_idle, connection);
}

/* Closes with RST: nothing that was sent before is sure to arrive. */
static void cut(struct sim_connection *connection)
{
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    connection->dead = true;
}

/* ---- writing ---- */

static void write_wire(struct sim_connection *connection)
{
    if (connection->tls) {
        struct bytes sealed = buffer_bytes(tls_out(connection->tls));
        buffer_append(&connection->wire, sealed.data, sealed.size);
        buffer_consume(tls_out(connection->tls), sealed.size);
    }
    while (buffer_size(&connection->wire)) {
        struct bytes bytes = buffer_bytes(&connection->wire);
        ssize_t n = send(connection->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            connection->dead = true;
        if (n <= 0)
            break;
        buffer_consume(&connection->wire, (size_t)n);
    }
    if (connection->wire.overflow)
        connection->dead = true; /* the client does not read */
    bool all = buffer_size(&connection->wire) == 0;
    if (all && connection->closing && !connection->shut) {
        /* Closed at once, unread input would turn into RST and take our last words along. */
        connection->shut = true;
        shutdown(connection->fd, SHUT_WR);
        restart_idle(connection, LINGER_MS);
    }
    unsigned reading = connection->ended ? 0 : LOOP_READ;
    if (!connection->dead)
        loop_watch_change(connection->watch, all ? reading : reading | LOOP_WRITE);
}

static void end_politely(struct sim_connection *connection)
{
    if (connection->tls && !connection->handshaking)
        tls_close(connection->tls);
    connection->closing = true;
    buffer_clear(&connection->in);
    write_wire(connection);
}

static void put_plain(struct sim_connection *connection, struct bytes bytes)
{
    if (!connection->tls)
        buffer_append(&connection->wire, bytes.data, bytes.size);
    else if (!tls_write(connection->tls, bytes))
        connection->dead = true;
}

/* ---- the conversation ---- */

static void begin_tls(struct sim_connection *connection)
{
    enum sim_tls tls = connection->host->scenario->tls;
    const struct tls_server_options options = {
        .identity = connection->host->identity,
        .only_tls10 = tls == SIM_TLS_ONLY_10,
        .no_common_cipher = tls == SIM_TLS_NO_CIPHER,
    };
    /* What came behind STARTTLS in clear is nobody's command (RFC 3207 section 6). */
    buffer_clear(&connection->in);
    connection->tls = tls_server_new(&options);
    connection->handshaking = connection->tls;
    connection->dead = !connection->tls;
}

/* The reply leaves, and what it announces happens. */
static void perform(struct sim_connection *connection)
{
    enum sim_then then = connection->act.then;
    put_plain(connection, buffer_bytes(&connection->out));
    buffer_clear(&connection->out);
    write_wire(connection);
    if (connection->dead)
        return;
    if (then == SIM_UPGRADE)
        begin_tls(connection);
    else if (then == SIM_CLOSE)
        end_politely(connection);
    else if (then == SIM_CUT)
        cut(connection);
    else if (then == SIM_SILENCE)
        connection->silent = true;
}

/* Now, or after the delay that the row asks for. */
static void schedule(struct sim_connection *connection)
{
    double delay = connection->act.delay_ms * connection->host->delay_scale;
    if (delay >= 1)
        connection->delay =
            loop_timer_start(connection->host->loop, (int64_t)delay, on_delay, connection);
    else
        perform(connection);
}

static bool may_speak(const struct sim_connection *connection)
{
    return !connection->dead && !connection->closing && !connection->silent && !connection->delay &&
           !connection->handshaking && buffer_size(&connection->wire) < WIRE_FULL;
}

static void answer_http(struct sim_connection *connection)
{
    static const char page[] = "HTTP/1.1 400 Bad Request\r\nServer: simulated\r\n"
                               "Content-Type: text/plain\r\nContent-Length: 12\r\n"
                               "Connection: close\r\n\r\nBad request\n";
    struct bytes in = buffer_bytes(&connection->in);
    if (in.size && memchr(in.data, '\n', in.size) == NULL && in.size < 64)
        return;
    if (in.size) {
        put_plain(connection, (struct bytes) { page, sizeof page - 1 });
        end_politely(connection);
    }
}

static void converse(struct sim_connection *connection)
{
    if (connection->mode == SIM_MODE_HTTP)
        answer_http(connection);
    while (connection->script && may_speak(connection) &&
           sim_script_step(connection->script, clock_real_ns(), &connection->in, &connection->out,
                           &connection->act))
        schedule(connection);
    if (connection->silent || connection->mode == SIM_MODE_SSH || connection->mode == SIM_MODE_MUTE)
        buffer_clear(&connection->in);
    if (connection->in.overflow)
        connection->dead = true;
    /* Nothing is left to be said to one who has hung up. */
    if (connection->ended && !connection->delay && buffer_size(&connection->wire) == 0)
        connection->dead = true;
}

static void open_conversation(struct sim_connection *connection)
{
    if (!connection->script)
        return;
    sim_script_open(connection->script, &connection->out, &connection->act);
    schedule(connection);
}

/* ---- reading ---- */

static void shake_hands(struct sim_connection *connection)
{
    struct failure failure;
    enum tls_progress progress = tls_handshake(connection->tls, &failure);
    if (progress == TLS_READY) {
        connection->handshaking = false;
        sim_script_tls(connection->script);
        write_wire(connection);
        if (connection->mode == SIM_MODE_IMPLICIT)
            open_conversation(connection);
    } else if (progress == TLS_FAILED) {
        connection->handshaking = false;
        connection->closing = true;
        write_wire(connection); /* the alert */
    } else {
        write_wire(connection);
    }
}

/* Ciphertext: first for the handshake, then plain text for the conversation. */
static void take_sealed(struct sim_connection *connection, struct bytes bytes)
{
    char plain[READ_SIZE];
    struct failure failure;
    tls_feed(connection->tls, bytes);
    if (connection->handshaking)
        shake_hands(connection);
    while (!connection->dead && !connection->handshaking && !connection->closing) {
        ssize_t n = tls_read(connection->tls, plain, sizeof plain, &failure);
        if (n > 0)
            buffer_append(&connection->in, plain, (size_t)n);
        else if (n == -1)
            break;
        else
            connection->ended = true;
        if (n <= 0 || connection->in.overflow)
            break;
    }
    explicit_bzero(plain, sizeof plain);
}

static void take(struct sim_connection *connection, struct bytes bytes)
{
    if (connection->closing)
        return; /* read, so that the client can finish, and dropped */
    if (connection->tls)
        take_sealed(connection, bytes);
    else
        buffer_append(&connection->in, bytes.data, bytes.size);
    if (!connection->dead)
        converse(connection);
}

static void read_socket(struct sim_connection *connection)
{
    char bytes[READ_SIZE];
    ssize_t n = recv(connection->fd, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0 || (n == 0 && (connection->closing || connection->handshaking))) {
        connection->dead = true;
    } else if (n == 0) {
        connection->ended = true;
        loop_watch_change(connection->watch, buffer_size(&connection->wire) ? LOOP_WRITE : 0);
        converse(connection);
    } else {
        if (!connection->closing)
            restart_idle(connection, IDLE_MS);
        take(connection, (struct bytes) { bytes, (size_t)n });
    }
    explicit_bzero(bytes, sizeof bytes);
}

/* ---- callbacks: each may end the connection, and only here is it freed ---- */

static void on_delivery(void *arg);

/* Clients that wait for news are told; one that cannot be told any more ends at its next turn. */
static void spread_news(struct sim_host *host)
{
    struct sim_connection *connection = host->connections;
    if (host->told == host->store->changes)
        return;
    host->told = host->store->changes;
    for (; connection; connection = connection->next) {
        if (!connection->script || !may_speak(connection) ||
            !sim_script_news(connection->script, &connection->out))
            continue;
        put_plain(connection, buffer_bytes(&connection->out));
        buffer_clear(&connection->out);
        if (!connection->dead)
            write_wire(connection);
        if (connection->dead)
            restart_idle(connection, 0);
    }
}

/* After whatever happened: mail that is on its way has its timer. */
static void expect_mail(struct sim_host *host)
{
    int64_t due_ns = sim_store_due_ns(host->store), now_ns = clock_real_ns();
    loop_timer_stop(&host->delivery);
    if (due_ns >= 0)
        host->delivery = loop_timer_start(
            host->loop, due_ns > now_ns ? (due_ns - now_ns) / 1000000 + 1 : 0, on_delivery, host);
}

static void on_delivery(void *arg)
{
    struct sim_host *host = arg;
    sim_store_deliver(host->store, clock_real_ns());
    expect_mail(host);
    spread_news(host);
}

static void settle(struct sim_connection *connection)
{
    struct sim_host *host = connection->host;
    if (connection->dead)
        free_connection(connection);
    expect_mail(host);
    spread_news(host);
}

static void on_ready(void *arg, unsigned events)
{
    struct sim_connection *connection = arg;
    if (events & LOOP_WRITE) {
        write_wire(connection);
        if (!connection->dead)
            converse(connection); /* what waited for the wire */
    }
    if (!connection->dead && (events & LOOP_READ))
        read_socket(connection);
    if (!connection->dead && connection->ended && !connection->delay &&
        buffer_size(&connection->wire) == 0)
        connection->dead = true;
    settle(connection);
}

static void on_idle(void *arg)
{
    struct sim_connection *connection = arg;
    connection->dead = true;
    settle(connection);
}

static void on_delay(void *arg)
{
    struct sim_connection *connection = arg;
    loop_timer_stop(&connection->delay);
    perform(connection);
    if (!connection->dead)
        converse(connection);
    settle(connection);
}

/* ---- beginning and end ---- */

static void begin(struct sim_connection *connection, int port_index)
{
    const struct sim_script_options options = {
        .scenario = connection->host->scenario,
        .port_index = port_index,
        .client = connection->client,
        .accounts = connection->host->accounts,
        .store = connection->host->store,
        .now_ns = clock_real_ns(),
    };
    static const char ssh[] = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n";
    if (connection->mode == SIM_MODE_PLAIN || connection->mode == SIM_MODE_IMPLICIT ||
        connection->mode == SIM_MODE_SERVE)
        connection->script = sim_script_new(&options);
    if (connection->mode == SIM_MODE_RESET)
        cut(connection);
    else if (connection->mode == SIM_MODE_CLOSE)
        end_politely(connection);
    else if (connection->mode == SIM_MODE_IMPLICIT)
        begin_tls(connection);
    else if (connection->mode == SIM_MODE_SSH)
        put_plain(connection, (struct bytes) { ssh, sizeof ssh - 1 });
    else
        open_conversation(connection);
    if (!connection->dead)
        write_wire(connection);
}

void sim_connection_start(struct sim_host *host, int fd, int port_index, const char *client)
{
    struct sim_connection *connection =
        host->count < SIM_CONNECTION_LIMIT ? memory_new(sizeof *connection) : NULL;
    if (connection)
        connection->watch = loop_watch_start(host->loop, fd, LOOP_READ, on_ready, connection);
    if (!connection || !connection->watch) {
        free(connection);
        close(fd);
        return;
    }
    enum sim_mode mode = sim_scenario_mode(host->scenario, port_index);
    bool implicit = mode == SIM_MODE_SERVE && sim_ports[port_index].implicit;
    connection->host = host;
    connection->fd = fd;
    connection->mode = implicit ? SIM_MODE_IMPLICIT : mode;
    snprintf(connection->client, sizeof connection->client, "%s", client);
    buffer_init(&connection->in, IN_LIMIT);
    buffer_init(&connection->out, SIM_REPLY_LIMIT);
    buffer_init(&connection->wire, WIRE_LIMIT);
    connection->next = host->connections;
    if (connection->next)
        connection->next->previous = connection;
    host->connections = connection;
    host->count++;
    restart_idle(connection, IDLE_MS);
    begin(connection, port_index);
    settle(connection);
}

void sim_connections_end(struct sim_host *host)
{
    struct sim_connection *next;
    loop_timer_stop(&host->delivery);
    for (struct sim_connection *connection = host->connections; connection; connection = next) {
        next = connection->next;
        free_connection(connection);
    }
}
