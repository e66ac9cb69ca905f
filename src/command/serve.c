#include "command/serve.h"

#include "base/memory.h"
#include "command/command.h"
#include "command/harden.h"
#include "command/input.h"
#include "command/secret_source.h"
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
    PEM_LIMIT = 1024 * 1024,
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
    struct secret *key, *login;
    struct buffer certificate, client_ca; /* terminated; empty: none */
    char *state_dir;
};

static int print_help(void)
{
    return command_help(
        "usage: maildoctor serve [OPTION...]\n\n"
        "An exporter for Prometheus: /probe?target=TARGET&module=NAME checks the target\n"
        "and answers with metrics. Modules with a login run by the clock, for the targets\n"
        "that they name alone, and answer with the last result. SIGHUP reads the modules\n"
        "again, SIGTERM ends it once all that runs has been answered.\n\n",
        serve_option_rows, "\nExit status: 0 after it was asked to end, 3 when it cannot begin.\n");
}

static void log_line(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "maildoctor: %s\n", line);
}

/* ---- files ---- */

/* Appends PATH's bytes and a terminator. */
static bool read_pem(const char *path, struct buffer *out, char **ret_error)
{
    int error = input_read_file(path, out);
    buffer_append(out, "", 1);
    if (out->overflow)
        error = EFBIG;
    if (!error)
        return true;
    char *quoted = options_quote(path);
    *ret_error = memory_format("cannot read %s: %s", quoted,
                               error == EFBIG ? "it is larger than 1 MiB" : strerror(error));
    free(quoted);
    return false;
}

static bool read_key(struct serving *serving, char **ret_error)
{
    struct buffer key;
    buffer_init(&key, PEM_LIMIT);
    bool good = read_pem(serving->settings.key, &key, ret_error);
    if (good) {
        struct bytes bytes = buffer_bytes(&key);
        bytes.size--; /* the terminator */
        serving->key = secret_new(bytes);
        good = serving->key != NULL;
        if (!good)
            *ret_error = memory_copy("the key of --tls-key is longer than 16384 bytes");
    }
    buffer_done(&key);
    return good;
}

static bool read_login(struct serving *serving, char **ret_error)
{
    const struct secret_source source = { .what = "login",
                                          .environment = "",
                                          .file = serving->settings.login_file };
    if (!secret_source_read(&source, &serving->login, ret_error))
        return false;
    struct bytes bytes = secret_bytes(serving->login);
    if (memchr(bytes.data, ':', bytes.size))
        return true;
    *ret_error = memory_copy("--login-file holds USER:PASSWORD, with a colon between them");
    return false;
}

static bool read_files(struct serving *serving, char **ret_error)
{
    const struct serve_settings *s = &serving->settings;
    return (!s->certificate || read_pem(s->certificate, &serving->certificate, ret_error)) &&
           (!s->client_ca || read_pem(s->client_ca, &serving->client_ca, ret_error)) &&
           (!s->key || read_key(serving, ret_error)) &&
           (!s->login_file || read_login(serving, ret_error));
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
    bool closed = serving->login || buffer_size(&serving->client_ca);
    if (!serve_settings_is_local(&serving->settings) && !closed)
        log_line(NULL, "warning: whoever reaches the listener may ask for any target; see "
                       "--login-file and --client-ca");
    fprintf(stderr, "maildoctor: listening on %s://%s/\n", serving->key ? "https" : "http",
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
                 .certificate = serving->key ? buffer_bytes(&serving->certificate).data : NULL,
                 .key = serving->key,
                 .client_ca = s->client_ca ? buffer_bytes(&serving->client_ca).data : NULL,
                 .connections = (unsigned)s->connections,
                 .request_ms = REQUEST_MS,
                 .idle_ms = IDLE_MS },
        .login = serving->login,
        .offset_ms = s->offset_ms,
        .limit_ms = LIMIT_MS,
        .state_dir = serving->state_dir,
        .jobs = (size_t)s->jobs,
        .keep = (size_t)s->keep,
        .load = load,
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
    if (!serve_settings_agree(&serving->settings, ret_error) || !read_files(serving, ret_error))
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
    buffer_done(&serving->certificate);
    buffer_done(&serving->client_ca);
    secret_free(serving->key);
    secret_free(serving->login);
    free(serving->state_dir);
}

int serve_main(int argc, char **argv)
{
    struct serving serving = { .loop = NULL };
    struct operands operands;
    char *error = NULL;
    int status = 0;
    serve_settings_init(&serving.settings);
    buffer_init(&serving.certificate, PEM_LIMIT);
    buffer_init(&serving.client_ca, PEM_LIMIT);
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
