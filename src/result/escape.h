/* Our own words made fit for any output. */
#ifndef RESULT_ESCAPE_H
#define RESULT_ESCAPE_H

#include "base/buffer.h"
#include "base/bytes.h"

/* As text_escape(), but a backslash stays one: commands for an administrator hold them, and are
 * pasted. For texts of the catalogue, of findings and verdicts, which are not read back as bytes.
 */
void escape_words(struct buffer *out, struct bytes text);

#endif
