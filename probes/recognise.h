/* What is it that answers? Told from its first bytes. */
#ifndef PROBES_RECOGNISE_H
#define PROBES_RECOGNISE_H

#include "base/bytes.h"

enum peer_protocol {
    PEER_UNKNOWN,
    PEER_SMTP,
    PEER_IMAP,
    PEER_POP3,
    PEER_TLS,
    PEER_HTTP,
    PEER_SSH,
    PEER_FTP,
    PEER_COUNT
};

/* FIRST: the first bytes a peer sent, up to its first line end or 64 bytes. "220" alone may be SMTP
 * or FTP: the words behind it decide (host names are no words), SMTP where they do not. A TLS
 * record header is 0x14 to 0x17, 0x03, then 0x00 to 0x04. */
enum peer_protocol recognise(struct bytes first);
const char *
peer_protocol_name(enum peer_protocol protocol); /* "SMTP", "TLS", ...; "" for unknown */

#endif
