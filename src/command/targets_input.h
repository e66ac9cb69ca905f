/* The list of many targets: one a line, as words or as a JSON object. */
#ifndef COMMAND_TARGETS_INPUT_H
#define COMMAND_TARGETS_INPUT_H

#include "command/check_options.h"
#include "diagnosis/rules.h"

#include <stdint.h>
#include <stdio.h>

/* What the command line gave for all of them. */
struct targets_common {
    int argc;
    char **argv; /* the command's: read again for each target, its own words after it */
    const struct secret *password, *token, *proxy_password; /* NULL: none */
    const struct secret_source *token_source;               /* where TOKEN is from */
    int64_t secret_expires;                                 /* of both; Unix seconds, 0 unknown */
    const char *state_dir;
    const struct rules *rules; /* the user's own; NULL: none */
};

/* A line made a target. */
struct target_job {
    struct check_settings settings;
    int64_t index;                   /* the line's number, from 1 */
    struct secret *password, *token; /* its own; NULL: the common ones */
    char **argv;
    char *words; /* what ARGV points into */
};

struct targets_input {
    FILE *file;
    int64_t index;
    char *line;
    size_t capacity;
};

/* PATH "-" is standard input. False and a message (release with free()). */
bool targets_input_open(struct targets_input *input, const char *path, char **ret_error);
void targets_input_close(struct targets_input *input);

/* How many lines hold a target; 0 when it cannot be told without reading it away (a pipe). */
size_t targets_input_count(struct targets_input *input);

/* The next line that is neither empty nor a comment ("#"), without its end; borrowed until the next
 * call, and its number is input->index. NULL at the end. */
char *targets_input_next(struct targets_input *input);

/* Reads LINE. NULL and a message (release with free()) when it is no target. */
struct target_job *target_job_new(const struct targets_common *common, const char *line,
                                  int64_t index, char **ret_error);
/* Puts into TRACE what is known of its secret; never the secret. */
void target_job_note(const struct target_job *job, const struct targets_common *common,
                     struct trace *trace);
void target_job_free(struct target_job *job);

#endif
