/* What every command shares: how it is found and how it says that it cannot go on. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include "base/buffer.h"
#include "command/options.h"

/* Exit status for our own failures: bad usage, an unreadable file, an output that cannot be
 * written. */
enum { COMMAND_TROUBLE = 3 };

struct command {
    const char *name;      /* NULL ends a table */
    const char *arguments; /* "TARGET", "[ID]", ""; for the help */
    const char *summary;
    /* ARGV[0] is the command's name; returns the exit status. "--help" among the arguments is the
     * command's to answer. */
    int (*main)(int argc, char **argv);
    bool tests; /* something is tested: before that has begun an interrupt is answered in a line,
                   see interrupt.h; else it does what it does to every program */
};

/* Runs what ARGV asks for: a command of the table, --help, --version, help COMMAND; anything else
 * is for the first command of the table, so that a bare target is checked. Returns the exit status.
 */
int command_run(const struct command *commands, int argc, char **argv);

/* Prints "maildoctor: MESSAGE" to standard error, frees MESSAGE, returns COMMAND_TROUBLE. */
int command_fail(char *message);

/* Prints a command's help: BEFORE, what ROWS take, AFTER (NULL: nothing). The exit status, as of
 * command_print(). */
int command_help(const char *before, const struct option_row *rows, const char *after);

/* Writes TEXT to standard output, whole; the exit status: 0 or, with a message, COMMAND_TROUBLE. */
int command_print(const struct buffer *text);

#endif
