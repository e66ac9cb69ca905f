#include "net/http.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "net/http_library.h"
#include "net/http_names.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { FORM_LIMIT = 64 * 1024, HEADER_SIZE = SECRET_LIMIT + 64, SOURCE_SIZE = 80 };

static const struct http_library *curl; /* opened with the first struct http */

struct http {
    struct loop *loop;
    struct http_options options;
    CURLM *multi;
    struct curl_slist *connect_to;
    struct http_names *names; /* NULL: libcurl asks for itself */
    struct loop_timer *timer;
    struct exchange *exchanges;
    struct socket *sockets;
};

/* A descriptor of libcurl's that the loop watches. */
struct socket {
    struct socket *next;
    struct http *http;
    curl_socket_t fd;
    struct loop_watch *watch;
};

struct exchange {
    struct exchange *next;
    struct http *http;
    CURL *easy;
    struct buffer form, body;
    struct curl_slist *headers;
    struct curl_slist *addresses; /* "host:port:addr,addr"; NULL: libcurl looks them up */
    char *host, *port;            /* while they are looked up; libcurl's */
    char error[CURL_ERROR_SIZE];
    http_done *done;
    void *arg;
};

/* ---- exchanges ---- */

static void wipe_headers(struct curl_slist *headers)
{
    for (struct curl_slist *line = headers; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl->slist_free_all(headers);
}

static void free_exchange(struct exchange *exchange)
{
    curl->multi_remove_handle(exchange->http->multi, exchange->easy);
    curl->easy_cleanup(exchange->easy);
    wipe_headers(exchange->headers);
    curl->slist_free_all(exchange->addresses);
    curl->free(exchange->host);
    curl->free(exchange->port);
    buffer_done(&exchange->form);
    buffer_done(&exchange->body);
    free(exchange);
}

static void unlink_exchange(struct exchange *exchange)
{
    struct exchange **link = &exchange->http->exchanges;
    while (*link != exchange)
        link = &(*link)->next;
    *link = exchange->next;
}

static void hand_over(struct exchange *exchange, const struct http_answer *answer)
{
    unlink_exchange(exchange);
    exchange->done(exchange->arg, answer);
    free_exchange(exchange);
}

static void conclude(struct exchange *exchange, CURLcode code)
{
    struct http_answer answer = { .body = buffer_bytes(&exchange->body) };
    long status = 0;
    curl_off_t retry_after_s = 0;
    curl->easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    curl->easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    answer.status = (int)status;
    answer.retry_after_s = retry_after_s;
    if (exchange->body.overflow)
        answer.trouble = "the answer is longer than 256 KiB";
    else if (code != CURLE_OK)
        answer.trouble = exchange->error[0] ? exchange->error : curl->easy_strerror(code);
    hand_over(exchange, &answer);
}

/* What has ended meanwhile. */
static void collect(struct http *http)
{
    int left;
    CURLMsg *message;
    while ((message = curl->multi_info_read(http->multi, &left)) != NULL) {
        struct exchange *exchange = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
        conclude(exchange, message->data.result);
    }
}

/* ---- the loop's side of the multi interface ---- */

static void on_ready(void *arg, unsigned events)
{
    struct socket *socket = arg;
    struct http *http = socket->http;
    int running, mask = (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
                        (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
    curl->multi_socket_action(http->multi, socket->fd, mask, &running);
    collect(http);
}

static void on_timer(void *arg)
{
    struct http *http = arg;
    int running;
    loop_timer_stop(&http->timer);
    curl->multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(http);
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct http *http = arg;
    (void)multi;
    loop_timer_stop(&http->timer);
    if (timeout_ms >= 0)
        http->timer = loop_timer_start(http->loop, timeout_ms, on_timer, http);
    return 0;
}

static void release_socket(struct socket *socket)
{
    loop_watch_stop(&socket->watch);
    free(socket);
}

static void drop_socket(struct socket *socket)
{
    struct socket **link = &socket->http->sockets;
    while (*link != socket)
        link = &(*link)->next;
    *link = socket->next;
    release_socket(socket);
}

static struct socket *add_socket(struct http *http, curl_socket_t fd)
{
    struct socket *socket = memory_new(sizeof *socket);
    *socket = (struct socket) { .next = http->sockets, .http = http, .fd = fd };
    http->sockets = socket;
    curl->multi_assign(http->multi, fd, socket);
    return socket;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    struct http *http = arg;
    struct socket *socket = known;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket)
            drop_socket(socket);
        return 0;
    }
    if (!socket)
        socket = add_socket(http, fd);
    unsigned events = (what & CURL_POLL_IN ? (unsigned)LOOP_READ : 0) |
                      (what & CURL_POLL_OUT ? (unsigned)LOOP_WRITE : 0);
    if (socket->watch)
        loop_watch_change(socket->watch, events);
    else
        socket->watch = loop_watch_start(http->loop, fd, events, on_ready, socket);
    return socket->watch ? 0 : -1;
}

/* ---- beginning and end ---- */

static bool set_up(struct http *http, char **ret_error)
{
    static bool begun;
    const struct http_options *options = &http->options;
    curl = http_library();
    if (!curl) {
        *ret_error = memory_copy("libcurl, which asks for tokens, is not installed");
        return false;
    }
    if (!begun && curl->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        *ret_error = memory_copy("libcurl cannot begin");
        return false;
    }
    begun = true;
    if (options->ca_file && access(options->ca_file, R_OK) != 0) {
        *ret_error = memory_format("cannot read %s", options->ca_file);
        return false;
    }
    if (options->source && !http_source_check(options->source, ret_error))
        return false;
    if (options->resolver && !options->proxy) {
        http->names = http_names_new(http->loop, options->resolver, options->source,
                                     options->family, ret_error);
        if (!http->names)
            return false;
    }
    http->multi = curl->multi_init();
    for (size_t i = 0; i < options->connect_to_count; i++)
        http->connect_to = curl->slist_append(http->connect_to, options->connect_to[i]);
    curl->multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl->multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl->multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl->multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    return true;
}

struct http *http_new(struct loop *loop, const struct http_options *options, char **ret_error)
{
    struct http *http = memory_new(sizeof *http);
    http->loop = loop;
    http->options = *options;
    if (set_up(http, ret_error))
        return http;
    http_free(http);
    return NULL;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    http_names_free(http->names); /* nobody is called any more */
    struct exchange *next;
    for (struct exchange *exchange = http->exchanges; exchange; exchange = next) {
        next = exchange->next;
        free_exchange(exchange);
    }
    if (http->multi)
        curl->multi_cleanup(http->multi); /* closes kept connections: set_socket() is called */
    struct socket *following;
    for (struct socket *socket = http->sockets; socket; socket = following) {
        following = socket->next;
        release_socket(socket);
    }
    loop_timer_stop(&http->timer);
    if (http->connect_to)
        curl->slist_free_all(http->connect_to);
    free(http);
}

/* ---- a request ---- */

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    buffer_append(&exchange->body, data, size * count);
    return exchange->body.overflow ? 0 : size * count;
}

/* Which certificates are trusted. With GnuTLS and OpenSSL alike the file and the folder add up. */
static void set_trust(CURL *easy, const struct http_options *options)
{
    if (options->ca_file || options->no_system_ca)
        curl->easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
    if (options->ca_file || options->no_system_ca)
        curl->easy_setopt(easy, CURLOPT_CAPATH, options->no_system_ca ? NULL : "/etc/ssl/certs");
}

static void set_way(CURL *easy, const struct http *http)
{
    const struct http_options *options = &http->options;
    curl->easy_setopt(easy, CURLOPT_IPRESOLVE,
                      options->family == 4   ? CURL_IPRESOLVE_V4
                      : options->family == 6 ? CURL_IPRESOLVE_V6
                                             : CURL_IPRESOLVE_WHATEVER);
    if (http->connect_to)
        curl->easy_setopt(easy, CURLOPT_CONNECT_TO, http->connect_to);
    if (options->source) {
        char source[SOURCE_SIZE];
        snprintf(source, sizeof source, "host!%s", options->source);
        curl->easy_setopt(easy, CURLOPT_INTERFACE, source);
    }
    if (!options->proxy)
        return;
    curl->easy_setopt(easy, CURLOPT_PROXY, options->proxy);
    curl->easy_setopt(easy, CURLOPT_NOPROXY, "");
    if (!options->proxy_user)
        return;
    curl->easy_setopt(easy, CURLOPT_PROXYUSERNAME, options->proxy_user);
    if (options->proxy_password)
        curl->easy_setopt(easy, CURLOPT_PROXYPASSWORD, secret_bytes(options->proxy_password).data);
}

static void set_headers(struct exchange *exchange, const struct http_request *request)
{
    exchange->headers = curl->slist_append(NULL, "Accept: application/json");
    if (request->form.data && request->type) {
        char type[128];
        snprintf(type, sizeof type, "Content-Type: %s", request->type);
        exchange->headers = curl->slist_append(exchange->headers, type);
    }
    if (request->bearer) {
        char header[HEADER_SIZE];
        snprintf(header, sizeof header, "Authorization: Bearer %s", request->bearer);
        exchange->headers = curl->slist_append(exchange->headers, header);
        explicit_bzero(header, sizeof header);
    }
    curl->easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers);
}

static void set_request(struct exchange *exchange, const struct http_request *request)
{
    CURL *easy = exchange->easy;
    curl->easy_setopt(easy, CURLOPT_URL, request->url);
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "maildoctor/" MAILDOCTOR_VERSION);
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->deadline_ms);
    curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl->easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    set_headers(exchange, request);
    if (!request->form.data)
        return;
    buffer_append(&exchange->form, request->form.data, request->form.size);
    struct bytes form = buffer_bytes(&exchange->form);
    curl->easy_setopt(easy, CURLOPT_POST, 1L);
    curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)form.size);
    curl->easy_setopt(easy, CURLOPT_POSTFIELDS, form.size ? form.data : "");
}

/* ---- the way there ---- */

/* Does an entry of --connect-to, "HOST:PORT:...", stand for HOST and PORT? Either may be empty. */
static bool is_entry_for(const char *entry, const char *host, const char *port)
{
    size_t size = strlen(host), digits = strlen(port);
    if (*entry != ':') {
        if (strncasecmp(entry, host, size) != 0)
            return false;
        entry += size;
    }
    if (*entry++ != ':')
        return false;
    return *entry == ':' || (strncmp(entry, port, digits) == 0 && entry[digits] == ':');
}

/* Is the name to be looked up here? Not where another address stands for it already. */
static bool is_searched(const struct http *http, const struct exchange *exchange)
{
    if (!http->names || !exchange->host || !exchange->port || *exchange->host == '[' ||
        http_is_numeric(exchange->host))
        return false;
    for (size_t i = 0; i < http->options.connect_to_count; i++)
        if (is_entry_for(http->options.connect_to[i], exchange->host, exchange->port))
            return false;
    return true;
}

static void take_addresses(void *arg, const char *addresses, const char *trouble)
{
    struct exchange *exchange = arg;
    if (!addresses) {
        const struct http_answer answer = { .trouble = trouble };
        hand_over(exchange, &answer);
        return;
    }
    char *entry = memory_format("%s:%s:%s", exchange->host, exchange->port, addresses);
    exchange->addresses = curl->slist_append(NULL, entry);
    free(entry);
    curl->easy_setopt(exchange->easy, CURLOPT_RESOLVE, exchange->addresses);
    curl->multi_add_handle(exchange->http->multi, exchange->easy);
}

/* As libcurl will read it. */
static void read_place(struct exchange *exchange, const char *url)
{
    CURLU *parts = curl->url();
    if (parts && curl->url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK) {
        curl->url_get(parts, CURLUPART_HOST, &exchange->host, 0);
        curl->url_get(parts, CURLUPART_PORT, &exchange->port, CURLU_DEFAULT_PORT);
    }
    curl->url_cleanup(parts);
}

void http_ask(struct http *http, const struct http_request *request, http_done *done, void *arg)
{
    struct exchange *exchange = memory_new(sizeof *exchange);
    *exchange = (struct exchange) { .next = http->exchanges, .http = http };
    exchange->done = done;
    exchange->arg = arg;
    http->exchanges = exchange;
    buffer_init(&exchange->form, FORM_LIMIT);
    buffer_init(&exchange->body, HTTP_BODY_LIMIT);
    exchange->easy = curl->easy_init();
    set_request(exchange, request);
    assert(!exchange->form.overflow);
    set_trust(exchange->easy, &http->options);
    set_way(exchange->easy, http);
    read_place(exchange, request->url);
    if (is_searched(http, exchange))
        http_names_ask(http->names, exchange->host, take_addresses, exchange);
    else
        curl->multi_add_handle(http->multi, exchange->easy);
}
