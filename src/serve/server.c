#include "serve/server.h"

#include "base/clock.h"
#include "base/memory.h"
#include "report/openmetrics.h"
#include "serve/credentials.h"
#include "serve/own_metrics.h"
#include "serve/prober.h"
#include "serve/schedule.h"
#include "serve/status_page.h"

#include <stdlib.h>
#include <string.h>

enum {
    METRICS_LIMIT = 1024 * 1024,
    BODY_LIMIT = 1024 * 1024,
    TARGET_LIMIT = 512,
    LATE_MS = 20, /* between looks whether the last answer was taken */
};

struct server {
    struct loop *loop;
    struct server_options options;
    struct web *web;
    struct prober *prober;
    struct own_counts counts;
    struct loop_timer *look;
    bool stopping, drained;
};

/* A request for a probe, as long as it waits. */
struct visit {
    struct server *server;
    struct web_request *request;
    struct probe_wait wait;
    bool openmetrics;
};

/* ---- answers ---- */

static const char text_type[] = "text/plain; charset=utf-8";
static const char metrics_type[] = "text/plain; version=0.0.4; charset=utf-8";
static const char openmetrics_type[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";

static void reply(struct server *server, struct web_request *request, unsigned status,
                  const char *type, struct bytes body)
{
    const struct web_answer answer = {
        .status = status, .type = type, .challenge = status == 401, .body = body
    };
    server->counts.refused += status >= 400;
    web_reply(request, &answer);
}

static void refuse(struct server *server, struct web_request *request, unsigned status,
                   const char *why)
{
    struct buffer out;
    buffer_init(&out, BODY_LIMIT);
    buffer_format(&out, "%s\n", why);
    reply(server, request, status, text_type, buffer_bytes(&out));
    buffer_done(&out);
}

/* ---- /probe ---- */

struct question {
    const char *target, *module, *debug;
};

/* Nothing else can be set from outside: whom mail comes from or goes to least of all. */
static const char *read_question(const struct web_request *request, struct question *question)
{
    const char *name, *value;
    for (size_t i = 0; web_request_parameter(request, i, &name, &value); i++) {
        const char **place = strcmp(name, "target") == 0   ? &question->target
                             : strcmp(name, "module") == 0 ? &question->module
                             : strcmp(name, "debug") == 0  ? &question->debug
                                                           : NULL;
        if (!place)
            return "the parameters are target, module and debug; all else is the modules file's";
        if (*place)
            return "a parameter is given twice";
        *place = value;
    }
    if (question->debug && strcmp(question->debug, "true") != 0 &&
        strcmp(question->debug, "false") != 0)
        return "debug is true or false";
    return NULL;
}

static void add_debug(struct buffer *out, const struct answer *answer)
{
    if (answer->text)
        buffer_append_text(out, answer->text);
    buffer_append_text(out, "\nMetrics:\n");
}

static void add_suspect(struct buffer *out, bool suspect)
{
    static const char name[] = "maildoctor_unconfirmed_failure";
    buffer_format(out,
                  "# HELP %s Whether a later run failed in a way that often passes: it counts if "
                  "the next one fails too.\n# TYPE %s gauge\n%s %d\n",
                  name, name, name, suspect);
}

static void answered(struct probe_wait *wait, const struct answer *answer, bool suspect)
{
    struct visit *visit = wait->arg;
    struct buffer out;
    buffer_init(&out, BODY_LIMIT);
    if (wait->debug)
        add_debug(&out, answer);
    buffer_append_text(&out, answer->metrics);
    add_suspect(&out, suspect);
    openmetrics_end(&out);
    const char *type = wait->debug          ? text_type
                       : visit->openmetrics ? openmetrics_type
                                            : metrics_type;
    reply(visit->server, visit->request, 200, type, buffer_bytes(&out));
    buffer_done(&out);
    free(visit);
}

static bool takes_openmetrics(const struct web_request *request)
{
    const char *accept = web_request_header(request, "Accept");
    return accept && strstr(accept, "application/openmetrics-text");
}

/* NULL, or what is wrong; release with free(). */
static char *check_target(const struct serve_module *module, const char *target)
{
    struct arena arena = { 0 };
    struct target parsed;
    char *error = NULL;
    if (strlen(target) > TARGET_LIMIT)
        error = memory_copy("the target is longer than 512 bytes");
    else if (target_parse(&parsed, &arena, target, &error))
        plan_options_fit(&module->run.plan, &parsed, &error);
    arena_done(&arena);
    return error;
}

static void visit_probe(struct server *server, struct web_request *request,
                        const struct serve_module *module, const struct question *question)
{
    int64_t deadline_ms;
    char *error = check_target(module, question->target);
    if (error) {
        refuse(server, request, 400, error);
        free(error);
        return;
    }
    if (!schedule_deadline(web_request_header(request, "X-Prometheus-Scrape-Timeout-Seconds"),
                           server->options.offset_ms, server->options.limit_ms, &deadline_ms)) {
        refuse(server, request, 400, "X-Prometheus-Scrape-Timeout-Seconds is no number of seconds");
        return;
    }
    struct visit *visit = memory_new(sizeof *visit);
    *visit = (struct visit) {
        .server = server,
        .request = request,
        .openmetrics = takes_openmetrics(request),
        .wait = { .deadline_ms = deadline_ms,
                  .debug = question->debug && strcmp(question->debug, "true") == 0,
                  .answered = answered,
                  .arg = visit },
    };
    if (prober_ask(server->prober, module, question->target, &visit->wait))
        return;
    free(visit);
    refuse(server, request, 503, "too many targets are being probed; ask later");
}

static void get_probe(struct server *server, struct web_request *request)
{
    struct question question = { .module = NULL };
    const char *wrong = read_question(request, &question);
    const char *name = question.module ? question.module : "default";
    const struct serve_module *module = serve_module_find(prober_modules(server->prober), name);
    if (server->stopping)
        refuse(server, request, 503, "stopping");
    else if (wrong)
        refuse(server, request, 400, wrong);
    else if (!module)
        refuse(server, request, 400, "there is no such module");
    else if (!question.target || !*question.target)
        refuse(server, request, 400, "target is missing");
    else if (!serve_module_allows(module, question.target))
        refuse(server, request, 403, "this module is for other targets");
    else
        visit_probe(server, request, module, &question);
}

/* ---- the other addresses ---- */

static void get_metrics(struct server *server, struct web_request *request)
{
    struct buffer out;
    buffer_init(&out, METRICS_LIMIT);
    prober_count(server->prober, &server->counts.probes);
    server->counts.connections = web_connections(server->web);
    server->counts.modules = prober_modules(server->prober)->count;
    own_metrics_append(&out, &server->counts);
    reply(server, request, 200, metrics_type, buffer_bytes(&out));
    buffer_done(&out);
}

static void get_status(struct server *server, struct web_request *request)
{
    struct buffer out;
    buffer_init(&out, STATUS_PAGE_LIMIT);
    status_page_append(&out, server->prober, clock_real_ns());
    reply(server, request, 200, "text/html; charset=utf-8", buffer_bytes(&out));
    buffer_done(&out);
}

static void get_healthy(struct server *server, struct web_request *request)
{
    if (server->stopping)
        refuse(server, request, 503, "stopping");
    else
        reply(server, request, 200, text_type, (struct bytes) { "healthy\n", 8 });
}

static void log_failure(struct server *server, const char *what, const char *error)
{
    char *line = memory_format("reload failed, %s: %s", what, error);
    server->options.log(server->options.arg, line);
    free(line);
}

/* False and a message. */
static bool reload_modules(struct server *server, char **ret_error)
{
    struct serve_modules *modules = server->options.load(server->options.arg, ret_error);
    if (!modules) {
        log_failure(server, "the modules stay as they were", *ret_error);
        return false;
    }
    server->counts.loaded_real_ns = clock_real_ns();
    prober_reload(server->prober, module_set_new(server->loop, modules));
    return true;
}

static bool reload_listener(struct server *server, char **ret_error)
{
    if (server->options.renew(server->options.arg, ret_error))
        return true;
    log_failure(server, "the listener stays as it was", *ret_error);
    return false;
}

/* Each part for itself: a certificate that is broken keeps no module from being renewed. NULL, or
 * what went wrong; release with free(). */
static char *reload(struct server *server)
{
    char *error = NULL, *other = NULL;
    bool modules = reload_modules(server, &error), listener = reload_listener(server, &other);
    server->counts.reloads++;
    server->counts.reload_good = modules && listener;
    server->counts.reload_failures += !server->counts.reload_good;
    if (server->counts.reload_good)
        server->options.log(server->options.arg, "reloaded");
    if (!error)
        return other;
    free(other);
    return error;
}

bool server_renew(struct server *server, const struct web_identity *identity,
                  const struct secret *login, char **ret_error)
{
    if (identity && !web_renew(server->web, identity, ret_error))
        return false;
    server->options.login = login;
    return true;
}

/* A page of another site must not make somebody's browser do it. */
static bool is_foreign(const struct web_request *request)
{
    const char *site = web_request_header(request, "Sec-Fetch-Site");
    return site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
}

static void post_reload(struct server *server, struct web_request *request)
{
    if (is_foreign(request)) {
        refuse(server, request, 403, "not from another site");
        return;
    }
    char *error = server->stopping ? memory_copy("stopping") : reload(server);
    if (error)
        refuse(server, request, 500, error);
    else
        reply(server, request, 200, text_type, (struct bytes) { "reloaded\n", 9 });
    free(error);
}

/* ---- who is answered what ---- */

static const struct route {
    const char *path;
    enum web_method method;
    const char *allow;
    bool open; /* to everybody: whoever watches the process has no login */
    void (*answer)(struct server *server, struct web_request *request);
} routes[] = {
    { "/probe", WEB_GET, "GET, HEAD", false, get_probe },
    { "/metrics", WEB_GET, "GET, HEAD", false, get_metrics },
    { "/", WEB_GET, "GET, HEAD", false, get_status },
    { "/-/healthy", WEB_GET, "GET, HEAD", true, get_healthy },
    { "/-/reload", WEB_POST, "POST", false, post_reload },
};

static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}

/* 0: whoever asks may. */
static unsigned refusal(const struct server *server, const struct web_request *request)
{
    if (!web_request_is_known(request))
        return 403;
    if (server->options.login &&
        !credentials_match(server->options.login, web_request_header(request, "Authorization")))
        return 401;
    return 0;
}

static void refuse_method(struct server *server, struct web_request *request,
                          const struct route *route)
{
    const struct web_answer answer = { .status = 405,
                                       .type = text_type,
                                       .allow = route->allow,
                                       .body = { "another method is needed\n", 25 } };
    server->counts.refused++;
    web_reply(request, &answer);
}

static void handle(void *arg, struct web_request *request)
{
    struct server *server = arg;
    const char *fault = web_request_fault(request);
    const struct route *route = find_route(web_request_path(request));
    server->counts.requests++;
    unsigned refused = route && route->open ? 0 : refusal(server, request);
    if (refused)
        refuse(server, request, refused,
               refused == 401 ? "a login is needed" : "a client certificate is needed");
    else if (fault)
        refuse(server, request, 400, fault);
    else if (!route)
        refuse(server, request, 404, "there is nothing here");
    else if (route->method != web_request_method(request))
        refuse_method(server, request, route);
    else
        route->answer(server, request);
}

/* ---- from start to stop ---- */

/* Nothing runs any more; the last answers have yet to be taken. */
static void look(void *arg)
{
    struct server *server = arg;
    loop_timer_stop(&server->look);
    if (server->drained && web_pending(server->web) == 0)
        server->options.stopped(server->options.arg);
    else
        server->look = loop_timer_start(server->loop, LATE_MS, look, server);
}

static void drained(void *arg)
{
    struct server *server = arg;
    server->drained = true;
}

static void log_line(void *arg, const char *line)
{
    struct server *server = arg;
    server->options.log(server->options.arg, line);
}

struct server *server_start(struct loop *loop, const struct server_options *options,
                            struct serve_modules *modules, char **ret_error)
{
    struct server *server = memory_new(sizeof *server);
    server->loop = loop;
    server->options = *options;
    server->counts.started_real_ns = server->counts.loaded_real_ns = clock_real_ns();
    server->counts.reload_good = true;
    server->options.web.handle = handle;
    server->options.web.arg = server;
    const struct prober_options prober = {
        .loop = loop,
        .state_dir = options->state_dir,
        .jobs = options->jobs,
        .keep = options->keep,
        .log = log_line,
        .drained = drained,
        .arg = server,
    };
    server->prober = prober_new(&prober, module_set_new(loop, modules));
    server->web = web_start(loop, &server->options.web, ret_error);
    if (server->web)
        return server;
    server_free(server);
    return NULL;
}

void server_reload(struct server *server)
{
    if (!server->stopping)
        free(reload(server));
}

void server_stop(struct server *server)
{
    if (server->stopping) {
        prober_cancel(server->prober);
        return;
    }
    server->stopping = true;
    web_quiesce(server->web);
    prober_drain(server->prober);
    look(server);
}

void server_free(struct server *server)
{
    if (!server)
        return;
    loop_timer_stop(&server->look);
    web_stop(server->web);
    prober_free(server->prober);
    free(server);
}
