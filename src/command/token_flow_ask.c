/* One question to an authority: its form, and the answer. */
#include "base/memory.h"
#include "base/text.h"
#include "command/token_flow_parts.h"

#include <string.h>

enum { ANSWER_MS = 30000 };

/* ---- forms ---- */

static void put_encoded(struct buffer *out, struct bytes value)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        const char coded[] = { '%', hex[c >> 4], hex[c & 15] };
        buffer_append(out, plain ? (const char *)&c : coded, plain ? 1 : 3);
    }
}

void token_form_add(struct token_flow *flow, const char *name, struct bytes value)
{
    if (buffer_size(&flow->form))
        buffer_append_text(&flow->form, "&");
    buffer_format(&flow->form, "%s=", name);
    put_encoded(&flow->form, value);
}

void token_form_text(struct token_flow *flow, const char *name, const char *value)
{
    token_form_add(flow, name, text_bytes(value));
}

void token_form_begin(struct token_flow *flow, const char *grant_type)
{
    buffer_clear(&flow->form);
    if (grant_type)
        token_form_text(flow, "grant_type", grant_type);
    if (flow->wish->client_id)
        token_form_text(flow, "client_id", flow->wish->client_id);
}

/* ---- the question ---- */

/* As it stands, in base64, and as a form has it. */
static void scrub(const struct secret *secret, char *text, size_t size)
{
    struct buffer form;
    if (!secret)
        return;
    buffer_init(&form, 3 * SECRET_LIMIT);
    put_encoded(&form, secret_bytes(secret));
    struct secret *encoded = secret_new(buffer_bytes(&form));
    secret_scrub_cut(secret, text, size);
    secret_scrub_cut(encoded, text, size);
    secret_free(encoded);
    buffer_done(&form);
}

/* Authorities echo what they were sent, and what they say is shown. */
static void hide_secrets(struct token_flow *flow)
{
    const struct token_answer *answer = &flow->answer;
    const char *const shown[] = { answer->error,        answer->detail,     answer->user_code,
                                  answer->page,         answer->issuer,     answer->token_page,
                                  answer->sign_in_page, answer->device_page };
    const struct secret *const secrets[] = {
        flow->secret,        flow->refresh,           flow->assertion, flow->voucher_token,
        flow->device.code,   flow->code.brought.code, answer->access,  answer->refresh,
        answer->device_code, answer->assertion,
    };
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        for (size_t k = 0; shown[i] && k < sizeof secrets / sizeof *secrets; k++)
            scrub(secrets[k], (char *)(uintptr_t)shown[i], strlen(shown[i])); /* the arena's */
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct token_flow *flow = arg;
    flow->status = answer->status;
    flow->retry_after_s = answer->retry_after_s;
    flow->trouble = answer->trouble ? arena_copy(flow->arena, answer->trouble) : NULL;
    if (!answer->trouble)
        token_answer_read(&flow->answer, flow->arena, answer->body);
    hide_secrets(flow);
    if (!flow->next(flow))
        token_end(flow);
}

bool token_ask(struct token_flow *flow, const struct token_question *question)
{
    bool empty = buffer_size(&flow->form) == 0;
    const struct http_request request = {
        .url = question->url,
        .form = !question->post ? (struct bytes) { 0 }
                : empty         ? (struct bytes) { "", 0 }
                                : buffer_bytes(&flow->form),
        .type = empty ? "application/json" : NULL,
        .bearer = question->bearer,
        .deadline_ms = ANSWER_MS,
    };
    token_answer_done(&flow->answer);
    flow->next = question->next;
    http_ask(flow->http, &request, on_answer, flow);
    buffer_clear(&flow->form);
    return true;
}

bool token_ask_for_token(struct token_flow *flow)
{
    const struct token_question question = { flow->token_url, true, NULL, token_take };
    return token_ask(flow, &question);
}

bool token_refused(struct token_flow *flow)
{
    const struct token_answer *answer = &flow->answer;
    struct token_outcome *outcome = flow->outcome;
    outcome->retry_after_s = flow->retry_after_s;
    outcome->fault = flow->trouble || !answer->readable ? TOKEN_UNREACHABLE : TOKEN_REFUSED;
    if (flow->trouble)
        outcome->refusal = flow->trouble;
    else if (!answer->readable)
        outcome->refusal =
            arena_format(flow->arena, "HTTP status %d, and no JSON in it", flow->status);
    else if (!answer->error)
        outcome->refusal =
            arena_format(flow->arena, "HTTP status %d, and neither token nor error", flow->status);
    else
        outcome->refusal = answer->detail
                               ? arena_format(flow->arena, "%s: %s", answer->error, answer->detail)
                               : answer->error;
    return false;
}
