/* What a token's claims say of its use, before anybody is asked. Pure: "now" is given. */
#ifndef PROBES_TOKEN_JUDGE_H
#define PROBES_TOKEN_JUDGE_H

#include "probes/token.h"
#include "providers/provider.h"

enum token_flaw {
    TOKEN_WRONG_AUDIENCE, /* for another service */
    TOKEN_WRONG_TENANT,   /* for another organisation, or another cloud */
    TOKEN_EXPIRED,
    TOKEN_NOT_YET_VALID,
    TOKEN_MISSING_SCOPE, /* nobody allowed this protocol */
    TOKEN_WRONG_USER,    /* another one's than the login names */
    TOKEN_APP_ONLY,      /* of an app: the mailbox must be opened to it */
    TOKEN_OPAQUE,        /* nothing can be said */
    TOKEN_FLAW_COUNT
};
const char *token_flaw_name(enum token_flaw flaw); /* "wrong-audience", "expired", ... */

/* How much it weighs: no fault by itself; a fault unless there is a reason for it; a server that
 * looks will refuse it. */
enum token_weight { TOKEN_NOTE, TOKEN_DOUBT, TOKEN_FAULT };

struct token_question {
    const char *service;             /* "smtp", "imap", "pop3" */
    const struct provider *provider; /* whose server it is for; NULL unknown */
    const char *login;               /* NULL unknown */
    const char *tenant;              /* the organisation's id, where one was named; NULL */
    int64_t now;                     /* Unix seconds */
    int64_t there;                   /* the same by the server's clock; 0: it does not tell */
    int64_t obtained;                /* when the authority gave it, by ours; 0 unknown */
};

struct token_judgement {
    enum token_flaw flaw;
    enum token_weight weight;
    const char *words; /* one clause, with the claim's own words: escape them */
    /* A fault that neither a clock that is wrong here nor a name that is not known here explains:
     * it is of no use to send the token to that provider. */
    bool certain;
};

/* Writes what is wrong, gravest first; returns how many there are. Of one cause only the first
 * thing is said: the scopes of a token for another service are nobody's business here. */
size_t token_judge(const struct token *token, const struct token_question *question,
                   struct arena *arena, struct token_judgement judgements[TOKEN_FLAW_COUNT]);

#endif
