#include "engine/segments.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SEGMENT_SIZE = 1000, /* bytes of payload: fits any path that mail can use */
    CONNECT_MS = 6000,
    STALL_MS = 6000, /* what the first one may still wait for its packet: three resends more */
};

struct segments {
    struct session_options settings;
    struct session *first; /* NULL: gone */
    const struct attempt *stalled;
    loop_function *done;
    void *arg;
    int budget_ms;
    struct attempt *attempt;
    struct step *connect;
    struct gate *gate; /* without a credential */
    struct session *session;
    int fd; /* until the session has it */
    struct loop_watch *watch;
    struct loop_timer *timer;
    bool over;
};

static int64_t elapsed(const struct segments *s)
{
    return clock_mono_ns() - s->settings.started_ns;
}

/* Did it finish the step that the first connection is in? */
static bool passed(const struct segments *s)
{
    const struct step *last = s->stalled->steps;
    while (last && last->next)
        last = last->next;
    const struct step *same = last ? attempt_step(s->attempt, last->stage) : NULL;
    return same && same->status == STATUS_OK;
}

static void stall_over(void *arg)
{
    struct segments *s = arg;
    loop_timer_stop(&s->timer);
    if (s->first && session_is_stalled(s->first))
        session_fail(s->first, failure_make(FAILURE_TIMED_OUT, "packets are missing"));
}

static void deliver(void *arg)
{
    struct segments *s = arg;
    loop_timer_stop(&s->timer);
    if (!s->first)
        s->done(s->arg);
    else if (passed(s))
        s->timer = loop_timer_start(s->settings.loop, STALL_MS, stall_over, s);
}

/* Told at the next turn, since this may run inside segments_start(). */
static void finish(struct segments *s)
{
    s->over = true;
    loop_watch_stop(&s->watch);
    loop_timer_stop(&s->timer);
    s->timer = loop_timer_start(s->settings.loop, 0, deliver, s);
}

static void end_connect(struct segments *s, enum status status, struct failure failure)
{
    s->connect->status = status;
    s->connect->error = failure;
    s->connect->duration_ns = elapsed(s) - s->connect->start_ns;
}

static void talked(void *arg)
{
    struct segments *s = arg;
    session_close(&s->session);
    finish(s);
}

static void connected(void *arg, unsigned events)
{
    struct segments *s = arg;
    struct failure failure;
    struct net_icmp icmp;
    (void)events;
    loop_watch_stop(&s->watch);
    loop_timer_stop(&s->timer);
    bool open = evidence_connected(s->fd, &failure, &icmp);
    end_connect(s, open ? STATUS_OK : STATUS_FAIL, failure);
    if (!open) {
        finish(s);
        return;
    }
    int fd = s->fd;
    s->fd = -1;
    s->session = session_start(&s->settings, fd);
}

static void timed_out(void *arg)
{
    struct segments *s = arg;
    end_connect(s, STATUS_FAIL,
                failure_make(FAILURE_TIMED_OUT, "no answer in %d ms", s->budget_ms));
    finish(s);
}

static void set_up_session(struct segments *s, const struct session_options *main)
{
    s->gate = gate_new(&(struct gate_options) { 0 });
    s->settings = *main;
    s->settings.attempt = s->attempt;
    memset(&s->settings.wish.login, 0, sizeof s->settings.wish.login);
    s->settings.gate = s->gate;
    s->settings.expected = false;
    s->settings.silent = s->settings.stalled = NULL;
    s->settings.done = talked;
    s->settings.arg = s;
}

static struct step *begin_connect(struct segments *s)
{
    struct step *step = trace_add_step(s->settings.trace, s->attempt, "connect", STAGE_CONNECT);
    step->start_ns = elapsed(s);
    step->duration_ns = -1;
    step->budget_ms = s->budget_ms;
    return step;
}

struct segments *segments_start(struct session *first, const struct net_address *address,
                                const struct net_address *source, loop_function *done, void *arg)
{
    const struct session_options *settings = session_settings(first);
    struct segments *s = memory_new(sizeof *s);
    struct failure failure = { 0 };
    char text[EVIDENCE_ADDRESS_SIZE];
    s->first = first;
    s->stalled = settings->attempt;
    s->done = done;
    s->arg = arg;
    int cap = settings->timeout_ms;
    s->budget_ms = cap && cap < CONNECT_MS ? cap : CONNECT_MS;
    s->attempt = trace_add_attempt(settings->trace, settings->endpoint, PURPOSE_MSS);
    set_up_session(s, settings);
    s->attempt->address = arena_copy(&settings->trace->arena, net_address_text(address, text));
    s->attempt->start_ns = elapsed(s);
    s->connect = begin_connect(s);
    s->fd = evidence_connect_small(address, source, SEGMENT_SIZE, &failure);
    if (s->fd < 0) {
        end_connect(s, STATUS_FAIL, failure);
        finish(s);
        return s;
    }
    s->watch = loop_watch_start(settings->loop, s->fd, LOOP_WRITE, connected, s);
    s->timer = loop_timer_start(settings->loop, s->budget_ms, timed_out, s);
    return s;
}

bool segments_awaited(struct segments *s)
{
    if (!s)
        return false;
    s->first = NULL;
    const struct step *failed = attempt_failed_step(s->stalled);
    return !s->over && failed && failed->error.kind == FAILURE_TIMED_OUT;
}

void segments_close(struct segments **segments)
{
    struct segments *s = *segments;
    *segments = NULL;
    if (!s)
        return;
    if (s->connect->duration_ns < 0)
        end_connect(s, STATUS_CUT, failure_make(FAILURE_CANCELLED, "not waited for"));
    loop_watch_stop(&s->watch);
    loop_timer_stop(&s->timer);
    session_close(&s->session);
    if (s->fd >= 0)
        close(s->fd);
    gate_free(s->gate);
    free(s);
}
