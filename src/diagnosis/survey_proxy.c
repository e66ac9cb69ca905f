/* The event of a step that a proxy ended: whose fault it is, as far as the proxy lets it be seen.
 */
#include "diagnosis/survey.h"

/* Did the proxy answer anything, here or to another endpoint? Then it lives. */
static bool was_heard(const struct trace *trace)
{
    for (const struct endpoint *e = trace->endpoints; e; e = e->next)
        for (const struct attempt *a = e->attempts; a; a = a->next)
            if (a->proxy && a->proxy->heard)
                return true;
    return false;
}

struct classified survey_proxy(const struct survey *survey, const struct endpoint *endpoint,
                               const struct step *step)
{
    enum failure_kind kind = step->error.kind;
    /* An HTTP proxy has nothing to say before the server answers it; a proxy that speaks to others
     * is no dead one. */
    bool silent = kind == FAILURE_PROXY_SILENT && was_heard(survey->trace);
    bool behind = silent || kind == FAILURE_PROXY_TARGET || kind == FAILURE_PROXY_FAILED;
    if (behind && endpoint->expectation == EXPECT_NOT_OFFERED)
        return classify_event("connect.not_offered");
    return silent ? classify_event("connect.proxy_target_silent")
                  : survey_event(STAGE_CONNECT, kind);
}
