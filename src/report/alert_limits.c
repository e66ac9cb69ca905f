#include "report/alert_limits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEM_SIZE = 64 };

/* A plain decimal number that takes TEXT whole. */
static bool parse_number(const char *text, double *ret_value)
{
    size_t sign = *text == '-';
    size_t whole = strspn(text + sign, "0123456789");
    const char *rest = text + sign + whole;
    size_t part = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    rest += *rest == '.' ? part + 1 : 0;
    *ret_value = strtod(text, NULL);
    return whole + part && *rest == '\0';
}

/* Monitoring Plugins Development Guidelines, "Threshold and Ranges". */
static bool parse_range(struct range *range, const char *text)
{
    char copy[RANGE_SIZE];
    if (strlen(text) >= sizeof copy)
        return false;
    strcpy(copy, text);
    *range = (struct range) { .inside = *text == '@', .low = 0, .high = INFINITY };
    char *low = copy + range->inside, *colon = strchr(low, ':'), *high = colon ? colon + 1 : low;
    if (colon) {
        *colon = '\0';
        if (strcmp(low, "~") == 0)
            range->low = -INFINITY;
        else if (*low && !parse_number(low, &range->low))
            return false;
    }
    if ((*high || !colon) && !parse_number(high, &range->high))
        return false;
    strcpy(range->text, text);
    return range->low <= range->high;
}

static struct range *find(struct alert_limits *limits, const char *name)
{
    enum stage stage = stage_parse(name);
    if (strcmp(name, "total") == 0)
        return &limits->total;
    if (strcmp(name, "certificate") == 0)
        return &limits->certificate;
    return stage == STAGE_NONE ? NULL : &limits->phases[stage];
}

static bool parse_item(struct alert_limits *limits, char *item)
{
    char least[ITEM_SIZE + 1];
    double days;
    char *equals = strchr(item, '=');
    if (equals)
        *equals = '\0';
    struct range *range = equals ? find(limits, item) : &limits->total;
    char *value = equals ? equals + 1 : item;
    if (range == &limits->certificate && parse_number(value, &days)) {
        snprintf(least, sizeof least, "%s:", value);
        value = least;
    }
    return range && parse_range(range, value);
}

bool alert_limits_parse(struct alert_limits *limits, const char *list)
{
    for (const char *rest = list; rest;) {
        char item[ITEM_SIZE];
        size_t size = strcspn(rest, ",");
        if (size >= sizeof item)
            return false;
        memcpy(item, rest, size);
        item[size] = '\0';
        if (!parse_item(limits, item))
            return false;
        rest = rest[size] ? rest + size + 1 : NULL;
    }
    return true;
}

bool range_alerts(const struct range *range, double value)
{
    if (!*range->text)
        return false;
    bool within = value >= range->low && value <= range->high;
    return within == range->inside;
}
