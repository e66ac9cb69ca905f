/* What is wrong with an access token, as a class of the catalogue. */
#ifndef DIAGNOSIS_TOKEN_CLASS_H
#define DIAGNOSIS_TOKEN_CLASS_H

#include "diagnosis/classify.h"
#include "probes/token_judge.h"
#include "result/trace.h"

/* No class for what is no fault: TOKEN_OPAQUE, TOKEN_APP_ONLY. */
struct classified classify_token(enum token_flaw flaw);

/* What SERVICE's server at PROVIDER makes of a token: the gravest judgement, and NULL where nothing
 * is amiss. A doubt is none unless DOUBTS. Words are ARENA's. */
const struct token_judgement *token_gravest(const struct token_judgement *judgements, size_t count,
                                            bool doubts);

/* Why the token of TRACE must not go to ENDPOINT, whose conversation so far is ATTEMPT: a server
 * whose provider is known can certainly not take it. BLOCK_NONE: it may. Words of the judgement are
 * TRACE's. */
enum login_block token_unfit(struct trace *trace, const struct endpoint *endpoint,
                             const struct attempt *attempt);

#endif
