#include "command/render.h"

#include "base/memory.h"
#include "command/command.h"
#include "command/options.h"
#include "command/output.h"
#include "command/show.h"
#include "command/terminal.h"
#include "report/report.h"
#include "result/json.h"
#include "result/share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As much as a check may write. */
enum { FILE_LIMIT = 256 << 20, HELP_LIMIT = 65536, CHUNK = 65536 };

struct settings {
    const struct report_format *format;
    const char *output; /* NULL: standard output */
    const char *color;  /* "auto", "always", "never" */
    bool ascii, verbose, transcript, share;
};

/* ---- options ---- */

static bool set_format(void *to, const char *value, char **ret_error)
{
    struct settings *settings = to;
    settings->format = report_format_find(value);
    return settings->format ||
           options_reject(ret_error, "format", value, "one of " REPORT_FORMAT_NAMES);
}

static bool set_color(void *to, const char *value, char **ret_error)
{
    struct settings *settings = to;
    settings->color = value;
    return strcmp(value, "auto") == 0 || strcmp(value, "always") == 0 ||
           strcmp(value, "never") == 0 ||
           options_reject(ret_error, "color", value, "auto, always or never");
}

#define AT(member) offsetof(struct settings, member)

static const struct option_row rows[] = {
    { OPTION_HEADING, .help = "Output" },
    { OPTION_CALL, "format", 0, "FORMAT", REPORT_FORMAT_NAMES " (default: text)", 0, set_format },
    { OPTION_TEXT, "output", 0, "FILE", "write there, whole or not at all", AT(output), NULL },
    { OPTION_FLAG, "verbose", 'v', NULL, "every step, every finding", AT(verbose), NULL },
    { OPTION_FLAG, "transcript", 0, NULL,
      "the dialogues too, if the run was saved with them (--transcript --format json)",
      AT(transcript), NULL },
    { OPTION_FLAG, "share", 0, NULL,
      "replace users, hosts, addresses and other names, so that the result can be handed on",
      AT(share), NULL },
    { OPTION_CALL, "color", 0, "WHEN", "auto (default), always or never", 0, set_color },
    { OPTION_FLAG, "ascii", 0, NULL, "no character outside ASCII", AT(ascii), NULL },
    { OPTION_HELP, "help", 'h', NULL, "this text", 0, NULL },
    { 0 },
};

static int print_help(void)
{
    struct buffer out;
    buffer_init(&out, HELP_LIMIT);
    buffer_append_text(&out, "usage: maildoctor render [OPTION...] FILE\n\n"
                             "Shows a run that was saved with `maildoctor check --format json` in\n"
                             "another format, as it was judged then. FILE may be - for standard\n"
                             "input. The exit status is that of the saved run.\n");
    options_describe(&out, rows);
    int status = command_print(&out);
    buffer_done(&out);
    return status;
}

/* ---- reading ---- */

static char *complain(const char *path, const char *what)
{
    char *quoted = options_quote(path);
    char *message = memory_format("%s: %s", quoted, what);
    free(quoted);
    return message;
}

static bool read_all(int fd, struct buffer *file)
{
    char *chunk = memory_new(CHUNK);
    ssize_t n;
    while ((n = read(fd, chunk, CHUNK)) != 0 && !file->overflow) {
        if (n > 0)
            buffer_append(file, chunk, (size_t)n);
        else if (errno != EINTR)
            break;
    }
    free(chunk);
    return n == 0;
}

static bool read_file(const char *path, struct buffer *file, char **ret_error)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool whole = fd >= 0 && read_all(fd, file);
    if (file->overflow)
        *ret_error = complain(path, "is larger than 256 MiB");
    else if (!whole)
        *ret_error = complain(path, strerror(errno));
    if (fd >= 0 && !standard)
        close(fd);
    return whole && !file->overflow;
}

static struct result *parse(const char *path, struct bytes bytes, char **ret_error)
{
    json_error_t error;
    json_t *json = json_loadb(bytes.size ? bytes.data : "", bytes.size, 0, &error);
    if (!json) {
        char *what = memory_format("is not JSON (line %d)", error.line);
        *ret_error = complain(path, what);
        free(what);
        return NULL;
    }
    char *why = NULL;
    struct result *result = result_from_json(json, &why);
    json_decref(json);
    if (!result)
        *ret_error = complain(path, why);
    free(why);
    return result;
}

static struct result *load(const char *path, char **ret_error)
{
    struct buffer file;
    buffer_init(&file, FILE_LIMIT);
    struct result *result = NULL;
    if (read_file(path, &file, ret_error))
        result = parse(path, buffer_bytes(&file), ret_error);
    buffer_done(&file);
    return result;
}

/* ---- showing ---- */

static bool wants_color(const struct settings *settings)
{
    if (strcmp(settings->color, "auto") != 0)
        return strcmp(settings->color, "always") == 0;
    return !settings->output && terminal_has_color(STDOUT_FILENO);
}

static int show(const struct settings *settings, const struct result *result)
{
    const struct report_options options = {
        .color = wants_color(settings),
        .ascii = settings->ascii || !terminal_has_utf8(),
        .verbose = settings->verbose,
        .transcript = settings->transcript,
        .columns = settings->output ? 0 : terminal_columns(STDOUT_FILENO),
    };
    return show_result(settings->format, result, &options, settings->output);
}

int render_main(int argc, char **argv)
{
    struct settings settings = { .format = report_format_find("text"), .color = "auto" };
    struct operands operands;
    char *error = NULL;
    switch (options_read(rows, argc, argv, &settings, &operands, &error)) {
    case OPTIONS_WANT_HELP:
        return print_help();
    case OPTIONS_BAD:
        return command_fail(error);
    case OPTIONS_READ:
        break;
    }
    if (operands.count != 1)
        return command_fail(
            memory_copy("render needs one file: a run saved with --format json, or -"));
    if (!output_check(settings.output, &error))
        return command_fail(error);
    struct result *result = load(operands.items[0], &error);
    if (!result)
        return command_fail(error);
    if (settings.share)
        share_results(&result, 1);
    int status = show(&settings, result);
    result_free(result);
    return status;
}
