/* Keeping secrets out of core dumps and debuggers, and other things a process should see to first.
 */
#ifndef COMMAND_HARDEN_H
#define COMMAND_HARDEN_H

/* Descriptors 0 to 2 are open afterwards (a closed one would be reused by the next file that is
 * opened); SIGPIPE is ignored; no core is dumped; other processes of the user may not look inside.
 */
void harden_start(void);

/* Nothing that this process starts gains privileges any more. For when no child is to come. */
void harden_no_new_privileges(void);

#endif
