/* What pasted words mean: the outcome of `explain`, for the reports. */
#ifndef RESULT_EXPLANATION_H
#define RESULT_EXPLANATION_H

#include "base/arena.h"
#include "base/bytes.h"
#include "result/result.h"

/* Another class that the same words can mean. */
struct explained_candidate {
    const char *class_id, *title;
    enum confidence confidence;
    const char *in_favour, *against; /* what tells it apart; NULL */
};

/* A class, said of words that a provider's server or a client said. One for each class, provider
 * and confidence: it lives as long as the explainer that made it. */
struct explained {
    const char *class_id; /* NULL: unknown, and all that follows is empty */
    enum confidence confidence;
    enum stage stage;
    enum severity severity;
    enum owner owner;
    const char *provider, *provider_title; /* id and name of whoever speaks; NULL unknown */
    const char *title, *meaning, *distinguish;
    struct strings fix, commands, references;
    const struct explained_candidate *candidates;
    size_t candidate_count;
    size_t number; /* counts up from 0: for those that keep something beside it */
};

struct explanation {
    struct bytes line;  /* what was given, without its secrets; any bytes */
    size_t cut;         /* how many bytes of it were left out at its end */
    struct bytes words; /* the words that decided, without secrets; empty: the line itself */
    const struct explained *explained;
};

#endif
