#include "serve/flight.h"

#include "base/memory.h"
#include "diagnosis/classify.h"
#include "diagnosis/diagnose.h"
#include "diagnosis/token_class.h"
#include "diagnosis/transient.h"

#include <stdlib.h>

struct flight {
    struct flight_options options;
    struct run_options run_options;
    struct arena arena; /* of the target */
    char *target;
    struct secret *password, *token;
    struct serve_token *asked; /* of an authority; NULL: it was not */
    struct loop_timer *end;    /* after a cancel that came before the run */
    struct trace *trace;
    struct run *run;
    char *error;
};

static void over(void *arg)
{
    struct flight *flight = arg;
    flight->options.landed(flight->options.arg, flight);
}

char *flight_login(const struct serve_module *module, const char *target)
{
    struct arena arena = { 0 };
    struct target parsed = { 0 };
    char *error = NULL, *login = NULL;
    if (module->by_clock && target_parse(&parsed, &arena, target, &error)) {
        const char *user = module->run.user;
        login = memory_copy(user ? user : parsed.user ? parsed.user : parsed.address);
    }
    free(error);
    arena_done(&arena);
    return login;
}

static bool prepare(struct flight *flight, char **ret_error)
{
    const struct serve_module *module = flight->options.module;
    struct run_options *run = &flight->run_options;
    *run = module->run;
    if (!target_parse(&run->target, &flight->arena, flight->target, ret_error) ||
        !plan_options_fit(&run->plan, &run->target, ret_error) ||
        !module_set_modules(flight->options.set)
             ->read_secrets(module, &flight->password, &flight->token, ret_error))
        return false;
    run->password = flight->password;
    run->state_dir = flight->options.state_dir;
    run->submit = flight->options.wish;
    run->path_limits = flight->options.path_limits;
    run->path_asked_only = true; /* it comes again every few minutes */
    run->trust = module_set_trust(flight->options.set, module);
    run->judge_login = classify_login;
    run->judge_token = token_unfit;
    return true;
}

static const struct serve_modules *modules_of(const struct flight *flight)
{
    return module_set_modules(flight->options.set);
}

static bool begin(struct flight *flight, char **ret_error)
{
    flight->run_options.token = flight->token;
    flight->trace = trace_new();
    modules_of(flight)->note_secrets(flight->options.module, flight->asked ? NULL : flight->token,
                                     flight->asked, flight->trace);
    flight->run = run_start(flight->options.loop, &flight->run_options, flight->trace, over, flight,
                            ret_error);
    return flight->run;
}

/* A token that was refused is the run's finding; what needs none is tried all the same. */
static void answered(void *arg)
{
    struct flight *flight = arg;
    flight->token = modules_of(flight)->take_token(flight->asked, &flight->error);
    if (flight->error || !begin(flight, &flight->error))
        over(flight);
}

static bool ask(struct flight *flight, char **ret_error)
{
    flight->asked = modules_of(flight)->ask_token(flight->options.module, &flight->run_options,
                                                  answered, flight, ret_error);
    return flight->asked;
}

struct flight *flight_start(const struct flight_options *options, char **ret_error)
{
    struct flight *flight = memory_new(sizeof *flight);
    flight->options = *options;
    flight->target = memory_copy(options->target);
    module_set_hold(options->set);
    if (prepare(flight, ret_error) &&
        (options->module->asks_token ? ask(flight, ret_error) : begin(flight, ret_error)))
        return flight;
    flight_free(flight);
    return NULL;
}

void flight_keep_text(struct flight *flight)
{
    flight->options.with_text = true;
}

void flight_cancel(struct flight *flight)
{
    if (flight->run)
        run_cancel(flight->run, "interrupt");
    if (flight->run || flight->end || flight->error)
        return;
    modules_of(flight)->free_token(flight->asked);
    flight->asked = NULL;
    flight->error = memory_copy("interrupted before its access token came");
    flight->end = loop_timer_start(flight->options.loop, 0, over, flight);
}

struct flight_end flight_end(struct flight *flight)
{
    if (flight->error) {
        struct flight_end without = { .error = flight->error };
        flight->error = NULL;
        return without;
    }
    struct flight_end end = { .only_we_know = run_has_forgotten(flight->run) };
    struct result *result = result_new(flight->trace);
    flight->trace = NULL;
    run_free(flight->run);
    flight->run = NULL;
    diagnose_with(result, flight->options.module->rules);
    end.answer = answer_new(result, flight->options.with_text);
    end.failed = result->verdict.status == VERDICT_FAIL;
    end.transient = class_is_transient(result->verdict.class_id);
    if (end.only_we_know) {
        end.refused = flight->password;
        flight->password = NULL;
    }
    result_free(result);
    return end;
}

void flight_free(struct flight *flight)
{
    if (!flight)
        return;
    loop_timer_stop(&flight->end);
    run_free(flight->run);
    modules_of(flight)->free_token(flight->asked);
    free(flight->error);
    if (flight->trace)
        trace_free(flight->trace);
    secret_free(flight->password);
    secret_free(flight->token);
    arena_done(&flight->arena);
    module_set_release(flight->options.set);
    free(flight->target);
    free(flight);
}
