/* Classes and rules of the user's own, beside the catalogue's: read at run time from a JSON file of
 * the same form (docs/RULES.md). They tell what words mean; what a refusal says of a password, the
 * catalogue alone decides. */
#ifndef DIAGNOSIS_RULES_H
#define DIAGNOSIS_RULES_H

#include "diagnosis/catalogue.h"

enum {
    RULES_SIZE_LIMIT = 1 << 20, /* bytes of a file */
    RULES_CLASS_LIMIT = 200,
    RULES_LIMIT = 1000,
    RULES_TEXT_LIMIT = 1000, /* bytes of a text */
    RULES_LIST_LIMIT = 16,   /* texts in a list */
};

struct rules {
    struct arena arena;
    struct class_entry *classes;
    size_t class_count;
    struct reply_rule *items; /* in rank order; of equal rank as in the file */
    size_t count;
};

/* JSON is the whole file. NULL and a message when it is none, or says something that cannot be: the
 * message names the line and column, or the member ("classes[0].rules[2].reply.code"). Release it
 * with free(). */
struct rules *rules_read(struct bytes json, char **ret_error);
void rules_free(struct rules *rules); /* NULL is fine */

/* The class with that id, of RULES (may be NULL) or the catalogue; NULL when unknown. */
const struct class_entry *rules_class(const struct rules *rules, const char *id);

#endif
