#include "command/token_keeper.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    LAST_S = 300,    /* a token must live on so long, to last through a run */
    UNKNOWN_S = 600, /* how long one holds whose end nobody told */
    REFUSED_S = 300, /* without Retry-After */
    SILENT_S = 30,
    RETRY_MOST_S = 3600, /* whatever Retry-After says */
    UNUSED_S = 86400     /* then nobody has this credential any more */
};

/* One token, or why there is none; shared by all who want it with the same credential. */
struct entry {
    struct entry *next;
    char *key;
    uint8_t proof[CRYPTO_SHA256_SIZE]; /* of the credential that it is asked with */
    int64_t used;
    struct token_kept kept;
    struct secret *token;
    int64_t told; /* when it ends, as the authority said; 0: it did not */
    char *refusal, *host;
    enum token_fault fault;
    int64_t retry_after_s;
    struct token_order *asking; /* whose flow is under way */
};

struct token_order {
    struct token_order *next;
    struct token_keeper *keeper;
    struct token_order_options options;
    struct entry *entry;
    struct token_flow *flow;
    struct loop_timer *timer;
    bool waits; /* for another's flow */
};

struct token_keeper {
    struct loop *loop;
    struct entry *entries;
    struct token_order *orders;
};

static int64_t now_s(void)
{
    return clock_real_ns() / 1000000000;
}

/* ---- decisions ---- */

enum token_choice token_keeper_choose(const struct token_kept *kept, int64_t need_s, int64_t now)
{
    int64_t left = kept->expires - now, half = (kept->expires - kept->obtained) / 2;
    int64_t margin = need_s < half ? need_s : half;
    if (kept->expires && left >= LAST_S && left >= margin)
        return TOKEN_USE;
    bool held = now < kept->held_until && kept->held_until - now <= RETRY_MOST_S;
    if (!held) /* or the clock was set back */
        return TOKEN_ASK;
    return token_keeper_may_use(kept, now) ? TOKEN_USE : TOKEN_REFUSE;
}

bool token_keeper_may_use(const struct token_kept *kept, int64_t now)
{
    return kept->expires - now >= LAST_S && kept->passing;
}

int64_t token_keeper_hold(bool silent, int64_t retry_after_s)
{
    if (retry_after_s > RETRY_MOST_S)
        return RETRY_MOST_S;
    return retry_after_s > 0 ? retry_after_s : silent ? SILENT_S : REFUSED_S;
}

/* ---- what is kept ---- */

static void forget(struct entry *entry)
{
    secret_free(entry->token);
    free(entry->refusal);
    free(entry->host);
    entry->token = NULL;
    entry->refusal = entry->host = NULL;
    entry->kept = (struct token_kept) { 0 };
}

static void remove_entry(struct entry **link)
{
    struct entry *entry = *link;
    *link = entry->next;
    forget(entry);
    free(entry->key);
    free(entry);
}

static bool is_held(const struct token_keeper *keeper, const struct entry *entry)
{
    const struct token_order *order = keeper->orders;
    while (order && order->entry != entry)
        order = order->next;
    return order;
}

static void remove_unused(struct token_keeper *keeper)
{
    for (struct entry **link = &keeper->entries; *link;)
        if (now_s() - (*link)->used > UNUSED_S && !is_held(keeper, *link))
            remove_entry(link);
        else
            link = &(*link)->next;
}

static struct entry *find_entry(struct token_keeper *keeper, const char *key,
                                const uint8_t proof[static CRYPTO_SHA256_SIZE])
{
    struct entry *entry = keeper->entries;
    while (entry &&
           (strcmp(entry->key, key) != 0 || memcmp(entry->proof, proof, sizeof entry->proof) != 0))
        entry = entry->next;
    if (!entry) {
        entry = memory_new(sizeof *entry);
        *entry = (struct entry) { .next = keeper->entries, .key = memory_copy(key) };
        memcpy(entry->proof, proof, sizeof entry->proof);
        keeper->entries = entry;
    }
    entry->used = now_s();
    return entry;
}

static void keep_token(struct entry *entry, const struct token_outcome *outcome)
{
    forget(entry);
    entry->token = secret_new(secret_bytes(outcome->token));
    entry->told = outcome->expires;
    entry->kept.obtained = outcome->obtained;
    entry->kept.expires = outcome->expires ? outcome->expires : outcome->obtained + UNKNOWN_S;
}

static void keep_refusal(struct entry *entry, const struct token_outcome *outcome)
{
    free(entry->refusal);
    free(entry->host);
    entry->refusal = memory_copy(outcome->refusal);
    entry->host = memory_copy(outcome->host);
    entry->fault = outcome->fault;
    entry->retry_after_s = outcome->retry_after_s;
    bool silent = outcome->fault == TOKEN_UNREACHABLE;
    entry->kept.passing = silent || outcome->retry_after_s > 0;
    entry->kept.held_until = now_s() + token_keeper_hold(silent, outcome->retry_after_s);
}

/* ---- orders ---- */

static void give_token(struct token_order *order)
{
    const struct entry *entry = order->entry;
    struct token_outcome *outcome = order->options.ret_outcome;
    outcome->token = secret_new(secret_bytes(entry->token));
    outcome->kept = true;
    outcome->obtained = entry->kept.obtained;
    outcome->expires = entry->told;
    outcome->refusal = NULL;
    outcome->fault = TOKEN_REFUSED; /* as before anything was asked */
}

static void give_refusal(struct token_order *order)
{
    const struct entry *entry = order->entry;
    struct token_outcome *outcome = order->options.ret_outcome;
    outcome->refusal = arena_copy(order->options.arena, entry->refusal);
    outcome->host = arena_copy(order->options.arena, entry->host);
    outcome->fault = entry->fault;
    outcome->retry_after_s = entry->retry_after_s;
}

static void over(void *arg)
{
    struct token_order *order = arg;
    loop_timer_stop(&order->timer);
    order->options.done(order->options.arg);
}

static void end_soon(struct token_order *order)
{
    order->waits = false;
    order->timer = loop_timer_start(order->keeper->loop, 0, over, order);
}

static void serve(struct token_order *order);

/* Each decides anew: what one got serves all. A file of one's own that failed is not theirs. */
static void wake(struct token_keeper *keeper, const struct entry *entry)
{
    for (struct token_order *order = keeper->orders; order; order = order->next)
        if (order->waits && order->entry == entry) {
            order->waits = false;
            serve(order);
        }
}

static void answered(void *arg)
{
    struct token_order *order = arg;
    struct entry *entry = order->entry;
    struct token_outcome *outcome = order->options.ret_outcome;
    entry->asking = NULL;
    if (outcome->token)
        keep_token(entry, outcome);
    else if (outcome->refusal)
        keep_refusal(entry, outcome);
    if (outcome->token)
        token_flow_proof(order->flow, entry->proof); /* a refresh token may be another now */
    else if (outcome->refusal && token_keeper_may_use(&entry->kept, now_s()))
        give_token(order);
    end_soon(order);
    wake(order->keeper, entry);
}

static void ask(struct token_order *order)
{
    order->entry->asking = order;
    token_flow_start(order->flow, order->keeper->loop, answered, order);
}

static void serve(struct token_order *order)
{
    struct entry *entry = order->entry;
    if (entry->asking) {
        order->waits = true;
        return;
    }
    switch (token_keeper_choose(&entry->kept, order->options.need_s, now_s())) {
    case TOKEN_USE:
        give_token(order);
        break;
    case TOKEN_REFUSE:
        give_refusal(order);
        break;
    case TOKEN_ASK:
        ask(order);
        return;
    }
    end_soon(order);
}

struct token_order *token_keeper_ask(struct token_keeper *keeper,
                                     const struct token_order_options *options)
{
    uint8_t proof[CRYPTO_SHA256_SIZE];
    struct token_flow *flow = token_flow_new(options->wish, &options->context, options->arena,
                                             options->ret_outcome, options->ret_error);
    if (!flow || !token_flow_proof(flow, proof)) {
        token_flow_free(flow);
        return NULL;
    }
    remove_unused(keeper);
    struct token_order *order = memory_new(sizeof *order);
    *order = (struct token_order) {
        .next = keeper->orders,
        .keeper = keeper,
        .options = *options,
        .entry = find_entry(keeper, token_flow_key(flow), proof),
        .flow = flow,
    };
    keeper->orders = order;
    serve(order);
    return order;
}

void token_order_free(struct token_order *order)
{
    if (!order)
        return;
    struct token_keeper *keeper = order->keeper;
    struct entry *entry = order->entry;
    struct token_order **link = &keeper->orders;
    while (*link != order)
        link = &(*link)->next;
    *link = order->next;
    loop_timer_stop(&order->timer);
    token_flow_free(order->flow);
    if (entry->asking == order) {
        entry->asking = NULL;
        wake(keeper, entry);
    }
    free(order);
}

/* ---- the whole ---- */

struct token_keeper *token_keeper_new(struct loop *loop)
{
    struct token_keeper *keeper = memory_new(sizeof *keeper);
    keeper->loop = loop;
    return keeper;
}

void token_keeper_free(struct token_keeper *keeper)
{
    if (!keeper)
        return;
    while (keeper->entries)
        remove_entry(&keeper->entries);
    free(keeper);
}
