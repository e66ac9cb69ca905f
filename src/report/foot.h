/* What stands below a report for people: what was not tested, from where, whom to quote. */
#ifndef REPORT_FOOT_H
#define REPORT_FOOT_H

#include "base/buffer.h"
#include "result/result.h"

enum foot_row {
    FOOT_NOT_TESTED,
    FOOT_EARLY_END,
    FOOT_VANTAGE,
    FOOT_SUPPORT_ID,
    FOOT_CLASS,
    FOOT_COUNT
};

/* Appends the row's words, raw, and returns its label ("Tested from"); NULL, and nothing appended,
 * when there is nothing to say. */
const char *foot_make(enum foot_row row, struct buffer *line, const struct result *result);

#endif
