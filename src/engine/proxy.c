#include "engine/proxy.h"

#include "base/memory.h"
#include "net/evidence.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 512 };

struct proxy {
    struct proxy_options options;
    struct proxy_talk talk;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *timer;
};

/* The last act of whoever calls it: the owner may close us. */
static void finish(struct proxy *p)
{
    loop_watch_stop(&p->watch);
    loop_timer_stop(&p->timer);
    p->options.done(p->options.arg, &p->talk);
}

static void timed_out(void *arg)
{
    struct proxy *p = arg;
    proxy_talk_lost(&p->talk,
                    failure_make(FAILURE_TIMED_OUT, "waited %d ms for it", p->options.budget_ms));
    finish(p);
}

/* An error of writing is met again on reading, with the proxy's last words before it. */
static void flush(struct proxy *p)
{
    bool blocked = false;
    while (buffer_size(&p->talk.out) && !blocked) {
        struct failure failure = { 0 };
        struct bytes out = buffer_bytes(&p->talk.out);
        ssize_t n = evidence_write(p->fd, out.data, out.size, &failure);
        if (n >= 0)
            buffer_consume(&p->talk.out, (size_t)n);
        else if (n == -1)
            blocked = true;
        else
            buffer_clear(&p->talk.out);
    }
    loop_watch_change(p->watch, blocked ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

/* False when there is nothing more for now. */
static bool read_once(struct proxy *p)
{
    char data[READ_SIZE];
    struct failure failure = { 0 };
    int64_t arrived_ns;
    size_t size = p->talk.want < sizeof data ? p->talk.want : sizeof data;
    ssize_t n = evidence_read(p->fd, data, size, &arrived_ns, &failure);
    if (n == -1)
        return false;
    if (n > 0)
        proxy_talk_bytes(&p->talk, (struct bytes) { data, (size_t)n });
    else
        proxy_talk_lost(&p->talk,
                        n == 0 ? failure_make(FAILURE_CONNECTION_CLOSED, "closed") : failure);
    return true;
}

static void ready(void *arg, unsigned events)
{
    struct proxy *p = arg;
    (void)events;
    while (p->talk.state == PROXY_ASKING && read_once(p))
        continue;
    if (p->talk.state == PROXY_ASKING)
        flush(p);
    else
        finish(p);
}

static void set_address(struct proxy_wish *wish)
{
    struct net_address numeric;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (!net_address_parse(&numeric, wish->host, wish->port))
        return;
    if (net_address_family(&numeric) == 4) {
        memcpy(&v4, &numeric.storage, sizeof v4);
        memcpy(wish->address, &v4.sin_addr, wish->address_size = 4);
    } else {
        memcpy(&v6, &numeric.storage, sizeof v6);
        memcpy(wish->address, &v6.sin6_addr, wish->address_size = 16);
    }
}

struct proxy *proxy_start(const struct proxy_options *options, int fd)
{
    const struct proxy_settings *settings = options->settings;
    struct proxy *p = memory_new(sizeof *p);
    struct proxy_wish wish = {
        .kind = settings->kind,
        .host = options->host,
        .port = options->port,
        .user = settings->password ? settings->user : NULL,
        .password = settings->password,
    };
    set_address(&wish);
    *p = (struct proxy) { .options = *options, .fd = fd };
    proxy_talk_init(&p->talk, &wish);
    p->watch = loop_watch_start(options->loop, fd, LOOP_READ, ready, p);
    p->timer = loop_timer_start(options->loop, options->budget_ms, timed_out, p);
    flush(p);
    return p;
}

int proxy_take(struct proxy *p)
{
    int fd = p->fd;
    p->fd = -1;
    return fd;
}

bool proxy_heard(const struct proxy *p)
{
    return p->talk.heard;
}

void proxy_close(struct proxy **proxy)
{
    struct proxy *p = *proxy;
    if (!p)
        return;
    *proxy = NULL;
    loop_watch_stop(&p->watch);
    loop_timer_stop(&p->timer);
    proxy_talk_done(&p->talk);
    if (p->fd >= 0)
        close(p->fd);
    free(p);
}
