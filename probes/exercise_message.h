/* The one message of an exercise, and what finds it. Private to probes/exercise*.c. */
#ifndef PROBES_EXERCISE_MESSAGE_H
#define PROBES_EXERCISE_MESSAGE_H

#include "probes/exercise.h"

/* The whole message, lines ended by CR LF; the arena's. */
const char *exercise_message(struct exercise_imap *exercise);

enum exercise_search {
    EXERCISE_BY_SUBJECT,
    EXERCISE_BY_FROM,
    EXERCISE_BY_DATE,
    EXERCISE_BY_TEXT,
    EXERCISE_BY_HEADER,
    EXERCISE_BY_FLAG,
    EXERCISE_BY_NOTHING /* what no message has */
};
/* The search key (RFC 3501 section 6.4.4) that finds it; the arena's. */
const char *exercise_search(struct exercise_imap *exercise, enum exercise_search search);

#endif
