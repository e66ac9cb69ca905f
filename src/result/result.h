/* A result: the trace of a run, what it means (findings), and the one answer (verdict).
 *
 * Findings and verdict hold strings, not pointers into the catalogue, so that a saved result can be
 * read back by any later version and shown as it was judged. All memory is the trace's arena. */
#ifndef RESULT_RESULT_H
#define RESULT_RESULT_H

#include "result/trace.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_COUNT };
enum confidence {
    CONFIDENCE_NONE,
    CONFIDENCE_POSSIBLE,
    CONFIDENCE_LIKELY,
    CONFIDENCE_CERTAIN,
    CONFIDENCE_COUNT
};
enum owner {
    OWNER_NONE,
    OWNER_USER,
    OWNER_HELPDESK,
    OWNER_NETWORK_ADMIN,
    OWNER_TENANT_ADMIN,
    OWNER_APP_DEVELOPER,
    OWNER_DOMAIN_OWNER,
    OWNER_PROVIDER,
    OWNER_COUNT
};
enum verdict_status {
    VERDICT_OK,
    VERDICT_WARNING,
    VERDICT_FAIL,
    VERDICT_UNKNOWN,
    VERDICT_STATUS_COUNT
};
enum need_status { NEED_STATUS_UNTESTED, NEED_STATUS_OK, NEED_STATUS_FAIL, NEED_STATUS_COUNT };

const char *severity_name(enum severity severity); /* "info", "warning", "error" */
const char *
confidence_name(enum confidence confidence); /* "possible", "likely", "certain"; "" for none */
const char *owner_name(enum owner owner);    /* "tenant-admin", ...; "" for none */
const char *
verdict_status_name(enum verdict_status status);       /* "ok", "warning", "fail", "unknown" */
const char *need_status_name(enum need_status status); /* "untested", "ok", "fail" */
int severity_parse(const char *word);                  /* each: -1 when unknown */
int confidence_parse(const char *word);
int owner_parse(const char *word);
int verdict_status_parse(const char *word);
int need_status_parse(const char *word);

struct evidence {
    struct evidence *next;
    const char *endpoint; /* id, "" for a lookup */
    const char *address;  /* NULL */
    const char *step;     /* the step's name, or the lookup's name and type; "reported": the caller
                             saw it elsewhere */
    int64_t at_ns;
    struct bytes line; /* the server's words, or ours where it said none */
};

struct finding {
    struct finding *next;
    const char *class_id;
    enum severity severity;
    enum stage stage;
    enum owner owner;
    enum confidence confidence;
    const char *endpoint; /* id; "" when it is about a name or the whole run */
    const char *address;  /* NULL: not about one address */
    const char *title;
    const char *meaning;
    struct strings fix;      /* steps in order, values filled in */
    struct strings commands; /* for an administrator, values filled in; never wrapped by a report */
    struct strings references;
    struct evidence *evidence;
};

struct alternative {
    struct alternative *next;
    const char *class_id;
    const char *title;
    enum confidence confidence;
    struct strings against, in_favour;
};

/* How the error that the caller saw goes with what the run saw. */
enum reported_relation {
    REPORTED_UNKNOWN,     /* "unknown": it tells no cause */
    REPORTED_AGREES,      /* "agrees": the run saw the same */
    REPORTED_FITS,        /* "fits": the run saw what can be the same fault in other words */
    REPORTED_CONTRADICTS, /* "contradicts": where it arose, the run saw something else */
    REPORTED_UNTESTED,    /* "untested": the run did not come to where it arose */
    REPORTED_COUNT
};
const char *reported_relation_name(enum reported_relation relation);
int reported_relation_parse(const char *word); /* -1 when unknown */

struct reported {
    const char *class_id, *title; /* NULL: unknown */
    enum confidence confidence;
    enum reported_relation relation;
    struct bytes line;      /* the words that decided */
    const char *summary;    /* a sentence or two: how it goes with this run */
    struct strings compare; /* what may differ where it arose */
};

struct verdict {
    enum verdict_status status;
    const char *class_id; /* NULL when ok or unknown */
    const char *title;    /* the class's, NULL */
    const char *summary;  /* one sentence */
    const char *meaning;  /* the finding's; NULL when ok */
    enum owner owner;
    enum confidence confidence;
    const char *endpoint; /* id of the finding it rests on, NULL */
    struct strings fix, commands;
    enum need_status send, read;
    const char *send_by, *read_by; /* endpoint ids that met the need, NULL */
    struct alternative *alternatives;
    struct strings not_tested; /* sentences: "no login was given", ... */
    struct reported *reported; /* NULL: the caller reported no error */
};

struct result {
    struct trace *trace; /* owned */
    const char *catalogue_date;
    const char *tool_version;
    struct finding *findings;
    struct verdict verdict;
    struct result *recipient; /* of the account that the test message went to, where that is
                                 another: what was found there. NULL; owned, its trace too */
};

/* Takes TRACE, and the recipient's in it. The tool's version is this program's, the verdict is
 * unknown, nothing is found yet.
 */
struct result *result_new(struct trace *trace);
void result_free(struct result *result);
struct finding *result_add_finding(struct result *result);
struct evidence *result_add_evidence(struct result *result, struct finding *finding);
struct alternative *result_add_alternative(struct result *result);

/* Exit status of `check` for this result (DESIGN section 4): 0 ok, 1 warning, 2 fail, 3 unknown. An
 * incomplete run gives 2 when a fault is proven, else 3. FAIL_ON_WARNING turns 1 into 2. */
int result_exit_status(const struct result *result, bool fail_on_warning);

#endif
