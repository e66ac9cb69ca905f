#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NS_PER_S = 1000000000 };

static int64_t now(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_mono_ns(void)
{
    return now(CLOCK_MONOTONIC);
}

int64_t clock_real_ns(void)
{
    return now(CLOCK_REALTIME);
}

const char *clock_format(int64_t real_ns, char text[static CLOCK_TEXT_SIZE])
{
    int64_t fraction = real_ns % NS_PER_S;
    time_t seconds = (time_t)(real_ns / NS_PER_S);
    if (fraction < 0) {
        fraction += NS_PER_S;
        seconds--;
    }
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, CLOCK_TEXT_SIZE - n, ".%03dZ", (int)(fraction / 1000000));
    return text;
}

/* The fraction after a dot: at least one digit. */
static const char *parse_fraction(const char *text, int64_t *ret_ns)
{
    int64_t unit = NS_PER_S;
    if (*text < '0' || *text > '9')
        return NULL;
    for (; *text >= '0' && *text <= '9'; text++) {
        unit /= 10;
        *ret_ns += (*text - '0') * unit;
    }
    return text;
}

int64_t clock_parse(const char *text)
{
    struct tm tm = { 0 };
    int64_t ns = 0;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest && *rest == '.')
        rest = parse_fraction(rest + 1, &ns);
    if (!rest || strcmp(rest, "Z") != 0)
        return -1;
    int day = tm.tm_mday;
    int64_t seconds = timegm(&tm);
    if (tm.tm_mday != day) /* the 31st of February */
        return -1;
    if (seconds < 0 || seconds >= INT64_MAX / NS_PER_S) /* nanoseconds last until the year 2262 */
        return -1;
    return seconds * NS_PER_S + ns;
}
