/* A server's words as the rules see them: one sentence in lower case, its codes taken off. */
#ifndef DIAGNOSIS_FOLD_H
#define DIAGNOSIS_FOLD_H

#include "base/bytes.h"

#include <stdbool.h>

/* How much of the words is looked at; what lies beyond is cut off. */
enum { FOLD_LIMIT = 16 * 1024 };

/* The view of one reply. */
struct folded {
    int code;          /* SMTP's three digits, 0 none */
    unsigned enhanced; /* fold_pack() of the enhanced status code (RFC 3463), 0 none */
    struct bytes text; /* lower case, blanks single, quotes and dashes plain; codes of the line
                          starts, continuation marks and IMAP tags left out */
};

/* "5.7.139" as a number that keeps the order of codes. */
static inline unsigned fold_pack(unsigned kind, unsigned subject, unsigned detail)
{
    return kind << 20 | subject << 10 | detail;
}

/* SPACE holds the text and must live as long as the view. Linear in WORDS, which may be any bytes.
 */
struct folded fold(struct bytes words, char space[static FOLD_LIMIT]);

/* The reply that is quoted inside OUTER, where that one decides: Exchange answers MAIL FROM with
 * 5.7.57 and, behind "Error:", says why the login before it failed. False when there is none. */
bool fold_nested(const struct folded *outer, struct folded *ret_inner);

#endif
