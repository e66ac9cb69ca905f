#include "engine/gate.h"

#include "base/memory.h"
#include "base/text.h"
#include "engine/gate_memory.h"
#include "engine/gate_trial.h"

#include <assert.h>
#include <stdlib.h>

enum {
    SESSIONS_AT_ONCE = 3, /* Exchange Online refuses a fourth per mailbox: 432 4.3.2 (vendor) */
    REPLY_LIMIT = 4096,
    LOOK_MS = 100, /* how often it is looked whether another run is done */
    LOOKS = 200,   /* 20 s: Exchange takes up to 17.5 s to refuse */
};

struct gate {
    struct gate_options options;
    struct gate_request *waiting; /* in the order they asked */
    bool trying;                  /* a password is out that nobody has accepted yet */
    bool accepted;                /* the secret was accepted somewhere */
    bool spent;                   /* it was judged and refused */
    bool earlier;                 /* an earlier run had it refused */
    bool earlier_known;           /* ... was looked up */
    struct gate_trial trial;      /* of the try that is out */
    struct loop_timer *look;      /* another run tries it: look again then */
    int looks;
    bool unknown; /* a run was killed while it tried it */
    bool again;   /* decide_waiting() was asked for while it ran */
    bool deciding, frozen, forgotten;
    struct buffer earlier_reply;
    char *earlier_host; /* who gave it */
    int inside;         /* accepted sessions now open */
    struct {
        bool accepted, unjudged;
        int expected;  /* on their way, have not asked yet */
        int under_way; /* granted, no outcome yet */
        int inside;
    } service[SERVICE_COUNT];
};

struct gate *gate_new(const struct gate_options *options)
{
    struct gate *gate = memory_new(sizeof *gate);
    gate->options = *options;
    gate->trial.fd = -1;
    buffer_init(&gate->earlier_reply, REPLY_LIMIT);
    return gate;
}

void gate_free(struct gate *gate)
{
    if (!gate)
        return;
    gate_trial_end(&gate->trial);
    loop_timer_stop(&gate->look);
    buffer_done(&gate->earlier_reply);
    free(gate->earlier_host);
    free(gate);
}

/* Only asked when a password is about to be sent: the look-up costs some 50 ms where anything is
 * remembered. */
static bool refused_earlier(struct gate *gate)
{
    const struct gate_options *o = &gate->options;
    if (!gate->earlier_known) {
        gate->earlier_known = true;
        gate->earlier = !o->retry && gate_memory_find(o->state_dir, o->user, o->password, o->now_s,
                                                      &gate->earlier_host, &gate->earlier_reply);
    }
    return gate->earlier;
}

static void forget_earlier(struct gate *gate)
{
    gate->earlier_known = false;
    buffer_clear(&gate->earlier_reply);
    free(gate->earlier_host);
    gate->earlier_host = NULL;
}

enum decision { DECISION_GO, DECISION_WAIT, DECISION_BLOCK };

static enum decision block(enum login_block why, enum login_block *ret_block)
{
    *ret_block = why;
    return DECISION_BLOCK;
}

/* A token locks nothing: one try a protocol, or every port when all are asked for. */
static enum decision decide_token(const struct gate *gate, enum service service,
                                  enum login_block *ret_block)
{
    if (gate->options.all_logins)
        return gate->inside < SESSIONS_AT_ONCE ? DECISION_GO : DECISION_WAIT;
    if (gate->service[service].accepted)
        return block(BLOCK_SHOWN_ELSEWHERE, ret_block);
    if (gate->service[service].unjudged)
        return block(BLOCK_TRIED_ELSEWHERE, ret_block);
    return gate->service[service].under_way ? DECISION_WAIT : DECISION_GO;
}

/* RFC 1939 section 4: a POP3 session locks the mailbox, a second one would be refused for that
 * alone. */
static bool has_room(const struct gate *gate, enum service service)
{
    bool locked = service == SERVICE_POP3 && gate->service[SERVICE_POP3].inside > 0;
    return gate->inside < SESSIONS_AT_ONCE && !locked;
}

static void decide_waiting(struct gate *gate);

static void look_again(void *arg)
{
    struct gate *gate = arg;
    loop_timer_stop(&gate->look);
    gate->looks++;
    decide_waiting(gate);
}

/* Another run has it out: it mostly knows soon, and then so do we. */
static enum decision wait_for_other(struct gate *gate, enum login_block *ret_block)
{
    if (!gate->options.loop || gate->looks >= LOOKS)
        return block(BLOCK_BEING_TRIED, ret_block);
    if (!gate->look)
        gate->look = loop_timer_start(gate->options.loop, LOOK_MS, look_again, gate);
    return DECISION_WAIT;
}

/* The first try of a password that nobody has accepted yet. What earlier runs saw is asked under
 * the lock: a run that has just ended may have added to it. */
static enum decision decide_first(struct gate *gate, enum login_block *ret_block)
{
    const struct gate_options *o = &gate->options;
    if (gate->unknown)
        return block(BLOCK_UNKNOWN_EARLIER, ret_block);
    enum gate_trial_state state =
        gate_trial_begin(&gate->trial, o->state_dir, o->user, o->password, o->now_s, o->retry);
    if (state == GATE_TRIAL_BUSY)
        return wait_for_other(gate, ret_block);
    gate->unknown = state == GATE_TRIAL_UNKNOWN;
    if (gate->unknown)
        return block(BLOCK_UNKNOWN_EARLIER, ret_block);
    forget_earlier(gate);
    if (!refused_earlier(gate))
        return DECISION_GO;
    gate_trial_end(&gate->trial);
    return block(BLOCK_REFUSED_EARLIER, ret_block);
}

static enum decision decide_password(struct gate *gate, enum service service,
                                     enum login_block *ret_block)
{
    if (gate->spent)
        return block(BLOCK_REFUSED_ELSEWHERE, ret_block);
    if (gate->service[service].unjudged)
        return block(BLOCK_TRIED_ELSEWHERE, ret_block);
    if (!gate->accepted) {
        if (gate->trying)
            return DECISION_WAIT;
        return decide_first(gate, ret_block);
    }
    if (!gate->options.all_logins) {
        if (gate->service[service].accepted)
            return block(BLOCK_SHOWN_ELSEWHERE, ret_block);
        if (gate->service[service].under_way)
            return DECISION_WAIT;
    }
    return has_room(gate, service) ? DECISION_GO : DECISION_WAIT;
}

/* The same secret on the same service again. */
static enum decision decide_further(struct gate *gate, const struct gate_request *request,
                                    enum login_block *ret_block)
{
    assert(gate->service[request->service].accepted);
    if (gate->spent && !request->token)
        return block(BLOCK_REFUSED_ELSEWHERE, ret_block);
    bool room = request->turn == GATE_BESIDE ? gate->inside < SESSIONS_AT_ONCE
                                             : has_room(gate, request->service);
    return room ? DECISION_GO : DECISION_WAIT;
}

static enum decision decide(struct gate *gate, const struct gate_request *request,
                            enum login_block *ret_block)
{
    const struct gate_options *o = &gate->options;
    if (!o->user || (!o->password && !o->token))
        return block(BLOCK_NO_CREDENTIAL, ret_block);
    if (request->guessed)
        return block(BLOCK_GUESSED_HOST, ret_block);
    if (!request->verified && !o->insecure)
        return block(BLOCK_UNVERIFIED_TLS, ret_block);
    if (request->unfit != BLOCK_NONE && !o->retry)
        return block(request->unfit, ret_block);
    if (request->turn != GATE_FIRST)
        return decide_further(gate, request, ret_block);
    if (gate->service[request->service].expected && !request->expected)
        return DECISION_WAIT;
    return request->token ? decide_token(gate, request->service, ret_block)
                          : decide_password(gate, request->service, ret_block);
}

static void unlink_request(struct gate *gate, struct gate_request *request)
{
    struct gate_request **link = &gate->waiting;
    while (*link && *link != request)
        link = &(*link)->next;
    if (*link)
        *link = request->next;
    request->next = NULL;
    request->waiting = false;
}

static void grant(struct gate *gate, struct gate_request *request)
{
    request->granted = true;
    gate->service[request->service].under_way++;
    gate->service[request->service].inside++;
    gate->inside++;
    if (request->token || gate->accepted)
        return;
    gate->trying = true;
    gate_trial_write(&gate->trial, gate->options.user, gate->options.password, gate->options.now_s);
}

/* What HOST itself said of the password lately; another's words are not put into its mouth. */
static struct bytes words_of(const struct gate *gate, const char *host)
{
    bool same = gate->earlier_host && text_equal_fold(gate->earlier_host, host);
    return same ? buffer_bytes(&gate->earlier_reply) : (struct bytes) { 0 };
}

/* Answers whoever can be answered now. An answer may report at once and so come back here: then
 * once more, from the start, rather than deeper. */
static void decide_waiting(struct gate *gate)
{
    gate->again = true;
    if (gate->deciding || gate->frozen)
        return;
    gate->deciding = true;
    while (gate->again) {
        gate->again = false;
        for (struct gate_request *r = gate->waiting; r; r = r->next) {
            enum login_block why = BLOCK_NONE;
            enum decision decision = decide(gate, r, &why);
            if (decision == DECISION_WAIT)
                continue;
            unlink_request(gate, r);
            if (decision == DECISION_GO)
                grant(gate, r);
            gate->again = true; /* the list has changed under us */
            r->answer(r, why,
                      why == BLOCK_REFUSED_EARLIER ? words_of(gate, r->host)
                                                   : (struct bytes) { 0 });
            break;
        }
    }
    gate->deciding = false;
}

void gate_freeze(struct gate *gate)
{
    gate->frozen = true;
}

bool gate_has_forgotten(const struct gate *gate)
{
    return gate->forgotten;
}

void gate_expect(struct gate *gate, enum service service)
{
    gate->service[service].expected++;
}

void gate_unexpect(struct gate *gate, enum service service)
{
    if (gate->service[service].expected == 0)
        return;
    gate->service[service].expected--;
    decide_waiting(gate);
}

void gate_expect_nobody(struct gate *gate)
{
    for (int i = 0; i < SERVICE_COUNT; i++)
        gate->service[i].expected = 0;
    decide_waiting(gate);
}

void gate_ask(struct gate *gate, struct gate_request *request)
{
    struct gate_request **link = &gate->waiting;
    while (*link && !request->expected) /* the expected one goes before those that waited for it */
        link = &(*link)->next;
    request->next = *link;
    request->granted = false;
    request->waiting = true;
    *link = request;
    if (request->expected)
        gate_unexpect(gate, request->service);
    decide_waiting(gate);
}

static void accepted(struct gate *gate, struct gate_request *request)
{
    const struct gate_options *o = &gate->options;
    gate->service[request->service].accepted = true;
    if (request->token)
        return; /* it says nothing of a password that is there too */
    if (!gate->accepted && o->retry)
        gate_memory_remove(o->state_dir, o->user, o->password, o->now_s);
    gate->accepted = true;
}

void gate_report(struct gate *gate, struct gate_request *request, enum login_outcome outcome,
                 struct bytes reply)
{
    const struct gate_options *o = &gate->options;
    if (!request->granted)
        return;
    request->granted = false;
    gate->service[request->service].under_way--;
    if (!request->token)
        gate->trying = false;
    if (outcome == LOGIN_ACCEPTED) {
        accepted(gate, request);
    } else {
        gate->inside--;
        gate->service[request->service].inside--;
        if (request->turn != GATE_FIRST) {
            gate->spent = gate->spent || (outcome == LOGIN_JUDGED && !request->token);
        } else if (outcome == LOGIN_JUDGED && !request->token) {
            gate->spent = true;
            gate->forgotten = o->state_dir && !gate_memory_add(o->state_dir, o->user, o->password,
                                                               o->now_s, request->host, reply);
        } else {
            gate->service[request->service].unjudged = true;
        }
    }
    if (!gate->trying)
        gate_trial_end(&gate->trial); /* only now that it is remembered */
    decide_waiting(gate);
}

void gate_withdraw(struct gate *gate, struct gate_request *request)
{
    struct bytes none = { 0 };
    if (request->waiting)
        unlink_request(gate, request);
    else if (request->granted)
        gate_report(gate, request, LOGIN_UNJUDGED, none);
}

void gate_leave(struct gate *gate, struct gate_request *request)
{
    gate->inside--;
    gate->service[request->service].inside--;
    decide_waiting(gate);
}
