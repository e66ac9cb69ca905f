/* "Authenticated but not connected": Exchange says the same for half a dozen causes, and the words
 * rule out none of them. What this run saw is held against each. */
#include "diagnosis/verdict.h"

#include "base/text.h"
#include "diagnosis/fill.h"

#include <string.h>

static const char not_connected[] = "authenticated-not-connected";

/* A cause, and what this run has for and against it. */
struct cause {
    const char *class_id;
    enum confidence confidence;
    const char *in_favour[3], *against[2];
};

static void add(const struct weighing *w, const struct cause *cause)
{
    const struct class_entry *class = class_find(cause->class_id);
    struct values values = { 0 };
    for (const struct alternative *known = w->result->verdict.alternatives; known;
         known = known->next)
        if (strcmp(known->class_id, cause->class_id) == 0)
            return; /* another way was stopped by it */
    struct alternative *a = result_add_alternative(w->result);
    a->class_id = class->id;
    a->title = fill_prose(w->arena, class->title, &values);
    a->confidence = cause->confidence;
    for (size_t i = 0; i < 3 && cause->in_favour[i]; i++)
        strings_add(&a->in_favour, w->arena, cause->in_favour[i]);
    for (size_t i = 0; i < 2 && cause->against[i]; i++)
        strings_add(&a->against, w->arena, cause->against[i]);
}

/* How the mailbox answered over the other protocol that reads. */
static bool works_otherwise(const struct weighing *w, bool refused)
{
    for (size_t i = 0; i < w->way_count; i++) {
        const struct way *way = &w->ways[i];
        bool other = way->endpoint->service != SERVICE_SMTP && way->attempt &&
                     strcmp(way->endpoint->id, w->result->verdict.endpoint) != 0;
        if (!other)
            continue;
        const struct step *step = attempt_step(way->attempt, STAGE_MAILBOX);
        if (step && step->status == (refused ? STATUS_FAIL : STATUS_OK))
            return true;
    }
    return false;
}

void verdict_not_connected(const struct weighing *w, struct verdict *out)
{
    const struct target_facts *target = &w->result->trace->target;
    if (strcmp(out->class_id, not_connected) != 0 || !out->endpoint)
        return;
    bool other = works_otherwise(w, false), both = works_otherwise(w, true);
    const char *mailbox = target->mailbox;
    bool named = mailbox && target->user && !text_equal_fold(mailbox, target->user);
    const struct cause permission = {
        .class_id = "oauth-app-not-authorized-for-mailbox",
        .confidence = named ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
        .in_favour = { named ? "another's mailbox was asked for: the login may have no right to it"
                             : "an access token may be an app's or another user's, with no right "
                               "to this mailbox" },
        .against = { other ? "the same login opens the mailbox over the other protocol" : NULL },
    };
    const struct cause disabled = {
        .class_id = "mailbox-protocol-disabled",
        .confidence = other ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
        .in_favour = { other ? "the mailbox opens over the other protocol, so it is only this one"
                             : "a protocol that is switched off for the mailbox ends in the same "
                               "words" },
        .against = { both ? "the other protocol is refused as well: both would have to be off"
                          : NULL },
    };
    const struct cause throttled = {
        .class_id = "throttled",
        .confidence = CONFIDENCE_POSSIBLE,
        .in_favour = { "too many connections to one mailbox end in the same words; a run an hour "
                       "later tells" },
        .against = { other ? "another session to the same mailbox was let in at the same time"
                           : "this run itself had few sessions open" },
    };
    const struct cause *order[] = { &permission, &disabled, &throttled };
    if (other) {
        order[0] = &disabled;
        order[1] = &permission;
    }
    for (size_t i = 0; i < 3; i++)
        add(w, order[i]);
}
