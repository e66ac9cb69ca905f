/* Where a password or a token comes from: a file, a descriptor, a command, the terminal or the
 * environment; never the command line, which every user of the machine can read. */
#ifndef COMMAND_SECRET_SOURCE_H
#define COMMAND_SECRET_SOURCE_H

#include "base/secret.h"

struct secret_source {
    const char *what;                /* "password", "token": for messages */
    const char *option;              /* in names of options, "--OPTION-file"; NULL: WHAT */
    const char *environment;         /* "MAILDOCTOR_PASSWORD"; NULL: none */
    const char *file, *fd, *command; /* the option's value; NULL: not given */
    bool ask;                        /* at the terminal, without echo */
    bool lines;                      /* may be more than one line */
    bool quiet;                      /* no warning of a file that everybody may read */
};

/* Takes the variables of all secrets out of the environment: kept here, overwritten there, unset.
 * To be called before anything else, so that no child and no /proc/PID/environ shows them. */
void secret_environment_take(void);
/* Wipes what was taken. */
void secret_environment_forget(void);

/* Whether anything gives the secret: an option, or the variable. */
bool secret_source_given(const struct secret_source *source);
/* What gives it, "--password-file" or "MAILDOCTOR_PASSWORD"; of two, the option. Only where one is
 * given; release with free(). */
char *secret_source_name(const struct secret_source *source);

/* Reads the secret; NULL in RET_SECRET when no source was given. False and a message (release with
 * free()) when two were given, or the one cannot be read, is empty, longer than SECRET_LIMIT or not
 * one line of UTF-8 (where it is to be one). One final newline and a byte order mark are not part
 * of it. A file that everybody may read gives a warning on standard error. */
bool secret_source_read(const struct secret_source *source, struct secret **ret_secret,
                        char **ret_error);

#endif
