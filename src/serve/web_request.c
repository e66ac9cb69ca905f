/* Requests, from the library's calls to the answer. */
#include "base/memory.h"
#include "net/tls_server.h"
#include "serve/web_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

static struct web_request *request_new(struct listener *listener, struct MHD_Connection *mhd,
                                       const char *path, const char *method)
{
    struct web_request *request = memory_new(sizeof *request);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->web = listener->web;
    request->listener = listener;
    request->mhd = mhd;
    request->connection = info->socket_context;
    request->path = memory_copy(path);
    bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    request->method = get ? WEB_GET : strcmp(method, "POST") == 0 ? WEB_POST : WEB_OTHER;
    request->web->pending++;
    return request;
}

static enum MHD_Result queue(struct web_request *request)
{
    web_enter(request->connection, WRITING);
    request->queued = true;
    return MHD_queue_response(request->mhd, request->status, request->response);
}

/* The library calls once with the head, once for each piece of a body, once when all is there, and
 * again after a pause. */
enum MHD_Result web_on_request(void *arg, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **context)
{
    struct listener *listener = arg;
    const struct web_options *options = &listener->web->options;
    struct web_request *request = *context;
    (void)version;
    (void)data;
    if (!request) {
        *context = request_new(listener, mhd, url, method);
        web_enter(((struct web_request *)*context)->connection, READING);
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
    web_enter(request->connection, WORKING);
    MHD_get_connection_values_n(mhd, MHD_GET_ARGUMENT_KIND, take_parameter, request);
    options->handle(options->arg, request);
    if (request->response)
        return queue(request);
    request->suspended = true;
    MHD_suspend_connection(mhd);
    return MHD_YES;
}

void web_on_completed(void *arg, struct MHD_Connection *mhd, void **context,
                      enum MHD_RequestTerminationCode code)
{
    struct web_request *request = *context;
    (void)arg;
    (void)mhd;
    (void)code;
    if (!request)
        return;
    struct web *web = request->web;
    web_enter(request->connection, IDLE);
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
    if (!request->web->knows_clients)
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
    if (web_is_retired(request->listener)) /* the next request is the other one's */
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    request->status = answer->status;
    request->response = response;
    if (!request->suspended)
        return; /* web_on_request() queues it */
    request->suspended = false;
    MHD_resume_connection(request->mhd);
    web_pump(request->listener);
}
