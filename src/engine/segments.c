#include "engine/segments.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct segments {
    struct segments_options options;
    struct session_options settings;
    const struct attempt *first;
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

static void deliver(void *arg)
{
    struct segments *s = arg;
    loop_timer_stop(&s->timer);
    s->options.done(s->options.arg);
}

/* The owner is told at the next turn, since this may run inside segments_start(). */
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
                failure_make(FAILURE_TIMED_OUT, "no answer in %d ms", s->options.budget_ms));
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

struct segments *segments_start(const struct segments_options *options,
                                const struct session_options *main)
{
    struct segments *s = memory_new(sizeof *s);
    struct failure failure = { 0 };
    char text[EVIDENCE_ADDRESS_SIZE];
    s->options = *options;
    s->first = main->attempt;
    s->attempt = trace_add_attempt(main->trace, main->endpoint, PURPOSE_MSS);
    set_up_session(s, main);
    s->attempt->address =
        arena_copy(&main->trace->arena, net_address_text(&options->address, text));
    s->attempt->start_ns = elapsed(s);
    s->connect = trace_add_step(main->trace, s->attempt, "connect", STAGE_CONNECT);
    s->connect->start_ns = elapsed(s);
    s->connect->duration_ns = -1;
    s->connect->budget_ms = options->budget_ms;
    s->fd = evidence_connect_small(&options->address, options->source, SEGMENTS_SIZE, &failure);
    if (s->fd < 0) {
        end_connect(s, STATUS_FAIL, failure);
        finish(s);
        return s;
    }
    s->watch = loop_watch_start(main->loop, s->fd, LOOP_WRITE, connected, s);
    s->timer = loop_timer_start(main->loop, options->budget_ms, timed_out, s);
    return s;
}

bool segments_over(const struct segments *s)
{
    return s->over;
}

bool segments_passed(const struct segments *s)
{
    const struct step *last = s->first->steps;
    while (last && last->next)
        last = last->next;
    const struct step *same = last ? attempt_step(s->attempt, last->stage) : NULL;
    return same && same->status == STATUS_OK;
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
