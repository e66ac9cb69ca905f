/* DNS messages made by hand, byte by byte, for the tests of the reader. */
#ifndef TESTS_DNS_CRAFT_H
#define TESTS_DNS_CRAFT_H

#include "probes/dns_message.h"

#include <stddef.h>
#include <stdint.h>

struct packet {
    uint8_t data[65536];
    size_t size;
    struct arena arena;
};

/* cmocka's set-up and tear-down: *state is a struct packet. */
int dns_set_up(void **state);
int dns_tear_down(void **state);
void dns_put(struct packet *p, const void *data, size_t size);
void dns_put16(struct packet *p, unsigned value);
/* "a.b" as labels, "" as the root. */
void dns_put_name(struct packet *p, const char *name);
/* The header, with QR and FLAGS, and the question. */
void dns_begin(struct packet *p, unsigned flags, unsigned answers, unsigned authority,
               unsigned additional, const char *name, enum dns_type type);
/* What stands between owner and data of a record. */
void dns_put_fixed(struct packet *p, unsigned type, unsigned size);
void dns_put_record(struct packet *p, const char *owner, unsigned type, const void *data,
                    size_t size);
void dns_put_a(struct packet *p, const char *owner, const char *four);
/* A record whose data is PREFIX and then a name. */
void dns_put_named(struct packet *p, const char *owner, unsigned type, const void *prefix,
                   size_t prefix_size, const char *name);
void dns_put_opt(struct packet *p, unsigned extended_rcode, const void *options, size_t size);
/* Reads the packet as the answer to (NAME, TYPE), in space of its exact size. */
struct dns_answer dns_read_as(struct packet *p, const char *name, enum dns_type type);
void dns_assert_malformed(struct packet *p, const char *name, enum dns_type type);

#endif
