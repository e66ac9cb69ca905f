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

int64_t clock_parse(const char *text)
{
    struct tm tm = { 0 };
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest)
        return -1;
    int64_t ns = 0;
    if (*rest == '.') {
        int64_t unit = NS_PER_S;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++) {
            unit /= 10;
            ns += (*rest - '0') * unit;
        }
    }
    if (strcmp(rest, "Z") != 0)
        return -1;
    return (int64_t)timegm(&tm) * NS_PER_S + ns;
}
