#include "serve/web.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/tls_server.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SWEEP_MS = 250,
    MEMORY_LIMIT = 16384, /* bytes for the head of a request: longer ones get 431 or 414 */
    SCARCE_MS = 1000,
    PARAMETER_LIMIT = 16,
    NS_PER_MS = 1000000,
};

/* What a connection does decides how long it may go on doing it: libmicrohttpd's own limit begins
 * anew with each byte. */
enum activity { READING, WORKING, WRITING, IDLE };

struct connection {
    struct connection *next, **link;
    int fd;
    enum activity activity;
    int64_t since_ns;
    bool cut;
};

struct parameter {
    const char *name, *value;
};

struct web_request {
    struct web *web;
    struct MHD_Connection *mhd;
    struct connection *connection;
    enum web_method method;
    char *path;
    struct parameter parameters[PARAMETER_LIMIT];
    size_t parameter_count;
    const char *fault;
    struct MHD_Response *response;
    unsigned status;
    bool dispatched, suspended, queued;
};

struct web {
    struct loop *loop;
    struct web_options options;
    struct MHD_Daemon *daemon;
    struct loop_watch *watch;
    struct loop_timer *timer, *sweep;
    struct connection *connections;
    size_t connection_count, pending;
    bool running, again;
};

/* ---- connections ---- */

static void enter(struct connection *connection, enum activity activity)
{
    connection->activity = activity;
    connection->since_ns = clock_mono_ns();
}

static void sweep(void *arg);

static void connection_started(struct web *web, struct MHD_Connection *mhd, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *connection = memory_new(sizeof *connection);
    connection->fd = info ? info->connect_fd : -1;
    connection->next = web->connections;
    connection->link = &web->connections;
    if (connection->next)
        connection->next->link = &connection->next;
    web->connections = connection;
    web->connection_count++;
    enter(connection, READING);
    if (!web->sweep)
        web->sweep = loop_timer_start(web->loop, SWEEP_MS, sweep, web);
    *context = connection;
}

static void connection_closed(struct web *web, struct connection *connection)
{
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    web->connection_count--;
    web->again = true; /* at the limit, the library looks at its listener again in the next turn */
    free(connection);
}

static void connection_changed(void *arg, struct MHD_Connection *mhd, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        connection_started(arg, mhd, context);
    else if (*context)
        connection_closed(arg, *context);
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

static void pump(void *arg);

static void arm(struct web *web)
{
    MHD_UNSIGNED_LONG_LONG wait;
    loop_timer_stop(&web->timer);
    if (MHD_get_timeout(web->daemon, &wait) == MHD_YES)
        web->timer = loop_timer_start(web->loop, (int64_t)wait, pump, web);
}

/* A handler that answers at once comes back here: then once more, rather than deeper. */
static void pump(void *arg)
{
    struct web *web = arg;
    web->again = true;
    if (web->running)
        return;
    web->running = true;
    while (web->again) {
        web->again = false;
        MHD_run(web->daemon);
    }
    web->running = false;
    arm(web);
}

static void ready(void *arg, unsigned events)
{
    (void)events;
    pump(arg);
}

/* ---- requests ---- */

static enum MHD_Result take_parameter(void *arg, enum MHD_ValueKind kind, const char *name,
                                      size_t name_size, const char *value, size_t value_size)
{
    struct web_request *request = arg;
    (void)kind;
    if (strlen(name) != name_size || (value && strlen(value) != value_size))
        request->fault = "a zero byte in the query";
    else if (request->parameter_count == PARAMETER_LIMIT)
        request->fault = "too many parameters";
    else
        request->parameters[request->parameter_count++] =
            (struct parameter) { name, value ? value : "" };
    return request->fault ? MHD_NO : MHD_YES;
}

static struct web_request *request_new(struct web *web, struct MHD_Connection *mhd,
                                       const char *path, const char *method)
{
    struct web_request *request = memory_new(sizeof *request);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->web = web;
    request->mhd = mhd;
    request->connection = info->socket_context;
    request->path = memory_copy(path);
    bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    request->method = get ? WEB_GET : strcmp(method, "POST") == 0 ? WEB_POST : WEB_OTHER;
    web->pending++;
    return request;
}

static enum MHD_Result queue(struct web_request *request)
{
    enter(request->connection, WRITING);
    request->queued = true;
    return MHD_queue_response(request->mhd, request->status, request->response);
}

/* The library calls once with the head, once for each piece of a body, once when all is there, and
 * again after a pause. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context)
{
    struct web *web = arg;
    struct web_request *request = *context;
    (void)version;
    (void)data;
    if (!request) {
        *context = request_new(web, mhd, url, method);
        enter(((struct web_request *)*context)->connection, READING);
        return MHD_YES;
    }
    if (*size) {
        request->fault = "a body, and none is read here";
        *size = 0;
        return MHD_YES;
    }
    if (request->response)
        return request->queued ? MHD_YES : queue(request);
    if (request->dispatched)
        return MHD_YES;
    request->dispatched = true;
    enter(request->connection, WORKING);
    MHD_get_connection_values_n(mhd, MHD_GET_ARGUMENT_KIND, take_parameter, request);
    web->options.handle(web->options.arg, request);
    if (request->response)
        return queue(request);
    request->suspended = true;
    MHD_suspend_connection(mhd);
    return MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct web *web = arg;
    struct web_request *request = *context;
    (void)mhd;
    (void)code;
    if (!request)
        return;
    enter(request->connection, IDLE);
    if (request->response)
        MHD_destroy_response(request->response);
    free(request->path);
    free(request);
    *context = NULL;
    web->pending--;
}

enum web_method web_request_method(const struct web_request *request)
{
    return request->method;
}

const char *web_request_path(const struct web_request *request)
{
    return request->path;
}

const char *web_request_header(const struct web_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, name);
}

bool web_request_parameter(const struct web_request *request, size_t i, const char **ret_name,
                           const char **ret_value)
{
    if (i >= request->parameter_count)
        return false;
    *ret_name = request->parameters[i].name;
    *ret_value = request->parameters[i].value;
    return true;
}

const char *web_request_fault(const struct web_request *request)
{
    return request->fault;
}

bool web_request_is_known(const struct web_request *request)
{
    if (!request->web->options.client_ca)
        return true;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info && tls_peer_is_known(info->tls_session);
}

/* ---- answers ---- */

void web_reply(struct web_request *request, const struct web_answer *answer)
{
    static const struct {
        const char *name, *value;
    } always[] = {
        { "X-Content-Type-Options", "nosniff" },
        { "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'" },
        { "Cache-Control", "no-store" },
        { "Referrer-Policy", "no-referrer" },
    };
    assert(!request->response);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.size, (void *)answer->body.data, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        MHD_add_response_header(response, always[i].name, always[i].value);
    if (answer->allow)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
    if (answer->challenge)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                "Basic realm=\"maildoctor\", charset=\"UTF-8\"");
    request->status = answer->status;
    request->response = response;
    if (!request->suspended)
        return; /* on_request() queues it */
    request->suspended = false;
    MHD_resume_connection(request->mhd);
    pump(request->web);
}

/* ---- the listener ---- */

static struct MHD_Daemon *start_daemon(struct web *web)
{
    const struct web_options *o = &web->options;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (o->certificate ? MHD_USE_TLS : 0U);
    struct MHD_OptionItem items[8];
    size_t count = 0;
    if (o->certificate) {
        items[count++] =
            (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_CERT, 0, (char *)o->certificate };
        items[count++] = (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_KEY, 0,
                                                   (char *)secret_bytes(o->key).data };
        items[count++] = (struct MHD_OptionItem) { MHD_OPTION_HTTPS_PRIORITIES, 0,
                                                   "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1" };
    }
    if (o->client_ca)
        items[count++] =
            (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_TRUST, 0, (char *)o->client_ca };
    items[count] = (struct MHD_OptionItem) { MHD_OPTION_END, 0, NULL };
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, web, MHD_OPTION_LISTEN_SOCKET, o->fd,
                            MHD_OPTION_CONNECTION_LIMIT, o->connections,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_LIMIT,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, web,
                            MHD_OPTION_NOTIFY_CONNECTION, connection_changed, web, MHD_OPTION_ARRAY,
                            items, MHD_OPTION_END);
}

struct web *web_start(struct loop *loop, const struct web_options *options, char **ret_error)
{
    struct web *web = memory_new(sizeof *web);
    web->loop = loop;
    web->options = *options;
    web->daemon = start_daemon(web);
    if (!web->daemon) {
        *ret_error = memory_copy(options->certificate
                                     ? "the listener does not start; do certificate and key fit?"
                                     : "the listener does not start: no epoll here");
        close(options->fd);
        free(web);
        return NULL;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    web->watch = loop_watch_start(loop, info->epoll_fd, LOOP_READ, ready, web);
    pump(web);
    return web;
}

void web_quiesce(struct web *web)
{
    int fd = web->options.fd;
    if (fd < 0)
        return;
    web->options.fd = -1;
    web->options.idle_ms = 0;
    MHD_quiesce_daemon(web->daemon);
    close(fd);
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
    loop_watch_stop(&web->watch);
    loop_timer_stop(&web->timer);
    loop_timer_stop(&web->sweep);
    MHD_stop_daemon(web->daemon); /* closes the listener, where web_quiesce() did not */
    free(web);
}
