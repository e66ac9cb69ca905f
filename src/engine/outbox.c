#include "engine/outbox.h"

#include "base/crypto.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NS_PER_S = 1000000000 };

struct outbox {
    struct trace *trace;
    struct submission submission;
    const struct endpoint *expected; /* waited for; NULL: nobody */
    struct outbox_request *waiting;
    bool given; /* somebody submits it */
    bool held, frozen;
};

struct outbox *outbox_new(struct trace *trace, const struct outbox_wish *wish)
{
    struct outbox *outbox = memory_new(sizeof *outbox);
    struct arena *arena = &trace->arena;
    struct submission_facts *facts = arena_new(arena, sizeof *facts);
    uint64_t number;
    crypto_random(&number, sizeof number);
    facts->from = arena_copy(arena, wish->from);
    facts->to = arena_copy(arena, wish->to);
    facts->run_id = arena_format(arena, "%016" PRIx64, number);
    facts->message_id =
        arena_format(arena, "%s.maildoctor%s", facts->run_id, strrchr(facts->from, '@'));
    facts->rcpt_only = wish->rcpt_only;
    facts->anonymous = wish->anonymous;
    facts->route = arena_copy(arena, wish->route);
    facts->limit = arena_copy(arena, wish->limit);
    trace->submission = facts;
    *outbox = (struct outbox) {
        .trace = trace,
        .submission = {
            .from = facts->from,
            .to = facts->to,
            .message_id = facts->message_id,
            .run_id = facts->run_id,
            .tool = "maildoctor/" MAILDOCTOR_VERSION,
            .now_s = trace->started_real_ns / NS_PER_S,
            .rcpt_only = wish->rcpt_only,
            .anonymous = wish->anonymous,
        },
    };
    return outbox;
}

void outbox_free(struct outbox *outbox)
{
    free(outbox);
}

/* Without a login only where mail between servers is taken, or at the very port that was named. */
static bool is_place(const struct outbox *outbox, const struct endpoint *endpoint)
{
    bool between = endpoint->needs & (NEED_RELAY | NEED_ENDPOINT);
    return endpoint->service == SERVICE_SMTP && (between || !outbox->submission.anonymous);
}

const struct submission *outbox_submission(const struct outbox *outbox,
                                           const struct endpoint *endpoint)
{
    return outbox && is_place(outbox, endpoint) ? &outbox->submission : NULL;
}

void outbox_expect(struct outbox *outbox)
{
    for (const struct endpoint *e = outbox->trace->endpoints; e; e = e->next)
        if (!outbox->expected && outbox->submission.anonymous && is_place(outbox, e))
            outbox->expected = e;
}

static void unlink_request(struct outbox *outbox, struct outbox_request *request)
{
    struct outbox_request **link = &outbox->waiting;
    while (*link && *link != request)
        link = &(*link)->next;
    if (*link)
        *link = request->next;
    request->waiting = false;
}

static void decide(struct outbox *outbox)
{
    const struct submission_facts *facts = outbox->trace->submission;
    while (outbox->waiting && !outbox->frozen && !outbox->held) {
        struct outbox_request *request = outbox->waiting;
        if (!outbox->given && outbox->expected && outbox->expected != request->endpoint)
            return;
        const char *why_not = facts->withheld ? "recipient-not-opened"
                              : outbox->given ? "submitted-elsewhere"
                                              : NULL;
        outbox->given = true;
        unlink_request(outbox, request);
        if (!why_not)
            outbox->trace->submission->endpoint = request->endpoint->id;
        request->answer(request, why_not);
    }
}

void outbox_ask(struct outbox *outbox, struct outbox_request *request)
{
    struct outbox_request **link = &outbox->waiting;
    /* The one that is waited for goes before those that wait for it. */
    while (*link && request->endpoint != outbox->expected)
        link = &(*link)->next;
    request->next = *link;
    request->waiting = true;
    *link = request;
    decide(outbox);
}

void outbox_hold(struct outbox *outbox)
{
    outbox->held = true;
}

void outbox_release(struct outbox *outbox, bool opened)
{
    outbox->held = false;
    outbox->trace->submission->withheld = !opened;
    decide(outbox);
}

void outbox_withdraw(struct outbox *outbox, struct outbox_request *request)
{
    if (request->waiting)
        unlink_request(outbox, request);
}

void outbox_freeze(struct outbox *outbox)
{
    if (outbox)
        outbox->frozen = true;
}

void outbox_give_up(struct outbox *outbox, const struct endpoint *endpoint)
{
    if (!outbox || !outbox->expected || (endpoint && endpoint != outbox->expected))
        return;
    outbox->expected = NULL;
    decide(outbox);
}
