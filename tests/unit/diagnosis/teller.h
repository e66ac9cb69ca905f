/* The pieces that stories are told with: each adds to the trace what a run would have left there.
 */
#ifndef TESTS_DIAGNOSIS_TELLER_H
#define TESTS_DIAGNOSIS_TELLER_H

#include "story.h"

enum { TELLER_MS = 1000000 };

struct teller {
    struct trace *trace;
    struct endpoint *endpoint;
    struct attempt *attempt;
    int64_t now_ns;
};

struct step *teller_step(struct teller *t, const char *name, enum stage stage, enum status status);
/* KIND: a word of base/failure.h, then its text. WORDS: the reply; NULL none. */
void teller_fail(struct teller *t, const char *name, enum stage stage, const char *kind,
                 const char *words);
struct address *teller_address(struct teller *t, const char *text, enum status status);
void teller_connect(struct teller *t);              /* name and address are good */
void teller_greet(struct teller *t);                /* and the greeting and the capabilities */
struct tls_facts *teller_encrypt(struct teller *t); /* and TLS, with a good certificate */
void teller_end(struct teller *t);                  /* the goodbye */
void teller_hold(struct teller *t, const char *block, const char *words);
void teller_accept(struct teller *t);
void teller_accept_all(struct teller *t); /* login, mailbox, goodbye */
/* "expired", "future", "name", "self", "private", "chain", "noroots", or a verification bit. */
void teller_spoil(struct teller *t, struct tls_facts *tls, const char *what);
/* "key", "sha1", "noname"; anything else: TLS 1.0. */
void teller_weaken(struct tls_facts *tls, const char *what);
void teller_offer(struct teller *t, const char *mechanisms); /* "PLAIN,LOGIN" */
void teller_lookup(struct teller *t, const char *type, const char *kind);

#endif
