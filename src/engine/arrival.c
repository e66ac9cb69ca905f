#include "engine/arrival.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/visit.h"
#include "probes/arrival.h"
#include "probes/mail_header.h"

#include <stdlib.h>
#include <string.h>

/* A copy is made with the message or a moment later, if at all. */
enum { PAUSE_MS = 1000, COPY_ROUNDS = 3, NS_PER_MS = 1000000 };

struct arrivals {
    struct arrivals_options options;
    struct arrival search;
    struct delivery_facts *facts;
    struct endpoint *mailbox;
    struct visit *visit;
    const struct attempt *last; /* of the visits */
    struct loop_timer *turn;
    int pause_ms;     /* before the next one */
    int64_t since_ns; /* when the first began, of the run; -1 not yet */
};

/* ---- what was found ---- */

/* Each server puts its line above those before it (RFC 5321 section 4.4): the last is the first. */
static void note_hops(struct arena *arena, struct delivery_facts *facts, struct bytes header)
{
    struct mail_field field;
    while (mail_header_next(&header, arena, &field)) {
        if (mail_field_is(&field, "Authentication-Results"))
            strings_add(&facts->authentication, arena, field.value);
        if (!mail_field_is(&field, "Received"))
            continue;
        struct mail_received received = mail_header_received(arena, field.value);
        if (received.at_s < 0)
            continue;
        struct passage *passage = arena_new(arena, sizeof *passage);
        *passage = (struct passage) {
            .next = facts->passages,
            .from = received.from,
            .by = received.by,
            .at_s = received.at_s,
            .delay_s = -1,
        };
        facts->passages = passage;
    }
    for (struct passage *p = facts->passages; p && p->next; p = p->next)
        if (p->next->at_s >= p->at_s)
            p->next->delay_s = (int)(p->next->at_s - p->at_s);
}

/* The words of the server that refused it, as the one that bounced it passes them on (RFC 3464
 * section 2.3.6). */
static void note_bounce(struct arena *arena, struct delivery_facts *facts, struct bytes message)
{
    struct bytes rest = message, line;
    facts->bounce = arena_copy_bytes(arena, message);
    while (text_next_line(&rest, &line)) {
        const char *type =
            text_starts_fold(line, "Diagnostic-Code:") ? memchr(line.data, ';', line.size) : NULL;
        if (!type)
            continue;
        const char *end = line.data + line.size;
        struct bytes more = rest;
        while (more.size && (more.data[0] == ' ' || more.data[0] == '\t') &&
               text_next_line(&more, &line))
            end = line.data + line.size;
        struct bytes words = { type + 1, (size_t)(end - type - 1) };
        facts->diagnostic = arena_copy_bytes(arena, text_trim(words));
        return;
    }
}

/* When the step in which it was read began, since the message was accepted. */
static int64_t found_after(const struct trace *trace, const struct attempt *visit)
{
    const struct endpoint *e = trace->endpoints;
    while (e && (!trace->submission->endpoint || strcmp(e->id, trace->submission->endpoint) != 0))
        e = e->next;
    const struct attempt *sent = e ? endpoint_attempt(e, PURPOSE_MAIN) : NULL;
    const struct step *accepted = sent ? attempt_step(sent, STAGE_SUBMIT) : NULL;
    for (const struct step *s = visit->steps; s && accepted; s = s->next)
        if ((strcmp(s->name, "FETCH") == 0 || strcmp(s->name, "TOP") == 0) &&
            s->status == STATUS_OK) {
            int64_t after = s->start_ns - accepted->start_ns - accepted->duration_ns;
            return after > 0 ? after : 0;
        }
    return -1;
}

static int64_t waited_ns(const struct arrivals *a)
{
    int64_t now_ns = clock_mono_ns() - a->options.shared->started_ns;
    return a->since_ns >= 0 ? now_ns - a->since_ns : 0;
}

static void note(struct arrivals *a)
{
    struct trace *trace = a->options.shared->trace;
    struct delivery_facts *facts = a->facts;
    const struct arrival *search = &a->search;
    facts->removed = search->removed;
    facts->left = search->left;
    facts->arrived = search->message.size > 0;
    facts->junk = facts->arrived && search->place == ARRIVAL_JUNK;
    facts->folder = arena_copy(&trace->arena, search->folder);
    if (facts->arrived || search->bounce.size)
        facts->found_ns = found_after(trace, a->last);
    facts->waited_ns = waited_ns(a);
    note_hops(&trace->arena, facts, arena_copy_bytes(&trace->arena, search->message));
    if (search->bounce.size)
        note_bounce(&trace->arena, facts, search->bounce);
}

/* Only POP3 must: its sessions do not see what comes meanwhile. Each pause is twice as long as the
 * one before, as servers limit how often one may log in (RFC 2449 section 6.5). */
static bool comes_again(struct arrivals *a)
{
    const struct arrival *search = &a->search;
    int64_t left_ms = a->options.wait_ms - waited_ns(a) / NS_PER_MS;
    if (!search->looked || arrival_is_known(search) || search->stop || left_ms <= 0)
        return false;
    a->pause_ms = a->pause_ms ? 2 * a->pause_ms : PAUSE_MS;
    if (a->pause_ms > left_ms)
        a->pause_ms = (int)left_ms;
    return true;
}

static void visit_it(struct arrivals *a);

static void look_again(void *arg)
{
    struct arrivals *a = arg;
    loop_timer_stop(&a->turn);
    if (!a->search.stop) {
        a->search.looked = false;
        visit_it(a);
        return;
    }
    note(a);
    a->options.done(a->options.arg);
}

static void visited(void *arg)
{
    struct arrivals *a = arg;
    a->last = visit_attempt(a->visit);
    if (a->since_ns < 0 && a->last->steps)
        a->since_ns = a->last->steps->start_ns;
    if (!comes_again(a)) {
        note(a);
        a->options.done(a->options.arg);
        return;
    }
    visit_close(&a->visit);
    a->turn = loop_timer_start(a->options.shared->loop, a->pause_ms, look_again, a);
}

/* ---- looking ---- */

static struct endpoint *opened(const struct trace *trace, enum service service)
{
    for (struct endpoint *e = trace->endpoints; e; e = e->next)
        if (e->service == service && visit_is_possible(e))
            return e;
    return NULL;
}

/* Over IMAP where it can be; what is among the junk or what was sent POP3 does not show. */
static struct endpoint *mailbox_of(const struct trace *trace, bool copy_only)
{
    struct endpoint *imap = opened(trace, SERVICE_IMAP);
    return imap || copy_only ? imap : opened(trace, SERVICE_POP3);
}

static void visit_it(struct arrivals *a)
{
    struct visit_options visit = {
        .shared = a->options.shared,
        .endpoint = a->mailbox,
        .purpose = PURPOSE_ARRIVAL,
        .turn = GATE_FURTHER,
        .task = a->mailbox->service == SERVICE_IMAP ? &arrival_imap_task : &arrival_pop3_task,
        .task_state = &a->search,
        .done = visited,
        .arg = a,
    };
    a->visit = visit_start(&visit);
}

struct arrivals *arrivals_start(const struct arrivals_options *options)
{
    struct trace *trace = options->shared->trace;
    const struct submission_facts *submission = trace->submission;
    if (!submission || !submission->accepted)
        return NULL;
    struct endpoint *mailbox = mailbox_of(trace, options->copy_only);
    if (!mailbox && options->copy_only)
        return NULL;
    struct delivery_facts *facts = arena_new(&trace->arena, sizeof *facts);
    facts->found_ns = -1;
    facts->copy_only = options->copy_only;
    trace->delivery = facts;
    if (!mailbox)
        return NULL;
    facts->endpoint = mailbox->id;
    struct arrivals *a = memory_new(sizeof *a);
    a->options = *options;
    a->facts = facts;
    a->mailbox = mailbox;
    a->since_ns = -1;
    a->search = (struct arrival) {
        .run_id = submission->run_id,
        .message_id = submission->message_id,
        .now_s = trace->started_real_ns / 1000 / NS_PER_MS,
        .rounds = options->copy_only ? COPY_ROUNDS : options->wait_ms / PAUSE_MS + 1,
        .pause_ms = PAUSE_MS,
        .copy_only = options->copy_only,
    };
    visit_it(a);
    return a;
}

void arrivals_stop(struct arrivals *a)
{
    a->search.stop = true;
    if (a->visit) {
        visit_resume(a->visit);
        return;
    }
    loop_timer_stop(&a->turn);
    a->turn = loop_timer_start(a->options.shared->loop, 0, look_again, a);
}

void arrivals_close(struct arrivals **arrivals)
{
    struct arrivals *a = *arrivals;
    *arrivals = NULL;
    if (!a)
        return;
    visit_close(&a->visit);
    loop_timer_stop(&a->turn);
    arrival_done(&a->search);
    free(a);
}
