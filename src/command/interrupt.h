/* Ctrl-C, SIGTERM and SIGHUP before a check has begun: there is no result yet, so one line says so,
 * and the exit status is 3. */
#ifndef COMMAND_INTERRUPT_H
#define COMMAND_INTERRUPT_H

#include <sys/types.h>

/* From the start of the program on. A signal that is ignored stays so (nohup). */
void interrupt_watch(void);
/* The default action again, for what watches by itself or has a terminal to restore. */
void interrupt_unwatch(void);

/* While the process group GROUP works for us: an interrupt ends it too, and takes the terminal open
 * as TERMINAL back (-1: it has none of ours). GROUP 0: no longer. Only while the signals are
 * blocked.
 */
void interrupt_covers(pid_t group, int terminal);
/* What an interrupt does: ends the group and this program. Safe in a signal handler. */
_Noreturn void interrupt_leave(void);

#endif
