#include "engine/session_log.h"

#include <string.h>

enum { NOTE_LIMIT = 4096 };

void session_log_init(struct session_log *log, struct trace *trace, struct attempt *attempt)
{
    *log = (struct session_log) { .trace = trace, .attempt = attempt, .arrived_ns = -1 };
    buffer_init(&log->note, NOTE_LIMIT);
    buffer_init(&log->earlier, NOTE_LIMIT);
}

void session_log_done(struct session_log *log)
{
    buffer_done(&log->note);
    buffer_done(&log->earlier);
}

void session_log_arrival(struct session_log *log, int64_t arrived_ns)
{
    log->arrived_ns = arrived_ns;
}

static void enter(struct session_log *log, const struct dialogue_row *row, int64_t now_ns)
{
    struct step *step = trace_add_step(log->trace, log->attempt, row->step->name, row->step->stage);
    step->start_ns = now_ns;
    step->duration_ns = -1;
    step->status = STATUS_CUT;
    log->open[log->open[0] ? 1 : 0] = step;
}

static void leave(struct session_log *log, const struct dialogue_row *row, int64_t now_ns)
{
    static const enum status statuses[] = {
        [OUTCOME_OK] = STATUS_OK,
        [OUTCOME_FAILED] = STATUS_FAIL,
        [OUTCOME_SKIPPED] = STATUS_SKIPPED,
        [OUTCOME_CUT] = STATUS_CUT,
    };
    struct step *step = log->open[0];
    if (!step)
        return;
    log->open[0] = log->open[1];
    log->open[1] = NULL;
    log->last = step;
    step->status = statuses[row->outcome];
    step->error = row->failure;
    step->blocked_by = row->outcome == OUTCOME_SKIPPED ? row->blocked_by : NULL;
    step->duration_ns = now_ns > step->start_ns ? now_ns - step->start_ns : 0;
    struct bytes words = row->line;
    if (!words.size && row->outcome == OUTCOME_FAILED)
        words = buffer_bytes(&log->note);
    if (!words.size && row->outcome == OUTCOME_SKIPPED)
        words = buffer_bytes(&log->earlier);
    step->reply = arena_copy_bytes(&log->trace->arena, words);
    if (row->step->tls)
        trace_add_exchange(log->trace, log->attempt, '*', (struct bytes) { "TLS", 3 })->at_ns =
            now_ns;
}

void session_log_row(struct session_log *log, const struct dialogue_row *row, int64_t now_ns)
{
    int64_t heard_ns = log->arrived_ns >= 0 ? log->arrived_ns : now_ns;
    struct bytes line;
    switch (row->kind) {
    case ROW_ENTER:
        enter(log, row, now_ns);
        return;
    case ROW_SAID:
        line = arena_copy_bytes(&log->trace->arena, row->line);
        trace_add_exchange(log->trace, log->attempt, 'C', line)->at_ns = now_ns;
        return;
    case ROW_HEARD:
        line = arena_copy_bytes(&log->trace->arena, row->line);
        trace_add_exchange(log->trace, log->attempt, 'S', line)->at_ns = heard_ns;
        return;
    case ROW_LEAVE:
        leave(log, row, heard_ns);
        return;
    }
}

void session_log_budget(struct session_log *log, int budget_ms)
{
    if (log->open[0] && !log->open[0]->budget_ms)
        log->open[0]->budget_ms = budget_ms;
}

void session_log_note(struct session_log *log, int64_t now_ns, struct bytes bytes)
{
    buffer_clear(&log->note);
    buffer_append(&log->note, bytes.data, bytes.size);
    struct bytes line = arena_copy_bytes(&log->trace->arena, bytes);
    trace_add_exchange(log->trace, log->attempt, 'S', line)->at_ns =
        log->arrived_ns >= 0 ? log->arrived_ns : now_ns;
}

void session_log_earlier(struct session_log *log, struct bytes reply)
{
    buffer_clear(&log->earlier);
    buffer_append(&log->earlier, reply.data, reply.size);
}

static void copy_list(struct session_log *log, struct strings *to, const struct strings *from)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++)
        strings_add(to, &log->trace->arena, arena_copy(&log->trace->arena, from->items[i]));
}

void session_log_facts(struct session_log *log, const struct mail_facts *facts)
{
    struct attempt *attempt = log->attempt;
    struct arena *arena = &log->trace->arena;
    attempt->capabilities.before_seen = facts->before_seen;
    attempt->capabilities.after_seen = facts->after_seen;
    copy_list(log, &attempt->capabilities.before, &facts->before);
    copy_list(log, &attempt->capabilities.after, &facts->after);
    copy_list(log, &attempt->auth.offered, &facts->mechanisms);
    attempt->auth.mechanism = arena_copy(arena, facts->mechanism);
    attempt->session_id = arena_copy(arena, facts->session_id);
    attempt->seen_as = arena_copy(arena, facts->seen_as);
}

void session_log_cut(struct session_log *log, int64_t now_ns)
{
    for (int i = 0; i < 2; i++) {
        struct step *step = log->open[i];
        log->open[i] = NULL;
        if (!step)
            continue;
        step->status = STATUS_CUT;
        step->duration_ns = now_ns > step->start_ns ? now_ns - step->start_ns : 0;
        if (step->error.kind == FAILURE_NONE)
            step->error = failure_make(FAILURE_CANCELLED, "not waited for");
    }
}
