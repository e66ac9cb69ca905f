/* A person signs in on any device, with a code that is shown here (RFC 8628). */
#include "base/clock.h"
#include "command/token_flow_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOW_DOWN_S = 5,  /* RFC 8628 section 3.5 */
    CODE_LIFE_S = 900 /* where the authority does not say */
};

static int64_t now_s(void)
{
    return clock_real_ns() / 1000000000;
}

/* The authority's words go to a terminal. */
static void show_code(const struct token_answer *answer)
{
    char *page = options_quote(answer->page), *code = options_quote(answer->user_code);
    fprintf(stderr, "To sign in, open %s in any browser and enter the code %s\n", page, code);
    free(page);
    free(code);
}

/* Is it to be asked again? RFC 8628 section 3.5. */
static bool is_pending(struct token_flow *flow)
{
    const char *error = flow->answer.error;
    if (flow->trouble) { /* "exponential backoff" */
        flow->device.interval *= 2;
        return true;
    }
    if (error && strcmp(error, "slow_down") == 0) {
        flow->device.interval += SLOW_DOWN_S;
        return true;
    }
    return error && strcmp(error, "authorization_pending") == 0;
}

static bool wait(struct token_flow *flow);

static bool on_poll(struct token_flow *flow)
{
    if (!is_pending(flow))
        return token_take(flow);
    if (now_s() + flow->device.interval <= flow->device.end)
        return wait(flow);
    flow->outcome->refusal = "expired_token: nobody signed in with the code in time";
    return false;
}

static void poll(void *arg)
{
    struct token_flow *flow = arg;
    const struct token_question question = { flow->token_url, true, NULL, on_poll };
    loop_timer_stop(&flow->timer);
    token_form_begin(flow, "urn:ietf:params:oauth:grant-type:device_code");
    token_form_add(flow, "device_code", secret_bytes(flow->device.code));
    if (!token_prove(flow) || !token_ask(flow, &question))
        token_end(flow);
}

static bool wait(struct token_flow *flow)
{
    flow->timer = loop_timer_start(flow->loop, flow->device.interval * 1000, poll, flow);
    return true;
}

static bool on_code(struct token_flow *flow)
{
    struct token_answer *answer = &flow->answer;
    if (flow->trouble || !answer->device_code || !answer->user_code || !answer->page)
        return token_refused(flow);
    show_code(answer);
    flow->device = (struct token_device) {
        .code = answer->device_code,
        .interval = answer->interval,
        .end = now_s() + (answer->expires_in ? answer->expires_in : CODE_LIFE_S),
    };
    answer->device_code = NULL;
    return wait(flow);
}

bool token_device_ask(struct token_flow *flow)
{
    const struct token_question question = { flow->device_url, true, NULL, on_code };
    token_form_begin(flow, NULL);
    token_form_text(flow, "scope", flow->scope);
    /* RFC 8628 section 3.1: an app that has to prove who it is does so here as well. */
    return token_prove(flow) && token_ask(flow, &question);
}

void token_device_done(struct token_device *device)
{
    secret_free(device->code);
    *device = (struct token_device) { 0 };
}
