/* The header of a message as it arrived: who passed it on and when, and what was checked. */
#ifndef PROBES_MAIL_HEADER_H
#define PROBES_MAIL_HEADER_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* Takes the next field off REST: its name in FIELD, its value unfolded into the arena (RFC 5322
 * section 2.2.3). False at the end of the header. */
struct mail_field {
    struct bytes name;
    const char *value;
};
bool mail_header_next(struct bytes *rest, struct arena *arena, struct mail_field *ret_field);
bool mail_field_is(const struct mail_field *field, const char *name); /* case-insensitive */

/* One Received field (RFC 5321 section 4.4): the names behind "from" and "by", NULL without; the
 * time behind the last semicolon in Unix seconds, -1 without. */
struct mail_received {
    const char *from, *by;
    int64_t at_s;
};
struct mail_received mail_header_received(struct arena *arena, const char *value);

/* "Sun, 22 Nov 2026 04:49:05 +0100 (CET)" to Unix seconds (RFC 5322 section 3.3); -1 for what is no
 * such time. */
int64_t mail_header_date(const char *text);

#endif
