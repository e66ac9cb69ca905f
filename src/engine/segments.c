#include "engine/segments.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECT_MS = 6000 };

enum { SMALL, AGAIN, TRIAL_COUNT };

/* One of the two connections. */
struct trial {
    struct segments *owner;
    struct session_options settings;
    struct attempt *attempt;
    struct step *connect;
    struct session *session;
    int fd; /* until the session has it */
    struct loop_watch *watch;
    struct loop_timer *timer;
    bool over;
};

struct segments {
    struct session *first; /* NULL: gone */
    const struct attempt *stalled;
    struct loop *loop;
    loop_function *done;
    void *arg;
    int64_t started_ns;
    int budget_ms;
    struct gate *gate; /* without a credential */
    struct trial trials[TRIAL_COUNT];
    struct loop_timer *turn;
};

static int64_t elapsed(const struct segments *s)
{
    return clock_mono_ns() - s->started_ns;
}

/* ---- what the two show ---- */

static const struct step *last_step(const struct attempt *attempt)
{
    const struct step *last = attempt->steps;
    while (last && last->next)
        last = last->next;
    return last;
}

/* The step of that trial in which the first connection hangs; NULL: it did not come so far. */
static const struct step *same_step(const struct segments *s, int trial)
{
    const struct step *last = last_step(s->stalled);
    return last ? attempt_step(s->trials[trial].attempt, last->stage) : NULL;
}

/* Did small packets get through, and was none of them lost? */
static bool small_passed(const struct segments *s)
{
    const struct step *same = same_step(s, SMALL);
    return same && same->status == STATUS_OK && tcp_is_lossless(s->trials[SMALL].attempt->tcp);
}

static bool stalled_again(const struct segments *s)
{
    const struct step *same = same_step(s, AGAIN);
    return same && same->status == STATUS_FAIL && same->error.kind == FAILURE_TIMED_OUT;
}

/* One that is over did not show it. */
static bool is_refuted(const struct segments *s)
{
    return (s->trials[SMALL].over && !small_passed(s)) ||
           (s->trials[AGAIN].over && !stalled_again(s));
}

static bool is_decided(const struct segments *s)
{
    return is_refuted(s) || (s->trials[SMALL].over && s->trials[AGAIN].over);
}

static void judge(void *arg)
{
    struct segments *s = arg;
    loop_timer_stop(&s->turn);
    if (!is_decided(s))
        return;
    if (!s->first)
        s->done(s->arg);
    else if (!is_refuted(s) && session_is_stalled(s->first))
        session_fail(s->first, failure_make(FAILURE_TIMED_OUT, "packets are missing"));
}

/* Told at the next turn, since this may run inside segments_start() or a session. */
static void finish(struct trial *t)
{
    struct segments *s = t->owner;
    t->over = true;
    loop_watch_stop(&t->watch);
    loop_timer_stop(&t->timer);
    if (!s->turn)
        s->turn = loop_timer_start(s->loop, 0, judge, s);
}

/* ---- one connection ---- */

static void end_connect(struct trial *t, enum status status, struct failure failure)
{
    t->connect->status = status;
    t->connect->error = failure;
    t->connect->duration_ns = elapsed(t->owner) - t->connect->start_ns;
}

static void talked(void *arg)
{
    struct trial *t = arg;
    session_close(&t->session);
    finish(t);
}

static void stalled_too(void *arg)
{
    struct trial *t = arg;
    session_fail(t->session, failure_make(FAILURE_TIMED_OUT, "packets are missing"));
}

static void connected(void *arg, unsigned events)
{
    struct trial *t = arg;
    struct failure failure;
    struct net_icmp icmp;
    (void)events;
    loop_watch_stop(&t->watch);
    loop_timer_stop(&t->timer);
    bool open = evidence_connected(t->fd, &failure, &icmp);
    end_connect(t, open ? STATUS_OK : STATUS_FAIL, failure);
    if (!open) {
        finish(t);
        return;
    }
    int fd = t->fd;
    t->fd = -1;
    t->session = session_start(&t->settings, fd);
}

static void timed_out(void *arg)
{
    struct trial *t = arg;
    int ms = t->owner->budget_ms;
    end_connect(t, STATUS_FAIL, failure_make(FAILURE_TIMED_OUT, "no answer in %d ms", ms));
    finish(t);
}

static void set_up_session(struct trial *t, const struct session_options *main)
{
    t->settings = *main;
    t->settings.attempt = t->attempt;
    memset(&t->settings.wish.login, 0, sizeof t->settings.wish.login);
    t->settings.gate = t->owner->gate;
    t->settings.expected = false;
    t->settings.silent = NULL;
    t->settings.stalled = stalled_too;
    t->settings.done = talked;
    t->settings.arg = t;
}

static void begin_connect(struct trial *t, const struct net_address *address,
                          const struct net_address *source, int segment)
{
    struct segments *s = t->owner;
    struct failure failure = { 0 };
    t->connect = trace_add_step(t->settings.trace, t->attempt, "connect", STAGE_CONNECT);
    t->connect->start_ns = elapsed(s);
    t->connect->duration_ns = -1;
    t->connect->budget_ms = s->budget_ms;
    t->fd = evidence_connect_small(address, source, segment, &failure);
    if (t->fd < 0) {
        end_connect(t, STATUS_FAIL, failure);
        finish(t);
        return;
    }
    t->watch = loop_watch_start(s->loop, t->fd, LOOP_WRITE, connected, t);
    t->timer = loop_timer_start(s->loop, s->budget_ms, timed_out, t);
}

static void start_trial(struct trial *t, const struct session_options *main,
                        const struct net_address *address, const struct net_address *source,
                        int segment)
{
    char text[EVIDENCE_ADDRESS_SIZE];
    t->attempt =
        trace_add_attempt(main->trace, main->endpoint, segment ? PURPOSE_MSS : PURPOSE_AGAIN);
    t->attempt->address = arena_copy(&main->trace->arena, net_address_text(address, text));
    t->attempt->start_ns = elapsed(t->owner);
    set_up_session(t, main);
    begin_connect(t, address, source, segment);
}

struct segments *segments_start(struct session *first, const struct net_address *address,
                                const struct net_address *source, loop_function *done, void *arg)
{
    const struct session_options *settings = session_settings(first);
    struct segments *s = memory_new(sizeof *s);
    int cap = settings->timeout_ms;
    *s = (struct segments) {
        .first = first,
        .stalled = settings->attempt,
        .loop = settings->loop,
        .done = done,
        .arg = arg,
        .started_ns = settings->started_ns,
        .budget_ms = cap && cap < CONNECT_MS ? cap : CONNECT_MS,
        .gate = gate_new(&(struct gate_options) { 0 }),
    };
    for (int i = 0; i < TRIAL_COUNT; i++)
        s->trials[i] = (struct trial) { .owner = s, .fd = -1 };
    start_trial(&s->trials[SMALL], settings, address, source, EVIDENCE_SMALL_SEGMENT);
    start_trial(&s->trials[AGAIN], settings, address, source, 0);
    return s;
}

bool segments_awaited(struct segments *s)
{
    if (!s)
        return false;
    s->first = NULL;
    const struct step *failed = attempt_failed_step(s->stalled);
    return !is_decided(s) && failed && failed->error.kind == FAILURE_TIMED_OUT;
}

static void close_trial(struct trial *t)
{
    if (t->connect->duration_ns < 0)
        end_connect(t, STATUS_CUT, failure_make(FAILURE_CANCELLED, "not waited for"));
    loop_watch_stop(&t->watch);
    loop_timer_stop(&t->timer);
    session_close(&t->session);
    if (t->fd >= 0)
        close(t->fd);
}

void segments_close(struct segments **segments)
{
    struct segments *s = *segments;
    *segments = NULL;
    if (!s)
        return;
    loop_timer_stop(&s->turn);
    for (int i = 0; i < TRIAL_COUNT; i++)
        close_trial(&s->trials[i]);
    gate_free(s->gate);
    free(s);
}
