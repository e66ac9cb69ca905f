/* What answers of POP3 hold. Private to probes/. */
#ifndef PROBES_POP3_REPLY_H
#define PROBES_POP3_REPLY_H

#include "probes/dialogue.h"

enum { POP3_WHOLE_LIMIT = DIALOGUE_REPLY_LIMIT - 8192 }; /* a smaller message fits into one reply */

/* What stands behind "+OK" on the first line, without its line end. */
struct bytes pop3_behind_ok(const struct reply *reply);
/* What stands behind the first line. */
struct bytes pop3_behind_first_line(const struct reply *reply);

#endif
