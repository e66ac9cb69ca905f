/* The simulated name server, without sockets: a query in, an answer out, from its own records and
 * from nowhere else. Its messages are read and written by code of its own (RFC 1035). */
#ifndef SIMULATE_DNS_ANSWER_H
#define SIMULATE_DNS_ANSWER_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "simulate/scenario.h"

enum { SIM_DNS_LIMIT = 65535 };

/* Where the simulator listens: what an A or AAAA query is told. */
struct sim_dns_addresses {
    const uint8_t (*v4)[4];
    size_t v4_count;
    const uint8_t (*v6)[16];
    size_t v6_count;
};

/* Appends the answer to QUERY to OUT (limit SIM_DNS_LIMIT). False: say nothing, for the scenario
 * wants silence or QUERY is no query. Over UDP an answer larger than the asker takes (512 bytes, or
 * what its OPT record says, RFC 6891) becomes a truncated one. */
bool sim_dns_answer(const struct sim_scenario *scenario, const struct sim_dns_addresses *addresses,
                    struct bytes query, bool tcp, struct buffer *out);

#endif
