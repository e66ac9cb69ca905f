/* The door to libgsasl: mechanisms that prove the password without sending it, SCRAM-SHA-256 and
 * SCRAM-SHA-1 (RFC 5802, RFC 7677), with -PLUS bound to the TLS connection, and CRAM-MD5 (RFC
 * 2195).
 *
 * The library holds a copy of the password while an exchange is under way, and what it derives from
 * it; both are overwritten at its end. Not overwritten: what its own arithmetic leaves on the stack
 * and in freed blocks. SCRAM's server signature is checked: a server that cannot make it does not
 * know the password, whatever it says. */
#ifndef PROBES_SASL_GSASL_H
#define PROBES_SASL_GSASL_H

#include "probes/sasl.h"

/* respond of the mechanisms above; as in struct sasl_mechanism. */
bool sasl_gsasl_respond(struct sasl_exchange *exchange, struct bytes challenge, struct buffer *out);
/* Has the server proved that it knows the password, as far as the mechanism asks for that? */
bool sasl_gsasl_proven(const struct sasl_exchange *exchange);
/* Overwrites and releases what the library holds; legal when it holds nothing. */
void sasl_gsasl_done(struct sasl_exchange *exchange);

#endif
