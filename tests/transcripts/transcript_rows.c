#include "play.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void play_must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "a dialogue broke its contract: %s\n", what);
    abort();
}

static const char *outcome_name(enum dialogue_outcome outcome)
{
    static const char *const names[] = { "ok", "failed", "skipped", "cut" };
    return names[outcome];
}

static void check_no_secret(const struct play *p, struct bytes line)
{
    char *copy = memory_new(line.size + 1);
    if (line.size)
        memcpy(copy, line.data, line.size);
    secret_scrub(p->password, copy, line.size);
    secret_scrub(p->token, copy, line.size);
    play_must(!line.size || memcmp(copy, line.data, line.size) == 0, "a row shows a secret");
    free(copy);
}

static void took_leave(struct play *p, const struct dialogue_row *row)
{
    play_must(p->open_count > 0 && p->open[0] == row->step,
              "steps are left in the order they began");
    memmove(p->open, p->open + 1, sizeof *p->open * (OPEN_LIMIT - 1));
    p->open_count--;
    play_must((row->outcome == OUTCOME_FAILED) <= (row->failure.kind != FAILURE_NONE),
              "a failed step says why");
    play_must((row->outcome == OUTCOME_SKIPPED) == (row->blocked_by != NULL),
              "a skipped step says what blocked it");
    play_must(row->outcome != OUTCOME_OK || row->failure.kind == FAILURE_NONE,
              "a good step has no failure");
    if (row->outcome == OUTCOME_FAILED && !p->a_step_failed) {
        p->last_failure = row->failure;
        p->last_stage = row->step->stage;
    }
    p->a_step_failed = p->a_step_failed || row->outcome == OUTCOME_FAILED;
    p->last_outcome = row->outcome;
    buffer_format(&p->steps, "%s %s", row->step->name, outcome_name(row->outcome));
    const char *why = row->blocked_by ? row->blocked_by : failure_name(row->failure.kind);
    buffer_format(&p->steps, "%s%s\n", *why ? " " : "", why);
    buffer_format(&p->replies, "%s|", row->step->name);
    buffer_append(&p->replies, row->line.data, row->line.size);
    buffer_append(&p->replies, "", 1);
}

static void took_row(struct play *p, const struct dialogue_row *row)
{
    check_no_secret(p, row->line);
    switch (row->kind) {
    case ROW_ENTER:
        play_must(p->open_count < OPEN_LIMIT, "few steps are open");
        p->open[p->open_count++] = row->step;
        return;
    case ROW_SAID:
        play_must(p->open_count > 0 && p->open[p->open_count - 1] == row->step,
                  "the step that began last speaks");
        buffer_append(&p->said, row->line.data, row->line.size);
        buffer_append(&p->said, "\n", 1);
        return;
    case ROW_HEARD:
        play_must(p->open_count > 0 && p->open[0] == row->step, "the oldest step hears");
        buffer_append(&p->heard, row->line.data, row->line.size);
        buffer_append(&p->heard, "\n", 1);
        return;
    case ROW_LEAVE:
        took_leave(p, row);
        return;
    }
}

void play_drain(struct play *p)
{
    struct dialogue_row row;
    while (dialogue_row(p->d, &row))
        took_row(p, &row);
    struct bytes out = buffer_bytes(&p->d->out);
    buffer_append(&p->client, out.data, out.size);
    buffer_consume(&p->d->out, out.size);
    bool waits = p->d->need == DIALOGUE_NEEDS_REPLY || p->d->need == DIALOGUE_NEEDS_TLS;
    play_must(waits == (p->d->patience_ms > 0), "patience goes with waiting");
    bool pauses = p->d->need == DIALOGUE_NEEDS_PAUSE;
    play_must((waits || pauses) == (p->open_count > 0),
              "a step is open while something is awaited");
    play_must(p->d->need != DIALOGUE_NEEDS_NOTHING || p->d->failed == p->a_step_failed,
              "failed means that a step failed");
}
