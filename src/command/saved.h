/* A run that was saved with --format json. */
#ifndef COMMAND_SAVED_H
#define COMMAND_SAVED_H

#include "report/report.h"

/* Reads PATH ("-": standard input). NULL and a message, one line, to be released with free(), when
 * it cannot be read or is none. Release with result_free(). */
struct result *saved_load(const char *path, char **ret_error);

/* Has FORMAT a place for what changed since BASELINE (NULL: none is wanted)? False and a message.
 */
bool saved_fits(const char *baseline, const struct report_format *format, char **ret_error);

#endif
