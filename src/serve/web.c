#include "serve/web_parts.h"

#include "base/clock.h"
#include "base/memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SWEEP_MS = 250,
    MEMORY_LIMIT = 16384, /* bytes for the head of a request: longer ones get 431 or 414 */
    SCARCE_MS = 1000,
    NS_PER_MS = 1000000,
};

/* ---- connections ---- */

void web_enter(struct connection *connection, enum activity activity)
{
    connection->activity = activity;
    connection->since_ns = clock_mono_ns();
}

static void sweep(void *arg);

static void connection_started(struct listener *listener, struct MHD_Connection *mhd,
                               void **context)
{
    struct web *web = listener->web;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *connection = memory_new(sizeof *connection);
    connection->listener = listener;
    connection->fd = info ? info->connect_fd : -1;
    connection->next = web->connections;
    connection->link = &web->connections;
    if (connection->next)
        connection->next->link = &connection->next;
    web->connections = connection;
    web->connection_count++;
    listener->connection_count++;
    web_enter(connection, READING);
    if (!web->sweep)
        web->sweep = loop_timer_start(web->loop, SWEEP_MS, sweep, web);
    *context = connection;
}

static void connection_closed(struct connection *connection)
{
    struct listener *listener = connection->listener;
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    listener->web->connection_count--;
    listener->connection_count--;
    listener->again =
        true; /* at the limit, the library looks at its listener again in the next turn */
    free(connection);
}

static void connection_changed(void *arg, struct MHD_Connection *mhd, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        connection_started(arg, mhd, context);
    else if (*context)
        connection_closed(*context);
}

/* When slots get scarce, who only holds one open makes room. */
static int64_t limit_ms(const struct web *web, const struct connection *connection)
{
    bool scarce = web->connection_count > web->options.connections / 2;
    if (connection->activity == IDLE)
        return scarce ? SCARCE_MS : web->options.idle_ms;
    if (connection->activity == READING && scarce)
        return SCARCE_MS;
    return web->options.request_ms;
}

/* Ends, from outside, whoever takes too long: the library sees the connection as closed by its
 * peer. A request that is worked on has a deadline of its own. */
static void sweep(void *arg)
{
    struct web *web = arg;
    int64_t now = clock_mono_ns();
    for (struct connection *c = web->connections; c; c = c->next)
        if (c->activity != WORKING && !c->cut && now - c->since_ns > limit_ms(web, c) * NS_PER_MS) {
            c->cut = true;
            shutdown(c->fd, SHUT_RDWR);
        }
    loop_timer_stop(&web->sweep);
    if (web->connections)
        web->sweep = loop_timer_start(web->loop, SWEEP_MS, sweep, web);
}

/* ---- driving the library ---- */

static void end_listener(struct listener **link)
{
    struct listener *listener = *link;
    *link = listener->next;
    loop_watch_stop(&listener->watch);
    loop_timer_stop(&listener->timer);
    MHD_stop_daemon(listener->daemon); /* closes its socket, where it has one still */
    free(listener);
}

static void end_retired(void *arg)
{
    struct listener *listener = arg, **link = &listener->web->listeners;
    while (*link != listener)
        link = &(*link)->next;
    end_listener(link);
}

bool web_is_retired(const struct listener *listener)
{
    return listener->fd < 0 && listener != listener->web->listeners;
}

static void pump(void *arg);

static void arm(struct listener *listener)
{
    MHD_UNSIGNED_LONG_LONG wait;
    struct loop *loop = listener->web->loop;
    loop_timer_stop(&listener->timer);
    if (web_is_retired(listener) && listener->connection_count == 0)
        listener->timer = loop_timer_start(loop, 0, end_retired, listener);
    else if (MHD_get_timeout(listener->daemon, &wait) == MHD_YES)
        listener->timer = loop_timer_start(loop, (int64_t)wait, pump, listener);
}

/* A handler that answers at once comes back here: then once more, rather than deeper. */
void web_pump(struct listener *listener)
{
    listener->again = true;
    if (listener->running)
        return;
    listener->running = true;
    while (listener->again) {
        listener->again = false;
        MHD_run(listener->daemon);
    }
    listener->running = false;
    arm(listener);
}

static void pump(void *arg)
{
    web_pump(arg);
}

static void ready(void *arg, unsigned events)
{
    (void)events;
    web_pump(arg);
}

/* ---- the listener ---- */

static struct MHD_Daemon *start_daemon(struct listener *listener,
                                       const struct web_identity *identity)
{
    const struct web_options *o = &listener->web->options;
    bool tls = identity->certificate;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0U);
    struct MHD_OptionItem items[8];
    size_t count = 0;
    if (tls) {
        items[count++] =
            (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_CERT, 0, (char *)identity->certificate };
        items[count++] = (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_KEY, 0,
                                                   (char *)secret_bytes(identity->key).data };
        items[count++] = (struct MHD_OptionItem) { MHD_OPTION_HTTPS_PRIORITIES, 0,
                                                   "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1" };
    }
    if (identity->client_ca)
        items[count++] =
            (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_TRUST, 0, (char *)identity->client_ca };
    items[count] = (struct MHD_OptionItem) { MHD_OPTION_END, 0, NULL };
    return MHD_start_daemon(flags, 0, NULL, NULL, web_on_request, listener,
                            MHD_OPTION_LISTEN_SOCKET, listener->fd, MHD_OPTION_CONNECTION_LIMIT,
                            o->connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)MEMORY_LIMIT, MHD_OPTION_NOTIFY_COMPLETED, web_on_completed,
                            listener, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, listener,
                            MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

/* Puts a listener on FD, which it takes, in force. */
static bool add_listener(struct web *web, int fd, const struct web_identity *identity,
                         char **ret_error)
{
    struct listener *listener = memory_new(sizeof *listener);
    *listener = (struct listener) { .next = web->listeners, .web = web, .fd = fd };
    listener->daemon = start_daemon(listener, identity);
    if (!listener->daemon) {
        *ret_error = memory_copy(identity->certificate
                                     ? "the listener does not start; do certificate and key fit?"
                                     : "the listener does not start: no epoll here");
        close(fd);
        free(listener);
        return false;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    web->listeners = listener;
    listener->watch = loop_watch_start(web->loop, info->epoll_fd, LOOP_READ, ready, listener);
    web_pump(listener);
    return true;
}

struct web *web_start(struct loop *loop, const struct web_options *options, char **ret_error)
{
    struct web *web = memory_new(sizeof *web);
    web->loop = loop;
    web->options = *options;
    web->knows_clients = options->identity.client_ca;
    if (add_listener(web, options->fd, &options->identity, ret_error))
        return web;
    free(web);
    return NULL;
}

static void quiesce(struct listener *listener)
{
    if (listener->fd < 0)
        return;
    MHD_quiesce_daemon(listener->daemon);
    close(listener->fd);
    listener->fd = -1;
}

bool web_renew(struct web *web, const struct web_identity *identity, char **ret_error)
{
    struct listener *before = web->listeners;
    int fd = fcntl(before->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        *ret_error = memory_copy("no descriptor is left for another listener");
        return false;
    }
    if (!add_listener(web, fd, identity, ret_error))
        return false;
    quiesce(before);
    web_pump(before);
    return true;
}

void web_quiesce(struct web *web)
{
    web->options.idle_ms = 0;
    quiesce(web->listeners);
}

size_t web_pending(const struct web *web)
{
    return web->pending;
}

size_t web_connections(const struct web *web)
{
    return web->connection_count;
}

void web_stop(struct web *web)
{
    if (!web)
        return;
    while (web->listeners)
        end_listener(&web->listeners);
    loop_timer_stop(&web->sweep);
    free(web);
}
