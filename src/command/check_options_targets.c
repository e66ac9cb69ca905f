/* Options of `check` for many targets. */
#include "command/check_options.h"

#include <stdlib.h>
#include <string.h>

enum { JOBS_LIMIT = 1000, RATE_LIMIT = 10000 };

static bool set_jobs(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    size_t digits = strspn(value, "0123456789");
    long jobs = digits && digits < 5 && !value[digits] ? strtol(value, NULL, 10) : 0;
    settings->jobs = (int)jobs;
    return (jobs > 0 && jobs <= JOBS_LIMIT) ||
           options_reject(ret_error, "jobs", value, "a number from 1 to 1000");
}

static bool set_rate(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    size_t whole = strspn(value, "0123456789");
    size_t dot = value[whole] == '.';
    size_t part = dot ? strspn(value + whole + 1, "0123456789") : 0;
    bool number = whole + part && whole < 6 && !value[whole + dot + part];
    settings->rate = number ? strtod(value, NULL) : 0;
    return (settings->rate > 0 && settings->rate <= RATE_LIMIT) ||
           options_reject(ret_error, "rate", value, "targets a second, more than 0, at most 10000");
}

#define AT(member) offsetof(struct check_settings, member)

const struct option_row check_targets_rows[] = {
    { OPTION_HEADING, .help = "Many targets" },
    { OPTION_TEXT, "targets", 0, "FILE",
      "check each target of this file (-: standard input), a line each: TARGET [OPTION...] or a "
      "JSON object; the results come as lines of JSON, in the order in which they are known",
      AT(targets), NULL },
    { OPTION_CALL, "jobs", 0, "N", "so many at once (default: 32)", 0, set_jobs },
    { OPTION_CALL, "rate", 0, "N", "begin at most so many a second", 0, set_rate },
    { OPTION_TEXT, "resume", 0, "FILE",
      "append the results to this file, and leave out what it answers already", AT(resume), NULL },
    { 0 },
};
