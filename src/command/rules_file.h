/* The file of --rules. */
#ifndef COMMAND_RULES_FILE_H
#define COMMAND_RULES_FILE_H

#include "diagnosis/rules.h"

/* Reads it; *RET stays as it is where PATH is NULL. False and a message (release with free()) when
 * it cannot be read, or is wrong. */
bool rules_file_read(const char *path, struct rules **ret, char **ret_error);

#endif
