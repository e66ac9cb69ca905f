/* What pasted text means: unwrapped, classified, explained. */
#ifndef DIAGNOSIS_EXPLAIN_H
#define DIAGNOSIS_EXPLAIN_H

#include "diagnosis/classify.h"
#include "providers/provider.h"
#include "result/explanation.h"

/* How much one line or block weighs against others of the same text: a server's refusal in its own
 * words before one by its code alone, before a consequence, before a program's words, before
 * success. */
enum weight {
    WEIGHT_NONE,
    WEIGHT_SUCCESS,
    WEIGHT_CLIENT,
    WEIGHT_CONSEQUENCE, /* refused because something failed before */
    WEIGHT_CODE,
    WEIGHT_WORDS,
    WEIGHT_REPORT, /* the field of a delivery report */
};

/* One answer. */
struct judgement {
    struct classified classified; /* class NULL: unknown */
    enum weight weight;
    const struct provider *provider; /* whose words these are; NULL unknown */
    struct bytes words;              /* those that decided; the explainer's until the next call */
};

struct explainer;

/* PROVIDER speaks in every text, HOST is the server's name; NULL: the text may tell. OWN are rules
 * of the user's own (rules.h); NULL none. All borrowed. */
struct explainer *explainer_new(const struct provider *provider, const char *host,
                                const struct rules *own);
void explainer_free(struct explainer *explainer); /* NULL is fine */

/* The class of one line, or one reply of several lines: only its first 16 KiB are looked at. */
struct judgement explain_words(struct explainer *explainer, struct bytes text);

/* The one cause of a whole block: a log, a dialogue, a delivery report with its headers, a page. */
struct judgement explain_block(struct explainer *explainer, struct bytes block);

/* The catalogue's texts for a judgement. */
const struct explained *explain_class(struct explainer *explainer,
                                      const struct judgement *judgement);

/* Is TEXT one message or report as a whole, whatever blank lines are in it? */
bool explain_is_report(struct bytes text);

#endif
