/* What the streams can show. */
#ifndef COMMAND_TERMINAL_H
#define COMMAND_TERMINAL_H

#include <stdbool.h>

/* May FD get ANSI colour: a terminal that is not "dumb", and NO_COLOR (no-color.org) is not set. */
bool terminal_has_color(int fd);
/* Can lines on FD be redrawn in place? */
bool terminal_can_redraw(int fd);
int terminal_columns(int fd); /* 80 when unknown */
/* Does the locale say UTF-8? By the variables of POSIX, in their order of precedence. */
bool terminal_has_utf8(void);

#endif
