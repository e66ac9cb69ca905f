/* The one test message of a run, and which endpoint submits it: exactly one does, whatever the
 * number of ports.
 *
 * Where mail goes behind a login, the credential gate has put the documented port first already, so
 * whoever asks first submits. Where none is needed, the first server that takes mail from others is
 * waited for, as the gate waits for the documented port. */
#ifndef ENGINE_OUTBOX_H
#define ENGINE_OUTBOX_H

#include "probes/submission.h"
#include "result/trace.h"

/* What `--submit` asks for. Strings are borrowed. */
struct outbox_wish {
    const char *from, *to; /* addresses, their domains in ASCII */
    bool rcpt_only;        /* stop before DATA */
    const char *route;     /* --route: its title; NULL */
    const char *limit;     /* what that route is limited to; NULL */
    bool anonymous;        /* where mail goes between servers: no login is needed first */
};

struct outbox;

/* Makes the message of this run, and notes it in TRACE, whose start is its date. */
struct outbox *outbox_new(struct trace *trace, const struct outbox_wish *wish);
void outbox_free(struct outbox *outbox); /* NULL is legal */

/* What a dialogue with ENDPOINT may submit; NULL where that is no place for it. OUTBOX may be NULL.
 */
const struct submission *outbox_submission(const struct outbox *outbox,
                                           const struct endpoint *endpoint);

/* One endpoint that could submit it now. */
struct outbox_request {
    const struct endpoint *endpoint;
    /* The answer, once, possibly before outbox_ask() returns: NULL is permission, else why not, as
     * a step's blocked_by. */
    void (*answer)(struct outbox_request *request, const char *why_not);
    void *arg;
    /* private */
    struct outbox_request *next;
    bool waiting;
};

/* The endpoints are planned: the first that could submit without a login is waited for. */
void outbox_expect(struct outbox *outbox);
void outbox_ask(struct outbox *outbox, struct outbox_request *request);
/* Nobody is answered until it is known whether the recipient's mailbox opens, where the message is
 * to be looked for: outbox_release(). With OPENED false nobody submits it, and the trace says so.
 */
void outbox_hold(struct outbox *outbox);
void outbox_release(struct outbox *outbox, bool opened);
/* A request whose session ended; nothing when it does not wait. */
void outbox_withdraw(struct outbox *outbox, struct outbox_request *request);
/* ENDPOINT will not ask any more, or nobody is waited for any longer (NULL). OUTBOX may be NULL. */
void outbox_give_up(struct outbox *outbox, const struct endpoint *endpoint);
/* The run is over: nobody is answered any more. OUTBOX may be NULL. */
void outbox_freeze(struct outbox *outbox);

#endif
