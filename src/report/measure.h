/* The numbers of a result that monitoring watches. */
#ifndef REPORT_MEASURE_H
#define REPORT_MEASURE_H

#include "result/result.h"

/* What each stage took in the endpoint's dialogue, in nanoseconds; -1 for a stage that was not
 * reached, or is not over. */
void measure_stages(const struct endpoint *endpoint, int64_t took[static STAGE_COUNT]);

/* What the handshake of the endpoint's dialogue showed; NULL: none was begun. */
const struct tls_facts *measure_tls(const struct endpoint *endpoint);

/* When the first of the certificates that the endpoint showed expires, in Unix seconds; INT64_MAX
 * without any. Of the whole result: of all endpoints that the provider may be held to. */
int64_t measure_expiry(const struct endpoint *endpoint);
int64_t measure_earliest_expiry(const struct result *result);

#endif
