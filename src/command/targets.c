#include "command/targets.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/answered.h"
#include "command/command.h"
#include "command/output.h"
#include "command/terminal.h"
#include "diagnosis/diagnose.h"
#include "engine/fleet.h"
#include "report/tally.h"
#include "result/json_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { JOBS = 32, LINE_LIMIT = 256 << 20, REDRAW_MS = 200, WORDS_LIMIT = 65536, STOPS = 3 };

struct targets {
    const struct check_settings *settings;
    const struct targets_common *common;
    struct targets_input input;
    struct answered answered;
    struct tally tally;
    int fd; /* where the lines go */
    int64_t started_ns;
    struct loop *loop;
    struct fleet *fleet;
    struct loop_timer *redraw;
    struct loop_signal *stops[STOPS];
    bool interrupted, drawn;
    char *failure; /* why it cannot go on; NULL */
};

/* ---- the way of a line out ---- */

static void stop(struct targets *t)
{
    fleet_stop(t->fleet);
    loop_stop(t->loop);
}

static void give_up(struct targets *t, char *why)
{
    if (t->failure)
        free(why);
    else
        t->failure = why;
    stop(t);
}

static bool put_line(struct targets *t, const struct buffer *line)
{
    char *error = NULL;
    if (line->overflow)
        error = memory_copy("a result is larger than 256 MiB");
    else if (output_stream(t->fd, buffer_bytes(line), &error))
        return true;
    give_up(t, error);
    return false;
}

/* A target that could not be tried is answered too. ERROR is released. */
static void tell_error(struct targets *t, int64_t index, char *error)
{
    struct buffer line, shown;
    buffer_init(&line, LINE_LIMIT);
    buffer_init(&shown, LINE_LIMIT);
    text_escape(&shown, text_bytes(error));
    buffer_format(&line, ANSWERED_PREFIX "%" PRId64 ",\"error\":", index);
    json_t *text = json_stringn(buffer_bytes(&shown).data, buffer_size(&shown));
    size_t ascii = t->settings->ascii ? JSON_ENSURE_ASCII : 0;
    json_text_append(&line, text, JSON_ENCODE_ANY | ascii);
    json_decref(text);
    buffer_append_text(&line, "}\n");
    tally_count_error(&t->tally);
    put_line(t, &line);
    buffer_done(&line);
    buffer_done(&shown);
    free(error);
}

static void tell_result(struct targets *t, int64_t index, struct trace *trace)
{
    const struct report_options options = {
        .ascii = t->settings->ascii,
        .transcript = t->settings->transcript,
    };
    struct result *result = result_new(trace);
    struct buffer line, json;
    diagnose_with(result, t->common->rules);
    buffer_init(&line, LINE_LIMIT);
    buffer_init(&json, LINE_LIMIT);
    report_ndjson(&json, result, &options);
    struct bytes bytes = text_trim(buffer_bytes(&json));
    buffer_format(&line, ANSWERED_PREFIX "%" PRId64 ",\"result\":", index);
    buffer_append(&line, bytes.data, bytes.size);
    buffer_append_text(&line, "}\n");
    line.overflow = line.overflow || json.overflow;
    tally_count(&t->tally, &result->verdict);
    put_line(t, &line);
    buffer_done(&line);
    buffer_done(&json);
    result_free(result);
}

/* ---- the fleet's questions ---- */

static bool next_target(void *arg, struct fleet_turn *turn)
{
    struct targets *t = arg;
    char *line;
    while (!t->failure && (line = targets_input_next(&t->input))) {
        char *error = NULL;
        if (answered_has(&t->answered, t->input.index))
            continue;
        struct target_job *job = target_job_new(t->common, line, t->input.index, &error);
        if (!job) {
            tell_error(t, t->input.index, error);
            continue;
        }
        *turn = (struct fleet_turn) { .options = &job->settings.run, .job = job };
        return true;
    }
    return false;
}

/* A password that was refused and cannot be remembered would be sent again for the next target that
 * has it. */
static void told(void *arg, struct fleet_turn *turn, struct trace *trace, bool forgotten,
                 char *error)
{
    struct targets *t = arg;
    struct target_job *job = turn->job;
    if (trace)
        target_job_note(job, t->common, trace);
    if (trace)
        tell_result(t, job->index, trace);
    else
        tell_error(t, job->index, error);
    target_job_free(job);
    if (forgotten)
        give_up(t, memory_format("cannot write to %s: a refused password is not remembered, and "
                                 "further targets might send it again",
                                 t->common->state_dir ? t->common->state_dir : "its folder"));
}

static void dropped(void *arg, struct fleet_turn *turn)
{
    (void)arg;
    target_job_free(turn->job);
}

static void over(void *arg)
{
    struct targets *t = arg;
    loop_stop(t->loop);
}

/* What is under way has no answer: the next run begins it anew. */
static void stop_requested(void *arg)
{
    struct targets *t = arg;
    t->interrupted = true;
    stop(t);
}

/* ---- standard error ---- */

static void put_words(const struct buffer *words)
{
    struct bytes bytes = buffer_bytes(words);
    if (bytes.size)
        (void)!write(STDERR_FILENO, bytes.data, bytes.size);
}

/* The line is drawn over itself; COLUMNS 0 takes it away. */
static void draw(struct targets *t, int columns)
{
    struct buffer words;
    buffer_init(&words, WORDS_LIMIT);
    buffer_append_text(&words, "\r");
    tally_line(&words, &t->tally, clock_mono_ns() - t->started_ns, columns);
    buffer_append_text(&words, "\x1b[K");
    put_words(&words);
    buffer_done(&words);
    t->drawn = columns > 0;
}

static void redraw(void *arg)
{
    struct targets *t = arg;
    draw(t, terminal_columns(STDERR_FILENO));
    loop_timer_stop(&t->redraw);
    t->redraw = loop_timer_start(t->loop, REDRAW_MS, redraw, t);
}

static void summarise(const struct targets *t)
{
    struct buffer words;
    buffer_init(&words, WORDS_LIMIT);
    tally_summary(&words, &t->tally, clock_mono_ns() - t->started_ns);
    put_words(&words);
    buffer_done(&words);
}

/* ---- from the options to the exit status ---- */

bool targets_wanted(const struct check_settings *settings)
{
    return settings->targets || settings->resume || settings->jobs || settings->rate > 0;
}

bool targets_fit(const struct check_settings *settings, size_t operand_count, char **ret_error)
{
    const char *why = NULL;
    if (!settings->targets)
        why = "--resume, --jobs and --rate belong to --targets";
    else if (operand_count)
        why = "--targets names the targets: none can stand beside it";
    else if (strcmp(settings->format->name, "text") != 0 &&
             strcmp(settings->format->name, "ndjson") != 0)
        why = "--targets gives its results as ndjson; render shows each in another format";
    else if (settings->resume && settings->output)
        why = "--resume FILE is where the results go: --output cannot stand beside it";
    else if (settings->run.retry_login)
        why = "--retry-login with many targets could lock an account";
    else if (secret_source_given(&settings->password) && secret_source_given(&settings->token))
        why = "a password and a token exclude each other: give one";
    else if (settings->wish.oauth)
        why = "--oauth is for one target: get the token first, and give it with --token-file";
    else if (settings->run.exercise_imap || settings->run.exercise_pop3)
        why = "--exercise is for one target: an interrupt must not leave things in mailboxes";
    else if (settings->submits || settings->run.round_trip || settings->recipient.address)
        why = "--submit and --round-trip are for one target: one that is resumed would send its "
              "message again";
    else if (settings->reported)
        why = "--reported is about one target";
    else if (settings->share)
        why = "--share replaces names within one result: use render --share on each";
    else if (settings->baseline)
        why = "--baseline is a run of one target";
    if (why)
        *ret_error = memory_copy(why);
    return !why;
}

static bool open_output(struct targets *t, char **ret_error)
{
    const char *path = t->settings->output;
    if (t->settings->resume) {
        t->fd = answered_open(&t->answered, t->settings->resume, ret_error);
        t->tally.before = t->answered.total;
        return t->fd >= 0;
    }
    t->fd = STDOUT_FILENO;
    if (!path)
        return true;
    t->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    if (t->fd >= 0)
        return true;
    char *quoted = options_quote(path);
    *ret_error = memory_format("cannot write %s: %s", quoted, strerror(errno));
    free(quoted);
    return false;
}

/* Each run may have some dozens of connections open. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static const int signals[STOPS] = { SIGINT, SIGTERM, SIGHUP };

static void watch_signals(struct targets *t)
{
    for (size_t i = 0; i < STOPS; i++) {
        struct sigaction current;
        if (sigaction(signals[i], NULL, &current) != 0 || current.sa_handler != SIG_IGN)
            t->stops[i] = loop_signal_start(t->loop, signals[i], stop_requested, t);
    }
}

/* All is written: a first request to stop would only lose the exit status. After one that was
 * heeded the next means it. */
static void unwatch_signals(struct targets *t)
{
    sigset_t all, before;
    sigemptyset(&all);
    for (size_t i = 0; i < STOPS; i++)
        sigaddset(&all, signals[i]);
    sigprocmask(SIG_BLOCK, &all, &before);
    for (size_t i = 0; i < STOPS; i++) {
        bool watched = t->stops[i] != NULL;
        loop_signal_stop(&t->stops[i]);
        if (watched && !t->interrupted)
            signal(signals[i], SIG_IGN);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static bool begin(struct targets *t, char **ret_error)
{
    const struct check_settings *settings = t->settings;
    if (!targets_input_open(&t->input, settings->targets, ret_error) || !open_output(t, ret_error))
        return false;
    t->tally.total = targets_input_count(&t->input);
    t->loop = loop_new();
    t->started_ns = clock_mono_ns();
    const struct fleet_options options = {
        .loop = t->loop,
        .jobs = settings->jobs ? (size_t)settings->jobs : JOBS,
        .rate = settings->rate,
        .trust = { .ca_file = settings->run.ca_file, .system = !settings->run.no_system_ca },
        .next = next_target,
        .told = told,
        .dropped = dropped,
        .over = over,
        .arg = t,
    };
    t->fleet = fleet_start(&options, ret_error);
    return t->fleet != NULL;
}

static void clean_up(struct targets *t)
{
    loop_timer_stop(&t->redraw);
    if (t->fleet)
        fleet_stop(t->fleet);
    if (t->loop)
        loop_run(t->loop); /* what other threads still do comes back, and is freed */
    fleet_free(t->fleet);
    loop_free(t->loop);
    if (t->fd > STDERR_FILENO)
        close(t->fd);
    targets_input_close(&t->input);
    answered_done(&t->answered);
}

int targets_check(const struct check_settings *settings, const struct targets_common *common)
{
    struct targets *t = memory_new(sizeof *t);
    char *error = NULL;
    int status;
    *t = (struct targets) { .settings = settings, .common = common, .fd = -1 };
    allow_descriptors();
    if (!begin(t, &error)) {
        status = command_fail(error);
    } else {
        watch_signals(t);
        if (terminal_can_redraw(STDERR_FILENO))
            redraw(t);
        loop_run(t->loop);
        unwatch_signals(t);
        if (t->drawn)
            draw(t, 0);
        summarise(t);
        status = tally_exit_status(&t->tally, settings->fail_on_warning);
        if (t->failure)
            status = command_fail(t->failure);
        else if (t->interrupted && status != 2)
            status = COMMAND_TROUBLE;
    }
    clean_up(t);
    free(t);
    return status;
}
