/* The mail of the simulated account: mailboxes and messages in memory, which all sessions share.
 *
 * Without I/O and without a clock: whoever calls says when it is. It is bounded: what does not fit
 * is refused, as a full mailbox refuses it. */
#ifndef SIMULATE_STORE_H
#define SIMULATE_STORE_H

#include "base/buffer.h"
#include "simulate/scenario.h"

enum {
    SIM_MESSAGE_LIMIT = 256 * 1024, /* bytes of one message */
    SIM_STORE_LIMIT = 4 << 20,      /* of all of them */
    SIM_MAILBOX_LIMIT = 100,
    SIM_MESSAGES_LIMIT = 1000, /* in one mailbox */
    SIM_NAME_LIMIT = 200,
    SIM_PENDING_LIMIT = 20, /* messages that are on their way */
    SIM_ADDRESS_SIZE = 256
};

/* System flags (RFC 3501 section 2.3.2); keywords are not kept, as Exchange keeps none. */
enum { SIM_SEEN = 1, SIM_ANSWERED = 2, SIM_FLAGGED = 4, SIM_DELETED = 8, SIM_DRAFT = 16 };

struct sim_message {
    uint32_t uid;
    unsigned flags;
    int64_t at_s; /* the internal date, Unix seconds */
    char *text;   /* lines ended by CR LF */
    size_t size;
};

struct sim_mailbox {
    unsigned id; /* never used again */
    char *name;
    uint32_t uid_validity, uid_next;
    struct sim_message *messages; /* by uid, ascending */
    size_t count, capacity;
};

/* A message that was submitted. */
struct sim_submission {
    char sender[SIM_ADDRESS_SIZE];
    char recipient[SIM_ADDRESS_SIZE]; /* the first */
    bool from_self, to_self;          /* the account is the sender, among the recipients */
    bool by_login;                    /* after a login, not from server to server */
    char client[64], session[20];     /* the peer's address, our id of the session */
    int64_t accepted_ns;              /* Unix time */
};

struct sim_pending {
    struct sim_submission submission;
    int64_t due_ns;
    char *text;
    size_t size;
};

struct sim_store {
    const struct sim_scenario *scenario;
    double delay_scale;                               /* of the scenario's delay of deliveries */
    struct sim_mailbox *mailboxes[SIM_MAILBOX_LIMIT]; /* the first is INBOX */
    size_t mailbox_count;
    size_t size;            /* bytes of all messages */
    unsigned changes;       /* grows whenever a session may have something to tell */
    unsigned ids;           /* given out */
    unsigned pop3_sessions; /* open now */
    struct sim_pending pending[SIM_PENDING_LIMIT];
    size_t pending_count;
};

enum sim_outcome {
    SIM_STORE_DONE,
    SIM_STORE_MISSING, /* there is no such mailbox */
    SIM_STORE_EXISTS,  /* there is one already */
    SIM_STORE_REFUSED, /* a name that cannot be, INBOX, one that has others below it */
    SIM_STORE_FULL
};

/* With the persona's mailboxes, and one letter in INBOX. SCENARIO is borrowed. */
struct sim_store *sim_store_new(const struct sim_scenario *scenario, double delay_scale);
void sim_store_free(struct sim_store *store); /* NULL is legal */

/* INBOX in any case (RFC 3501 section 5.1), other names as they are; NULL. */
struct sim_mailbox *sim_store_find(const struct sim_store *store, struct bytes name);
struct sim_mailbox *sim_store_by_id(const struct sim_store *store, unsigned id); /* NULL: gone */

/* Names are divided by '/'; what stands above a new one is made too (RFC 3501 section 6.3.3). */
enum sim_outcome sim_store_create(struct sim_store *store, struct bytes name);
enum sim_outcome sim_store_delete(struct sim_store *store, struct bytes name);
enum sim_outcome sim_store_rename(struct sim_store *store, struct bytes from, struct bytes to);
bool sim_store_has_children(const struct sim_store *store, const struct sim_mailbox *mailbox);

/* TEXT is copied. */
enum sim_outcome sim_store_append(struct sim_store *store, struct sim_mailbox *mailbox,
                                  struct bytes text, unsigned flags, int64_t at_s);
bool sim_store_has_room(const struct sim_store *store, const struct sim_mailbox *mailbox,
                        size_t size);
struct sim_message *sim_mailbox_message(const struct sim_mailbox *mailbox, uint32_t uid); /* NULL */
void sim_store_set_flags(struct sim_store *store, struct sim_message *message, unsigned flags);
void sim_store_remove(struct sim_store *store, struct sim_mailbox *mailbox, uint32_t uid);

/* delivery.c: what was submitted comes where the scenario says, at its time; what is for others
 * goes nowhere. False: there is no room for it. */
bool sim_store_submit(struct sim_store *store, const struct sim_submission *submission,
                      struct bytes text);
/* When the next message is due, Unix time; -1: none is on its way. */
int64_t sim_store_due_ns(const struct sim_store *store);
/* Delivers what is due. */
void sim_store_deliver(struct sim_store *store, int64_t now_ns);

#endif
