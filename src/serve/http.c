#include "serve/http.h"

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

struct http_request {
    struct http *http;
    struct MHD_Connection *mhd;
    struct connection *connection;
    enum http_method method;
    char *path;
    struct parameter parameters[PARAMETER_LIMIT];
    size_t parameter_count;
    const char *fault;
    struct MHD_Response *response;
    unsigned status;
    bool dispatched, suspended, queued;
};

struct http {
    struct loop *loop;
    struct http_options options;
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

static void connection_started(struct http *http, struct MHD_Connection *mhd, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *connection = memory_new(sizeof *connection);
    connection->fd = info ? info->connect_fd : -1;
    connection->next = http->connections;
    connection->link = &http->connections;
    if (connection->next)
        connection->next->link = &connection->next;
    http->connections = connection;
    http->connection_count++;
    enter(connection, READING);
    if (!http->sweep)
        http->sweep = loop_timer_start(http->loop, SWEEP_MS, sweep, http);
    *context = connection;
}

static void connection_closed(struct http *http, struct connection *connection)
{
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    http->connection_count--;
    http->again = true; /* at the limit, the library looks at its listener again in the next turn */
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
static int64_t limit_ms(const struct http *http, const struct connection *connection)
{
    bool scarce = http->connection_count > http->options.connections / 2;
    if (connection->activity == IDLE)
        return scarce ? SCARCE_MS : http->options.idle_ms;
    if (connection->activity == READING && scarce)
        return SCARCE_MS;
    return http->options.request_ms;
}

/* Ends, from outside, whoever takes too long: the library sees the connection as closed by its
 * peer. A request that is worked on has a deadline of its own. */
static void sweep(void *arg)
{
    struct http *http = arg;
    int64_t now = clock_mono_ns();
    for (struct connection *c = http->connections; c; c = c->next)
        if (c->activity != WORKING && !c->cut &&
            now - c->since_ns > limit_ms(http, c) * NS_PER_MS) {
            c->cut = true;
            shutdown(c->fd, SHUT_RDWR);
        }
    loop_timer_stop(&http->sweep);
    if (http->connections)
        http->sweep = loop_timer_start(http->loop, SWEEP_MS, sweep, http);
}

/* ---- driving the library ---- */

static void pump(void *arg);

static void arm(struct http *http)
{
    MHD_UNSIGNED_LONG_LONG wait;
    loop_timer_stop(&http->timer);
    if (MHD_get_timeout(http->daemon, &wait) == MHD_YES)
        http->timer = loop_timer_start(http->loop, (int64_t)wait, pump, http);
}

/* A handler that answers at once comes back here: then once more, rather than deeper. */
static void pump(void *arg)
{
    struct http *http = arg;
    http->again = true;
    if (http->running)
        return;
    http->running = true;
    while (http->again) {
        http->again = false;
        MHD_run(http->daemon);
    }
    http->running = false;
    arm(http);
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
    struct http_request *request = arg;
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

static struct http_request *request_new(struct http *http, struct MHD_Connection *mhd,
                                        const char *path, const char *method)
{
    struct http_request *request = memory_new(sizeof *request);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->http = http;
    request->mhd = mhd;
    request->connection = info->socket_context;
    request->path = memory_copy(path);
    bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    request->method = get ? HTTP_GET : strcmp(method, "POST") == 0 ? HTTP_POST : HTTP_OTHER;
    http->pending++;
    return request;
}

static enum MHD_Result queue(struct http_request *request)
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
    struct http *http = arg;
    struct http_request *request = *context;
    (void)version;
    (void)data;
    if (!request) {
        *context = request_new(http, mhd, url, method);
        enter(((struct http_request *)*context)->connection, READING);
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
    http->options.handle(http->options.arg, request);
    if (request->response)
        return queue(request);
    request->suspended = true;
    MHD_suspend_connection(mhd);
    return MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct http *http = arg;
    struct http_request *request = *context;
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
    http->pending--;
}

enum http_method http_request_method(const struct http_request *request)
{
    return request->method;
}

const char *http_request_path(const struct http_request *request)
{
    return request->path;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, name);
}

bool http_request_parameter(const struct http_request *request, size_t i, const char **ret_name,
                            const char **ret_value)
{
    if (i >= request->parameter_count)
        return false;
    *ret_name = request->parameters[i].name;
    *ret_value = request->parameters[i].value;
    return true;
}

const char *http_request_fault(const struct http_request *request)
{
    return request->fault;
}

bool http_request_is_known(const struct http_request *request)
{
    if (!request->http->options.client_ca)
        return true;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info && tls_peer_is_known(info->tls_session);
}

/* ---- answers ---- */

void http_reply(struct http_request *request, const struct http_answer *answer)
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
    pump(request->http);
}

/* ---- the listener ---- */

static struct MHD_Daemon *start_daemon(struct http *http)
{
    const struct http_options *o = &http->options;
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
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, o->fd,
                            MHD_OPTION_CONNECTION_LIMIT, o->connections,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_LIMIT,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
                            MHD_OPTION_NOTIFY_CONNECTION, connection_changed, http,
                            MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

struct http *http_start(struct loop *loop, const struct http_options *options, char **ret_error)
{
    struct http *http = memory_new(sizeof *http);
    http->loop = loop;
    http->options = *options;
    http->daemon = start_daemon(http);
    if (!http->daemon) {
        *ret_error = memory_copy(options->certificate
                                     ? "the listener does not start; do certificate and key fit?"
                                     : "the listener does not start: no epoll here");
        close(options->fd);
        free(http);
        return NULL;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    http->watch = loop_watch_start(loop, info->epoll_fd, LOOP_READ, ready, http);
    pump(http);
    return http;
}

void http_quiesce(struct http *http)
{
    int fd = http->options.fd;
    if (fd < 0)
        return;
    http->options.fd = -1;
    http->options.idle_ms = 0;
    MHD_quiesce_daemon(http->daemon);
    close(fd);
}

size_t http_pending(const struct http *http)
{
    return http->pending;
}

size_t http_connections(const struct http *http)
{
    return http->connection_count;
}

void http_stop(struct http *http)
{
    if (!http)
        return;
    loop_watch_stop(&http->watch);
    loop_timer_stop(&http->timer);
    loop_timer_stop(&http->sweep);
    MHD_stop_daemon(http->daemon); /* closes the listener, where http_quiesce() did not */
    free(http);
}
