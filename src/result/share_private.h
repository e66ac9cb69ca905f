/* The parts of share.c: which name stands for which, and where names are found in a text. */
#ifndef RESULT_SHARE_PRIVATE_H
#define RESULT_SHARE_PRIVATE_H

#include "base/arena.h"
#include "base/buffer.h"

#include <stdbool.h>

enum share_kind {
    SHARE_DOMAIN, /* of a mail address; first, for hosts are named after theirs */
    SHARE_HOST,
    SHARE_USER,    /* the part before the @, or a login's name */
    SHARE_ADDRESS, /* IPv4 or IPv6 in its usual form */
    SHARE_ID,      /* a session's, a message's, a fingerprint */
    SHARE_NAME,    /* a person's, a company's, a machine's, a mailbox's */
    SHARE_KIND_COUNT
};

struct share_entry {
    struct share_entry *next;      /* of the same bucket */
    struct share_entry *next_made; /* in the order of appearance */
    enum share_kind kind;
    const char *key;   /* folded */
    const char *value; /* NULL while names are collected */
};

/* A word that is looked for inside of others too. */
struct share_word {
    const char *text; /* folded */
    size_t size;
    const struct share_entry *entry;
    bool own; /* also in our own sentences */
};

/* What a hostile text can cost is bounded: the words that others wrote, how long a name may be (RFC
 * 5321 section 4.5.3.1 with room), and how deep encodings are looked through. */
enum { SHARE_BUCKETS = 1024, SHARE_WORD_LIMIT = 256, SHARE_RUN_LIMIT = 512, SHARE_DEPTH_LIMIT = 3 };

struct share {
    struct arena arena;
    struct share_entry *buckets[SHARE_BUCKETS];
    struct share_entry *first, *last;
    struct share_word *words;
    size_t word_count, word_capacity;
    int made[SHARE_KIND_COUNT];
    int depth;       /* of texts that were decoded out of one another */
    bool collecting; /* the first pass: names are noted, and nothing is replaced */
};

/* ---- names (share_names.c) ---- */

/* Has KEY, of SIZE bytes, been noted? Folded by this. NULL: no. */
struct share_entry *share_find(const struct share *share, enum share_kind kind, const char *key,
                               size_t size);
/* As share_find(), and notes it; it has its value unless names are still collected. */
struct share_entry *share_note(struct share *share, enum share_kind kind, const char *key,
                               size_t size);
/* What stands for the host or domain NAME: itself when it is everybody's; NULL when it is not
 * known and MAKE is false. */
const char *share_host(struct share *share, const char *name, size_t size, bool make);
/* Likewise for the domain of a mail address. */
const char *share_domain(struct share *share, const char *name, size_t size);
/* TEXT is looked for everywhere, and becomes what stands for ENTRY. Too short or too common a word
 * is passed over. */
void share_watch(struct share *share, const char *text, size_t size,
                 const struct share_entry *entry, bool own);
/* Ends the collecting: gives each name what stands for it. */
void share_settle(struct share *share);

/* ---- texts (share_text.c) ---- */

enum share_how {
    SHARE_PEER,  /* somebody else's text */
    SHARE_PLAIN, /* likewise, of words that look like ids: ciphers, mechanisms */
    SHARE_OWN    /* our sentences: only what is known otherwise is replaced in them */
};

/* Appends TEXT with its names replaced. */
void share_text(struct share *share, struct buffer *out, struct bytes text, enum share_how how);

/* A distinguished name (RFC 4514). */
void share_distinguished(struct share *share, struct buffer *out, struct bytes name);

/* ---- encodings (share_encoded.c) ---- */

/* Each looks at the start of TEXT and appends to OUT what becomes of what it takes; 0: not its. An
 * encoded word is looked at from its start only: BEFORE is what stands in front, '\0' for nothing.
 */
size_t share_base64(struct share *share, struct buffer *out, struct bytes text, char before,
                    enum share_how how);
size_t share_percent(struct share *share, struct buffer *out, struct bytes text, char before,
                     enum share_how how);

#endif
