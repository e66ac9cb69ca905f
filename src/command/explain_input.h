/* The input of `explain`: lines of any length as they come, or everything at once. */
#ifndef COMMAND_EXPLAIN_INPUT_H
#define COMMAND_EXPLAIN_INPUT_H

#include "base/buffer.h"
#include "base/bytes.h"

#include <stdbool.h>

/* INPUT_LIMIT: as much as is taken at once; LINE_LIMIT: as much of one line as is kept. */
enum { INPUT_LIMIT = 64 << 20, INPUT_LINE_LIMIT = 16 * 1024 };

struct input_reader {
    /* LINE is without its line end; CUT bytes of it are not there. False ends the reading. */
    bool (*line)(void *to, struct bytes line, size_t cut);
    bool (*pause)(void *to); /* before waiting for more; false ends the reading */
    void *to;
};

/* Reads FD to its end in constant memory. False when it could not be read, with a message (release
 * with free()), or when the reader ended it, without one. */
bool input_stream(int fd, const struct input_reader *reader, char **ret_error);

/* The lines of TEXT; one even when it is empty. */
bool input_lines(struct bytes text, const struct input_reader *reader);

/* Reads FD to its end into WHOLE. False and a message (release with free()) when it cannot be read
 * or is longer than WHOLE may be. */
bool input_whole(int fd, struct buffer *whole, char **ret_error);

/* Calls TAKE for each run of lines that are not blank. */
void input_paragraphs(struct bytes text, void (*take)(void *to, struct bytes paragraph), void *to);

#endif
