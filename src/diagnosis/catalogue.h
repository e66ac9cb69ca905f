/* The catalogue of classes: data of catalogue/, made into tables at build time by
 * tools/generate/catalogue.py, which refuses a bad entry. */
#ifndef DIAGNOSIS_CATALOGUE_H
#define DIAGNOSIS_CATALOGUE_H

#include "base/bytes.h"
#include "result/result.h"

#include <stdbool.h>
#include <stddef.h>

/* What a refusal of this class says about the secret that was sent (DESIGN section 3, the
 * credential gate). */
enum judged { JUDGED_NO, JUDGED_YES, JUDGED_NOT_APPLICABLE };

/* Instead of a reply code in a rule: any 4xx and 5xx. */
enum { REPLY_REFUSAL = 1 };

/* A rule that looks at a server's words. Unset fields match anything. Ranks: phrase and code,
 * phrase, enhanced code, a phrase of many causes, basic code, words of a client program (and such a
 * phrase where no code stands); among equals, a rule for a provider
 * or a stage comes first, then the one with more words. The first rule in rank order that matches
 * decides. */
struct reply_rule {
    int protocol;         /* enum service, -1 any */
    enum stage stage;     /* STAGE_NONE any */
    int code;             /* 535; a first digit for a family (4: any 4xx); REPLY_REFUSAL; 0 any */
    const char *enhanced; /* "5.7.139", "5.7.606-649", "5.7."; NULL any */
    unsigned enhanced_low, enhanced_high; /* the same, packed as fold.h does */
    const char *const
        *all; /* literals that occur in this order, lower case; ended by NULL; NULL none */
    const char *const *none; /* literals that must not occur ("not" in the JSON) */
    const char *provider;    /* family; NULL any */
    enum confidence confidence;
    enum judged judged; /* the class's, unless the rule says otherwise */
    const char *example;
    int class_index;
    const struct class_entry *own; /* of a rule of the user's own: its class; else NULL */
    int rank;                      /* 0 is the strongest */
    bool program;                  /* words of a client program, not of a server */
};

/* Rules without a literal of four bytes or more that can match a reply code: numbers of
 * catalogue_rules in rank order. CODE is a code, a first digit for all other codes of that family,
 * or 0 for words without a code. */
struct rule_bucket {
    int code;
    size_t count;
    const unsigned short *rules;
};

/* All other rules are found by four bytes of their literals that hardly any words have: those whose
 * hash is H (classify.c) are catalogue_gram_rules[starts[H]] to [starts[H + 1] - 1]. */
enum { GRAM_BITS = 13, CATALOGUE_RULE_LIMIT = 8192 };
extern const unsigned short catalogue_gram_starts[(1 << GRAM_BITS) + 1];
extern const unsigned short catalogue_gram_rules[];

/* A rule that looks at an event: "<stage>.<failure kind>" or "*.<failure kind>", or one that the
 * findings derive ("tls.certificate_expired"). */
struct event_rule {
    const char *event;
    enum confidence confidence;
    int class_index;
};

/* A class that the same words or signs can mean. */
struct neighbour {
    int class_index;
    enum confidence confidence;
    const char *provider; /* only there; NULL: anywhere */
    const char *in_favour;
    const char *against; /* NULL */
};

struct class_entry {
    const char *id;
    const char *title; /* a sentence of at most 72 characters; places as in the rest */
    enum stage stage;
    enum severity severity;
    enum owner owner;
    enum judged judged;
    const char *meaning;     /* two plain sentences */
    const char *distinguish; /* how to tell it from its neighbours */
    const char *const *fix;  /* steps in order, with the {places} of places.json; ended by NULL */
    const char *const *commands; /* for an administrator, same places; NULL: none */
    /* The provider family that all commands, and those steps (bit 0: the first), are only for: at
     * another one they lead nowhere. NULL: for everybody. */
    const char *only_for;
    unsigned only_steps;
    const char *const *references;
    const struct neighbour *neighbours;
    size_t neighbour_count;
};

/* A {place} in a text, and what stands there when the run has no value for it. */
struct place {
    const char *name;
    const char *prose;   /* "the mailbox" */
    const char *command; /* "<user@example.com>" */
    bool needed;         /* a step that names it says nothing without a value, and is left out */
};

extern const struct class_entry catalogue_classes[];
extern const size_t catalogue_class_count;
extern const struct reply_rule catalogue_rules[]; /* in rank order */
extern const size_t catalogue_rule_count;
extern const struct rule_bucket catalogue_buckets[]; /* by code, ascending */
extern const size_t catalogue_bucket_count;
extern const struct event_rule catalogue_events[]; /* by event, ascending */
extern const size_t catalogue_event_count;
extern const struct place catalogue_places[]; /* by name, ascending */
extern const size_t catalogue_place_count;
extern const char catalogue_date[]; /* "2026-11-22" */

const struct class_entry *class_find(const char *id); /* NULL when unknown */
const struct class_entry *rule_class(const struct reply_rule *rule);

#endif
