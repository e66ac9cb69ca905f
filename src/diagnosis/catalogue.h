/* The catalogue of classes: data of catalogue/ID.json files, made into tables at build time by
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

/* A rule that looks at a server's words. Unset fields match anything. Ranks: phrase and code,
 * phrase, enhanced code, basic code; the first rule in rank order that matches decides. */
struct reply_rule {
    int protocol;         /* enum service, -1 any */
    enum stage stage;     /* STAGE_NONE any */
    int code;             /* 0 any */
    const char *enhanced; /* "5.7.139", "5.7."; NULL any */
    const char *const
        *all; /* literals that occur in this order, lower case; ended by NULL; NULL none */
    const char *const *none; /* literals that must not occur ("not" in the JSON) */
    const char *provider;    /* family; NULL any */
    enum confidence confidence;
    const char *example;
    int class_index;
    int rank; /* 0 is the strongest */
};

/* A rule that looks at an event: "<stage>.<failure kind>", or one that diagnose.c derives
 * ("tls.certificate_expired"). */
struct event_rule {
    const char *event;
    enum confidence confidence;
    int class_index;
};

struct class_entry {
    const char *id;
    const char *title;
    enum stage stage;
    enum severity severity;
    enum owner owner;
    enum judged judged;
    const char *meaning;     /* two plain sentences */
    const char *distinguish; /* how to tell it from its neighbours */
    const char *const
        *fix; /* steps in order, with {address} {host} {port} {user} {domain} {provider} {admin} */
    const char *const *commands; /* for an administrator, same places */
    const char *const *references;
};

extern const struct class_entry catalogue_classes[];
extern const size_t catalogue_class_count;
extern const char catalogue_date[]; /* "2026-11-22" */

const struct class_entry *class_find(const char *id); /* NULL when unknown */

#endif
