#include "engine/lookout.h"

#include "base/clock.h"
#include "base/memory.h"
#include "engine/visit.h"

#include <stdlib.h>
#include <string.h>

/* A copy is made with the message or a moment later, if at all. */
enum { PAUSE_MS = 1000, COPY_ROUNDS = 3, NS_PER_MS = 1000000 };

struct lookout {
    struct lookout_options options;
    struct arrival search;
    struct endpoint *mailbox;
    struct visit *visit;
    const struct attempt *last; /* of the visits */
    struct loop_timer *turn;
    int pause_ms;     /* before the next one */
    int64_t since_ns; /* when the first began, of the run; -1 not yet */
    bool looked, over;
};

/* ---- what came of it ---- */

const struct arrival *lookout_found(const struct lookout *l)
{
    return &l->search;
}

const struct endpoint *lookout_endpoint(const struct lookout *l)
{
    return l->mailbox;
}

static bool has_looked(const struct attempt *visit)
{
    for (const struct step *s = visit->steps; s; s = s->next)
        if (s->status == STATUS_OK &&
            (strcmp(s->name, "SEARCH") == 0 || strcmp(s->name, "STAT") == 0))
            return true;
    return false;
}

bool lookout_has_looked(const struct lookout *l)
{
    return l->looked || (l->visit && has_looked(visit_attempt(l->visit)));
}

bool lookout_is_over(const struct lookout *l)
{
    return l->over;
}

int64_t lookout_waited_ns(const struct lookout *l)
{
    int64_t now_ns = clock_mono_ns() - l->options.shared->started_ns;
    return l->since_ns >= 0 ? now_ns - l->since_ns : 0;
}

/* When the step in which it was read began. */
int64_t lookout_found_ns(const struct lookout *l)
{
    for (const struct step *s = l->last ? l->last->steps : NULL; s; s = s->next)
        if ((strcmp(s->name, "FETCH") == 0 || strcmp(s->name, "TOP") == 0) &&
            s->status == STATUS_OK)
            return l->options.shared->started_ns + s->start_ns;
    return -1;
}

/* ---- visits ---- */

static void end(struct lookout *l)
{
    l->over = true;
    l->options.done(l->options.arg);
}

/* Only POP3 must: its sessions do not see what comes meanwhile. Each pause is twice as long as the
 * one before, as servers limit how often one may log in (RFC 2449 section 6.5). */
static bool comes_again(struct lookout *l)
{
    const struct arrival *search = &l->search;
    int64_t left_ms = l->options.wait_ms - lookout_waited_ns(l) / NS_PER_MS;
    if (!search->looked || arrival_is_known(search) || search->stop || left_ms <= 0)
        return false;
    l->pause_ms = l->pause_ms ? 2 * l->pause_ms : PAUSE_MS;
    if (l->pause_ms > left_ms)
        l->pause_ms = (int)left_ms;
    return true;
}

static void visit_it(struct lookout *l);

static void look_again(void *arg)
{
    struct lookout *l = arg;
    loop_timer_stop(&l->turn);
    if (l->search.stop) {
        end(l);
        return;
    }
    l->search.looked = false;
    visit_it(l);
}

static void visited(void *arg)
{
    struct lookout *l = arg;
    l->last = visit_attempt(l->visit);
    l->looked = l->looked || has_looked(l->last);
    if (l->since_ns < 0 && l->last->steps)
        l->since_ns = l->last->steps->start_ns;
    if (!comes_again(l)) {
        end(l);
        return;
    }
    visit_close(&l->visit);
    l->turn = loop_timer_start(l->options.shared->loop, l->pause_ms, look_again, l);
}

static void visit_it(struct lookout *l)
{
    struct visit_options visit = {
        .shared = l->options.shared,
        .endpoint = l->mailbox,
        .purpose = PURPOSE_ARRIVAL,
        .turn = GATE_FURTHER,
        .task = l->mailbox->service == SERVICE_IMAP ? &arrival_imap_task : &arrival_pop3_task,
        .task_state = &l->search,
        .done = visited,
        .arg = l,
    };
    l->visit = visit_start(&visit);
}

/* ---- from outside ---- */

/* A login that is good does not open every mailbox. */
static bool has_opened(const struct endpoint *endpoint)
{
    const struct attempt *main = endpoint_attempt(endpoint, PURPOSE_MAIN);
    const struct step *step = main ? attempt_step(main, STAGE_MAILBOX) : NULL;
    return visit_is_possible(endpoint) && step && step->status == STATUS_OK;
}

static struct endpoint *opened(const struct trace *trace, enum service service)
{
    for (struct endpoint *e = trace->endpoints; e; e = e->next)
        if (e->service == service && has_opened(e))
            return e;
    return NULL;
}

/* Over IMAP where it can be; what is among the junk or what was sent POP3 does not show. */
struct endpoint *lookout_mailbox(const struct trace *trace, bool copy_only)
{
    struct endpoint *imap = opened(trace, SERVICE_IMAP);
    return imap || copy_only ? imap : opened(trace, SERVICE_POP3);
}

struct lookout *lookout_start(const struct lookout_options *options)
{
    struct endpoint *mailbox = lookout_mailbox(options->shared->trace, options->copy_only);
    if (!mailbox)
        return NULL;
    struct lookout *l = memory_new(sizeof *l);
    l->options = *options;
    l->mailbox = mailbox;
    l->since_ns = -1;
    l->search = (struct arrival) {
        .run_id = options->submission->run_id,
        .message_id = options->submission->message_id,
        .now_s = options->shared->trace->started_real_ns / 1000 / NS_PER_MS,
        .rounds = options->copy_only ? COPY_ROUNDS : options->wait_ms / PAUSE_MS + 1,
        .pause_ms = PAUSE_MS,
        .copy_only = options->copy_only,
    };
    visit_it(l);
    return l;
}

void lookout_stop(struct lookout *l)
{
    if (l->over)
        return;
    l->search.stop = true;
    if (l->visit) {
        visit_resume(l->visit);
        return;
    }
    loop_timer_stop(&l->turn);
    l->turn = loop_timer_start(l->options.shared->loop, 0, look_again, l);
}

void lookout_close(struct lookout **lookout)
{
    struct lookout *l = *lookout;
    *lookout = NULL;
    if (!l)
        return;
    visit_close(&l->visit);
    loop_timer_stop(&l->turn);
    arrival_done(&l->search);
    free(l);
}
