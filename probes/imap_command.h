/* Commands of IMAP and what their answers hold. Private to probes/. */
#ifndef PROBES_IMAP_COMMAND_H
#define PROBES_IMAP_COMMAND_H

#include "probes/dialogue.h"

#include <stdint.h>

/* Appends the command with the next tag and CR LF; for the dialogue of a struct mail. */
void imap_command(struct dialogue *d, struct buffer *out, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Has one line of a reply both words, whatever the case? */
bool imap_line_has(struct bytes text, const char *word, const char *other);
/* What stands in the first literal of a reply (RFC 3501 section 4.3); nothing without one. */
struct bytes imap_literal(struct bytes text);
/* What SEARCH found (RFC 3501 section 7.2.5): how many numbers were written to RET_NUMBERS, the
 * first LIMIT at most. */
size_t imap_found(struct bytes text, uint32_t *ret_numbers, size_t limit);
bool imap_found_any(struct bytes text);

#endif
