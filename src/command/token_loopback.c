#include "command/token_loopback.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 8,
    VISITOR_LIMIT = 8, /* browsers open connections ahead of need */
    HEAD_LIMIT = 16 * 1024,
    WORD_LIMIT = 2048,
    ANSWER_LIMIT = 1024
};

/* Somebody who is connected. */
struct visitor {
    struct visitor *next;
    struct token_loopback *loopback;
    int fd;
    struct loop_watch *watch;
    struct buffer in;
};

struct token_loopback {
    struct loop *loop;
    int fd, port, count;
    struct loop_watch *watch;
    struct visitor *visitors; /* the last that came first */
    struct token_loopback_options wait;
    struct loop_timer *limit;
    bool came;
};

/* ---- visitors ---- */

static void release(struct visitor *visitor)
{
    loop_watch_stop(&visitor->watch);
    close(visitor->fd);
    buffer_done(&visitor->in);
    free(visitor);
}

static void drop(struct visitor *visitor)
{
    struct visitor **link = &visitor->loopback->visitors;
    while (*link != visitor)
        link = &(*link)->next;
    *link = visitor->next;
    visitor->loopback->count--;
    release(visitor);
}

/* So that those who say nothing keep nobody out. */
static void drop_oldest(struct token_loopback *loopback)
{
    struct visitor *oldest = loopback->visitors;
    while (oldest->next)
        oldest = oldest->next;
    drop(oldest);
}

/* The answer fits into an empty socket: what does not go at once is not missed. */
static void answer(const struct visitor *visitor, const char *status, const char *text)
{
    struct buffer out;
    buffer_init(&out, ANSWER_LIMIT);
    buffer_format(&out,
                  "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: %zu\r\nCache-Control: no-store\r\n"
                  "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
                  "Connection: close\r\n\r\n%s",
                  status, strlen(text), text);
    struct bytes bytes = buffer_bytes(&out);
    ssize_t sent = send(visitor->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
    (void)sent;
    shutdown(visitor->fd, SHUT_WR);
    buffer_done(&out);
}

/* ---- what the browser brings ---- */

static void decode(struct bytes text, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        bool coded = text.data[i] == '%' && i + 2 < text.size;
        int high = coded ? text_hex_digit(text.data[i + 1]) : -1;
        int low = coded ? text_hex_digit(text.data[i + 2]) : -1;
        char c = text.data[i] == '+' ? ' ' : text.data[i];
        if (high >= 0 && low >= 0) {
            c = (char)(high * 16 + low);
            i += 2;
        }
        buffer_append(out, &c, 1);
    }
}

/* The value of NAME in QUERY, decoded into OUT; false when it is missing, empty or too long. */
static bool find(struct bytes query, const char *name, struct buffer *out)
{
    size_t size = strlen(name);
    buffer_clear(out);
    while (query.size) {
        const char *end = memchr(query.data, '&', query.size);
        struct bytes pair = { query.data, end ? (size_t)(end - query.data) : query.size };
        size_t taken = end ? pair.size + 1 : pair.size;
        query.data += taken;
        query.size -= taken;
        if (pair.size <= size || pair.data[size] != '=' || memcmp(pair.data, name, size) != 0)
            continue;
        decode((struct bytes) { pair.data + size + 1, pair.size - size - 1 }, out);
        return buffer_size(out) > 0 && !out->overflow;
    }
    return false;
}

static const char *find_words(const struct token_loopback *loopback, struct bytes query,
                              const char *name, struct buffer *out)
{
    struct bytes line, text;
    if (!find(query, name, out))
        return NULL;
    text = buffer_bytes(out);
    if (!text_next_line(&text, &line) || line.size == 0)
        return NULL;
    return arena_format(loopback->wait.arena, "%.*s", (int)line.size, line.data);
}

static bool knows_state(const struct token_loopback *loopback, struct bytes query,
                        struct buffer *out)
{
    size_t size = strlen(loopback->wait.state);
    return find(query, "state", out) && buffer_size(out) == size &&
           memcmp(buffer_bytes(out).data, loopback->wait.state, size) == 0;
}

/* RFC 6749 appendix A.11: a code is made of visible characters. */
static struct secret *take_code(struct bytes query, struct buffer *out)
{
    if (!find(query, "code", out))
        return NULL;
    struct bytes code = buffer_bytes(out);
    for (size_t i = 0; i < code.size; i++)
        if (code.data[i] <= ' ' || code.data[i] >= 0x7f)
            return NULL;
    return secret_new(code);
}

static void take(struct visitor *visitor, struct bytes query)
{
    struct token_loopback *loopback = visitor->loopback;
    struct token_return *ret = loopback->wait.ret_return;
    struct buffer word;
    buffer_init(&word, WORD_LIMIT);
    if (!knows_state(loopback, query, &word)) {
        answer(visitor, "400 Bad Request", "This is not the sign-in that was asked for.\n");
    } else {
        ret->error = find_words(loopback, query, "error", &word);
        ret->detail = find_words(loopback, query, "error_description", &word);
        ret->code = ret->error ? NULL : take_code(query, &word);
        loopback->came = true;
        answer(visitor, "200 OK",
               ret->code ? "maildoctor has what it needs. You can close this page.\n"
                         : "The sign-in failed; maildoctor says why where it was started. You can "
                           "close this page.\n");
    }
    buffer_done(&word);
}

/* RFC 9112 section 3: one line asks for all. */
static void serve(struct visitor *visitor, struct bytes head)
{
    static const char wanted[] = "GET /?";
    const size_t size = sizeof wanted - 1;
    struct bytes line;
    bool ours =
        text_next_line(&head, &line) && line.size > size && memcmp(line.data, wanted, size) == 0;
    const char *end = ours ? memchr(line.data + size, ' ', line.size - size) : NULL;
    if (end)
        take(visitor, (struct bytes) { line.data + size, (size_t)(end - line.data) - size });
    else
        answer(visitor, "404 Not Found", "Nothing is here.\n");
}

/* False: the visitor is to go. */
static bool hear(struct visitor *visitor)
{
    char piece[4096];
    ssize_t n = recv(visitor->fd, piece, sizeof piece, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n > 0)
        buffer_append(&visitor->in, piece, (size_t)n);
    explicit_bzero(piece, sizeof piece);
    if (n <= 0 || visitor->in.overflow)
        return false;
    struct bytes have = buffer_bytes(&visitor->in);
    if (!memmem(have.data, have.size, "\r\n\r\n", 4))
        return true;
    serve(visitor, have);
    return false;
}

/* Frees it, perhaps. */
static void conclude(struct token_loopback *loopback)
{
    loop_timer_stop(&loopback->limit);
    loopback->wait.done(loopback->wait.arg, loopback->came);
}

static void on_words(void *arg, unsigned events)
{
    struct visitor *visitor = arg;
    struct token_loopback *loopback = visitor->loopback;
    (void)events;
    if (loopback->came || hear(visitor))
        return;
    drop(visitor);
    if (loopback->came)
        conclude(loopback);
}

static void on_knock(void *arg, unsigned events)
{
    struct token_loopback *loopback = arg;
    (void)events;
    int fd = accept4(loopback->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (loopback->count == VISITOR_LIMIT)
        drop_oldest(loopback);
    struct visitor *visitor = memory_new(sizeof *visitor);
    *visitor = (struct visitor) { .next = loopback->visitors, .loopback = loopback, .fd = fd };
    buffer_init(&visitor->in, HEAD_LIMIT);
    loopback->visitors = visitor;
    loopback->count++;
    visitor->watch = loop_watch_start(loopback->loop, fd, LOOP_READ, on_words, visitor);
    if (!visitor->watch)
        drop(visitor);
}

/* ---- beginning and end ---- */

static bool open_port(struct token_loopback *loopback)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    loopback->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (loopback->fd < 0 || bind(loopback->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(loopback->fd, BACKLOG) != 0 ||
        getsockname(loopback->fd, (struct sockaddr *)&address, &size) != 0)
        return false;
    loopback->port = ntohs(address.sin_port);
    loopback->watch = loop_watch_start(loopback->loop, loopback->fd, LOOP_READ, on_knock, loopback);
    return loopback->watch;
}

struct token_loopback *token_loopback_new(struct loop *loop)
{
    struct token_loopback *loopback = memory_new(sizeof *loopback);
    *loopback = (struct token_loopback) { .loop = loop, .fd = -1 };
    if (open_port(loopback))
        return loopback;
    int error = errno;
    token_loopback_free(loopback);
    errno = error;
    return NULL;
}

void token_loopback_free(struct token_loopback *loopback)
{
    if (!loopback)
        return;
    struct visitor *next;
    for (struct visitor *visitor = loopback->visitors; visitor; visitor = next) {
        next = visitor->next;
        release(visitor);
    }
    loop_timer_stop(&loopback->limit);
    loop_watch_stop(&loopback->watch);
    if (loopback->fd >= 0)
        close(loopback->fd);
    free(loopback);
}

int token_loopback_port(const struct token_loopback *loopback)
{
    return loopback->port;
}

static void on_limit(void *arg)
{
    conclude(arg);
}

void token_loopback_wait(struct token_loopback *loopback,
                         const struct token_loopback_options *options)
{
    *options->ret_return = (struct token_return) { 0 };
    loopback->wait = *options;
    loopback->limit = loop_timer_start(loopback->loop, options->limit_ms, on_limit, loopback);
}
