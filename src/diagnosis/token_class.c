#include "diagnosis/token_class.h"

struct classified classify_token(enum token_flaw flaw)
{
    static const char *const events[TOKEN_FLAW_COUNT] = {
        [TOKEN_WRONG_AUDIENCE] = "login.token_wrong_audience",
        [TOKEN_WRONG_TENANT] = "login.token_wrong_tenant",
        [TOKEN_EXPIRED] = "login.token_expired",
        [TOKEN_NOT_YET_VALID] = "login.token_not_yet_valid",
        [TOKEN_MISSING_SCOPE] = "login.token_missing_scope",
        [TOKEN_WRONG_USER] = "login.token_wrong_user",
    };
    return events[flaw] ? classify_event(events[flaw]) : (struct classified) { 0 };
}

const struct token_judgement *token_gravest(const struct token_judgement *judgements, size_t count,
                                            bool doubts)
{
    const struct token_judgement *gravest = NULL;
    for (size_t i = 0; i < count; i++)
        if (judgements[i].weight >= (doubts ? TOKEN_DOUBT : TOKEN_FAULT) &&
            (!gravest || judgements[i].weight > gravest->weight))
            gravest = &judgements[i];
    return gravest;
}
