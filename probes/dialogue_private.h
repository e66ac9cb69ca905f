/* What the files of the dialogue engine share. */
#ifndef PROBES_DIALOGUE_PRIVATE_H
#define PROBES_DIALOGUE_PRIVATE_H

#include "probes/dialogue.h"
#include "probes/recognise.h"

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

/* Who answers where a greeting is due, if it is not the protocol we speak; PEER_UNKNOWN otherwise.
 */
enum peer_protocol dialogue_stranger(const struct dialogue *d, struct bytes pending);
struct failure dialogue_mismatch(enum peer_protocol peer);
/* A TLS server that is spoken to in clear sends an alert, one record, and no line end. */
enum { DIALOGUE_ALERT_SIZE = 7 };
bool dialogue_hears_alert(const struct dialogue *d, struct bytes pending);

#endif
