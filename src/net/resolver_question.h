/* A question and its way through the name servers, behind resolver.c. */
#ifndef NET_RESOLVER_QUESTION_H
#define NET_RESOLVER_QUESTION_H

#include "net/resolver.h"
#include "net/resolver_files.h"
#include "net/resolver_transport.h"

enum {
    RESOLVER_PROOFS = 5,
    /* Five sendings at 0, 1, 3, 7 and 15 units; 7 units last as long as a server's share of the
     * budget, the rest is for late answers. */
    RESOLVER_UNITS_PER_SHARE = 7,
};

/* The question once more over UDP. */
struct proof {
    struct inquiry *inquiry;
    struct dns_exchange *exchange; /* NULL: over */
};

/* One question asked of one server: a row of the trace. */
struct inquiry {
    struct question *question;
    struct dns_server *server;
    struct lookup *row;
    struct dns_exchange *exchange; /* NULL: over */
    enum dns_transport transport;
    struct dns_exchange *beside; /* the same over TCP, since UDP brings nothing; NULL: none */
    struct loop_timer *patience; /* with the silence of UDP, or of TCP beside it */
    int64_t beside_ns;           /* when TCP was asked beside */
    struct proof proofs[RESOLVER_PROOFS]; /* that UDP is silent, though TCP has answered */
    size_t proof_count;
    int64_t proof_ms; /* between them */
    bool plain;       /* without EDNS */
    bool overdue;     /* its share of the time is up; its answer is still welcome */
    int64_t sent_ns;
    struct dns_answer answer;
};

struct question {
    struct question *next;
    struct resolver *resolver;
    const char *name; /* as asked, without a final dot */
    enum dns_type type;
    struct waiter *waiters;  /* resolver.c's */
    struct loop_timer *turn; /* the next waiter is told */
    bool known;              /* RESOLUTION is the answer to give */
    struct resolution resolution;
    struct resolution hosts; /* what the hosts file has; lookup NULL: nothing */

    bool asking; /* name servers are at it; also behind an answer of the hosts file */
    struct inquiry inquiries[RESOLVER_SERVER_LIMIT];
    size_t inquiry_count;
    int64_t deadline_ns;
    struct loop_timer *timer; /* the last server's share, or the deadline */
};

struct resolver {
    struct loop *loop;
    struct trace *trace;
    int64_t started_ns;
    int budget_ms;
    int unit_ms; /* a query is sent again after one of them, two later, four later */
    bool beside; /* for comparison */
    bool chosen; /* --resolver: then its answers win over the hosts file */
    const char *hosts_file;
    struct dns_server *servers[RESOLVER_SERVER_LIMIT];
    const char *server_names[RESOLVER_SERVER_LIMIT];
    bool tcp_only[RESOLVER_SERVER_LIMIT]; /* it answered over TCP while UDP brought nothing */
    size_t server_count;
    struct question *questions;
};

/* A new row of the trace for the question, open still: cancelled, if nothing follows. SERVER is
 * kept. */
struct lookup *question_row(struct question *question, const char *server);

/* Asks the servers until one settles it or the budget is spent, then calls question_know(). */
void question_ask(struct question *question);
/* Ends what is under way, without a word but in the trace. */
void question_cancel(struct question *question);

/* The answer that is given to those who wait, if there was none before. resolver.c has it. */
void question_know(struct question *question, struct resolution resolution);

#endif
