/* An endpoint in one row: what each phase took, and where it stopped. */
#ifndef REPORT_ROW_H
#define REPORT_ROW_H

#include "result/trace.h"

#include <stdbool.h>

enum { ROW_PHRASE_LIMIT = 16, ROW_PHRASE_SIZE = 160 };

struct row_phrase {
    char text[ROW_PHRASE_SIZE]; /* our own words: "TLS 48 ms", "login REFUSED 5.2 s" */
    bool bad;                   /* a fault of an endpoint that is expected to work */
};

struct row {
    struct row_phrase phrases[ROW_PHRASE_LIMIT];
    int count;
};

/* PROVIDER is who does not offer a port: "Microsoft 365". */
void row_make(struct row *row, const struct trace *trace, const struct endpoint *endpoint,
              const char *provider);

/* What the endpoint is for, in at most five letters: "send", "read", "relay"; "" when unknown. */
const char *row_purpose(const struct endpoint *endpoint);

/* Did every address fail or stay untried in one way, so that one word says it: "NO ANSWER",
 * "connection REFUSED", "NO ROUTE", ...; else "connection FAILED". */
const char *row_connect_word(const struct failure *failure);

/* A phase in a word: "connect", "TLS"; and how one failed: "REFUSED", "NO ANSWER". */
const char *row_phase(enum stage stage);
const char *row_fault_word(const struct failure *failure);

/* What is wrong with the certificate: "EXPIRED"; NULL: nothing, or there is none. TLS may be NULL.
 */
const char *row_certificate_word(const struct tls_facts *tls);

/* Was the name of its host looked up in vain: then TEXT says how, "name NOT FOUND". */
bool row_unresolved(char *text, size_t size, const struct endpoint *endpoint);

/* As a sentence for a person why the login did not take place: "password not sent: OAuth only". */
void row_login_block(char *text, size_t size, const struct trace *trace,
                     const struct endpoint *endpoint, const struct attempt *attempt,
                     enum login_block block);

#endif
