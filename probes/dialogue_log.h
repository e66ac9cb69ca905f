/* The queue of rows that a dialogue leaves for its driver. Private to dialogue.c.
 *
 * A reply is stored once, however many lines it has, and cut into HEARD rows when they are taken:
 * 64 KiB of empty lines cost 64 KiB. */
#ifndef PROBES_DIALOGUE_LOG_H
#define PROBES_DIALOGUE_LOG_H

#include "probes/dialogue.h"

struct dialogue_log *dialogue_log_new(void);
void dialogue_log_free(struct dialogue_log *log); /* wipes; NULL is legal */

/* Appends ROW with BEFORE and TEXT, one behind the other, as its line; both are copied. A ROW_HEARD
 * stands for one row a line of TEXT. */
void dialogue_log_add(struct dialogue_log *log, const struct dialogue_row *row, struct bytes before,
                      struct bytes text);

/* As dialogue_row(). What was taken is wiped once the queue is empty. */
bool dialogue_log_take(struct dialogue_log *log, struct dialogue_row *ret_row);

#endif
