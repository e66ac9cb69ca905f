/* Limits of a monitoring plugin, in the guidelines' own notation for ranges: "10" alerts outside 0
 * to 10, "10:" below 10, "~:10" above 10, "10:20" outside, "@10:20" inside. */
#ifndef REPORT_ALERT_LIMITS_H
#define REPORT_ALERT_LIMITS_H

#include "base/stage.h"

#include <stdbool.h>

enum { RANGE_SIZE = 40 };

struct range {
    char text[RANGE_SIZE]; /* as given; empty: no limit */
    bool inside;           /* alert within it, ends included, not outside */
    double low, high;
};

struct alert_limits {
    struct range total;               /* seconds of the whole run */
    struct range certificate;         /* days that the first certificate still lasts */
    struct range phases[STAGE_COUNT]; /* seconds of a stage at each endpoint */
};

/* Reads LIST into LIMITS: items with commas, each "total=RANGE", "certificate=RANGE", a stage's
 * name and a range ("login=5"), or a range alone, which is total's. A single number for the
 * certificate is the days it must still last. False when LIST is not such a list. */
bool alert_limits_parse(struct alert_limits *limits, const char *list);

/* Is VALUE one to alert of? Never without a limit. */
bool range_alerts(const struct range *range, double value);

#endif
