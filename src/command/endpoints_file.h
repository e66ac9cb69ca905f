/* --endpoints-file: the JSON of the public service that says which hosts, ports and address ranges
 * a provider uses (endpoints.office.com). */
#ifndef COMMAND_ENDPOINTS_FILE_H
#define COMMAND_ENDPOINTS_FILE_H

#include "result/trace.h"

/* Reads FILE into *RET_LIST, whose memory is ARENA's: its entries that have names, TCP ports and
 * addresses. False and one line (release with free()) when it cannot be read, is larger than 4 MiB,
 * or is no such list, with the entry that is wrong. */
bool endpoints_file_read(const char *file, struct arena *arena, struct published **ret_list,
                         char **ret_error);

#endif
