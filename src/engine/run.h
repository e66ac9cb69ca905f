/* Runs a plan: resolves, connects, talks, and leaves a trace. The one place where the parts of a
 * run meet. */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include "base/secret.h"
#include "engine/doors.h"
#include "engine/outbox.h"
#include "engine/path_limits.h"
#include "engine/proxy.h"
#include "engine/trust.h"
#include "net/loop.h"
#include "plan/plan.h"
#include "result/trace.h"

/* What a reply to a login says of the secret; diagnosis/classify.h has it. The engine knows no
 * classes. */
typedef enum login_outcome run_judge_login(int service, struct bytes reply,
                                           const char *provider_family);
/* Why the run's access token must not go to ENDPOINT, whose conversation so far is ATTEMPT:
 * BLOCK_NONE where it may. diagnosis/token_class.h has it. */
typedef enum login_block run_judge_token(struct trace *trace, const struct endpoint *endpoint,
                                         const struct attempt *attempt);

/* As curl's --connect-to: HOST:PORT goes to ADDRESS:PORT, name, SNI and checks stay. */
struct connect_to {
    const char *host;    /* "" any */
    int port;            /* 0 any */
    const char *address; /* numeric */
    int to_port;
};

struct run_options {
    struct target target;
    struct plan_options plan;
    const char *user;    /* NULL: the target's address or URL user */
    const char *mailbox; /* another's, to be opened by that login; NULL */
    const struct secret *password, *token;
    const char *mechanism; /* --auth, upper case */
    bool all_logins, retry_login, insecure_login;
    const char *state_dir;
    const char *resolver;
    const char *const *resolvers_beside; /* asked the same, for comparison */
    size_t resolver_beside_count;
    const struct connect_to *connect_to;
    size_t connect_to_count;
    const char *ca_file;
    bool no_system_ca;
    struct trust *trust; /* what ca_file and no_system_ca say, loaded once for many runs and theirs
                            to borrow; NULL: the run loads its own */
    int family;          /* 4, 6 or 0 for both */
    const char *source;  /* numeric address; NULL */
    struct proxy_settings proxy;
    const char *ehlo;                  /* NULL: this machine's name */
    int timeout_ms;                    /* cap on each budget; 0 none */
    int deadline_ms;                   /* the whole run; 0 none */
    bool exercise_imap, exercise_pop3; /* try what the mailbox can do */
    int exercise_hold_ms;
    const struct outbox_wish *submit; /* NULL: no message is submitted */
    bool round_trip;                  /* then look for it in the mailbox */
    /* The account in whose mailbox it is looked for, as a run of its own, which leaves
     * trace.recipient (made by the caller): until a mailbox of it has opened, nothing is submitted.
     * It has no deadline of its own. NULL: this run's own account. */
    const struct run_options *recipient;
    int arrival_ms;       /* how long */
    bool path;            /* walk paths even where nothing fails */
    bool path_asked_only; /* and nowhere without it: for whoever checks again and again */
    struct path_limits *path_limits; /* shared by the runs of a process, theirs to borrow; NULL:
                                        paths are walked whenever they tell something */
    run_judge_login *judge_login;
    run_judge_token *judge_token;
    struct doors *doors; /* shared by many runs: who may connect where, and when; NULL: at once */
    bool no_second_opinion; /* the system's own lookup is not asked beside the name servers */
};

/* The name that a run with OPTIONS logs in with; NULL without a secret. Borrowed. */
const char *run_login_user(const struct run_options *options);

struct run;

/* Starts; DONE is called once, when the trace is whole. NULL and a message (release with free())
 * when an option is bad (resolver, source, unreadable ca_file). OPTIONS are borrowed until
 * run_free(). */
struct run *run_start(struct loop *loop, const struct run_options *options, struct trace *trace,
                      loop_function *done, void *arg, char **ret_error);
/* Ends it: open steps become "cut", the trace says why ("interrupt"), DONE is called at the next
 * turn; after some seconds at most where something of this run must be removed from a mailbox. */
void run_cancel(struct run *run, const char *why);
/* A refused password could not be remembered: the next run may send it again. */
bool run_has_forgotten(const struct run *run);
void run_free(struct run *run);
/* Nanoseconds since the trace's zero. */
int64_t run_elapsed_ns(const struct run *run);

#endif
