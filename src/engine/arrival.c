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
    struct visit *visit;
};

/* ---- what was found ---- */

/* Each server puts its line above those before it (RFC 5321 section 4.4): the last is the first. */
static void note_hops(struct arena *arena, struct delivery_facts *facts, struct bytes header)
{
    struct mail_field field;
    while (mail_header_next(&header, arena, &field)) {
        if (field.name.size == 22 && text_starts_fold(field.name, "Authentication-Results"))
            strings_add(&facts->authentication, arena, field.value);
        if (field.name.size != 8 || !text_starts_fold(field.name, "Received"))
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
        if (strcmp(s->name, "FETCH") == 0 && s->status == STATUS_OK) {
            int64_t after = s->start_ns - accepted->start_ns - accepted->duration_ns;
            return after > 0 ? after : 0;
        }
    return -1;
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
        facts->found_ns = found_after(trace, visit_attempt(a->visit));
    const struct step *first = visit_attempt(a->visit)->steps;
    facts->waited_ns =
        first ? clock_mono_ns() - a->options.shared->started_ns - first->start_ns : 0;
    note_hops(&trace->arena, facts, arena_copy_bytes(&trace->arena, search->message));
    if (search->bounce.size)
        note_bounce(&trace->arena, facts, search->bounce);
}

static void visited(void *arg)
{
    struct arrivals *a = arg;
    note(a);
    a->options.done(a->options.arg);
}

/* ---- looking ---- */

static struct endpoint *mailbox_of(const struct trace *trace)
{
    for (struct endpoint *e = trace->endpoints; e; e = e->next)
        if (e->service == SERVICE_IMAP && visit_is_possible(e))
            return e;
    return NULL;
}

struct arrivals *arrivals_start(const struct arrivals_options *options)
{
    struct trace *trace = options->shared->trace;
    const struct submission_facts *submission = trace->submission;
    if (!submission || !submission->accepted)
        return NULL;
    struct endpoint *mailbox = mailbox_of(trace);
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
    a->search = (struct arrival) {
        .run_id = submission->run_id,
        .message_id = submission->message_id,
        .now_s = trace->started_real_ns / 1000 / NS_PER_MS,
        .rounds = options->copy_only ? COPY_ROUNDS : options->wait_ms / PAUSE_MS + 1,
        .pause_ms = PAUSE_MS,
        .copy_only = options->copy_only,
    };
    struct visit_options visit = {
        .shared = options->shared,
        .endpoint = mailbox,
        .purpose = PURPOSE_ARRIVAL,
        .turn = GATE_FURTHER,
        .task = &arrival_imap_task,
        .task_state = &a->search,
        .done = visited,
        .arg = a,
    };
    a->visit = visit_start(&visit);
    return a;
}

void arrivals_stop(struct arrivals *a)
{
    a->search.stop = true;
    visit_resume(a->visit);
}

void arrivals_close(struct arrivals **arrivals)
{
    struct arrivals *a = *arrivals;
    *arrivals = NULL;
    if (!a)
        return;
    visit_close(&a->visit);
    arrival_done(&a->search);
    free(a);
}
