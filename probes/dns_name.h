/* Domain names as they stand in DNS messages (RFC 1035 section 3.1), uncompressed, and as text. For
 * dns_message only. */
#ifndef PROBES_DNS_NAME_H
#define PROBES_DNS_NAME_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DNS_NAME_LIMIT = 255,                        /* with the root's label (RFC 1035 2.3.4) */
    DNS_LABEL_LIMIT = 63,                        /* without its length */
    DNS_NAME_TEXT_SIZE = 4 * DNS_NAME_LIMIT + 1, /* every byte as \DDD, and a terminator */
};

/* Length octets and labels up to the root's empty label; size 0 is no name. */
struct dns_name {
    uint8_t wire[DNS_NAME_LIMIT];
    size_t size;
};

/* TEXT with or without a final dot; \X and \DDD stand for one byte (RFC 1035 section 5.1). False
 * when it is no name, or only the root. */
bool dns_name_parse(struct dns_name *ret_name, const char *text);

/* Reads the name at *AT of MESSAGE, following compression pointers, and moves *AT past it. False
 * when it runs past the end, is too long, or points anywhere but backwards. */
bool dns_name_read(struct dns_name *ret_name, struct bytes message, size_t *at);

/* Without final dot, "" for the root; dots and backslashes inside a label as \X, bytes that are no
 * printable ASCII as \DDD. Returns TEXT. */
const char *dns_name_text(const struct dns_name *name, char text[static DNS_NAME_TEXT_SIZE]);

/* Without case (RFC 4343). */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);
/* Is NAME the name of ZONE, or one below it? */
bool dns_name_is_in(const struct dns_name *name, const struct dns_name *zone);

#endif
