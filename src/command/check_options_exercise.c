/* Options of `check` about what a mailbox can do. */
#include "command/check_options.h"

#include "base/memory.h"

#include <string.h>

/* Far more than two mailboxes' operations need. */
enum { OPERATIONS_MS = 60000 };

static bool set_exercise(void *to, const char *value, char **ret_error)
{
    struct run_options *run = &((struct check_settings *)to)->run;
    run->exercise_imap = strcmp(value, "imap") == 0 || strcmp(value, "imap,pop3") == 0 ||
                         strcmp(value, "pop3,imap") == 0;
    run->exercise_pop3 = strcmp(value, "imap") != 0;
    return run->exercise_imap || strcmp(value, "pop3") == 0 ||
           options_reject(ret_error, "exercise", value, "imap, pop3 or imap,pop3");
}

static bool set_hold(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    settings->run.exercise_hold_ms = check_seconds(value);
    return settings->run.exercise_hold_ms ||
           options_reject(ret_error, "exercise-hold", value, "seconds, more than 0, at most 86400");
}

const struct option_row check_exercise_rows[] = {
    { OPTION_HEADING, .help = "What the mailbox can do" },
    { OPTION_CALL, "exercise", 0, "LIST",
      "imap, pop3: try the operations of the mailbox. Over IMAP in folders that it makes and "
      "removes again (create, rename, append, flag, search, copy, a second client, staying open); "
      "over POP3 it reads one message that is there, and deletes nothing",
      0, set_exercise },
    { OPTION_CALL, "exercise-hold", 0, "SECONDS",
      "how long an IMAP connection must stay open meanwhile (default: 60)", 0, set_hold },
    { 0 },
};

bool check_exercise_agrees(const struct check_settings *settings, char **ret_error)
{
    const struct run_options *run = &settings->run;
    const char *why = NULL;
    if (!run->exercise_imap && run->exercise_hold_ms && !run->exercise_pop3)
        why = "--exercise-hold needs --exercise imap";
    else if ((run->exercise_imap || run->exercise_pop3) &&
             !secret_source_given(&settings->password) && !secret_source_given(&settings->token))
        why = "--exercise needs a login: a password or a token";
    if (why)
        *ret_error = memory_copy(why);
    return !why;
}

int check_exercise_ms(struct check_settings *settings)
{
    struct run_options *run = &settings->run;
    if (!run->exercise_imap && !run->exercise_pop3)
        return 0;
    if (!run->exercise_hold_ms)
        run->exercise_hold_ms = CHECK_EXERCISE_HOLD_MS;
    return run->exercise_hold_ms + OPERATIONS_MS;
}
