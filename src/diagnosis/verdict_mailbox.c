/* "Authenticated but not connected": Exchange says the same for half a dozen causes, and the words
 * rule out none of them. What this run saw is held against each. */
#include "diagnosis/verdict.h"

#include "base/text.h"
#include "diagnosis/fill.h"

#include <string.h>

/* Of one mailbox at once: as many as Exchange takes for sending; for reading it takes more. */
enum { FEW_SESSIONS = 3 };

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

/* The id of an endpoint where a limit was named in so many words; NULL. */
static const char *limit_at(const struct weighing *w)
{
    for (const struct finding *f = w->result->findings; f; f = f->next)
        if (strcmp(f->class_id, "throttled") == 0 && *f->endpoint)
            return f->endpoint;
    return NULL;
}

/* Does sending take the same login? Then there is a mailbox behind it. */
static bool sends(const struct weighing *w)
{
    for (size_t i = 0; i < w->way_count; i++)
        if (w->ways[i].endpoint->service == SERVICE_SMTP && w->ways[i].attempt &&
            w->ways[i].attempt->auth.outcome == LOGIN_ACCEPTED)
            return true;
    return false;
}

static size_t session_count(const struct weighing *w)
{
    size_t count = 0;
    for (const struct endpoint *e = w->result->trace->endpoints; e; e = e->next)
        for (const struct attempt *a = e->attempts; a; a = a->next)
            count += a->auth.outcome == LOGIN_ACCEPTED;
    return count;
}

/* ---- whose the login is ---- */

/* What the run knows of the mailbox's name and of who asked for it. */
struct ownership {
    const char *user, *mailbox; /* of the login; what was to be opened, which may be the same */
    bool named;                 /* another's mailbox was asked for */
    const char
        *token_user; /* an address in the access token; NULL: it tells none, or there is none */
    bool token, app_only;
    bool foreign; /* that address is another than the login's */
};

static struct ownership owner_of(const struct trace *trace)
{
    const struct target_facts *target = &trace->target;
    const struct token_facts *token = trace->token;
    struct ownership owner = { .user = target->user, .mailbox = target->mailbox };
    if (!owner.mailbox)
        owner.mailbox = owner.user;
    owner.named = owner.mailbox && owner.user && !text_equal_fold(owner.mailbox, owner.user);
    owner.token = token && token->sha256;
    owner.app_only = owner.token && token->app_only;
    /* A sign-in name that is no address says nothing of whose the mailbox is. */
    if (owner.token && token->user && strchr(token->user, '@'))
        owner.token_user = token->user;
    owner.foreign = owner.token_user && owner.user && strchr(owner.user, '@') &&
                    !text_equal_fold(owner.token_user, owner.user);
    return owner;
}

static struct cause wrong_user(const struct weighing *w, const struct ownership *owner, bool other)
{
    return (struct cause) {
        .class_id = "oauth-wrong-user",
        .confidence = other || owner->named ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY,
        .in_favour = { arena_format(w->arena, "the access token is %s's, and the login names %s",
                                    owner->token_user, owner->user) },
        .against = { other ? "the same login opens the mailbox over the other protocol" : NULL },
    };
}

/* Why the mailbox may be closed to this login; NULL: nothing was seen that says so. */
static const char *why_no_right(const struct weighing *w, const struct ownership *owner)
{
    if (owner->named)
        return "another's mailbox was asked for: the login may have no right to it";
    if (owner->app_only)
        return "the access token is an app's own: Exchange must have given it the mailbox";
    if (owner->foreign)
        return arena_format(w->arena, "if the mailbox of %s is shared, %s needs a right to it",
                            owner->mailbox, owner->token_user);
    return NULL;
}

/* It opens its own mailbox, which takes no right of anybody's. */
static bool is_own(const struct ownership *owner)
{
    if (owner->named || owner->app_only)
        return false;
    return owner->token ? owner->token_user && !owner->foreign : owner->user != NULL;
}

static struct cause no_right(const struct weighing *w, const struct ownership *owner, bool other)
{
    const char *seen = why_no_right(w, owner);
    bool sure = owner->named || owner->app_only;
    struct cause cause = {
        .class_id = "oauth-app-not-authorized-for-mailbox",
        .confidence = sure && !other ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
        .in_favour = { seen ? seen
                            : "an access token may be an app's or another user's, with no right "
                              "to this mailbox" },
        .against = { other ? "the same login opens the mailbox over the other protocol" : NULL },
    };
    return cause;
}

static struct cause limit(const struct weighing *w, bool other)
{
    const char *named = limit_at(w);
    bool few = session_count(w) <= FEW_SESSIONS;
    return (struct cause) {
        .class_id = "throttled",
        .confidence = named ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
        .in_favour = { named ? arena_format(w->arena, "%s says that it is too much for it", named)
                             : "too many connections to one mailbox end in the same words; a run "
                               "an hour later tells" },
        .against = { named   ? NULL
                     : other ? "another session to the same mailbox was let in at the same time"
                     : few   ? "this run itself had few sessions open"
                             : NULL },
    };
}

/* ---- the causes, by what speaks for them ---- */

void verdict_not_connected(const struct weighing *w, struct verdict *out)
{
    if (strcmp(out->class_id, not_connected) != 0 || !out->endpoint)
        return;
    bool other = works_otherwise(w, false), both = works_otherwise(w, true);
    const struct ownership owner = owner_of(w->result->trace);
    const struct cause foreign = wrong_user(w, &owner, other), right = no_right(w, &owner, other);
    const struct cause disabled = {
        .class_id = "mailbox-protocol-disabled",
        .confidence = other ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
        .in_favour = { other ? "the mailbox opens over the other protocol, so it is only this one"
                             : "a protocol that is switched off for the mailbox ends in the same "
                               "words",
                       !other && sends(w) ? "sending takes the same login, so there is a mailbox"
                                          : NULL },
        .against = { both ? "the other protocol is refused as well: both would have to be off"
                          : NULL },
    };
    const struct cause throttled = limit(w, other);
    /* What was seen goes before what is only possible; whose the token is before the rights of
     * whoever it belongs to, unless another's mailbox was meant. */
    const struct cause *order[5];
    size_t count = 0;
    bool first = !other && why_no_right(w, &owner);
    if (limit_at(w))
        order[count++] = &throttled;
    if (other)
        order[count++] = &disabled;
    if (owner.foreign && !owner.named)
        order[count++] = &foreign;
    if (first)
        order[count++] = &right;
    if (owner.foreign && owner.named)
        order[count++] = &foreign;
    if (!other)
        order[count++] = &disabled;
    if (!first && !is_own(&owner))
        order[count++] = &right;
    if (!limit_at(w))
        order[count++] = &throttled;
    for (size_t i = 0; i < count; i++)
        add(w, order[i]);
}
