#include "command/check.h"

#include "base/memory.h"
#include "base/text.h"
#include "command/check_options.h"
#include "command/check_recipient.h"
#include "command/check_submit.h"
#include "command/check_token.h"
#include "command/command.h"
#include "command/harden.h"
#include "command/live.h"
#include "command/output.h"
#include "command/rules_file.h"
#include "command/saved.h"
#include "command/show.h"
#include "command/state_dir.h"
#include "command/targets.h"
#include "command/terminal.h"
#include "diagnosis/classify.h"
#include "diagnosis/diagnose.h"
#include "diagnosis/redact.h"
#include "diagnosis/token_class.h"
#include "probes/sasl.h"
#include "result/share.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HELP_LIMIT = 65536, REPORTED_LIMIT = 1 << 20 };

static const int stopping_signals[] = { SIGINT, SIGTERM, SIGHUP };
enum { STOPPING_COUNT = sizeof stopping_signals / sizeof *stopping_signals };

struct check;

struct stop_request {
    struct check *check;
    int signal;
    struct loop_signal *handle;
};

/* One run, from the options to the exit status. */
struct check {
    struct check_settings settings;
    struct secret *password, *proxy_password;
    struct check_token token;
    struct rules *rules;
    char *state_dir;
    struct loop *loop;
    struct trace *trace;
    struct result *baseline; /* an earlier run; NULL: none */
    struct run *run;
    struct live *live;
    struct stop_request stops[STOPPING_COUNT];
    bool interrupted;
};

/* ---- the run ---- */

static void run_is_over(void *arg)
{
    struct check *check = arg;
    loop_stop(check->loop);
}

/* The first request gives the result as far as it got; the second means it. */
static void stop_requested(void *arg)
{
    struct stop_request *stop = arg;
    struct check *check = stop->check;
    if (check->interrupted) {
        live_stop(&check->live);
        signal(stop->signal, SIG_DFL);
        raise(stop->signal);
    }
    check->interrupted = true;
    run_cancel(check->run, "interrupt");
}

static void watch_signals(struct check *check)
{
    for (size_t i = 0; i < STOPPING_COUNT; i++) {
        struct sigaction current;
        /* Under nohup a hangup stays ignored. */
        if (sigaction(stopping_signals[i], NULL, &current) == 0 && current.sa_handler == SIG_IGN)
            continue;
        check->stops[i] = (struct stop_request) { .check = check, .signal = stopping_signals[i] };
        check->stops[i].handle =
            loop_signal_start(check->loop, stopping_signals[i], stop_requested, &check->stops[i]);
    }
}

static void pass_over(int number)
{
    (void)number;
}

/* The run is over, and what it found is about to be written: a first request to stop would only
 * lose it, so it is passed over; the next one ends the program, which may be stuck in writing. */
static void unwatch_signals(struct check *check)
{
    struct sigaction once = { .sa_handler = pass_over, .sa_flags = (int)SA_RESETHAND | SA_RESTART };
    sigset_t all, before;
    sigemptyset(&all);
    for (size_t i = 0; i < STOPPING_COUNT; i++)
        sigaddset(&all, stopping_signals[i]);
    sigprocmask(SIG_BLOCK, &all, &before);
    for (size_t i = 0; i < STOPPING_COUNT; i++) {
        bool watched = check->stops[i].handle != NULL;
        loop_signal_stop(&check->stops[i].handle);
        if (watched && !check->interrupted)
            sigaction(stopping_signals[i], &once, NULL);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static bool is_ascii_only(const struct check_settings *settings)
{
    return settings->ascii || !terminal_has_utf8();
}

/* Somebody may have pasted a whole session with its password. */
static void keep_reported(struct check *check)
{
    struct arena *arena = &check->trace->arena;
    struct buffer shown;
    if (!check->settings.reported)
        return;
    buffer_init(&shown, REPORTED_LIMIT);
    redact(&shown, text_bytes(check->settings.reported));
    struct bytes kept = arena_copy_bytes(arena, buffer_bytes(&shown));
    buffer_done(&shown);
    secret_scrub(check->password, (char *)kept.data, kept.size);
    secret_scrub(check->token.secret, (char *)kept.data, kept.size);
    secret_scrub(check->proxy_password, (char *)kept.data, kept.size);
    secret_scrub(check->settings.recipient.password, (char *)kept.data, kept.size);
    secret_scrub(check->settings.recipient.token, (char *)kept.data, kept.size);
    check->trace->target.reported = kept;
}

/* Leaves the trace whole; false and a message when nothing could begin. */
static bool perform(struct check *check, char **ret_error)
{
    struct run_options *options = &check->settings.run;
    options->password = check->password;
    options->token = check->token.secret;
    options->state_dir = check->state_dir = state_dir_find();
    options->judge_login = classify_login;
    options->judge_token = token_unfit;
    if (options->recipient) {
        check->settings.recipient.run.state_dir = check->state_dir;
        check->settings.recipient.run.judge_login = classify_login;
        check->settings.recipient.run.judge_token = token_unfit;
    }
    check->loop = loop_new();
    check->trace = trace_new();
    check_token_note(&check->token, &check->settings, check->trace);
    check_recipient_note(&check->settings, check->trace);
    check->run = run_start(check->loop, options, check->trace, run_is_over, check, ret_error);
    if (!check->run)
        return false;
    keep_reported(check);
    watch_signals(check);
    check->live =
        live_start(check->loop, check->run, check->trace, is_ascii_only(&check->settings));
    loop_run(check->loop);
    live_stop(&check->live);
    unwatch_signals(check);
    return true;
}

/* ---- the result ---- */

static bool wants_color(const struct check_settings *settings)
{
    if (settings->color != COLOR_AUTO)
        return settings->color == COLOR_ALWAYS;
    return !settings->output && terminal_has_color(STDOUT_FILENO);
}

/* The exit status. */
static int deliver(struct check *check)
{
    const struct check_settings *settings = &check->settings;
    const struct report_options options = {
        .color = wants_color(settings),
        .ascii = is_ascii_only(settings),
        .verbose = settings->verbose,
        .transcript = settings->transcript,
        .baseline = check->baseline,
        .fail_on_warning = settings->fail_on_warning,
        .warning = &settings->warning,
        .critical = &settings->critical,
        .columns = settings->output ? 0 : terminal_columns(STDOUT_FILENO),
    };
    struct result *result = result_new(check->trace);
    check->trace = NULL;
    diagnose_with(result, check->rules);
    if (settings->share)
        share_results((struct result *[]) { result, check->baseline }, check->baseline ? 2 : 1);
    int status = show_result(settings->format, result, &options, settings->output);
    result_free(result);
    return status;
}

/* ---- from the words to the run ---- */

static int print_help(const struct option_row *rows)
{
    return command_help(
        "usage: maildoctor check [OPTION...] TARGET\n"
        "       maildoctor check [OPTION...] --targets FILE\n\n"
        "Walks the whole way of a mail client, on every documented port at once, and says\n"
        "what stops it, where, why, and who has to mend it. TARGET is a mail address, a\n"
        "domain, a host, HOST:PORT, [V6]:PORT, or a URL (smtp, smtps, imap, imaps, pop3,\n"
        "pop3s), such as imaps://mail.example.org.\n",
        rows, NULL);
}

static bool take_target(struct check_settings *settings, const struct operands *operands,
                        char **ret_error)
{
    if (operands->count == 1)
        return target_parse(&settings->run.target, &settings->arena, operands->items[0], ret_error);
    *ret_error = operands->count
                     ? memory_copy("one target at a time: more than one was given")
                     : memory_copy("what is to be checked? Give a mail address or a host");
    return false;
}

/* A mechanism that was asked for by name needs a secret of its kind. */
static bool secrets_fit(const struct check *check, char **ret_error)
{
    const char *name = check->settings.run.mechanism;
    const struct sasl_mechanism *mechanism = name ? sasl_find(name) : NULL;
    if (!mechanism || (!check->password && !check->token.secret))
        return true;
    if (mechanism->wants_token ? check->token.secret != NULL : check->password != NULL)
        return true;
    *ret_error = mechanism->wants_token
                     ? memory_format("--auth %s needs an access token: --token-file", name)
                     : memory_format("--auth %s needs a password: --password-file", name);
    return false;
}

/* The proxy's own login: asked for at the terminal where nothing else gives it. */
static bool take_proxy_password(struct check *check, char **ret_error)
{
    struct proxy_settings *proxy = &check->settings.run.proxy;
    struct secret_source *source = &check->settings.proxy_password;
    if (!proxy->user)
        return true;
    if (!secret_source_read(source, &check->proxy_password, ret_error))
        return false;
    if (!check->proxy_password) {
        source->ask = true;
        if (!secret_source_read(source, &check->proxy_password, ret_error))
            return false;
    }
    proxy->password = check->proxy_password;
    if (secret_bytes(proxy->password).size <= PROXY_LOGIN_LIMIT)
        return true;
    *ret_error = memory_copy("the proxy password is longer than 255 bytes");
    return false;
}

static bool take_secrets(struct check *check, char **ret_error)
{
    if (!secret_source_read(&check->settings.password, &check->password, ret_error) ||
        !take_proxy_password(check, ret_error) ||
        !check_token_take(&check->token, &check->settings, check->proxy_password, ret_error) ||
        !check_recipient_take(&check->settings, ret_error) || !secrets_fit(check, ret_error))
        return false;
    if (check->settings.run.insecure_login && (check->password || check->token.secret))
        fprintf(stderr, "maildoctor: warning: --insecure-login sends the secret to whoever "
                        "answers\n");
    /* Only now: a command that fetches the password may need its privileges. */
    harden_no_new_privileges();
    return true;
}

/* Before the run: a run of many seconds is not to end with a file that cannot be read. */
static bool take_baseline(struct check *check, char **ret_error)
{
    const struct check_settings *settings = &check->settings;
    if (!saved_fits(settings->baseline, settings->format, ret_error))
        return false;
    if (settings->baseline)
        check->baseline = saved_load(settings->baseline, ret_error);
    return !settings->baseline || check->baseline;
}

static bool prepare(struct check *check, const struct operands *operands, char **ret_error)
{
    struct check_settings *settings = &check->settings;
    check_settings_complete(settings);
    return take_target(settings, operands, ret_error) &&
           check_settings_agree(settings, ret_error) &&
           check_exercise_agrees(settings, ret_error) &&
           check_submit_complete(settings, ret_error) &&
           output_check(settings->output, ret_error) && take_baseline(check, ret_error) &&
           rules_file_read(settings->rules, &check->rules, ret_error) &&
           take_secrets(check, ret_error);
}

/* --targets: each is read with the words of the command line in front of its own. */
static int check_many(struct check *check, int argc, char **argv, const struct operands *operands)
{
    const struct check_settings *settings = &check->settings;
    char *error = NULL;
    if (!targets_fit(settings, operands->count, &error) ||
        !output_check(settings->output, &error) ||
        !rules_file_read(settings->rules, &check->rules, &error) || !take_secrets(check, &error))
        return command_fail(error);
    check->state_dir = state_dir_find();
    const struct targets_common common = {
        .argc = argc,
        .argv = argv,
        .password = check->password,
        .token = check->token.secret,
        .token_source = &settings->token,
        .secret_expires = settings->secret_expires,
        .proxy_password = check->proxy_password,
        .state_dir = check->state_dir,
        .rules = check->rules,
    };
    return targets_check(settings, &common);
}

static void clean_up(struct check *check)
{
    if (check->run && run_has_forgotten(check->run))
        fprintf(stderr,
                "maildoctor: warning: cannot write to %s: the refused password is not "
                "remembered, and another run would send it again\n",
                check->state_dir);
    run_free(check->run);
    if (check->loop) {
        loop_run(
            check->loop); /* what other threads still do for the run comes back, and is freed */
        loop_free(check->loop);
    }
    if (check->trace)
        trace_free(check->trace);
    result_free(check->baseline);
    secret_free(check->password);
    check_token_done(&check->token);
    secret_free(check->proxy_password);
    rules_free(check->rules);
    free(check->state_dir);
    check_settings_done(&check->settings);
}

int check_main(int argc, char **argv)
{
    struct check check = { 0 };
    struct option_row *rows = options_join(check_option_tables);
    struct operands operands;
    char *error = NULL;
    int status;
    check_settings_init(&check.settings);
    enum options_result read = options_read(rows, argc, argv, &check.settings, &operands, &error);
    if (read == OPTIONS_WANT_HELP)
        status = print_help(rows);
    else if (read == OPTIONS_READ && targets_wanted(&check.settings))
        status = check_many(&check, argc, argv, &operands);
    else if (read == OPTIONS_BAD || !prepare(&check, &operands, &error) || !perform(&check, &error))
        status = command_fail(error);
    else
        status = deliver(&check);
    clean_up(&check);
    free(rows);
    return status;
}
