/* Reading what a user names, whole and bounded. */
#ifndef COMMAND_INPUT_H
#define COMMAND_INPUT_H

#include "base/buffer.h"

/* Appends all that comes from FD until its end: 0, or an errno value. What does not fit into IN is
 * EFBIG. Nothing of it stays elsewhere in memory: it may be a secret. */
int input_read(int fd, struct buffer *in);
/* The same of the file at PATH. */
int input_read_file(const char *path, struct buffer *in);

#endif
