#include "command/render.h"

#include "base/memory.h"
#include "command/command.h"
#include "command/options.h"
#include "command/output.h"
#include "command/saved.h"
#include "command/show.h"
#include "command/terminal.h"
#include "report/report.h"
#include "result/share.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct settings {
    const struct report_format *format;
    const char *output;   /* NULL: standard output */
    const char *baseline; /* a file; NULL: none */
    const char *color;    /* "auto", "always", "never" */
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
    { OPTION_TEXT, "baseline", 0, "FILE",
      "say what changed since the run that was saved there (text, html, json, ndjson)",
      AT(baseline), NULL },
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
    return command_help("usage: maildoctor render [OPTION...] FILE\n\n"
                        "Shows a run that was saved with `maildoctor check --format json` in\n"
                        "another format, as it was judged then. FILE may be - for standard\n"
                        "input. The exit status is that of the saved run.\n",
                        rows, NULL);
}

/* ---- showing ---- */

static bool wants_color(const struct settings *settings)
{
    if (strcmp(settings->color, "auto") != 0)
        return strcmp(settings->color, "always") == 0;
    return !settings->output && terminal_has_color(STDOUT_FILENO);
}

static int show(const struct settings *settings, struct result *result, struct result *baseline)
{
    const struct report_options options = {
        .color = wants_color(settings),
        .ascii = settings->ascii || !terminal_has_utf8(),
        .verbose = settings->verbose,
        .transcript = settings->transcript,
        .baseline = baseline,
        .columns = settings->output ? 0 : terminal_columns(STDOUT_FILENO),
    };
    struct result *both[] = { result, baseline };
    if (settings->share)
        share_results(both, baseline ? 2 : 1);
    return show_result(settings->format, result, &options, settings->output);
}

static bool settings_agree(const struct settings *settings, const char *file, char **ret_error)
{
    if (settings->baseline && strcmp(settings->baseline, "-") == 0 && strcmp(file, "-") == 0) {
        *ret_error = memory_copy("standard input cannot be both the run and its baseline");
        return false;
    }
    return saved_fits(settings->baseline, settings->format, ret_error) &&
           output_check(settings->output, ret_error);
}

static int render(const struct settings *settings, const char *file)
{
    char *error = NULL;
    struct result *result = NULL, *baseline = NULL;
    int status;
    if (!settings_agree(settings, file, &error) || !(result = saved_load(file, &error)) ||
        (settings->baseline && !(baseline = saved_load(settings->baseline, &error))))
        status = command_fail(error);
    else
        status = show(settings, result, baseline);
    result_free(result);
    result_free(baseline);
    return status;
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
    return render(&settings, operands.items[0]);
}
