/* A name server for tests, on loopback and on the loop of the test itself. What it answers is
 * decided by the first label of the name that is asked, see fake_dns.c. */
#ifndef TESTS_FAKE_DNS_H
#define TESTS_FAKE_DNS_H

#include "net/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct fake_dns;

/* On a free port of ADDRESS ("127.0.0.1"), the same for UDP and TCP. */
struct fake_dns *fake_dns_new(struct loop *loop, const char *address);
void fake_dns_free(struct fake_dns *server);

/* "127.0.0.1:40123" */
const char *fake_dns_text(const struct fake_dns *server);

/* Answers every name as if it had this first label; NULL: none. */
void fake_dns_always(struct fake_dns *server, const char *label);
/* Answers this much later. */
void fake_dns_delay(struct fake_dns *server, int delay_ms);
/* No TCP: its port is closed. */
void fake_dns_no_tcp(struct fake_dns *server);

/* No UDP: queries are dropped, or answered by nobody (REFUSE: its port is closed). */
void fake_dns_no_udp(struct fake_dns *server, bool refuse);

/* How many queries came. */
int fake_dns_udp_count(const struct fake_dns *server);
int fake_dns_tcp_count(const struct fake_dns *server);

#endif
