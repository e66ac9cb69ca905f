/* What was tried in a mailbox. */
#ifndef REPORT_EXERCISE_H
#define REPORT_EXERCISE_H

#include "base/buffer.h"
#include "result/trace.h"

/* Appends, raw, what worked and what did not: "993 tried: APPEND, SEARCH work; NOT: MOVE". ATTEMPT
 * is one of ENDPOINT's with PURPOSE_EXERCISE; nothing of one that never came to the mailbox. */
void exercise_words(struct buffer *line, const struct endpoint *endpoint,
                    const struct attempt *attempt);

#endif
