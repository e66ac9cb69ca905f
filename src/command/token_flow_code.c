/* A person signs in with a browser on this machine: authorization code (RFC 6749 section 4.1) with
 * PKCE (RFC 7636), brought back to a port of this machine's own (RFC 8252). */
#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/token_flow_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    RANDOM_SIZE = 32, /* RFC 7636 section 4.1: 43 characters */
    LIMIT_MS = 600000 /* as long as Entra's codes live */
};

static void encode(struct bytes data, char word[static TOKEN_WORD_SIZE])
{
    struct buffer out;
    buffer_init(&out, TOKEN_WORD_SIZE);
    crypto_base64url_encode(&out, data);
    snprintf(word, TOKEN_WORD_SIZE, "%.*s", (int)buffer_size(&out), buffer_bytes(&out).data);
    buffer_done(&out);
}

static void new_word(char word[static TOKEN_WORD_SIZE])
{
    char random[RANDOM_SIZE];
    crypto_random(random, sizeof random);
    encode((struct bytes) { random, sizeof random }, word);
    explicit_bzero(random, sizeof random);
}

/* Entra's pages for registrations take http://localhost, for any port, and not its address. */
static const char *return_to(const struct token_flow *flow, int port)
{
    bool entra = strcmp(flow->oauth->kind, "entra") == 0;
    return arena_format(flow->arena, "http://%s:%d/", entra ? "localhost" : "127.0.0.1", port);
}

static void show_page(struct token_flow *flow)
{
    const struct token_code *code = &flow->code;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char challenge[TOKEN_WORD_SIZE];
    crypto_sha256(text_bytes(code->verifier), digest);
    encode((struct bytes) { (const char *)digest, sizeof digest }, challenge);
    token_form_begin(flow, NULL);
    token_form_text(flow, "response_type", "code");
    token_form_text(flow, "redirect_uri", code->redirect);
    token_form_text(flow, "scope", flow->scope);
    token_form_text(flow, "state", code->state);
    token_form_text(flow, "code_challenge", challenge);
    token_form_text(flow, "code_challenge_method", "S256");
    if (flow->context.user)
        token_form_text(flow, "login_hint", flow->context.user);
    /* Google gives a refresh token only to those who ask so, and only with a new consent. */
    if (flow->wish->store && strcmp(flow->oauth->kind, "google") == 0) {
        token_form_text(flow, "access_type", "offline");
        token_form_text(flow, "prompt", "consent");
    }
    /* RFC 6749 section 3.1: the page may have a query of its own. */
    fprintf(stderr, "To sign in, open this page in a browser on this machine:\n%s%c%.*s\n",
            flow->sign_in_url, strchr(flow->sign_in_url, '?') ? '&' : '?',
            (int)buffer_size(&flow->form), buffer_bytes(&flow->form).data);
    buffer_clear(&flow->form);
}

/* RFC 7636 section 4.5. */
static bool redeem(struct token_flow *flow)
{
    const struct token_code *code = &flow->code;
    token_form_begin(flow, "authorization_code");
    token_form_add(flow, "code", secret_bytes(code->brought.code));
    token_form_text(flow, "redirect_uri", code->redirect);
    token_form_text(flow, "code_verifier", code->verifier);
    return token_prove(flow) && token_ask_for_token(flow);
}

/* Is there a code? If not, the outcome says why. */
static bool take_return(struct token_flow *flow, bool came)
{
    const struct token_return *brought = &flow->code.brought;
    struct token_outcome *outcome = flow->outcome;
    if (!came)
        outcome->refusal = "expired_token: nobody came back from the page within ten minutes";
    else if (brought->error)
        outcome->refusal =
            brought->detail ? arena_format(flow->arena, "%s: %s", brought->error, brought->detail)
                            : brought->error;
    else if (!brought->code)
        outcome->refusal = "invalid_request: the browser came back with neither code nor error";
    return came && brought->code;
}

static void on_return(void *arg, bool came)
{
    struct token_flow *flow = arg;
    token_loopback_free(flow->code.loopback);
    flow->code.loopback = NULL;
    if (!take_return(flow, came) || !redeem(flow))
        token_end(flow);
}

bool token_code_ask(struct token_flow *flow)
{
    struct token_code *code = &flow->code;
    code->loopback = token_loopback_new(flow->loop);
    if (!code->loopback) {
        *flow->ret_error =
            memory_format("cannot listen on 127.0.0.1 for the browser: %s", strerror(errno));
        return false;
    }
    new_word(code->state);
    new_word(code->verifier);
    code->redirect = return_to(flow, token_loopback_port(code->loopback));
    show_page(flow);
    const struct token_loopback_options options = {
        .state = code->state,
        .limit_ms = LIMIT_MS,
        .arena = flow->arena,
        .ret_return = &code->brought,
        .done = on_return,
        .arg = flow,
    };
    token_loopback_wait(code->loopback, &options);
    return true;
}

void token_code_done(struct token_code *code)
{
    token_loopback_free(code->loopback);
    secret_free(code->brought.code);
    explicit_bzero(code, sizeof *code);
}
