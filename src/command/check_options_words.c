/* Options of `check` about words: what somebody else saw. */
#include "command/check_options.h"

#include <string.h>

enum { REPORTED_LIMIT = 65536 };

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

const struct option_row check_words_rows[] = {
    { OPTION_HEADING, .help = "What is known already" },
    { OPTION_CALL, "reported", 0, "TEXT",
      "the error that was seen elsewhere: it is explained, and compared with this run", 0,
      set_reported },
    { OPTION_TEXT, "rules", 0, "FILE", "rules and classes of your own, beside the catalogue's",
      offsetof(struct check_settings, rules), NULL },
    { 0 },
};
