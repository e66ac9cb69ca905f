/* Writing a finished result: whole or not at all. */
#ifndef COMMAND_OUTPUT_H
#define COMMAND_OUTPUT_H

#include "base/bytes.h"

#include <stdbool.h>

/* Can PATH probably be written? Asked before a run of many seconds. False and a message (release
 * with free()). NULL, standard output, is always good. */
bool output_check(const char *path, char **ret_error);

/* Writes BYTES to PATH, or to standard output when it is NULL. A regular file is replaced at once
 * (written beside it, synced, renamed), so that a reader never sees half of it; anything else, a
 * pipe or a device, is written to. False and a message (release with free()) on failure; a closed
 * pipe is one. */
bool output_write(const char *path, struct bytes bytes, char **ret_error);

/* Writes BYTES to PATH, mode 0600 whatever was there, in its place: what nobody else may read. A
 * symbolic link stays one. False and a message, as above. */
bool output_write_private(const char *path, struct bytes bytes, char **ret_error);

/* Writes BYTES, whole lines of a stream of them, to the open FD. As above. */
bool output_stream(int fd, struct bytes bytes, char **ret_error);

/* Appends BYTES to PATH, which is made where it is not there. As above. */
bool output_append(const char *path, struct bytes bytes, char **ret_error);

#endif
