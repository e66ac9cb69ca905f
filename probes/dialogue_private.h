/* What dialogue.c and dialogue_say.c share. */
#ifndef PROBES_DIALOGUE_PRIVATE_H
#define PROBES_DIALOGUE_PRIVATE_H

#include "probes/dialogue.h"

enum { DIALOGUE_OUT_LIMIT = 256 * 1024 }; /* far more than the longest secret in base64 */

const struct dialogue_step *dialogue_step_of(const struct dialogue *d, int index);
void dialogue_add_row(struct dialogue *d, enum dialogue_row_kind kind, int index,
                      struct bytes line);
/* The line without its CR LF or LF. */
struct bytes dialogue_without_line_end(struct bytes text);

/* Blots the known secrets out of the first SIZE bytes, in place, so that nothing downstream can
 * forget to. */
void dialogue_scrub(const struct dialogue *d, struct buffer *buffer, size_t size);

/* Says a step's words and logs them, redacted; a step without any only listens. */
void dialogue_say(struct dialogue *d, int index);

#endif
