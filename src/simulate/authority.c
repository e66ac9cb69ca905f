#include "simulate/authority.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 64,
    READ_SIZE = 16384,
    REQUEST_LIMIT = 128 * 1024,
    CLIENT_LIMIT = 64,
    LISTENER_LIMIT = 8,
    IDLE_MS = 30000
};

const char *const sim_authority_names[] = {
    "login.microsoftonline.com",
    "oauth2.googleapis.com",
    "accounts.google.com",
    "localhost",
    "127.0.0.1",
    "::1",
    NULL,
};

/* Somebody who asks one thing. */
struct client {
    struct client *next;
    struct sim_authority *authority;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *idle;
    struct tls *tls;
    struct buffer in, wire;
    bool ready;   /* the handshake is over */
    bool closing; /* the answer is on its way */
    bool dead;
};

struct door {
    struct sim_authority *authority;
    int fd;
    struct loop_watch *watch;
};

struct sim_authority {
    struct sim_authority_options options;
    struct sim_grants grants;
    struct door doors[LISTENER_LIMIT];
    struct client *clients;
    int count;
};

static void release_client(struct client *client)
{
    loop_watch_stop(&client->watch);
    loop_timer_stop(&client->idle);
    tls_free(client->tls);
    close(client->fd);
    buffer_done(&client->in);
    buffer_done(&client->wire);
    free(client);
}

static void free_client(struct client *client)
{
    struct client **link = &client->authority->clients;
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    client->authority->count--;
    release_client(client);
}

/* ---- writing ---- */

static void write_wire(struct client *client)
{
    struct bytes sealed = buffer_bytes(tls_out(client->tls));
    buffer_append(&client->wire, sealed.data, sealed.size);
    buffer_consume(tls_out(client->tls), sealed.size);
    while (buffer_size(&client->wire)) {
        struct bytes bytes = buffer_bytes(&client->wire);
        ssize_t n = send(client->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            client->dead = true;
        if (n <= 0)
            break;
        buffer_consume(&client->wire, (size_t)n);
    }
    bool all = buffer_size(&client->wire) == 0;
    if (all && client->closing)
        shutdown(client->fd, SHUT_WR);
    if (!client->dead)
        loop_watch_change(client->watch, all ? LOOP_READ : LOOP_READ | LOOP_WRITE);
}

static const char *reason(int status)
{
    return status == 200   ? "OK"
           : status == 302 ? "Found"
           : status == 400 ? "Bad Request"
           : status == 401 ? "Unauthorized"
                           : "Not Found";
}

static void respond(struct client *client, int status, struct bytes body)
{
    struct buffer answer;
    buffer_init(&answer, REQUEST_LIMIT);
    buffer_format(&answer, "HTTP/1.1 %d %s\r\n", status, reason(status));
    if (status == 302) {
        buffer_format(&answer, "Location: %.*s\r\n", (int)body.size, body.data);
        body.size = 0;
    }
    buffer_format(&answer,
                  "Content-Type: application/json; charset=utf-8\r\n"
                  "Cache-Control: no-store\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                  body.size);
    buffer_append(&answer, body.data, body.size);
    tls_write(client->tls, buffer_bytes(&answer));
    tls_close(client->tls);
    buffer_done(&answer);
    client->closing = true;
}

/* ---- reading a request: RFC 9112, as far as a token needs it ---- */

static struct bytes take_word(struct bytes *line)
{
    struct bytes word = { line->data, 0 };
    while (word.size < line->size && line->data[word.size] != ' ')
        word.size++;
    size_t skipped = word.size < line->size ? word.size + 1 : word.size;
    line->data += skipped;
    line->size -= skipped;
    return word;
}

static struct bytes after(struct bytes line, size_t size)
{
    return text_trim((struct bytes) { line.data + size, line.size - size });
}

/* The size of the body; -1 when what the header says is nonsense. */
static long read_header(struct bytes head, struct sim_request *request)
{
    static const char length[] = "Content-Length:", bearer[] = "Authorization: Bearer ",
                      host[] = "Host:";
    struct bytes line;
    long size = 0;
    text_next_line(&head, &line);
    request->method = take_word(&line);
    request->path = take_word(&line);
    const char *mark =
        request->path.size ? memchr(request->path.data, '?', request->path.size) : NULL;
    if (mark) {
        size_t before = (size_t)(mark - request->path.data);
        request->query = (struct bytes) { mark + 1, request->path.size - before - 1 };
        request->path.size = before;
    }
    while (text_next_line(&head, &line)) {
        if (text_starts_fold(line, bearer))
            request->bearer = after(line, sizeof bearer - 1);
        if (text_starts_fold(line, host))
            request->host = after(line, sizeof host - 1);
        if (!text_starts_fold(line, length))
            continue;
        struct bytes digits = after(line, sizeof length - 1);
        for (size_t i = 0; i < digits.size; i++)
            size = digits.data[i] >= '0' && digits.data[i] <= '9' && size < REQUEST_LIMIT
                       ? size * 10 + (digits.data[i] - '0')
                       : REQUEST_LIMIT;
    }
    return size < REQUEST_LIMIT ? size : -1;
}

static void converse(struct client *client)
{
    struct bytes have = buffer_bytes(&client->in);
    const char *end = have.size ? memmem(have.data, have.size, "\r\n\r\n", 4) : NULL;
    if (!end)
        return;
    size_t head = (size_t)(end + 2 - have.data);
    struct sim_request request = { 0 };
    long size = read_header((struct bytes) { have.data, head }, &request);
    if (size < 0) {
        client->dead = true;
        return;
    }
    if (have.size < head + 2 + (size_t)size)
        return;
    struct buffer body;
    buffer_init(&body, REQUEST_LIMIT);
    request.body = (struct bytes) { have.data + head + 2, (size_t)size };
    int status =
        sim_authority_answer(&client->authority->grants, client->authority->options.accounts,
                             &request, clock_real_ns() / 1000000000, &body);
    respond(client, status, buffer_bytes(&body));
    buffer_done(&body);
    buffer_clear(&client->in);
}

static void read_plain(struct client *client)
{
    char plain[READ_SIZE];
    struct failure failure;
    ssize_t n;
    while (!client->closing && (n = tls_read(client->tls, plain, sizeof plain, &failure)) > 0) {
        buffer_append(&client->in, plain, (size_t)n);
        if (client->in.overflow)
            client->dead = true;
        else
            converse(client);
        if (client->dead)
            break;
    }
    explicit_bzero(plain, sizeof plain);
}

static void read_socket(struct client *client)
{
    char bytes[READ_SIZE];
    struct failure failure;
    ssize_t n = recv(client->fd, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        client->dead = true;
        return;
    }
    if (client->closing)
        return;
    tls_feed(client->tls, (struct bytes) { bytes, (size_t)n });
    if (!client->ready) {
        enum tls_progress progress = tls_handshake(client->tls, &failure);
        client->ready = progress == TLS_READY;
        client->closing = progress == TLS_FAILED;
    }
    if (client->ready)
        read_plain(client);
    write_wire(client);
}

/* ---- callbacks: a client is freed here only ---- */

static void on_ready(void *arg, unsigned events)
{
    struct client *client = arg;
    if (events & LOOP_WRITE)
        write_wire(client);
    if (!client->dead && (events & LOOP_READ))
        read_socket(client);
    if (client->dead)
        free_client(client);
}

static void on_idle(void *arg)
{
    free_client(arg);
}

static void begin(struct sim_authority *authority, int fd)
{
    const struct tls_server_options options = { .identity = authority->options.identity };
    struct client *client = authority->count < CLIENT_LIMIT ? memory_new(sizeof *client) : NULL;
    if (client)
        client->watch = loop_watch_start(authority->options.loop, fd, LOOP_READ, on_ready, client);
    if (!client || !client->watch) {
        free(client);
        close(fd);
        return;
    }
    client->authority = authority;
    client->fd = fd;
    client->tls = tls_server_new(&options);
    client->idle = loop_timer_start(authority->options.loop, IDLE_MS, on_idle, client);
    buffer_init(&client->in, REQUEST_LIMIT);
    buffer_init(&client->wire, 2 * REQUEST_LIMIT);
    client->next = authority->clients;
    authority->clients = client;
    authority->count++;
}

static void on_knock(void *arg, unsigned events)
{
    struct door *door = arg;
    (void)events;
    int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        begin(door->authority, fd);
}

/* ---- beginning and end ---- */

struct sim_authority *sim_authority_start(const struct sim_authority_options *options)
{
    struct sim_authority *authority = memory_new(sizeof *authority);
    authority->options = *options;
    bool open = options->fd_count <= LISTENER_LIMIT;
    for (size_t i = 0; i < options->fd_count; i++) {
        struct door *door = &authority->doors[i];
        *door = (struct door) { .authority = authority, .fd = options->fds[i] };
        if (open && listen(door->fd, BACKLOG) == 0)
            door->watch = loop_watch_start(options->loop, door->fd, LOOP_READ, on_knock, door);
        open = open && door->watch;
    }
    if (open)
        return authority;
    sim_authority_stop(authority);
    return NULL;
}

void sim_authority_stop(struct sim_authority *authority)
{
    if (!authority)
        return;
    struct client *next;
    for (struct client *client = authority->clients; client; client = next) {
        next = client->next;
        release_client(client);
    }
    for (size_t i = 0; i < authority->options.fd_count; i++) {
        loop_watch_stop(&authority->doors[i].watch);
        close(authority->doors[i].fd);
    }
    explicit_bzero(&authority->grants, sizeof authority->grants);
    free(authority);
}
