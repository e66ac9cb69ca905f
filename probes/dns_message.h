/* DNS messages (RFC 1035, RFC 6891, RFC 8914): making a query, reading an answer. Bounded against
 * every hostile packet: a name loops or runs past the end, a count lies, a record is cut off. */
#ifndef PROBES_DNS_MESSAGE_H
#define PROBES_DNS_MESSAGE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28, DNS_SRV = 33 };

enum {
    DNS_QUERY_LIMIT = 300,  /* bytes of the longest query */
    DNS_UDP_SIZE = 1232,    /* EDNS buffer size that avoids fragments (DNS flag day 2020) */
    DNS_CNAME_LIMIT = 16,   /* longer chains are a loop */
    DNS_RECORD_LIMIT = 512, /* records kept of one answer; further ones are left out */
};

/* Writes a query for NAME with recursion desired, EDNS and the AD bit set. Its size; 0 when NAME is
 * no domain name (label over 63, name over 255 bytes, empty label). */
size_t dns_query_make(uint8_t query[static DNS_QUERY_LIMIT], uint16_t id, const char *name,
                      enum dns_type type);

/* Takes EDNS off the query of SIZE bytes, for servers that know nothing of it (RFC 6891 section
 * 7). Its new size. */
size_t dns_query_plain(uint8_t *query, size_t size);

struct dns_record {
    const char *text; /* presentation form of the data: "192.0.2.1", "10 mx.example.com", "0 1 587
                         smtp.example.com", "\"v=spf1 -all\"" with \DDD and \" inside */
    int preference;   /* MX preference, SRV priority; else 0 */
    int weight, port; /* SRV */
    const char
        *host; /* MX, SRV, CNAME: the name ("" for the root: a null MX, RFC 7505); else NULL */
    uint32_t ttl;
};

struct dns_answer {
    int rcode; /* with the extended bits; -1 when the message is malformed */
    bool truncated;
    bool authentic;             /* AD */
    int ede;                    /* first extended error's code, -1 none */
    struct strings cname;       /* the chain from the asked name, in order */
    struct dns_record *records; /* of the asked type, at the end of the chain, each once */
    size_t count;
    bool cname_loop;
    const char *zone; /* of an answer without records: the zone that has none, by its SOA (RFC 2308
                         section 2); NULL: none was named */
};

/* Reads MESSAGE as the answer to (NAME, TYPE). Strings are ARENA's. Names compare without case. */
void dns_answer_read(struct dns_answer *ret_answer, struct arena *arena, struct bytes message,
                     const char *name, enum dns_type type);

const char *dns_rcode_name(
    int rcode); /* "NOERROR", "NXDOMAIN", ...; "RCODE11" style for others is the caller's: NULL */
const char *dns_type_name(enum dns_type type);

#endif
