/* This machine's clock, held against what servers say of the time in their greetings: Exchange,
 * Exim and Sendmail put a date there (RFC 5322 section 3.3). No other moment of a mail dialogue
 * tells the time honestly: POP3's stamp need not be one, and TLS no longer has any. */
#include "diagnosis/survey.h"

#include "base/text.h"

#include <string.h>
#include <time.h>

enum {
    NS_PER_S = 1000000000,
    /* A server may have set its clock to local time and call that GMT; no zone is further off. */
    ZONES_APART_S = 26 * 3600,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes a number of LEAST to MOST digits off the start of *REST; -1 when there is none. */
static int take_number(struct bytes *rest, size_t least, size_t most)
{
    size_t size = 0;
    int number = 0;
    for (; size < rest->size && size < most && is_digit(rest->data[size]); size++)
        number = number * 10 + (rest->data[size] - '0');
    if (size < least || (size < rest->size && is_digit(rest->data[size])))
        return -1;
    *rest = (struct bytes) { rest->data + size, rest->size - size };
    return number;
}

static bool take(struct bytes *rest, char c)
{
    if (!rest->size || *rest->data != c)
        return false;
    *rest = (struct bytes) { rest->data + 1, rest->size - 1 };
    return true;
}

/* Seconds east of Greenwich: "+0130", "GMT", "UT". False where no zone is said, or one whose name
 * has several meanings. */
static bool take_zone(struct bytes rest, int *ret_east_s)
{
    bool west = rest.size && *rest.data == '-';
    *ret_east_s = 0;
    if (text_starts_fold(rest, "GMT") || text_starts_fold(rest, "UT"))
        return true;
    if (!take(&rest, west ? '-' : '+'))
        return false;
    int zone = take_number(&rest, 4, 4);
    if (zone < 0 || zone % 100 > 59 || zone > 1400)
        return false;
    *ret_east_s = (zone / 100 * 60 + zone % 100) * 60 * (west ? -1 : 1);
    return true;
}

/* What stands behind "22 Nov": " 2026 10:14:00 +0000". Only what is whole and possible counts. */
static bool read_rest(struct bytes rest, int day, int month, int64_t *ret_unix_s)
{
    struct tm parts = { .tm_mday = day, .tm_mon = month };
    int east_s, year;
    if (!take(&rest, ' ') || (year = take_number(&rest, 4, 4)) < 1990 || !take(&rest, ' '))
        return false;
    parts.tm_year = year - 1900;
    if ((parts.tm_hour = take_number(&rest, 2, 2)) < 0 || !take(&rest, ':') ||
        (parts.tm_min = take_number(&rest, 2, 2)) < 0)
        return false;
    if (take(&rest, ':') && (parts.tm_sec = take_number(&rest, 2, 2)) < 0)
        return false;
    if (!take(&rest, ' ') || !take_zone(rest, &east_s) || parts.tm_hour > 23 || parts.tm_min > 59 ||
        parts.tm_sec > 60)
        return false;
    *ret_unix_s = (int64_t)timegm(&parts) - east_s;
    /* timegm() makes the 3rd of March of a 31st of February. */
    return parts.tm_mday == day && parts.tm_mon == month;
}

bool survey_date_in(struct bytes words, int64_t *ret_unix_s)
{
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    for (size_t at = 2; at + 3 < words.size; at++) {
        int month = 0;
        while (month < 12 && memcmp(words.data + at, months[month], 3) != 0)
            month++;
        if (month == 12 || words.data[at - 1] != ' ' || !is_digit(words.data[at - 2]))
            continue;
        bool two = at >= 3 && is_digit(words.data[at - 3]);
        int day = words.data[at - 2] - '0' + (two ? (words.data[at - 3] - '0') * 10 : 0);
        struct bytes rest = { words.data + at + 3, words.size - at - 3 };
        if (day >= 1 && day <= 31 && read_rest(rest, day, month, ret_unix_s))
            return true;
    }
    return false;
}

/* ---- over a run ---- */

static bool greeted_with_date(const struct attempt *attempt, struct clock_word *ret)
{
    const struct step *step = attempt ? attempt_step(attempt, STAGE_GREETING) : NULL;
    int64_t there_s;
    if (!step || !survey_date_in(step->reply, &there_s))
        return false;
    ret->step = step;
    ret->ahead_s = there_s; /* of our own clock: the caller takes that off */
    return true;
}

bool survey_clock(const struct survey *survey, struct clock_word *ret)
{
    int64_t started_s = survey->trace->started_real_ns / NS_PER_S;
    *ret = (struct clock_word) { 0 };
    for (const struct endpoint *e = survey->trace->endpoints; e; e = e->next) {
        struct clock_word found = { .endpoint = e };
        if (!greeted_with_date(endpoint_attempt(e, PURPOSE_MAIN), &found))
            continue;
        int64_t took_ns = found.step->duration_ns > 0 ? found.step->duration_ns : 0;
        found.ahead_s -= started_s + (found.step->start_ns + took_ns) / NS_PER_S;
        bool far = found.ahead_s > ZONES_APART_S || found.ahead_s < -ZONES_APART_S;
        /* One server that agrees with this machine, or two that say different days, prove that a
         * server's clock is the wrong one. */
        if (!far || (ret->endpoint && (found.ahead_s - ret->ahead_s > ZONES_APART_S ||
                                       ret->ahead_s - found.ahead_s > ZONES_APART_S)))
            return false;
        if (!ret->endpoint)
            *ret = found;
    }
    return ret->endpoint != NULL;
}
