#include "engine/visit.h"

#include "base/clock.h"
#include "base/memory.h"
#include "engine/dial.h"
#include "engine/proxy.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

struct visit {
    struct visit_options options;
    struct dial dial;
    struct attempt *attempt;
    struct step *open; /* connect, proxy; NULL between and behind them */
    int fd;            /* until the proxy or the session has it */
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct proxy *proxy;
    struct session *session;
    char ehlo[DIAL_EHLO_SIZE];
};

static int64_t elapsed(const struct visit *v)
{
    return clock_mono_ns() - v->options.shared->started_ns;
}

static void begin_step(struct visit *v, const char *name, int budget_ms)
{
    v->open = trace_add_step(v->options.shared->trace, v->attempt, name, STAGE_CONNECT);
    v->open->start_ns = elapsed(v);
    v->open->duration_ns = -1;
    v->open->budget_ms = budget_ms;
}

static void end_step(struct visit *v, enum status status, struct failure failure)
{
    v->open->status = status;
    v->open->error = failure;
    v->open->duration_ns = elapsed(v) - v->open->start_ns;
    v->open = NULL;
}

static void deliver(void *arg)
{
    struct visit *v = arg;
    loop_timer_stop(&v->timer);
    v->options.done(v->options.arg);
}

/* Told at the next turn, since this may run inside visit_start(). */
static void give_up(struct visit *v, struct failure failure)
{
    end_step(v, STATUS_FAIL, failure);
    loop_watch_stop(&v->watch);
    loop_timer_stop(&v->timer);
    v->timer = loop_timer_start(v->options.shared->loop, 0, deliver, v);
}

static void paused(void *arg)
{
    struct visit *v = arg;
    v->options.paused(v->options.arg);
}

static void talk(struct visit *v, int fd)
{
    struct net_facts facts;
    evidence_facts(fd, &facts);
    const char *local = facts.local[0] ? facts.local : NULL;
    const char *ehlo = dial_ehlo(v->options.shared, local, v->ehlo);
    struct session_options options =
        dial_session(v->options.shared, v->options.endpoint, v->attempt, ehlo);
    options.wish.task = v->options.task;
    options.wish.task_state = v->options.task_state;
    options.turn = v->options.turn;
    options.paused = v->options.paused ? paused : NULL;
    options.done = deliver;
    options.arg = v;
    v->session = session_start(&options, fd);
}

static void proxy_answered(void *arg, const struct proxy_talk *answer)
{
    struct visit *v = arg;
    struct failure failure = answer->failure;
    bool open = answer->state == PROXY_OPEN;
    v->attempt->proxy->heard = answer->heard;
    v->open->reply =
        arena_copy_bytes(&v->options.shared->trace->arena, buffer_bytes(&answer->words));
    int fd = open ? proxy_take(v->proxy) : -1;
    proxy_close(&v->proxy);
    if (!open) {
        give_up(v, failure);
        return;
    }
    end_step(v, STATUS_OK, (struct failure) { 0 });
    talk(v, fd);
}

static void ask_proxy(struct visit *v, int fd)
{
    struct proxy_options options = {
        .loop = v->options.shared->loop,
        .settings = v->dial.via,
        .host = v->dial.to_host,
        .port = v->dial.to_port,
        .budget_ms = dial_capped(v->options.shared->options, DIAL_PROXY_MS),
        .done = proxy_answered,
        .arg = v,
    };
    begin_step(v, "proxy", options.budget_ms);
    v->proxy = proxy_start(&options, fd);
}

static void connected(void *arg, unsigned events)
{
    struct visit *v = arg;
    struct failure failure = { 0 };
    struct net_icmp icmp = { 0 };
    (void)events;
    if (!evidence_connected(v->fd, &failure, &icmp)) {
        give_up(v, failure);
        return;
    }
    end_step(v, STATUS_OK, (struct failure) { 0 });
    loop_watch_stop(&v->watch);
    loop_timer_stop(&v->timer);
    int fd = v->fd;
    v->fd = -1;
    if (v->dial.via)
        ask_proxy(v, fd);
    else
        talk(v, fd);
}

static void timed_out(void *arg)
{
    struct visit *v = arg;
    give_up(v, failure_make(FAILURE_TIMED_OUT, "no answer in %d ms", v->open->budget_ms));
}

/* Where the main attempt got through: the proxy's own address where one hides the server's. */
static const char *known_address(const struct endpoint *endpoint)
{
    const struct attempt *main = endpoint_attempt(endpoint, PURPOSE_MAIN);
    if (!main->proxy)
        return main->address;
    for (const struct address *a = main->proxy->addresses; a; a = a->next)
        if (a->chosen)
            return a->text;
    return main->address;
}

bool visit_is_possible(const struct endpoint *endpoint)
{
    const struct attempt *main = endpoint_attempt(endpoint, PURPOSE_MAIN);
    return main && main->auth.outcome == LOGIN_ACCEPTED;
}

struct visit *visit_start(const struct visit_options *options)
{
    const struct walk_shared *shared = options->shared;
    struct visit *v = memory_new(sizeof *v);
    struct net_address address;
    struct failure failure = { 0 };
    assert(visit_is_possible(options->endpoint));
    v->options = *options;
    v->fd = -1;
    v->dial = dial_to(shared->options, options->endpoint);
    const char *text = known_address(options->endpoint);
    v->attempt = trace_add_attempt(shared->trace, options->endpoint, options->purpose);
    v->attempt->start_ns = elapsed(v);
    dial_note(&v->dial, shared->trace, v->attempt);
    begin_step(v, "connect", dial_capped(shared->options, DIAL_CONNECT_MS));
    if (!net_address_parse(&address, text, v->dial.port)) {
        give_up(v, failure_make(FAILURE_NO_ADDRESS, "no usable address"));
        return v;
    }
    if (!v->dial.via)
        v->attempt->address = text;
    v->fd = evidence_connect(&address, shared->source, &failure);
    if (v->fd < 0) {
        give_up(v, failure);
        return v;
    }
    v->watch = loop_watch_start(shared->loop, v->fd, LOOP_WRITE, connected, v);
    v->timer = loop_timer_start(shared->loop, v->open->budget_ms, timed_out, v);
    return v;
}

struct attempt *visit_attempt(const struct visit *v)
{
    return v->attempt;
}

void visit_resume(struct visit *v)
{
    if (v->session)
        session_resume(v->session);
}

void visit_close(struct visit **visit)
{
    struct visit *v = *visit;
    if (!v)
        return;
    *visit = NULL;
    if (v->proxy)
        v->attempt->proxy->heard = proxy_heard(v->proxy);
    if (v->open)
        end_step(v, STATUS_CUT, failure_make(FAILURE_CANCELLED, "not waited for"));
    loop_watch_stop(&v->watch);
    loop_timer_stop(&v->timer);
    proxy_close(&v->proxy);
    session_close(&v->session);
    if (v->fd >= 0)
        close(v->fd);
    free(v);
}
