/* Who may ask: HTTP's basic authentication (RFC 7617). */
#ifndef SERVE_CREDENTIALS_H
#define SERVE_CREDENTIALS_H

#include "base/secret.h"

/* Does HEADER (of Authorization; NULL: none was sent) bring LOGIN, "user:password"? Takes the same
 * time for every wrong one. */
bool credentials_match(const struct secret *login, const char *header);

#endif
