/* The names of the folders that an exercise makes, and how those of killed runs are told. Private
 * to probes/exercise*.c. */
#ifndef PROBES_EXERCISE_FOLDER_H
#define PROBES_EXERCISE_FOLDER_H

#include "probes/exercise.h"

/* Our folder's name with SUFFIX ("", "-a", "-b"), in the personal namespace; the arena's. */
const char *exercise_folder(struct exercise_imap *exercise, const char *suffix);
/* Takes the personal namespace's prefix out of a reply to NAMESPACE (RFC 2342 section 5); one that
 * does not fit a quoted string as it is, is left aside. */
void exercise_read_namespace(struct exercise_imap *exercise, struct bytes text);
/* Every folder in a reply to LIST that a dead run left behind is added to `stale`; of our own id,
 * to OURS. */
void exercise_read_list(struct exercise_imap *exercise, struct bytes text, struct strings *ours);

#endif
