/* How the verdict is reached: the ways of a run, the needs they meet, and the judges that name the
 * cause. Shared by the files of the verdict. */
#ifndef DIAGNOSIS_VERDICT_H
#define DIAGNOSIS_VERDICT_H

#include "diagnosis/catalogue.h"
#include "result/result.h"

struct rules;

/* What an endpoint turned out to be for somebody who wants to use it. */
enum way_state {
    WAY_UNTESTED, /* cut short, or its login was held back because of another protocol's refusal */
    WAY_OPEN,     /* everything up to the login works; the login was not tested */
    WAY_WORKS,    /* the login was accepted here, or for the same protocol elsewhere; where a
                     message was to be submitted, it was, here or there */
    WAY_UNFIT,    /* the secret given is of a kind that is not taken here: it was not sent */
    WAY_FAILED
};

struct way {
    struct endpoint *endpoint;
    const struct attempt *attempt; /* the main one; NULL: none was begun */
    enum way_state state;
    struct finding *cause; /* of FAILED and UNFIT; may be another endpoint's */
};

/* One thing that must work: a need of the target; each endpoint of NEED_ENDPOINT, and each protocol
 * that a bare host serves (NEED_ANY), is one of its own. */
struct wish {
    enum need need;
    const struct endpoint *endpoint; /* NEED_ENDPOINT: this one */
    int service;                     /* NEED_ANY: enum service, -1: nothing answered at all */
    enum need_status status;
    const struct way *by;   /* what met it, or what is open; NULL */
    const struct way *lead; /* FAIL: the failed way that tells most */
};

struct weighing {
    struct result *result;
    struct arena *arena;
    const struct rules *own; /* the user's own rules; NULL none */
    struct way *ways;        /* one for each endpoint, in their order */
    size_t way_count;
    struct wish *wishes; /* in the order in which they are spoken of */
    size_t wish_count;
    const struct wish *lead; /* the failed wish that is spoken of first; NULL: none failed */
};

/* Fills WEIGHING from the result's trace and findings. */
void weigh(struct weighing *weighing, struct result *result);

/* Can WAY serve WISH? */
bool wish_covers(const struct wish *wish, const struct way *way);

/* -1, 0, 1: which of two failed ways tells more (-1: A does). A refused login before all; then the
 * ports that the provider documents; then the one that came further. */
int way_compare(const struct way *a, const struct way *b);

/* Findings of ways that nobody needs any more lose their weight, and each endpoint gets its status.
 */
void regrade(const struct weighing *weighing);

/* The texts and lists of a verdict that do not depend on the judge. */
void verdict_describe(const struct weighing *weighing, struct verdict *out);
/* "" or a sentence. */
const char *verdict_met_words(const struct weighing *weighing, const struct finding *warning);
/* verdict_make(), and the name of the judge that spoke: for tests. */
const char *verdict_make_named(struct result *result);
/* verdict_make() with the user's own rules (NULL none); the same name. */
const char *verdict_make_with(struct result *result, const struct rules *own);
/* Adds the neighbours of the verdict's class. */
void verdict_neighbours(const struct weighing *weighing, struct verdict *out);
/* How the error that the caller reported, if any, goes with OUT, whose status it never changes. */
void verdict_reported(const struct weighing *weighing, struct verdict *out);
/* Where the mailbox behind a good login did not open: what else that may be, by what this run saw.
 */
void verdict_not_connected(const struct weighing *weighing, struct verdict *out);
/* Adds CAUSE as another explanation, with what it explains and what it does not. */
void verdict_alternative(const struct weighing *weighing, const struct finding *cause);

#endif
