/* Shared by the files of unwrap: finding replies in running text. */
#ifndef DIAGNOSIS_UNWRAP_PARTS_H
#define DIAGNOSIS_UNWRAP_PARTS_H

#include "diagnosis/unwrap.h"

enum { UNWRAP_STARTS = 32 };

enum start_kind { START_CODE, START_ENHANCED, START_CONDITION, START_WORDS };

/* Where a reply, or words that a wrapper announced, begin. */
struct start {
    enum start_kind kind;
    size_t at;
    int code;          /* SMTP's, 0 none */
    unsigned enhanced; /* fold_pack(), 0 none */
    size_t words; /* START_CODE: where they begin when they stand apart from the code, else 0 */
    int protocol; /* enum service, -1 unknown */
    bool success;
    bool goes_on; /* "535-": a further line follows */
    bool report;
};

struct starts {
    struct start items[UNWRAP_STARTS];
    size_t count;
};

/* Finds them, in their order; the further lines of a reply are no starts, and stand behind a line
 * end afterwards. When there are more than fit, the last ones are kept. Linear. */
void unwrap_find(struct starts *starts, char *text, size_t size);

#endif
