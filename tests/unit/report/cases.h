/* Results as runs of many kinds leave them, for the report tests. */
#ifndef TESTS_REPORT_CASES_H
#define TESTS_REPORT_CASES_H

#include "report/report.h"

struct report_case {
    const char *name; /* golden/NAME.txt holds its report */
    struct result *(*make)(void);
    struct report_options options;
};

extern const struct report_case report_cases[]; /* ended by a NULL name */

/* Server words, names and certificates full of what must never reach a terminal. */
struct result *case_hostile(void);
/* One reply of a megabyte. */
struct result *case_flood(void);

#endif
