/* Options of `check` about words: what somebody else saw. */
#include "base/clock.h"
#include "base/memory.h"
#include "command/check_options.h"
#include "command/endpoints_file.h"

#include <stdlib.h>
#include <string.h>

enum { REPORTED_LIMIT = 65536, NS_PER_S = 1000000000 };

static bool set_reported(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    settings->reported = value;
    if (!value[strspn(value, " \t\r\n")])
        return options_reject(ret_error, "reported", value, "no words of an error");
    return strlen(value) <= REPORTED_LIMIT ||
           options_reject(ret_error, "reported", value,
                          "longer than 64 KiB; give the lines that tell the error");
}

/* RFC 3339: a day begins at midnight, UTC. */
static bool set_secret_expires(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    char *time = memory_format(strchr(value, 'T') ? "%s" : "%sT00:00:00Z", value);
    int64_t ns = clock_parse(time);
    free(time);
    settings->secret_expires = ns / NS_PER_S;
    return ns >= NS_PER_S || options_reject(ret_error, "secret-expires", value,
                                            "a day as 2027-01-31, or 2027-01-31T08:00:00Z");
}

static bool read_endpoints(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    struct published *list;
    if (!endpoints_file_read(value, &settings->arena, &list, ret_error))
        return false;
    settings->run.plan.published = list;
    return true;
}

const struct option_row check_words_rows[] = {
    { OPTION_HEADING, .help = "What is known already" },
    { OPTION_CALL, "reported", 0, "TEXT",
      "the error that was seen elsewhere: it is explained, and compared with this run", 0,
      set_reported },
    { OPTION_CALL, "secret-expires", 0, "DATE",
      "when the password or the app's secret expires, for the metrics: 2027-01-31 (default: when "
      "the app's certificate does)",
      0, set_secret_expires },
    { OPTION_TEXT, "rules", 0, "FILE", "rules and classes of your own, beside the catalogue's",
      offsetof(struct check_settings, rules), NULL },
    { OPTION_CALL, "endpoints-file", 0, "FILE",
      "which hosts, ports and addresses Microsoft 365 uses, as JSON of endpoints.office.com, in "
      "place of the dated list that is built in",
      0, read_endpoints },
    { 0 },
};
