/* The words that matter in what somebody pasted: a server's reply inside the words of the program
 * that reported it, of a log, a bounce or a web page. */
#ifndef DIAGNOSIS_UNWRAP_H
#define DIAGNOSIS_UNWRAP_H

#include "diagnosis/classify.h"
#include "diagnosis/fold.h"
#include "providers/provider.h"

enum {
    UNWRAP_LIMIT = FOLD_LIMIT, /* how much of a text is looked at */
    UNWRAP_ITEMS = 8,
    UNWRAP_CHALLENGE = 1024,
};

enum unwrap_kind {
    UNWRAP_REPLY,  /* a server's reply, or the challenge it sent */
    UNWRAP_QUOTED, /* what a wrapper announced, without a reply code */
    UNWRAP_WHOLE
};

struct unwrapped_item {
    struct words words;
    enum unwrap_kind kind;
    bool success; /* a reply that refuses nothing: 2yz, 3yz, OK */
    bool report;  /* a delivery report's own field says it: Diagnostic-Code and its like */
};

/* The texts point into the struct itself: it must stay where it is. */
struct unwrapped {
    struct unwrapped_item items[UNWRAP_ITEMS]; /* innermost first; the last is the whole text */
    size_t count;
    const struct provider *provider; /* whose host the text names; NULL nobody's */
    bool guessed;       /* nobody's, but the words sound like one: rules for that provider apply */
    struct bytes plain; /* the whole text without marks and escapes */
    char space[UNWRAP_LIMIT];
    char challenge[UNWRAP_CHALLENGE]; /* a SASL challenge, decoded */
    char joined[UNWRAP_LIMIT];        /* code and words that stood apart, as in (535, b'...') */
};

/* TEXT is any bytes; linear in them. PROVIDER is what the caller knows; NULL: the text may tell. */
void unwrap(struct unwrapped *unwrapped, struct bytes text, const struct provider *provider);

/* TEXT without the marks of HTML, Markdown and string literals, at most SIZE bytes of it, into OUT.
 * Returns the length. */
size_t unwrap_plain(char *out, size_t size, struct bytes text);

/* A host that TEXT names and that is a known provider's; NULL none. */
const struct provider *unwrap_provider(struct bytes text);

/* Appends to OUT what the base64 (RFC 4648) at the start of TEXT stands for, at most SIZE bytes.
 * Returns how many there are; 0 when it is none. */
size_t unwrap_base64(struct bytes text, char *out, size_t size);

/* How many bytes at the start of TEXT are of the base64 alphabet, the padding included. */
size_t unwrap_base64_span(struct bytes text);

#endif
