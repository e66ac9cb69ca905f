/* Which way works, and which need is met by one. */
#include "diagnosis/verdict.h"

#include "base/text.h"

#include <string.h>

/* ---- ways ---- */

static bool is_name_finding(const struct finding *finding, const char *host)
{
    if (*finding->endpoint || finding->severity != SEVERITY_ERROR || !finding->evidence)
        return false;
    const char *step = finding->evidence->step; /* "smtp.example.com A" */
    size_t size = strcspn(step, " ");
    return size == strlen(host) && text_starts_fold((struct bytes) { step, size }, host);
}

/* Why ENDPOINT does not work: the earliest error on the way; NULL when there is none. A finding
 * about one of several addresses, or about caution of our own, is no cause. */
static struct finding *cause_of(const struct result *result, const struct endpoint *endpoint)
{
    struct finding *best = NULL;
    for (struct finding *f = result->findings; f; f = f->next) {
        bool own = strcmp(f->endpoint, endpoint->id) == 0 && !f->address;
        bool error = f->severity == SEVERITY_ERROR;
        bool silent =
            own && f->stage == STAGE_CONNECT; /* optional or not offered: for information */
        if (!(own && error) && !silent && !is_name_finding(f, endpoint->host))
            continue;
        if (!best || f->stage < best->stage)
            best = f;
    }
    return best;
}

static enum login_block block_of(const struct attempt *attempt)
{
    const struct step *step = attempt_step(attempt, STAGE_LOGIN);
    int block = step && step->blocked_by ? login_block_parse(step->blocked_by) : -1;
    if (step && step->error.kind == FAILURE_NO_MECHANISM)
        return BLOCK_NO_MECHANISM;
    return block > 0 ? (enum login_block)block : attempt->auth.held_by;
}

/* Did the conversation go through to its end? */
static bool is_finished(const struct attempt *attempt)
{
    bool greeted = false;
    for (const struct step *s = attempt->steps; s; s = s->next) {
        if (s->status == STATUS_CUT && s->stage != STAGE_GOODBYE)
            return false;
        greeted = greeted || (s->stage >= STAGE_GREETING && s->status == STATUS_OK);
    }
    return greeted;
}

/* Was a whole message to be submitted? Then a login alone proves no sending. What we held back
 * ourselves is no fault of the way. */
static bool wants_message(const struct result *result)
{
    const struct submission_facts *submission = result->trace->submission;
    return submission && !submission->rcpt_only && !submission->withheld;
}

static void judge_alone(const struct result *result, struct way *way)
{
    const struct attempt *attempt = way->attempt;
    enum login_block block = attempt ? block_of(attempt) : BLOCK_NONE;
    way->cause = cause_of(result, way->endpoint);
    if (way->cause)
        way->state = block == BLOCK_NO_MECHANISM && way->cause->stage == STAGE_LOGIN ? WAY_UNFIT
                                                                                     : WAY_FAILED;
    else if (!attempt || !is_finished(attempt))
        way->state = WAY_UNTESTED;
    else if (way->endpoint->service == SERVICE_SMTP && wants_message(result))
        way->state = attempt_took_message(attempt)             ? WAY_WORKS
                     : attempt->auth.outcome == LOGIN_ACCEPTED ? WAY_UNTESTED
                                                               : WAY_OPEN;
    else if (attempt->auth.outcome == LOGIN_ACCEPTED)
        way->state = WAY_WORKS;
    else
        way->state = WAY_OPEN;
}

static bool is_login_fault(const struct way *way)
{
    return way->state == WAY_FAILED && way->cause->stage >= STAGE_LOGIN;
}

/* What became of the login that WAY leaned on: of the same protocol first, for then it holds here
 * too. */
static const struct way *leaned_on(const struct weighing *w, const struct way *way, bool accepted)
{
    for (size_t i = 0; i < w->way_count; i++) {
        const struct way *other = &w->ways[i];
        if (other == way || other->endpoint->service != way->endpoint->service || !other->attempt)
            continue;
        if (accepted ? other->attempt->auth.outcome == LOGIN_ACCEPTED : is_login_fault(other))
            return other;
    }
    return NULL;
}

static const struct way *any_login_fault(const struct weighing *w)
{
    for (size_t i = 0; i < w->way_count; i++)
        if (is_login_fault(&w->ways[i]))
            return &w->ways[i];
    return NULL;
}

/* The way on which the message went, or was to go. */
static const struct way *submitter(const struct weighing *w)
{
    const struct submission_facts *submission = w->result->trace->submission;
    for (size_t i = 0; i < w->way_count && submission && submission->endpoint; i++)
        if (strcmp(w->ways[i].endpoint->id, submission->endpoint) == 0)
            return &w->ways[i];
    return NULL;
}

/* One message is submitted: a port whose login is good as well stands or falls with it. */
static bool judge_beside_message(const struct weighing *w, struct way *way)
{
    const struct step *step = way->attempt ? attempt_step(way->attempt, STAGE_SUBMIT) : NULL;
    const struct way *other = submitter(w);
    if (!step || step->status != STATUS_SKIPPED || !other || other == way)
        return false;
    way->state = other->state;
    way->cause = other->cause;
    return true;
}

/* A login, or a message, that was not tried because of what became of another. */
static void judge_beside(const struct weighing *w, struct way *way)
{
    enum login_block block = way->attempt ? block_of(way->attempt) : BLOCK_NONE;
    const struct way *other = NULL;
    if (judge_beside_message(w, way) || way->state != WAY_OPEN)
        return;
    switch (block) {
    case BLOCK_SHOWN_ELSEWHERE:
        other = leaned_on(w, way, true);
        way->state = other ? other->state : WAY_OPEN;
        break;
    case BLOCK_REFUSED_ELSEWHERE:
    case BLOCK_TRIED_ELSEWHERE:
        other = leaned_on(w, way, false);
        way->state = other ? WAY_FAILED : WAY_UNTESTED;
        break;
    case BLOCK_REFUSED_EARLIER:
        other = any_login_fault(w);
        way->state = other ? WAY_FAILED : WAY_UNTESTED;
        break;
    case BLOCK_BEING_TRIED:
    case BLOCK_UNKNOWN_EARLIER:
        way->state = WAY_UNTESTED;
        break;
    default:
        return;
    }
    way->cause = other ? other->cause : NULL;
}

static void find_ways(struct weighing *w)
{
    struct trace *trace = w->result->trace;
    for (struct endpoint *e = trace->endpoints; e; e = e->next)
        w->way_count++;
    w->ways = arena_new(w->arena, (w->way_count + 1) * sizeof *w->ways);
    struct way *way = w->ways;
    for (struct endpoint *e = trace->endpoints; e; e = e->next, way++) {
        way->endpoint = e;
        way->attempt = endpoint_attempt(e, PURPOSE_MAIN);
        judge_alone(w->result, way);
    }
    for (size_t i = 0; i < w->way_count; i++)
        judge_beside(w, &w->ways[i]);
}

/* ---- wishes ---- */

static bool is_reached(const struct way *way)
{
    for (const struct address *a = way->endpoint->addresses; a; a = a->next)
        if (a->status == STATUS_OK)
            return true;
    const struct attempt *attempt = way->attempt;
    for (const struct step *s = attempt ? attempt->steps : NULL; s; s = s->next)
        if (s->stage > STAGE_CONNECT && s->status != STATUS_SKIPPED)
            return true;
    return false;
}

bool wish_covers(const struct wish *wish, const struct way *way)
{
    if (!(way->endpoint->needs & (unsigned)wish->need))
        return false;
    if (wish->need == NEED_ENDPOINT)
        return way->endpoint == wish->endpoint;
    if (wish->need == NEED_ANY && wish->service >= 0)
        return (int)way->endpoint->service == wish->service && is_reached(way);
    return true;
}

static int tier(const struct way *way)
{
    static const int tiers[EXPECT_COUNT] = {
        [EXPECT_OFFERED] = 0,
        [EXPECT_UNKNOWN] = 0,
        [EXPECT_OPTIONAL] = 1,
        [EXPECT_NOT_OFFERED] = 2,
    };
    return tiers[way->endpoint->expectation];
}

static int order(int a, int b)
{
    return (a > b) - (a < b);
}

int way_compare(const struct way *a, const struct way *b)
{
    bool login_a = a->cause->stage >= STAGE_LOGIN, login_b = b->cause->stage >= STAGE_LOGIN;
    const int keys[] = {
        order(login_b, login_a),
        order(a->state != WAY_FAILED, b->state != WAY_FAILED),
        order(tier(a), tier(b)),
        order((int)b->cause->stage, (int)a->cause->stage),
        order((int)b->cause->confidence, (int)a->cause->confidence),
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i])
            return keys[i];
    return 0;
}

/* A bare host's port 25 carries mail between servers: it shows nothing of a login. */
static bool is_beside(const struct wish *wish, const struct way *way)
{
    return wish->need == NEED_ANY && way->endpoint->transfer;
}

static void meet(const struct weighing *w, struct wish *wish)
{
    const struct way *works = NULL, *open = NULL, *pending = NULL, *beside = NULL;
    for (size_t i = 0; i < w->way_count; i++) {
        const struct way *way = &w->ways[i];
        if (!wish_covers(wish, way))
            continue;
        if (way->state == WAY_FAILED || way->state == WAY_UNFIT) {
            if (!wish->lead || way_compare(way, wish->lead) < 0)
                wish->lead = way;
        } else if (is_beside(wish, way))
            beside = beside ? beside : way;
        else if (way->state == WAY_WORKS)
            works = works ? works : way;
        else if (way->state == WAY_OPEN)
            open = open && tier(open) <= tier(way) ? open : way;
        else if (tier(way) == 0 || !w->result->trace->complete)
            pending = way;
    }
    if (!works && !open && (!wish->lead || wish->lead->cause->stage <= STAGE_CONNECT))
        open = beside;
    bool refused = wish->lead && wish->lead->state == WAY_FAILED && is_login_fault(wish->lead);
    wish->by = works ? works : refused ? NULL : open;
    wish->status = works                                            ? NEED_STATUS_OK
                   : wish->lead && (refused || (!open && !pending)) ? NEED_STATUS_FAIL
                                                                    : NEED_STATUS_UNTESTED;
}

static void add_wish(struct weighing *w, enum need need, const struct endpoint *endpoint,
                     int service)
{
    struct wish *wish = &w->wishes[w->wish_count++];
    *wish = (struct wish) { .need = need, .endpoint = endpoint, .service = service };
    meet(w, wish);
}

static void add_any(struct weighing *w)
{
    bool served[SERVICE_COUNT] = { false };
    bool some = false;
    for (size_t i = 0; i < w->way_count; i++) {
        const struct way *way = &w->ways[i];
        if (!(way->endpoint->needs & NEED_ANY) || !is_reached(way))
            continue;
        served[way->endpoint->service] = some = true;
    }
    for (int service = 0; service < SERVICE_COUNT; service++)
        if (served[service])
            add_wish(w, NEED_ANY, NULL, service);
    if (!some)
        add_wish(w, NEED_ANY, NULL, -1);
}

static void find_wishes(struct weighing *w)
{
    static const enum need order_of_speech[] = { NEED_SEND, NEED_RELAY, NEED_READ, NEED_IMAP,
                                                 NEED_POP };
    const struct trace *trace = w->result->trace;
    unsigned needs = trace->target.needs;
    /* Each endpoint may be one, beside the five needs and three protocols. */
    w->wishes = arena_new(w->arena, (w->way_count + 16) * sizeof *w->wishes);
    for (size_t i = 0; i < sizeof order_of_speech / sizeof *order_of_speech; i++)
        if (needs & (unsigned)order_of_speech[i])
            add_wish(w, order_of_speech[i], NULL, -1);
    for (const struct endpoint *e = trace->endpoints; e && (needs & NEED_ENDPOINT); e = e->next)
        if (e->needs & NEED_ENDPOINT)
            add_wish(w, NEED_ENDPOINT, e, -1);
    if (needs & NEED_ANY)
        add_any(w);
}

/* ---- which one is spoken of ---- */

static bool is_plain_need(const struct wish *wish)
{
    return wish->need != NEED_ENDPOINT && wish->need != NEED_ANY;
}

/* Sending is spoken of before reading; named ports by which tells more. A cause that is known
 * beats one that is only possible: the same login fails for both. */
static bool speaks_before(const struct wish *a, const struct wish *b)
{
    const struct finding *first = a->lead->cause, *other = b->lead->cause;
    if (first->stage >= STAGE_LOGIN && other->stage >= STAGE_LOGIN &&
        first->confidence > CONFIDENCE_POSSIBLE && other->confidence == CONFIDENCE_POSSIBLE)
        return true;
    return !is_plain_need(a) && !is_plain_need(b) && way_compare(a->lead, b->lead) < 0;
}

/* A password that does not even get sent says nothing about reading while sending is refused for a
 * reason of its own: such a need is untested. By itself it is the fault. Where the run ended before
 * the other need was known, it may yet have been refused so. */
static void settle_unfit(struct weighing *w)
{
    bool other = false;
    for (size_t i = 0; i < w->wish_count; i++)
        other =
            other ||
            (w->wishes[i].status == NEED_STATUS_FAIL && w->wishes[i].lead->state != WAY_UNFIT) ||
            (w->wishes[i].status == NEED_STATUS_UNTESTED && !w->result->trace->complete);
    for (size_t i = 0; i < w->wish_count && other; i++)
        if (w->wishes[i].status == NEED_STATUS_FAIL && w->wishes[i].lead->state == WAY_UNFIT)
            w->wishes[i].status = NEED_STATUS_UNTESTED;
}

/* Nothing failed by itself, but a login was held back everywhere it is needed, since a protocol
 * that nobody asked about refused it: that refusal is the answer. */
static void settle_held(struct weighing *w)
{
    const struct way *fault = any_login_fault(w);
    for (size_t i = 0; i < w->wish_count && fault && !w->lead; i++) {
        struct wish *wish = &w->wishes[i];
        for (size_t k = 0; k < w->way_count && !wish->by; k++) {
            const struct attempt *attempt = w->ways[k].attempt;
            if (!attempt || !wish_covers(wish, &w->ways[k]) ||
                block_of(attempt) != BLOCK_REFUSED_ELSEWHERE)
                continue;
            wish->status = NEED_STATUS_FAIL;
            wish->lead = fault;
            w->lead = wish;
            break;
        }
    }
}

void weigh(struct weighing *w, struct result *result)
{
    *w = (struct weighing) { .result = result, .arena = &result->trace->arena };
    find_ways(w);
    find_wishes(w);
    settle_unfit(w);
    for (size_t i = 0; i < w->wish_count; i++) {
        const struct wish *wish = &w->wishes[i];
        if (wish->status == NEED_STATUS_FAIL && (!w->lead || speaks_before(wish, w->lead)))
            w->lead = wish;
    }
    settle_held(w);
}
