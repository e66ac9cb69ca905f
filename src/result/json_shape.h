/* How a struct stands in JSON, as a table: one row a member. One reader and one writer walk the
 * same tables (json.c), so that what is written is what is read. Private to the result's JSON. */
#ifndef RESULT_JSON_SHAPE_H
#define RESULT_JSON_SHAPE_H

#include "base/arena.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum shape_kind {
    SHAPE_PEER,      /* const char *: anybody's text, escaped without loss (text_escape) */
    SHAPE_BYTES,     /* struct bytes: likewise */
    SHAPE_WORDS,     /* const char *: our own words; a backslash stays one */
    SHAPE_CHARS,     /* char[SIZE]: our own words */
    SHAPE_LETTER,    /* char: one of the letters in WORDS */
    SHAPE_PEER_LIST, /* struct strings of SHAPE_PEER */
    SHAPE_WORD_LIST, /* struct strings of SHAPE_WORDS */
    SHAPE_SEEN_LIST, /* as SHAPE_PEER_LIST; a bool at SEEN tells an empty list from none */
    SHAPE_BOOL,
    SHAPE_INT,
    SHAPE_MS,      /* int64_t nanoseconds as milliseconds, to the microsecond */
    SHAPE_INSTANT, /* int64_t nanoseconds since 1970 as RFC 3339 */
    SHAPE_DATE,    /* int64_t seconds since 1970 as RFC 3339 */
    SHAPE_ENUM,    /* an enum of VOCABULARY */
    SHAPE_NEEDS,   /* unsigned: a set of enum need as a list of words */
    SHAPE_CONST,   /* nothing in C: always the text WORDS; ignored when read */
    SHAPE_GROUP,   /* an embedded struct, or members of this one */
    SHAPE_OBJECT,  /* a pointer to a struct; NULL: none */
    SHAPE_LIST     /* a pointer to the first of a linked list; `next` is the first member */
};

/* What is done where a member has nothing to say: a NULL or empty text, a number equal to NOTHING,
 * an empty group, list or object. */
enum shape_absence {
    SHAPE_ALWAYS,    /* never nothing: "", [], 0 are written */
    SHAPE_NULL,      /* null */
    SHAPE_LEAVE_OUT, /* no member */
    SHAPE_TRANSCRIPT /* no member unless the transcript was asked for */
};

enum shape_vocabulary {
    WORDS_SERVICE,
    WORDS_SECURITY,
    WORDS_EXPECTATION,
    WORDS_STATUS,
    WORDS_PURPOSE,
    WORDS_STAGE,
    WORDS_FAILURE,
    WORDS_SOURCE,
    WORDS_OUTCOME,
    WORDS_BLOCK,
    WORDS_SEVERITY,
    WORDS_CONFIDENCE,
    WORDS_OWNER,
    WORDS_VERDICT,
    WORDS_NEED_STATUS,
    WORDS_RELATION,
    WORDS_HOP
};

struct shape;

struct shape_field {
    const char *name;
    enum shape_kind kind;
    enum shape_absence absence;
    size_t offset;
    const struct shape *shape;        /* GROUP, OBJECT, LIST */
    enum shape_vocabulary vocabulary; /* ENUM */
    const char *words;                /* LETTER, CONST */
    size_t size;                      /* CHARS */
    int nothing;                      /* INT and MS: the value that means none */
    size_t seen;                      /* SEEN_LIST: the offset of its bool */
};

struct shape {
    size_t size; /* of the struct; 0 for a group that stands in another's */
    const struct shape_field *fields;
    size_t count;
    bool (*empty)(const void *item); /* GROUP: nothing to say; NULL: never */
};

/* The word of VALUE, "" for none. */
const char *vocabulary_name(enum shape_vocabulary vocabulary, int value);
/* -1 when unknown. */
int vocabulary_parse(enum shape_vocabulary vocabulary, const char *word);

/* Adds ITEM's members to OBJECT. */
void shape_write(json_t *object, const struct shape *shape, const void *item, bool transcript);

/* What shape_visit() calls for each text of an item: it may put another one there, which must be
 * terminated and live as long as the item. */
typedef void shape_text(void *arg, const struct shape_field *field, struct bytes *text);
void shape_visit(const struct shape *shape, void *item, shape_text *visit, void *arg);

/* Each text of RESULT and its trace, whatever holds it. */
struct result;
void result_visit(struct result *result, shape_text *visit, void *arg);

struct shape_reader {
    struct arena *arena;
    char path[200]; /* where we are: "endpoints[2].port" */
    char *error;    /* the first thing that was wrong; release with free() */
};

/* Fills ITEM from OBJECT's members; false with READER's error set when one is missing or of the
 * wrong kind. Members that no row names are ignored: a later version may have added them. */
bool shape_read(struct shape_reader *reader, const json_t *object, const struct shape *shape,
                void *item);

/* Sets the error from what is wrong at the path; always false. */
bool shape_refuse(struct shape_reader *reader, const char *what);

#endif
