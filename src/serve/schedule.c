#include "serve/schedule.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_MS = 30000, /* all first runs lie within this */
    AGAIN_MS = 1000,  /* while a scrape waits */
    AGAIN_LEAST_MS = 30000,
    JITTER_PARTS = 10,
    DIGITS_LIMIT = 9,
};

bool schedule_deadline(const char *header, int64_t offset_ms, int64_t limit_ms,
                       int64_t *ret_deadline_ms)
{
    *ret_deadline_ms = limit_ms;
    if (!header)
        return true;
    size_t whole = strspn(header, "0123456789");
    size_t dot = header[whole] == '.';
    size_t part = dot ? strspn(header + whole + 1, "0123456789") : 0;
    if (whole == 0 || whole > DIGITS_LIMIT || header[whole + dot + part] || (dot && !part))
        return false;
    int64_t wanted = (int64_t)(strtod(header, NULL) * 1000) - offset_ms;
    if (wanted < limit_ms)
        *ret_deadline_ms = wanted > 0 ? wanted : 0;
    return true;
}

int64_t schedule_first(int64_t interval_ms, uint64_t random)
{
    int64_t span = interval_ms < FIRST_MS ? interval_ms : FIRST_MS;
    return (int64_t)(random % (uint64_t)(span + 1));
}

int64_t schedule_next(int64_t interval_ms, uint64_t random)
{
    int64_t part = interval_ms / JITTER_PARTS;
    return interval_ms - part + (int64_t)(random % (uint64_t)(2 * part + 1));
}

int64_t schedule_again(int64_t interval_ms, bool scheduled)
{
    if (!scheduled)
        return AGAIN_MS;
    int64_t part = interval_ms / JITTER_PARTS;
    int64_t wanted = part > AGAIN_LEAST_MS ? part : AGAIN_LEAST_MS;
    return wanted < interval_ms ? wanted : interval_ms;
}

bool schedule_counts(struct schedule_outcome outcome, bool suspect, bool failing)
{
    return !outcome.failed || !outcome.transient || suspect || failing;
}

enum schedule_choice schedule_choose(const struct schedule_state *state, int64_t now_ms)
{
    bool there = state->finished_ms >= 0;
    if (state->scheduled)
        return there ? SCHEDULE_ANSWER : SCHEDULE_JOIN;
    if (state->running)
        return SCHEDULE_JOIN;
    if (there && !state->suspect && now_ms - state->finished_ms < state->cache_ms)
        return SCHEDULE_ANSWER;
    if (there && state->slow && !state->delivered)
        return SCHEDULE_ANSWER_AND_RUN;
    return SCHEDULE_RUN;
}

bool schedule_mails(int64_t mailed_ms, int64_t interval_ms, bool failing, int64_t now_ms)
{
    return mailed_ms < 0 || failing || now_ms - mailed_ms >= interval_ms;
}

bool schedule_is_held(int64_t refused_ms, int64_t hold_ms, int64_t now_ms)
{
    return refused_ms >= 0 && now_ms - refused_ms < hold_ms;
}
