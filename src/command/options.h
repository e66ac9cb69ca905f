/* The options of a command: one table feeds the parsing, the help and the error texts.
 *
 * Names must be given whole. An abbreviation would turn a mistyped or not yet known option into
 * another one in silence. */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
    OPTION_HEADING, /* no option: HELP is a heading of the help */
    OPTION_FLAG,    /* sets the bool at OFFSET */
    OPTION_TEXT,    /* sets the const char * at OFFSET; borrowed from argv */
    OPTION_CALL,    /* calls SET with the value, or NULL where WORD is NULL */
    OPTION_REFUSED, /* not accepted, and HELP says why; not shown in the help */
    OPTION_HELP     /* ends the parsing: help is wanted */
};

struct option_row {
    enum option_kind kind;
    const char *name; /* without the dashes */
    char letter;      /* short form; 0: none */
    const char *word; /* stands for the value in the help; NULL: the option takes none */
    const char *help; /* one or two lines' worth; wrapped for the help */
    size_t offset;    /* into the settings */
    /* Takes VALUE; false and a message (to be released with free()) when it is bad. */
    bool (*set)(void *settings, const char *value, char **ret_error);
};

/* What was given beside options; in order, borrowed from argv. */
struct operands {
    char **items; /* these are argv's own slots, moved together: argv is changed */
    size_t count;
};

enum options_result { OPTIONS_READ, OPTIONS_WANT_HELP, OPTIONS_BAD };

/* Reads ARGV[1] and on. ROWS end with a row that has neither name nor help. The value of an option
 * is what follows "=", or the next argument. "--" ends the options. For OPTIONS_BAD there is a
 * message, one line, to be released with free(); it never repeats a value. */
enum options_result options_read(const struct option_row *rows, int argc, char **argv,
                                 void *settings, struct operands *ret_operands, char **ret_error);

/* Tables (a list ended by NULL) as one, for a command that keeps them by subject. Release with
 * free(). */
struct option_row *options_join(const struct option_row *const *tables);

/* The table as text, at most 80 columns wide. */
void options_describe(struct buffer *out, const struct option_row *rows);

/* For a setter: makes the message "--OPTION VALUE: WHY". Always false. */
bool options_reject(char **ret_error, const char *option, const char *value, const char *why);

/* For the setter of a --format that is text or json. False and a message for another VALUE. */
bool options_text_or_json(const char *value, bool *ret_json, char **ret_error);

/* The one of WORDS (ended by NULL) that WORD was probably meant to be; NULL when none is near. */
const char *options_nearest(const char *word, const char *const *words);

/* TEXT for use in a message: escaped, cut after 60 bytes. Release with free(). */
char *options_quote(const char *text);

#endif
