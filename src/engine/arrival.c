#include "engine/arrival.h"

#include "base/memory.h"
#include "engine/arrival_facts.h"
#include "engine/lookout.h"

#include <stdlib.h>
#include <string.h>

struct arrivals {
    struct arrivals_options options;
    struct delivery_facts *facts;
    struct lookout *own;   /* the sender's mailbox; NULL: it cannot be opened */
    struct lookout *there; /* the recipient's, where that is another account; likewise */
    bool noted;
};

/* ---- what was found ---- */

/* On the monotonic clock; -1 where it is not known any more. */
static int64_t accepted_ns(const struct walk_shared *shared)
{
    const char *id = shared->trace->submission->endpoint;
    const struct endpoint *e = shared->trace->endpoints;
    while (e && (!id || strcmp(e->id, id) != 0))
        e = e->next;
    const struct attempt *sent = e ? endpoint_attempt(e, PURPOSE_MAIN) : NULL;
    const struct step *step = sent ? attempt_step(sent, STAGE_SUBMIT) : NULL;
    return step ? shared->started_ns + step->start_ns + step->duration_ns : -1;
}

static int64_t found_after(const struct arrivals *a, const struct lookout *lookout)
{
    int64_t accepted = accepted_ns(a->options.shared), found = lookout_found_ns(lookout);
    if (accepted < 0 || found < 0)
        return -1;
    return found > accepted ? found - accepted : 0;
}

/* What LOOKOUT found instead of the message. */
static void note_bounce(struct arrivals *a, const struct lookout *lookout)
{
    const struct arrival *found = lookout_found(lookout);
    if (!found->bounce.size || a->facts->bounce.size)
        return;
    a->facts->found_ns = found_after(a, lookout);
    arrival_note_bounce(&a->options.shared->trace->arena, a->facts, found->bounce);
}

/* LOOKOUT was where the message was to be found. */
static void note_place(struct arrivals *a, const struct lookout *lookout)
{
    struct arena *arena = &a->options.shared->trace->arena;
    struct delivery_facts *facts = a->facts;
    const struct arrival *found = lookout_found(lookout);
    facts->endpoint = arena_copy(arena, lookout_endpoint(lookout)->id);
    if (a->options.recipient && lookout == a->there)
        facts->account = arena_copy(arena, a->options.recipient->trace->target.address);
    facts->arrived = found->message.size > 0;
    facts->junk = facts->arrived && found->place == ARRIVAL_JUNK;
    facts->folder = arena_copy(arena, found->folder);
    facts->waited_ns = lookout_waited_ns(lookout);
    if (facts->arrived)
        facts->found_ns = found_after(a, lookout);
    arrival_note_way(arena, facts, arena_copy_bytes(arena, found->message));
}

static void note(struct arrivals *a)
{
    const struct lookout *lookouts[] = { a->there, a->own };
    const struct lookout *meant = a->options.recipient ? a->there : a->own, *place = NULL;
    a->noted = true;
    for (size_t i = 0; i < sizeof lookouts / sizeof *lookouts; i++) {
        if (!lookouts[i])
            continue;
        a->facts->removed += lookout_found(lookouts[i])->removed;
        a->facts->left += lookout_found(lookouts[i])->left;
        note_bounce(a, lookouts[i]);
        bool told = lookout_found(lookouts[i])->bounce.size > 0;
        if (!place && (told || (lookouts[i] == meant && lookout_has_looked(meant))))
            place = lookouts[i];
    }
    if (place)
        note_place(a, place);
}

/* ---- looking ---- */

/* The message comes to one of the two mailboxes, or a bounce to the other: as soon as one is there,
 * and when the time for the message itself is up, only the copies remain to be removed. */
static void looked(void *arg)
{
    struct arrivals *a = arg;
    bool own = !a->own || lookout_is_over(a->own), there = !a->there || lookout_is_over(a->there);
    if (own && there) {
        note(a);
        a->options.done(a->options.arg);
        return;
    }
    if (there)
        lookout_stop(a->own);
    else if (lookout_found(a->own)->bounce.size)
        lookout_stop(a->there);
}

static struct lookout *look_into(struct arrivals *a, const struct walk_shared *shared)
{
    struct lookout_options options = {
        .shared = shared,
        .submission = a->options.shared->trace->submission,
        .copy_only = a->options.copy_only,
        .wait_ms = a->options.wait_ms,
        .done = looked,
        .arg = a,
    };
    return lookout_start(&options);
}

struct arrivals *arrivals_start(const struct arrivals_options *options)
{
    struct trace *trace = options->shared->trace;
    const struct walk_shared *there = options->recipient;
    const struct submission_facts *submission = trace->submission;
    if (!submission || !submission->accepted)
        return NULL;
    bool some = lookout_mailbox(trace, options->copy_only) ||
                (there && lookout_mailbox(there->trace, options->copy_only));
    if (!some && options->copy_only)
        return NULL;
    struct delivery_facts *facts = arena_new(&trace->arena, sizeof *facts);
    facts->found_ns = -1;
    facts->copy_only = options->copy_only;
    trace->delivery = facts;
    if (!some)
        return NULL;
    struct arrivals *a = memory_new(sizeof *a);
    a->options = *options;
    a->facts = facts;
    a->own = look_into(a, options->shared);
    a->there = there ? look_into(a, there) : NULL;
    return a;
}

void arrivals_stop(struct arrivals *a)
{
    if (a->own)
        lookout_stop(a->own);
    if (a->there)
        lookout_stop(a->there);
}

void arrivals_close(struct arrivals **arrivals)
{
    struct arrivals *a = *arrivals;
    *arrivals = NULL;
    if (!a)
        return;
    if (!a->noted)
        note(a);
    lookout_close(&a->own);
    lookout_close(&a->there);
    free(a);
}
