#include "command/serve.h"

#include "base/memory.h"
#include "command/command.h"
#include "command/harden.h"
#include "command/serve_listener.h"
#include "command/serve_modules.h"
#include "command/serve_options.h"
#include "command/state_dir.h"
#include "command/token_keeper.h"
#include "serve/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 256,
    REQUEST_MS = 10000,
    IDLE_MS = 90000,
    LIMIT_MS = 60000, /* as long as a check takes at most, unless its module says otherwise */
    DESCRIPTORS_PER_JOB = 24, /* seven ports, two addresses each, name servers, and some to spare */
    DESCRIPTORS_BESIDE = 64,
};

struct serving {
    struct serve_settings settings;
    struct loop *loop;
    struct token_keeper *keeper;
    struct server *server;
    struct loop_signal *interrupt, *terminate, *hangup;
    struct serve_listener listener;
    char *state_dir;
};

static int print_help(void)
{
    return command_help(
        "usage: maildoctor serve [OPTION...]\n\n"
        "An exporter for Prometheus: /probe?target=TARGET&module=NAME checks the target\n"
        "and answers with metrics. Modules with a login run by the clock, for the targets\n"
        "that they name alone, and answer with the last result. SIGHUP reads the files\n"
        "again, SIGTERM ends it once all that runs has been answered.\n\n",
        serve_option_rows, "\nExit status: 0 after it was asked to end, 3 when it cannot begin.\n");
}

static void log_line(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "maildoctor: %s\n", line);
}

/* ---- the listener ---- */

/* The descriptor, or -1 and a message. */
static int listen_there(const struct net_address *address, char **ret_error)
{
    int on = 1;
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address->storage, address->size) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    char text[EVIDENCE_ADDRESS_SIZE];
    *ret_error = memory_format("cannot listen on %s: %s", net_address_text_port(address, text),
                               strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static void announce(const struct serving *serving, const struct net_address *address)
{
    char text[EVIDENCE_ADDRESS_SIZE];
    bool closed = serving->listener.login || buffer_size(&serving->listener.client_ca);
    if (!serve_settings_is_local(&serving->settings) && !closed)
        log_line(NULL, "warning: whoever reaches the listener may ask for any target; see "
                       "--login-file and --client-ca");
    fprintf(stderr, "maildoctor: listening on %s://%s/\n", serving->listener.key ? "https" : "http",
            net_address_text_port(address, text));
}

/* ---- limits ---- */

/* As many descriptors as the system allows; and no more probes than they are enough for. */
static void raise_limits(struct serve_settings *settings)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t beside = (rlim_t)settings->connections + DESCRIPTORS_BESIDE;
    rlim_t jobs = limit.rlim_cur > beside ? (limit.rlim_cur - beside) / DESCRIPTORS_PER_JOB : 1;
    if (jobs >= (rlim_t)settings->jobs)
        return;
    settings->jobs = jobs ? (int)jobs : 1;
    fprintf(stderr, "maildoctor: warning: %ju descriptors are enough for %d probes at once\n",
            (uintmax_t)limit.rlim_cur, settings->jobs);
}

/* ---- serving ---- */

static struct serve_modules *load(void *arg, char **ret_error)
{
    const struct serving *serving = arg;
    struct serve_modules *modules =
        serve_modules_read(serving->settings.modules, serving->keeper, ret_error);
    for (size_t i = 0; modules && !serving->state_dir && i < modules->count; i++)
        if (modules->items[i].by_clock) {
            *ret_error = memory_copy("modules with a secret need a place to remember refused "
                                     "passwords: set XDG_STATE_HOME or HOME");
            modules->free(modules);
            return NULL;
        }
    return modules;
}

static bool renew(void *arg, char **ret_error)
{
    struct serving *serving = arg;
    struct serve_listener fresh;
    bool good = serve_listener_read(&fresh, &serving->settings, ret_error);
    bool same = good && serve_listener_is_same(&fresh, &serving->listener);
    const struct web_identity identity = serve_listener_identity(&fresh);
    good = good && server_renew(serving->server, same ? NULL : &identity, fresh.login, ret_error);
    struct serve_listener *unused = good ? &serving->listener : &fresh;
    serve_listener_done(unused);
    if (good)
        serving->listener = fresh;
    return good;
}

static void on_stop(void *arg)
{
    struct serving *serving = arg;
    server_stop(serving->server);
}

static void on_hangup(void *arg)
{
    struct serving *serving = arg;
    server_reload(serving->server);
}

static void on_stopped(void *arg)
{
    struct serving *serving = arg;
    loop_stop(serving->loop);
}

static bool start(struct serving *serving, struct serve_modules *modules, char **ret_error)
{
    const struct serve_settings *s = &serving->settings;
    struct net_address bound = { .size = sizeof bound.storage };
    int fd = listen_there(&s->address, ret_error);
    if (fd < 0) {
        modules->free(modules);
        return false;
    }
    getsockname(fd, (struct sockaddr *)&bound.storage, &bound.size);
    const struct server_options options = {
        .web = { .fd = fd,
                 .identity = serve_listener_identity(&serving->listener),
                 .connections = (unsigned)s->connections,
                 .request_ms = REQUEST_MS,
                 .idle_ms = IDLE_MS },
        .login = serving->listener.login,
        .offset_ms = s->offset_ms,
        .limit_ms = LIMIT_MS,
        .state_dir = serving->state_dir,
        .jobs = (size_t)s->jobs,
        .keep = (size_t)s->keep,
        .load = load,
        .renew = renew,
        .log = log_line,
        .stopped = on_stopped,
        .arg = serving,
    };
    serving->server = server_start(serving->loop, &options, modules, ret_error);
    if (serving->server)
        announce(serving, &bound);
    return serving->server;
}

static bool begin(struct serving *serving, char **ret_error)
{
    if (!serve_settings_agree(&serving->settings, ret_error) ||
        !serve_listener_read(&serving->listener, &serving->settings, ret_error))
        return false;
    serving->state_dir = state_dir_find();
    serving->loop = loop_new();
    serving->keeper = token_keeper_new(serving->loop);
    struct serve_modules *modules = load(serving, ret_error);
    if (!modules)
        return false;
    harden_no_new_privileges();
    raise_limits(&serving->settings);
    serving->terminate = loop_signal_start(serving->loop, SIGTERM, on_stop, serving);
    serving->interrupt = loop_signal_start(serving->loop, SIGINT, on_stop, serving);
    serving->hangup = loop_signal_start(serving->loop, SIGHUP, on_hangup, serving);
    return start(serving, modules, ret_error);
}

static void clean_up(struct serving *serving)
{
    server_free(serving->server);
    token_keeper_free(serving->keeper);
    loop_signal_stop(&serving->terminate);
    loop_signal_stop(&serving->interrupt);
    loop_signal_stop(&serving->hangup);
    if (serving->loop) {
        loop_run(serving->loop); /* what other threads still do comes back, and is freed */
        loop_free(serving->loop);
    }
    serve_listener_done(&serving->listener);
    free(serving->state_dir);
}

int serve_main(int argc, char **argv)
{
    struct serving serving = { .loop = NULL };
    struct operands operands;
    char *error = NULL;
    int status = 0;
    serve_settings_init(&serving.settings);
    switch (options_read(serve_option_rows, argc, argv, &serving.settings, &operands, &error)) {
    case OPTIONS_WANT_HELP:
        return print_help();
    case OPTIONS_BAD:
        return command_fail(error);
    case OPTIONS_READ:
        break;
    }
    if (operands.count)
        return command_fail(memory_copy("serve takes options only; targets are asked for by HTTP"));
    if (begin(&serving, &error))
        loop_run(serving.loop);
    else
        status = command_fail(error);
    clean_up(&serving);
    return status;
}
