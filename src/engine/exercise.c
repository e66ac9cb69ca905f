#include "engine/exercise.h"

#include "base/crypto.h"
#include "base/memory.h"
#include "engine/exercise_record.h"
#include "engine/visit.h"
#include "probes/exercise.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct exercise {
    struct exercise_options options;
    struct endpoint *imap, *pop3; /* where a login was accepted; NULL: nowhere */
    struct exercise_imap folders;
    struct exercise_second second;
    struct exercise_pop3 message;
    struct exercise_facts *facts; /* of the attempt under way */
    struct arena arena;           /* of the ids of other runs */
    int record;                   /* -1: none */
    struct visit *visit, *beside;
    struct loop_timer *turn;
    void (*next)(struct exercise *x);
    void (*after)(struct exercise *x); /* the session is over, the one beside it is not yet */
    bool stopped;                      /* by exercise_stop() */
    bool cleaning;                     /* the session under way is there only to clean up */
};

static void do_next(void *arg)
{
    struct exercise *x = arg;
    loop_timer_stop(&x->turn);
    visit_close(&x->beside);
    visit_close(&x->visit);
    x->next(x);
}

/* At the next turn: this is called from inside what is to be closed. */
static void then(struct exercise *x, void (*next)(struct exercise *x))
{
    x->next = next;
    x->after = NULL;
    loop_timer_stop(&x->turn);
    x->turn = loop_timer_start(x->options.shared->loop, 0, do_next, x);
}

/* A session that was lost beside another: what comes of that one's login is waited for. Broken off,
 * it would count as refused, and no further session could clean up. */
static void session_over(struct exercise *x, void (*next)(struct exercise *x))
{
    if (x->beside)
        x->after = next;
    else
        then(x, next);
}

static void beside_over(struct exercise *x)
{
    if (x->after) {
        then(x, x->after);
        return;
    }
    visit_close(&x->beside);
    visit_resume(x->visit);
}

static void finish(struct exercise *x)
{
    x->options.done(x->options.arg);
}

static struct visit_options visit_to(struct exercise *x, struct endpoint *endpoint,
                                     enum purpose purpose, const struct dialogue_task *task,
                                     void *state)
{
    return (struct visit_options) {
        .shared = x->options.shared,
        .endpoint = endpoint,
        .purpose = purpose,
        .turn = GATE_FURTHER,
        .task = task,
        .task_state = state,
        .arg = x,
    };
}

static void begin_facts(struct exercise *x)
{
    struct attempt *attempt = visit_attempt(x->visit);
    x->facts = arena_new(&x->options.shared->trace->arena, sizeof *x->facts);
    attempt->exercise = x->facts;
}

/* ---- IMAP ---- */

static void start_imap(struct exercise *x);
static void start_pop3(struct exercise *x);

static void copy_names(struct exercise *x, struct strings *to, const struct strings *from)
{
    struct arena *arena = &x->options.shared->trace->arena;
    to->count = 0;
    for (size_t i = 0; i < from->count; i++)
        strings_add(to, arena, arena_copy(arena, from->items[i]));
}

static void note_folders(struct exercise *x)
{
    x->facts->folder = arena_copy(&x->options.shared->trace->arena, x->folders.folder);
    copy_names(x, &x->facts->swept, &x->folders.swept);
    copy_names(x, &x->facts->left, &x->folders.made);
}

/* The records of killed runs whose folders are gone. */
static void forget_swept(const struct exercise *x)
{
    for (size_t i = 0; i < x->folders.dead.count; i++)
        for (size_t k = 0; k < x->folders.swept.count; k++)
            if (strstr(x->folders.swept.items[k], x->folders.dead.items[i]))
                exercise_record_remove(x->options.state_dir, x->folders.dead.items[i]);
}

/* What is left keeps its record: without a lock it says that the run is dead. */
static void end_record(struct exercise *x)
{
    forget_swept(x);
    if (x->record < 0)
        return;
    if (!x->folders.made.count)
        exercise_record_remove(x->options.state_dir, x->folders.id);
    close(x->record);
    x->record = -1;
}

static void imap_over(struct exercise *x)
{
    note_folders(x);
    if (x->folders.made.count && !x->cleaning) {
        /* The connection was lost in the middle: another one cleans up. */
        x->cleaning = x->folders.stop = true;
        x->folders.selected = x->folders.literal = x->folders.refused = false;
        x->folders.deleting = 0;
        start_imap(x);
        return;
    }
    end_record(x);
    if (x->options.pop3 && x->pop3 && !x->stopped)
        start_pop3(x);
    else
        finish(x);
}

static void imap_done(void *arg)
{
    session_over(arg, imap_over);
}

static void second_done(void *arg)
{
    struct exercise *x = arg;
    x->folders.second = x->second.outcome;
    beside_over(x);
}

static void second_client(void *arg)
{
    struct exercise *x = arg;
    x->second = (struct exercise_second) { .folder = x->folders.folder };
    struct visit_options options =
        visit_to(x, x->imap, PURPOSE_SECOND_CLIENT, &exercise_second_task, &x->second);
    options.done = second_done;
    x->beside = visit_start(&options);
}

static void start_imap(struct exercise *x)
{
    struct visit_options options =
        visit_to(x, x->imap, PURPOSE_EXERCISE, &exercise_imap_task, &x->folders);
    options.paused = second_client;
    options.done = imap_done;
    x->visit = visit_start(&options);
    begin_facts(x);
}

static void prepare_imap(struct exercise *x)
{
    uint32_t random;
    crypto_random(&random, sizeof random);
    x->folders.now_s = x->options.shared->trace->started_real_ns / 1000000000;
    x->folders.hold_ms = x->options.hold_ms;
    exercise_id(x->folders.id, x->folders.now_s, random);
    exercise_record_read(x->options.state_dir, &x->arena, &x->folders.dead, &x->folders.busy);
    x->record = exercise_record_begin(x->options.state_dir, x->folders.id);
}

/* ---- POP3 ---- */

static void last_done(void *arg)
{
    then(arg, finish);
}

/* The message that POP3 read is still in the inbox, as IMAP sees it. */
static void look_over_imap(struct exercise *x)
{
    if (!x->imap || !x->message.message_id[0] || x->stopped) {
        finish(x);
        return;
    }
    struct visit_options options =
        visit_to(x, x->imap, PURPOSE_SECOND_CLIENT, &exercise_pop3_over_imap_task, &x->message);
    options.done = last_done;
    x->visit = visit_start(&options);
}

static void again_done(void *arg)
{
    then(arg, look_over_imap);
}

/* The message is still there for a session that comes later. */
static void look_again(struct exercise *x)
{
    if (x->stopped) {
        finish(x);
        return;
    }
    struct visit_options options =
        visit_to(x, x->pop3, PURPOSE_SECOND_CLIENT, &exercise_pop3_again_task, &x->message);
    options.done = again_done;
    x->visit = visit_start(&options);
}

static void pop3_done(void *arg)
{
    session_over(arg, look_again);
}

/* RFC 1939 section 4 has a session lock the mailbox; many servers let a second one in. */
static void beside_done(void *arg)
{
    struct exercise *x = arg;
    const struct attempt *attempt = visit_attempt(x->beside);
    const struct step *login = attempt_step(attempt, STAGE_LOGIN);
    if (attempt->auth.outcome == LOGIN_ACCEPTED)
        x->facts->second_session = x->after ? NULL : "allowed"; /* it may be the only one */
    else if (login && login->status == STATUS_FAIL && login->error.kind == FAILURE_REFUSED)
        x->facts->second_session = "locked";
    beside_over(x);
}

static void second_session(void *arg)
{
    struct exercise *x = arg;
    struct visit_options options =
        visit_to(x, x->pop3, PURPOSE_SECOND_CLIENT, &exercise_pop3_again_task, &x->message);
    options.turn = GATE_BESIDE;
    options.done = beside_done;
    x->beside = visit_start(&options);
}

static void read_pop3(struct exercise *x)
{
    struct visit_options options =
        visit_to(x, x->pop3, PURPOSE_EXERCISE, &exercise_pop3_task, &x->message);
    options.paused = second_session;
    options.done = pop3_done;
    x->visit = visit_start(&options);
    begin_facts(x);
}

static void chosen(void *arg)
{
    then(arg, read_pop3);
}

/* Which message is read already, only IMAP knows. */
static void start_pop3(struct exercise *x)
{
    if (!x->imap) {
        read_pop3(x);
        return;
    }
    x->message.asked = true;
    struct visit_options options =
        visit_to(x, x->imap, PURPOSE_SECOND_CLIENT, &exercise_pop3_choose_task, &x->message);
    options.done = chosen;
    x->visit = visit_start(&options);
}

/* ---- from outside ---- */

/* The first that let this run in. */
static struct endpoint *find_way(const struct trace *trace, enum service service)
{
    for (struct endpoint *e = trace->endpoints; e; e = e->next)
        if (e->service == service && visit_is_possible(e))
            return e;
    return NULL;
}

struct exercise *exercise_start(const struct exercise_options *options)
{
    struct endpoint *imap = find_way(options->shared->trace, SERVICE_IMAP);
    struct endpoint *pop3 = find_way(options->shared->trace, SERVICE_POP3);
    bool folders = options->imap && imap;
    if (!folders && !(options->pop3 && pop3))
        return NULL;
    struct exercise *x = memory_new(sizeof *x);
    x->options = *options;
    x->imap = imap;
    x->pop3 = pop3;
    x->record = -1;
    if (folders) {
        prepare_imap(x);
        start_imap(x);
    } else {
        start_pop3(x);
    }
    return x;
}

bool exercise_stop(struct exercise *x)
{
    x->stopped = x->folders.stop = x->message.stop = true;
    if (!x->folders.made.count)
        return false;
    visit_close(&x->beside);
    if (x->after)
        then(x, x->after);
    else if (x->visit)
        visit_resume(x->visit);
    return true;
}

void exercise_close(struct exercise **exercise)
{
    struct exercise *x = *exercise;
    if (!x)
        return;
    *exercise = NULL;
    loop_timer_stop(&x->turn);
    visit_close(&x->beside);
    visit_close(&x->visit);
    if (x->facts && x->folders.made.count)
        note_folders(x);
    end_record(x);
    exercise_imap_done(&x->folders);
    arena_done(&x->arena);
    free(x);
}
