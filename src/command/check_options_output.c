/* Options of `check` that shape the output. */
#include "command/check_options.h"

#include <string.h>

static bool set_format(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    settings->format = report_format_find(value);
    return settings->format ||
           options_reject(ret_error, "format", value, "one of " REPORT_FORMAT_NAMES);
}

static bool set_color(void *to, const char *value, char **ret_error)
{
    static const char *const words[] = { "auto", "always", "never" }; /* as enum color_wish */
    struct check_settings *settings = to;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i]) == 0) {
            settings->color = (enum color_wish)i;
            return true;
        }
    return options_reject(ret_error, "color", value, "auto, always or never");
}

static bool set_fail_on(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    settings->fail_on_warning = strcmp(value, "warning") == 0;
    return settings->fail_on_warning || strcmp(value, "error") == 0 ||
           options_reject(ret_error, "fail-on", value, "error or warning");
}

static bool set_limits(struct check_settings *settings, struct alert_limits *limits,
                       const char *option, const char *value, char **ret_error)
{
    settings->limited = true;
    return alert_limits_parse(limits, value) ||
           options_reject(ret_error, option, value,
                          "ranges with commas: total=10, a phase such as login=5, certificate=14");
}

static bool set_warning(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    return set_limits(settings, &settings->warning, "warning", value, ret_error);
}

static bool set_critical(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    return set_limits(settings, &settings->critical, "critical", value, ret_error);
}

#define AT(member) offsetof(struct check_settings, member)

const struct option_row check_output_rows[] = {
    { OPTION_HEADING, .help = "Output" },
    { OPTION_CALL, "format", 0, "FORMAT", REPORT_FORMAT_NAMES " (default: text)", 0, set_format },
    { OPTION_TEXT, "output", 0, "FILE", "write there, whole or not at all", AT(output), NULL },
    { OPTION_FLAG, "verbose", 'v', NULL, "every step, every finding", AT(verbose), NULL },
    { OPTION_FLAG, "transcript", 0, NULL, "the dialogues too, without secrets", AT(transcript),
      NULL },
    { OPTION_TEXT, "baseline", 0, "FILE",
      "say what changed since the run that was saved there (text, html, json, ndjson)",
      AT(baseline), NULL },
    { OPTION_FLAG, "share", 0, NULL,
      "replace users, hosts, addresses and other names, so that the result can be handed on",
      AT(share), NULL },
    { OPTION_CALL, "color", 0, "WHEN", "auto (default), always or never", 0, set_color },
    { OPTION_FLAG, "ascii", 0, NULL, "no character outside ASCII", AT(ascii), NULL },
    { OPTION_CALL, "fail-on", 0, "LEVEL",
      "with \"warning\", a warning gives exit status 2 too (default: error)", 0, set_fail_on },
    { OPTION_CALL, "warning", 'w', "LIST",
      "with --format nagios, warn beyond these ranges: seconds of the whole run (total=10, or 10), "
      "of a phase (login=5), days a certificate still lasts (certificate=14)",
      0, set_warning },
    { OPTION_CALL, "critical", 'c', "LIST", "likewise, and critical", 0, set_critical },
    { OPTION_HELP, "help", 'h', NULL, "this text", 0, NULL },
    { 0 },
};
