#include "probes/token_answer.h"

#include "base/text.h"

#include <jansson.h>
#include <string.h>

enum { TEXT_LIMIT = 2048, DEFAULT_INTERVAL = 5, LONGEST = 1 << 30 };

static const char *take_text(struct arena *arena, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    struct bytes text = { json_string_value(value), json_string_length(value) }, line;
    if (!text_next_line(&text, &line) || line.size == 0)
        return NULL;
    return arena_format(arena, "%.*s", line.size < TEXT_LIMIT ? (int)line.size : TEXT_LIMIT,
                        line.data);
}

/* Moves a secret out of the parsed text, where it is overwritten. */
static void take_secret(struct secret **ret_secret, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    size_t size = json_string_length(value);
    if (!size)
        return;
    char *text = (char *)(uintptr_t)json_string_value(value);
    /* It goes on into header lines and forms: nothing that could end one (RFC 6749 appendix A). */
    bool clean = true;
    for (size_t i = 0; i < size; i++)
        clean = clean && text[i] > ' ' && text[i] < 0x7f;
    if (clean && !*ret_secret)
        *ret_secret = secret_new((struct bytes) { text, size });
    explicit_bzero(text, size);
}

/* Google's first versions and some others send numbers as text. */
static int64_t take_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    double number = json_number_value(value);
    if (json_is_string(value))
        for (const char *p = json_string_value(value); *p >= '0' && *p <= '9'; p++)
            number = number * 10 + (*p - '0');
    return number > 0 && number < LONGEST ? (int64_t)number : 0;
}

static void take(struct token_answer *answer, struct arena *arena, const json_t *object)
{
    answer->readable = true;
    answer->error = take_text(arena, object, "error");
    answer->detail = take_text(arena, object, "error_description");
    take_secret(&answer->access, object, "access_token");
    take_secret(&answer->refresh, object, "refresh_token");
    take_secret(&answer->device_code, object, "device_code");
    take_secret(&answer->assertion, object, "value");     /* GitHub Actions */
    take_secret(&answer->assertion, object, "oidcToken"); /* Azure Pipelines */
    answer->expires_in = take_number(object, "expires_in");
    answer->user_code = take_text(arena, object, "user_code");
    answer->page = take_text(arena, object, "verification_uri");
    if (!answer->page)
        answer->page = take_text(arena, object, "verification_url"); /* Google's name for it */
    answer->issuer = take_text(arena, object, "issuer");
    answer->token_page = take_text(arena, object, "token_endpoint");
    answer->sign_in_page = take_text(arena, object, "authorization_endpoint");
    answer->device_page = take_text(arena, object, "device_authorization_endpoint");
    answer->interval = take_number(object, "interval");
    if (answer->interval == 0)
        answer->interval = DEFAULT_INTERVAL; /* RFC 8628 section 3.2 */
}

void token_answer_read(struct token_answer *answer, struct arena *arena, struct bytes body)
{
    *answer = (struct token_answer) { 0 };
    json_t *object = json_loadb(body.data ? body.data : "", body.size, 0, NULL);
    if (json_is_object(object))
        take(answer, arena, object);
    json_decref(object);
}

void token_answer_done(struct token_answer *answer)
{
    secret_free(answer->access);
    secret_free(answer->refresh);
    secret_free(answer->device_code);
    secret_free(answer->assertion);
    *answer = (struct token_answer) { 0 };
}
