/* What a trace says of the test message. */
#ifndef RESULT_MESSAGE_H
#define RESULT_MESSAGE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* The one test message of a run. */
struct submission_facts {
    const char *from;       /* of MAIL FROM and of the From header */
    const char *to;         /* of RCPT TO and of the To header */
    const char *message_id; /* without its angle brackets */
    const char *run_id;     /* 16 hexadecimal digits; in the message too */
    bool rcpt_only;         /* it was to end after the recipient, and nothing to be sent */
    bool anonymous;         /* it was to go without a login where none is asked for */
    const char *route;      /* the way that was asked for, in words: "Direct Send to ..."; NULL */
    const char *limit;      /* "it carries mail to recipients inside the organisation only"; NULL */
    const char *endpoint;   /* id of the endpoint that was to take it; NULL: none came so far */
    int size;               /* bytes; 0: none were announced */
    bool recipient_taken;   /* RCPT was accepted */
    bool accepted;          /* the server took it, and answers for it from then on */
    bool withheld; /* nothing was sent, as the mailbox in which it was to be looked for did not open
                    */
};

/* One server on the message's way, as its Received field tells. */
struct passage {
    struct passage *next;
    const char *from, *by; /* the names it gives; NULL: none */
    int64_t at_s;          /* Unix seconds by that server's clock */
    int delay_s;           /* since the one before; -1 unknown, or the clocks differ */
};

/* What came of the test message after it was accepted. */
struct delivery_facts {
    const char *endpoint; /* id of the mailbox's endpoint where it was looked for; NULL: nowhere */
    const char *account;  /* whose mailbox that is: of trace.recipient; NULL: the run's own */
    bool copy_only;       /* only its copy among what was sent was looked for, to remove it */
    bool arrived;
    bool junk;                     /* in the folder for junk */
    const char *folder;            /* where it was, or with copy_only its copy; NULL */
    int64_t found_ns;              /* since it was accepted: it, or what came in its place; -1 */
    int64_t waited_ns;             /* how long it was looked for */
    struct passage *passages;      /* in the order of its way */
    struct strings authentication; /* Authentication-Results, as they stand */
    struct bytes bounce;           /* a report that it could not be delivered, decoded; empty */
    struct bytes diagnostic;       /* the refusing server's words in it (Diagnostic-Code); empty */
    int removed, left; /* messages of this run that were removed again, and that could not be */
};

#endif
