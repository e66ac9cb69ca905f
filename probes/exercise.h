/* What can be done in a mailbox, tried: tasks (dialogue.h) behind the login of IMAP and POP3.
 *
 * Over IMAP everything happens inside folders that the task makes itself and removes again, under a
 * name that tells what they are: "maildoctor-exercise-20261122T101400-1a2b3c4d". Folders of that
 * form which a killed run left behind are found and removed too; nothing else is ever touched. Over
 * POP3 there is only the inbox: it is read, and DELE is in no table.
 *
 * Each operation is a step with a result of its own, so that one that fails does not hide the
 * others. */
#ifndef PROBES_EXERCISE_H
#define PROBES_EXERCISE_H

#include "base/arena.h"
#include "probes/dialogue.h"

#include <stdint.h>

enum {
    EXERCISE_ID_SIZE = 25,          /* "20261122T101400-1a2b3c4d" and its end */
    EXERCISE_PREFIX_LIMIT = 64,     /* of the personal namespace, such as "INBOX." */
    EXERCISE_SWEEP_LIMIT = 20,      /* folders of killed runs that one run removes */
    EXERCISE_FOREIGN_S = 25 * 3600, /* so old is a folder that no run still works in: a connection
                                       may be held for a day */
};

/* An id from the time (Unix seconds) and some randomness. */
void exercise_id(char id[static EXERCISE_ID_SIZE], int64_t now_s, uint32_t random);

enum exercise_outcome { EXERCISE_UNKNOWN, EXERCISE_YES, EXERCISE_NO };

/* What the IMAP task needs and leaves; its state in struct mail_wish. */
struct exercise_imap {
    /* the driver's, before it begins */
    char id[EXERCISE_ID_SIZE];
    int64_t now_s;
    int hold_ms; /* how long the connection is left alone */
    struct strings dead,
        busy;  /* ids of this machine's runs that were killed, and that still work */
    bool stop; /* at any time: no further operation, only clean up. Beforehand: clean up alone */
    enum exercise_outcome second; /* set while it pauses: did the other client do its part? */
    /* the task's */
    struct arena arena;
    struct strings made;  /* folders of ours that may exist now */
    struct strings swept; /* those of killed runs that it removed */
    struct strings stale; /* those it is to remove */
    char prefix[EXERCISE_PREFIX_LIMIT];
    const char *folder;    /* in which all happens; NULL before it stands */
    bool idle, namespaces; /* offered */
    bool selected, literal, refused;
    size_t sweeping, deleting; /* which of `stale`, of `made` */
};
void exercise_imap_done(struct exercise_imap *exercise);
extern const struct dialogue_task exercise_imap_task;

/* The second client, while the first one pauses in the same folder. */
struct exercise_second {
    const char *folder;
    enum exercise_outcome outcome; /* did it see the first one's change, and make one of its own? */
};
extern const struct dialogue_task exercise_second_task;

enum { EXERCISE_UID_SIZE = 71, EXERCISE_MESSAGE_ID_SIZE = 256 };

/* One message of a POP3 mailbox, as every session must see it again. Many servers mark a message as
 * read when POP3 fetches it: where IMAP reaches the mailbox too, only one that is read already is
 * fetched. */
struct exercise_pop3 {
    bool stop;
    bool asked;                                /* IMAP was asked which messages are read */
    int64_t seen;                              /* the number of one that is; 0: none */
    char seen_id[EXERCISE_MESSAGE_ID_SIZE];    /* and its Message-ID, "" unknown */
    int64_t count;                             /* messages there are */
    int64_t number;                            /* the one that is read; 0: none fits */
    char uid[EXERCISE_UID_SIZE];               /* "" unknown (RFC 1939: 1 to 70 characters) */
    char message_id[EXERCISE_MESSAGE_ID_SIZE]; /* "<...>"; "" unknown */
};
extern const struct dialogue_task exercise_pop3_task;
/* Beforehand, over IMAP: a short message that is read already. State: the same. */
extern const struct dialogue_task exercise_pop3_choose_task;
/* A further session: the message is still there, with the same unique id. State: the same. */
extern const struct dialogue_task exercise_pop3_again_task;
/* Over IMAP: the message is in the inbox, which is opened read-only. State: the same. */
extern const struct dialogue_task exercise_pop3_over_imap_task;

#endif
