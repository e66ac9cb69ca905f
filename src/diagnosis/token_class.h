/* What is wrong with an access token, as a class of the catalogue. */
#ifndef DIAGNOSIS_TOKEN_CLASS_H
#define DIAGNOSIS_TOKEN_CLASS_H

#include "diagnosis/classify.h"
#include "probes/token_judge.h"

/* No class for what is no fault: TOKEN_OPAQUE, TOKEN_APP_ONLY. */
struct classified classify_token(enum token_flaw flaw);

/* What SERVICE's server at PROVIDER makes of a token: the gravest judgement, and NULL where nothing
 * is amiss. A doubt is none unless DOUBTS. Words are ARENA's. */
const struct token_judgement *token_gravest(const struct token_judgement *judgements, size_t count,
                                            bool doubts);

#endif
