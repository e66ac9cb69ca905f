/* Words of a server to a class. Code dispatch and ordered literals, no regular expressions: linear
 * in the words. */
#ifndef DIAGNOSIS_CLASSIFY_H
#define DIAGNOSIS_CLASSIFY_H

#include "diagnosis/catalogue.h"

struct rules;

struct words {
    struct bytes text;    /* a reply, all lines */
    int protocol;         /* enum service, -1 unknown */
    enum stage stage;     /* STAGE_NONE unknown */
    const char *provider; /* family, NULL unknown */
    bool stage_guessed;   /* it is read from the words: rules for it apply, no others fall away */
    const struct rules *own; /* the user's own rules: before the catalogue's of the same rank;
                                NULL none */
};

struct classified {
    const struct class_entry *class; /* NULL: no rule matches */
    enum confidence confidence;
    enum judged judged; /* what the words say of a secret: the rule's word, else the class's */
    const struct reply_rule *rule; /* the one that matched words; NULL for events */
};

struct classified classify(const struct words *words);
/* Does RULE, whatever its rank, match? */
bool classify_matches(const struct reply_rule *rule, const struct words *words);
struct classified classify_event(const char *event);

/* For the credential gate: what the reply to a login says of the secret. An unknown refusal is
 * LOGIN_JUDGED: only what is known to be no judgement may be tried again. A temporary reply (SMTP
 * 4xx) is LOGIN_UNJUDGED. */
enum login_outcome classify_login(int service, struct bytes reply, const char *provider_family);

#endif
