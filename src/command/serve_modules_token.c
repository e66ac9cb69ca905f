/* The access token of a module, asked of an authority on the loop that serves. */
#include "base/memory.h"
#include "command/check_token.h"
#include "command/serve_modules_parts.h"
#include "command/token_keeper.h"

#include <stdlib.h>

enum { MS_PER_S = 1000, LATE_PART = 10, RUN_S = 300 };

struct serve_token {
    struct check_token token;
    struct token_order *order;
    char *error;
};

/* Until the next run has asked for the one that follows it. */
static int64_t needed_s(const struct serve_module *module)
{
    int64_t interval_s = module->interval_ms / MS_PER_S;
    return interval_s + interval_s / LATE_PART + RUN_S;
}

struct serve_token *modules_ask_token(const struct serve_module *module,
                                      const struct run_options *run, loop_function *answered,
                                      void *arg, char **ret_error)
{
    const struct module_source *source = module->source;
    struct serve_token *asked = memory_new(sizeof *asked);
    struct token_order_options options = {
        .wish = &source->settings.wish,
        .need_s = needed_s(module),
        .arena = &asked->token.arena,
        .ret_outcome = &asked->token.outcome,
        .ret_error = &asked->error,
        .done = answered,
        .arg = arg,
    };
    check_token_prepare(&asked->token, &source->settings, run, source->proxy_password,
                        &options.context);
    asked->order = token_keeper_ask(source->keeper, &options);
    if (asked->order)
        return asked;
    *ret_error = asked->error;
    asked->error = NULL;
    modules_free_token(asked);
    return NULL;
}

struct secret *modules_take_token(struct serve_token *asked, char **ret_error)
{
    struct token_outcome *outcome = &asked->token.outcome;
    *ret_error = asked->error;
    asked->error = NULL;
    if (*ret_error || !outcome->token)
        return NULL;
    asked->token.secret = outcome->token;
    outcome->token = NULL;
    return secret_new(secret_bytes(asked->token.secret));
}

void modules_free_token(struct serve_token *asked)
{
    if (!asked)
        return;
    token_order_free(asked->order);
    check_token_done(&asked->token);
    free(asked->error);
    free(asked);
}

void modules_note_token(const struct serve_token *asked, const struct check_settings *settings,
                        struct trace *trace)
{
    check_token_note(&asked->token, settings, trace);
}

bool modules_try_token(struct module_reading *reading, struct module_source *source,
                       const struct run_options *run)
{
    struct check_token token = { .source = NULL };
    struct token_context context;
    uint8_t proof[CRYPTO_SHA256_SIZE];
    char *error = NULL;
    check_token_prepare(&token, &source->settings, run, source->proxy_password, &context);
    struct token_flow *flow =
        token_flow_new(&source->settings.wish, &context, &token.arena, &token.outcome, &error);
    bool good = flow && token_flow_proof(flow, proof);
    token_flow_free(flow);
    check_token_done(&token);
    return good || modules_complain(reading, error);
}
