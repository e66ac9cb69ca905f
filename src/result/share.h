/* A result that may be handed on: who and where are replaced, what happened stays.
 *
 * Users, hosts, domains, tenants, addresses, machine and mailbox names, names in certificates,
 * session ids and fingerprints are replaced, in our own words, in a server's and in the dialogues
 * alike; what is the same before is the same after. Encoded forms are found as well: base64,
 * percent and IDNA (RFC 5891). What is everybody's stays: the documented hosts and mail domains of
 * the providers (providers.json), addresses of the loopback, certificate authorities of the public,
 * and the pages that replies point to.
 *
 * Pseudonyms are names below .example (RFC 2606) and addresses for documentation (RFC 5737, RFC
 * 3849; RFC 2544 when those are used up). A private address becomes one of 192.0.2.0/24 or
 * 2001:db8:1::/48, so that it can still be told from a public one. */
#ifndef RESULT_SHARE_H
#define RESULT_SHARE_H

#include "result/result.h"

/* Replaces in place, by one and the same rule in all of RESULTS. */
void share_results(struct result *const *results, size_t count);

#endif
