/* Looking for the test message where it should arrive, and removing it: a task (dialogue.h) behind
 * the login of IMAP or POP3.
 *
 * The inbox and the junk folder are searched for the run's number, again and again with a pause
 * between, until the message is there, or one that quotes it (a bounce). Only messages that bear
 * the number are touched. A copy that the server keeps of what was sent is removed as well.
 *
 * POP3 has one folder, and shows what was in it when the session began (RFC 1939 section 3): its
 * task looks once, at the headers of the last messages, and the driver comes again. */
#ifndef PROBES_ARRIVAL_H
#define PROBES_ARRIVAL_H

#include "base/arena.h"
#include "probes/dialogue.h"

#include <stdint.h>

enum { ARRIVAL_FOLDERS = 3, ARRIVAL_MESSAGES = 8 };

enum arrival_place { ARRIVAL_INBOX, ARRIVAL_JUNK, ARRIVAL_SENT };

struct arrival {
    /* the driver's, before it begins; borrowed */
    const char *run_id, *message_id; /* the latter without its angle brackets */
    int64_t now_s;                   /* Unix seconds when it was submitted */
    int rounds, pause_ms;            /* how often it is looked for, and how long between */
    bool copy_only;                  /* only the copy among what was sent, to remove it */
    bool stop;                       /* at any time: no further round */
    /* what came of it; the memory is ARENA's */
    struct arena arena;
    struct bytes message;     /* its header; empty: it is not there */
    struct bytes bounce;      /* a report that it could not be delivered, decoded */
    const char *folder;       /* in which the message, or its copy alone, is or was, as the server
                                 names it; NULL */
    enum arrival_place place; /* what that folder is */
    int removed, left;        /* messages that were removed, and that could not be */
    /* the task's */
    const char *folders[ARRIVAL_FOLDERS]; /* NULL: there is none */
    int at;                               /* which of them */
    uint32_t uids[ARRIVAL_MESSAGES];      /* found in it */
    size_t uid_count, uid;
    int64_t number, lowest; /* of messages, in POP3 */
    bool looked;            /* POP3: the mailbox was open */
};
void arrival_done(struct arrival *arrival);
extern const struct dialogue_task arrival_imap_task, arrival_pop3_task;

/* The tasks' own: MESSAGE stands in the folder that is open. False when it is none of this run, and
 * stays; true when it is to be removed. */
bool arrival_take(struct arrival *arrival, struct bytes message);
bool arrival_is_known(const struct arrival *arrival); /* nothing is left to look for */

#endif
