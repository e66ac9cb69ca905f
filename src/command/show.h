/* A result on its way out: in the format asked for, to where it was asked for. */
#ifndef COMMAND_SHOW_H
#define COMMAND_SHOW_H

#include "report/report.h"

/* Writes RESULT to OUTPUT (NULL: standard output), whole or not at all, and what the format has to
 * say elsewhere to the file that its environment variable names. The exit status; a failure to
 * write is told and is one. */
int show_result(const struct report_format *format, const struct result *result,
                const struct report_options *options, const char *output);

#endif
