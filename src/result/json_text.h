/* JSON as text in a buffer: for every file, line and answer that this program writes. */
#ifndef RESULT_JSON_TEXT_H
#define RESULT_JSON_TEXT_H

#include "base/buffer.h"

#include <jansson.h>

/* Appends VALUE as text, without a newline. FLAGS as for json_dumps(); a value that is neither
 * object nor array needs JSON_ENCODE_ANY. No copy of the text stays behind, so that VALUE may hold
 * a secret; what does not fit is OUT's overflow. */
void json_text_append(struct buffer *out, const json_t *value, size_t flags);

#endif
