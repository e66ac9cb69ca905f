/* Shared by the files that read the user's own rules. */
#ifndef DIAGNOSIS_RULES_PARTS_H
#define DIAGNOSIS_RULES_PARTS_H

#include "diagnosis/rules.h"

#include <jansson.h>

struct rules_reader {
    struct rules *rules;
    struct arena *arena;
    char path[120]; /* where we are: "classes[0].rules[2]" */
    char *error;
};

/* Sets the error, where none is yet, to what is wrong at the path. Always false. */
bool rules_refuse(struct rules_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Goes into a member, or with a NAME of NULL an item; returns what rules_leave() needs. After an
 * error the path stays. */
size_t rules_enter(struct rules_reader *reader, const char *name, size_t index);
void rules_leave(struct rules_reader *reader, size_t at);

/* TEXT for a complaint: harmless, and not long. */
const char *rules_quoted(struct rules_reader *reader, const char *text);

/* Is it an object without other members than NAMES (ended by NULL)? */
bool rules_only(struct rules_reader *reader, const json_t *object, const char *const *names);

/* A text for people. Where it may lack and does, *RET stays as it is. */
bool rules_read_text(struct rules_reader *reader, const json_t *object, const char *name,
                     bool needed, const char **ret);

/* A word that PARSE knows (-1: unknown); WORDS lists them for the complaint. */
bool rules_read_word(struct rules_reader *reader, const json_t *object, const char *name,
                     bool needed, int (*parse)(const char *word), const char *words, int *ret);

/* A list of texts for people, or of LITERALS, ended by NULL. One that lacks is empty; of literals
 * it is NULL. */
bool rules_read_texts(struct rules_reader *reader, const json_t *object, const char *name,
                      size_t at_least, bool literals, const char *const **ret);

#endif
