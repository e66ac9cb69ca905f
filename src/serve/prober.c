#include "serve/prober.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/gate_memory.h"
#include "engine/path_limits.h"
#include "serve/probe.h"
#include "serve/schedule.h"

#include <stdlib.h>
#include <string.h>

enum { NS_PER_MS = 1000000, MS_PER_S = 1000 };

static void begin_waiting(struct prober *prober);
static void tell_drained(struct prober *prober);

static int64_t now_ms(void)
{
    return clock_mono_ns() / NS_PER_MS;
}

uint64_t probe_any_number(void)
{
    uint64_t number;
    crypto_random(&number, sizeof number);
    return number;
}

/* ---- waiting ---- */

static void leave(struct probe_wait *wait)
{
    struct probe_wait **link = &wait->probe->waits;
    while (*link != wait)
        link = &(*link)->next;
    *link = wait->next;
    loop_timer_stop(&wait->timer);
    wait->probe->prober->counts.waiting--;
}

/* The scrape ends before the run: nothing is known, and no network is blamed. The run goes on, for
 * the next one. */
static void time_is_up(void *arg)
{
    struct probe_wait *wait = arg;
    struct probe *probe = wait->probe;
    struct answer *answer = answer_unknown(probe->target, NULL, wait->since_real_ns,
                                           (now_ms() - wait->since_ms) * NS_PER_MS);
    leave(wait);
    probe->slow = true;
    probe->missed_ms = wait->deadline_ms;
    probe->prober->counts.late++;
    wait->answered(wait, answer, probe->suspect);
    answer_free(answer);
    tell_drained(probe->prober);
}

static void join(struct probe *probe, struct probe_wait *wait)
{
    struct prober *prober = probe->prober;
    wait->probe = probe;
    wait->next = probe->waits;
    wait->since_ms = now_ms();
    wait->since_real_ns = clock_real_ns();
    wait->timer = loop_timer_start(prober->options.loop, wait->deadline_ms, time_is_up, wait);
    probe->waits = wait;
    prober->counts.waiting++;
    if (wait->debug && probe->flight)
        flight_keep_text(probe->flight);
}

void probe_answer_all(struct probe *probe, const struct answer *answer)
{
    while (probe->waits) {
        struct probe_wait *wait = probe->waits;
        leave(wait);
        wait->answered(wait, answer, probe->suspect);
    }
}

static bool is_text_wanted(const struct probe *probe)
{
    const struct probe_wait *wait = probe->waits;
    while (wait && !wait->debug)
        wait = wait->next;
    return wait || probe_is_scheduled(probe);
}

/* ---- the end of a run ---- */

static void due(void *arg)
{
    struct probe *probe = arg;
    loop_timer_stop(&probe->due);
    probe_want_run(probe);
    begin_waiting(probe->prober);
}

void probe_set_due(struct probe *probe, int64_t delay_ms)
{
    loop_timer_stop(&probe->due);
    if (!probe->module || (probe->prober->draining && !probe->waits))
        return;
    probe->due = loop_timer_start(probe->prober->options.loop, delay_ms, due, probe);
}

static void set_next(struct probe *probe)
{
    if (probe_is_scheduled(probe) && !probe->prober->draining)
        probe_set_due(probe, schedule_next(probe->module->interval_ms, probe_any_number()));
}

/* Takes ANSWER as what the probe says now. */
static void settle(struct probe *probe, struct answer *answer)
{
    answer_free(probe->answer);
    probe->answer = answer;
    probe->finished_ms = now_ms();
    probe->delivered = probe->waits != NULL;
    if (probe->finished_ms - probe->began_ms < probe->missed_ms)
        probe->slow = false;
    probe_answer_all(probe, answer);
    if (!probe_is_scheduled(probe)) { /* who wanted the report has it */
        free(answer->text);
        answer->text = NULL;
    }
}

static void note_refusal(struct probe *probe, struct flight_end *end)
{
    if (!end->only_we_know)
        return;
    probe_forget_refusal(probe);
    probe->refused = end->refused;
    probe->refused_ms = now_ms();
    probe->prober->options.log(probe->prober->options.arg,
                               "the state directory cannot be written: a refused password is "
                               "remembered only until this program ends");
}

static void cannot_begin(struct probe *probe, char *error)
{
    struct prober *prober = probe->prober;
    char *line =
        memory_format("module %s, target %s: %s", probe->module_name, probe->target, error);
    prober->options.log(prober->options.arg, line);
    prober->counts.troubles++;
    set_next(probe);
    settle(probe, answer_unknown(probe->target, "The run could not begin; see the log of serve.",
                                 clock_real_ns(), 0));
    free(line);
    free(error);
}

static void take_end(struct probe *probe, struct flight_end *end)
{
    struct prober *prober = probe->prober;
    const struct schedule_outcome outcome = { end->failed, end->transient };
    prober->counts.runs[end->answer->status]++;
    note_refusal(probe, end);
    set_next(probe);
    if (probe->module && !schedule_counts(outcome, probe->suspect, probe->failing)) {
        prober->counts.uncounted++;
        probe->suspect = true;
        answer_free(end->answer);
        probe_set_due(probe, schedule_again(probe->module->interval_ms, probe_is_scheduled(probe)));
    } else {
        probe->suspect = false;
        if (end->answer->status != VERDICT_UNKNOWN)
            probe->failing = end->failed;
        settle(probe, end->answer);
        probe_remove_if_gone(prober, probe);
    }
}

static void landed(void *arg, struct flight *flight)
{
    struct probe *probe = arg;
    struct prober *prober = probe->prober;
    struct flight_end end = flight_end(flight);
    flight_free(flight);
    probe->flight = NULL;
    prober->counts.running--;
    if (end.error) {
        cannot_begin(probe, end.error);
        probe_remove_if_gone(prober, probe);
    } else {
        take_end(probe, &end);
    }
    begin_waiting(prober);
}

/* ---- the beginning of a run ---- */

/* The same login is not sent twice at a time: the second would not know that the first is being
 * refused. */
static bool is_login_out(const struct prober *prober, const char *login)
{
    for (const struct probe *p = prober->probes; login && p; p = p->next)
        if (p->flight && p->login && text_equal_fold(p->login, login))
            return true;
    return false;
}

static bool is_same_secret(const struct secret *a, const struct secret *b)
{
    struct bytes x = secret_bytes(a), y = secret_bytes(b);
    return x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
}

/* Is this the password that was refused, and that nobody but us remembers? */
static bool is_held(struct probe *probe)
{
    struct secret *password = NULL, *token = NULL;
    char *error = NULL;
    if (!schedule_is_held(probe->refused_ms, (int64_t)GATE_MEMORY_SECONDS * MS_PER_S, now_ms())) {
        probe_forget_refusal(probe);
        return false;
    }
    bool held = module_set_modules(probe->prober->set)
                    ->read_secrets(probe->module, &password, &token, &error) &&
                password && is_same_secret(password, probe->refused);
    free(error);
    secret_free(password);
    secret_free(token);
    return held;
}

/* NULL: this run sends none. */
static const struct outbox_wish *message_of(const struct probe *probe)
{
    const struct serve_module *module = probe->module;
    bool due = schedule_mails(probe->mailed_ms, module->mail_ms, probe->suspect || probe->failing,
                              now_ms());
    return due ? serve_module_wish(module, probe->target) : NULL;
}

static void begin(struct probe *probe)
{
    struct prober *prober = probe->prober;
    const struct flight_options options = {
        .loop = prober->options.loop,
        .set = prober->set,
        .module = probe->module,
        .target = probe->target,
        .state_dir = prober->options.state_dir,
        .path_limits = prober->path_limits,
        .wish = message_of(probe),
        .with_text = is_text_wanted(probe),
        .landed = landed,
        .arg = probe,
    };
    char *error = NULL;
    probe->queued = false;
    prober->counts.queued--;
    probe->began_ms = now_ms();
    probe->began_real_ns = clock_real_ns();
    if (is_held(probe)) {
        set_next(probe);
        return;
    }
    probe->flight = flight_start(&options, &error);
    if (probe->flight && options.wish)
        probe->mailed_ms = now_ms();
    if (probe->flight)
        prober->counts.running++;
    else
        cannot_begin(probe, error);
}

/* Logins first: they are few, and the clock waits for no slot. */
static struct probe *next_waiting(struct prober *prober, bool scheduled)
{
    struct probe *oldest = NULL;
    for (struct probe *p = prober->probes; p; p = p->next)
        if (p->queued && probe_is_scheduled(p) == scheduled && !is_login_out(prober, p->login) &&
            (!oldest || p->began_ms < oldest->began_ms))
            oldest = p;
    return oldest;
}

static void tell_drained(struct prober *prober)
{
    if (!prober->draining || prober->drained || prober->counts.running || prober->counts.queued ||
        prober->counts.waiting)
        return;
    prober->drained = true;
    prober->options.drained(prober->options.arg);
}

static void begin_waiting(struct prober *prober)
{
    while (prober->counts.queued && prober->counts.running < prober->options.jobs) {
        struct probe *probe = next_waiting(prober, true);
        probe = probe ? probe : next_waiting(prober, false);
        if (!probe)
            break;
        begin(probe);
    }
    tell_drained(prober);
}

void probe_want_run(struct probe *probe)
{
    if (probe->flight || probe->queued || !probe->module)
        return;
    probe->queued = true;
    probe->began_ms = now_ms(); /* of the wait, until it begins */
    probe->prober->counts.queued++;
}

/* ---- questions ---- */

static void answer_now(struct probe *probe, struct probe_wait *wait)
{
    probe->delivered = true;
    probe->prober->counts.cached++;
    wait->answered(wait, probe->answer, probe->suspect);
}

static void serve_wait(struct probe *probe, struct probe_wait *wait)
{
    const struct schedule_state state = {
        .scheduled = probe_is_scheduled(probe),
        .running = !probe_is_idle(probe),
        .slow = probe->slow,
        .suspect = probe->suspect,
        .delivered = probe->delivered,
        .finished_ms = probe->answer ? probe->finished_ms : -1,
        .cache_ms = probe->module->cache_ms,
    };
    enum schedule_choice choice = schedule_choose(&state, now_ms());
    bool wanting = wait->debug && probe->answer && !probe->answer->text;
    if (wanting && (choice == SCHEDULE_ANSWER || choice == SCHEDULE_ANSWER_AND_RUN))
        choice = SCHEDULE_RUN;
    switch (choice) {
    case SCHEDULE_ANSWER:
        answer_now(probe, wait);
        break;
    case SCHEDULE_ANSWER_AND_RUN:
        answer_now(probe, wait);
        probe_want_run(probe);
        break;
    case SCHEDULE_JOIN:
        probe->prober->counts.joined++;
        join(probe, wait);
        break;
    case SCHEDULE_RUN:
        join(probe, wait);
        probe_want_run(probe);
        break;
    }
}

bool prober_ask(struct prober *prober, const struct serve_module *module, const char *target,
                struct probe_wait *wait)
{
    struct probe **link = probe_find(prober, module->name, target);
    struct probe *probe = *link;
    if (probe) { /* to the front */
        *link = probe->next;
        probe->next = prober->probes;
        prober->probes = probe;
    } else if (!(probe = probe_add(prober, module, target))) {
        return false;
    }
    serve_wait(probe, wait);
    begin_waiting(prober);
    return true;
}

/* ---- the whole ---- */

struct prober *prober_new(const struct prober_options *options, struct module_set *set)
{
    struct prober *prober = memory_new(sizeof *prober);
    prober->options = *options;
    prober->set = set;
    prober->path_limits = path_limits_new();
    probe_list_renew(prober);
    return prober;
}

void prober_reload(struct prober *prober, struct module_set *set)
{
    struct module_set *before = prober->set;
    prober->set = set;
    probe_list_renew(prober);
    module_set_release(before);
    begin_waiting(prober);
}

void prober_drain(struct prober *prober)
{
    prober->draining = true;
    for (struct probe *p = prober->probes; p; p = p->next)
        if (!p->waits)
            loop_timer_stop(&p->due);
    tell_drained(prober);
}

void prober_cancel(struct prober *prober)
{
    for (struct probe *p = prober->probes; p; p = p->next)
        if (p->flight)
            flight_cancel(p->flight);
}

const struct serve_modules *prober_modules(const struct prober *prober)
{
    return module_set_modules(prober->set);
}

void prober_count(const struct prober *prober, struct prober_counts *ret_counts)
{
    *ret_counts = prober->counts;
}

void prober_view(const struct prober *prober, void (*show)(void *arg, const struct probe_view *),
                 void *arg)
{
    for (const struct probe *p = prober->probes; p; p = p->next) {
        const struct probe_view view = {
            .module = p->module_name,
            .target = p->target,
            .answer = p->answer,
            .scheduled = probe_is_scheduled(p),
            .running = p->flight != NULL,
            .suspect = p->suspect,
        };
        if (p->module)
            show(arg, &view);
    }
}

void prober_free(struct prober *prober)
{
    if (!prober)
        return;
    for (struct probe *p = prober->probes; p; p = p->next) {
        flight_free(p->flight);
        p->flight = NULL;
        p->module = NULL;
        p->queued = false;
    }
    while (prober->probes)
        probe_remove_if_gone(prober, prober->probes);
    module_set_release(prober->set);
    path_limits_free(prober->path_limits);
    free(prober);
}
