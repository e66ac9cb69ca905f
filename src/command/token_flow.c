#include "command/token_flow.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/token_flow_parts.h"
#include "command/token_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORM_LIMIT = 60 * 1024,
    ANSWER_MS = 30000,
    SLOW_DOWN_S = 5,       /* RFC 8628 section 3.5 */
    CODE_LIFE_S = 900,     /* of a device code, where the authority does not say */
    LONGEST_LIFE_S = 86400 /* of an access token that is kept */
};

static int64_t now_s(void)
{
    return clock_real_ns() / 1000000000;
}

/* ---- one question ---- */

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct token_flow *flow = arg;
    flow->status = answer->status;
    flow->trouble = answer->trouble ? arena_copy(flow->arena, answer->trouble) : NULL;
    if (!answer->trouble)
        token_answer_read(&flow->answer, flow->arena, answer->body);
    loop_stop(flow->loop);
}

void token_ask(struct token_flow *flow, const char *url, bool post, const char *bearer)
{
    bool empty = buffer_size(&flow->form) == 0;
    const struct http_request request = {
        .url = url,
        .form = !post   ? (struct bytes) { 0 }
                : empty ? (struct bytes) { "", 0 }
                        : buffer_bytes(&flow->form),
        .type = empty ? "application/json" : NULL,
        .bearer = bearer,
        .deadline_ms = ANSWER_MS,
    };
    token_answer_done(&flow->answer);
    flow->status = 0;
    flow->trouble = NULL;
    http_ask(flow->http, &request, on_answer, flow);
    loop_run(flow->loop);
    buffer_clear(&flow->form);
}

void token_refused(struct token_flow *flow)
{
    const struct token_answer *answer = &flow->answer;
    struct token_outcome *outcome = flow->outcome;
    outcome->unreachable = flow->trouble || !answer->readable;
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
}

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

/* ---- what is asked for ---- */

/* RFC 6749 section 6: without offline_access no refresh token comes, and none is wanted that
 * nobody keeps. */
static const char *delegated_scope(const struct token_flow *flow)
{
    const char *resource = flow->oauth->resource;
    return arena_format(flow->arena,
                        "%s/IMAP.AccessAsUser.All %s/POP.AccessAsUser.All %s/SMTP.Send%s", resource,
                        resource, resource, flow->wish->store ? " offline_access" : "");
}

static const struct provider_oauth discovered = { .kind = "discovered" };

static bool is_google(const struct token_flow *flow)
{
    return strcmp(flow->oauth->kind, "google") == 0;
}

static const char *default_scope(const struct token_flow *flow)
{
    if (is_google(flow))
        return flow->oauth->resource;
    if (flow->grant == GRANT_CLIENT_CREDENTIALS || flow->grant == GRANT_FEDERATION)
        return arena_format(flow->arena, "%s/.default", flow->oauth->resource);
    return delegated_scope(flow);
}

static const char *default_tenant(const struct token_flow *flow)
{
    const char *at = flow->context->user ? strrchr(flow->context->user, '@') : NULL;
    bool consumer = flow->oauth->tenant && strcmp(flow->oauth->tenant, "consumers") == 0;
    return at && !consumer ? at + 1 : flow->oauth->tenant;
}

static bool refuse(struct token_flow *flow, const char *message)
{
    *flow->ret_error = memory_copy(message);
    return false;
}

static bool fits_provider(struct token_flow *flow)
{
    bool app = flow->grant == GRANT_CLIENT_CREDENTIALS || flow->grant == GRANT_FEDERATION;
    if (is_google(flow) && flow->grant == GRANT_DEVICE)
        return refuse(flow, "Google gives no mail scope for a device code; --oauth code, or "
                            "service-account");
    if (is_google(flow) && app)
        return refuse(flow, "Google knows no client credentials for mail");
    if (!is_google(flow) && flow->grant == GRANT_SERVICE_ACCOUNT)
        return refuse(flow, "a service account is Google's, and this provider is another");
    if (flow->grant == GRANT_SERVICE_ACCOUNT && !flow->context->user)
        return refuse(flow, "a service account has no mailbox: name the address whose mail it is "
                            "to open");
    if (flow->grant == GRANT_FEDERATION && !flow->oauth->federation)
        return refuse(flow, "this provider takes no federated assertion");
    /* The shared endpoints do not know whose app it is (AADSTS9001023). */
    if (app && flow->oauth->tenant &&
        (!flow->tenant || strcmp(flow->tenant, flow->oauth->tenant) == 0))
        return refuse(flow, "an app signs in at one organisation: --tenant, or the address of a "
                            "mailbox there");
    return true;
}

static const char *page_at(const struct token_flow *flow, const char *authority, const char *path)
{
    return arena_format(flow->arena, "%s%s", authority, path);
}

/* Those of an issuer it says itself, once it is asked. */
static void choose_pages(struct token_flow *flow)
{
    if (is_google(flow)) {
        flow->token_url = page_at(flow, flow->authority, "/token");
        flow->sign_in_url =
            page_at(flow, flow->wish->authority ? flow->authority : flow->oauth->browser,
                    "/o/oauth2/v2/auth");
    } else if (!flow->wish->issuer) {
        const char *organisation =
            arena_format(flow->arena, "%s/%s/oauth2/v2.0/", flow->authority, flow->tenant);
        flow->token_url = page_at(flow, organisation, "token");
        flow->sign_in_url = page_at(flow, organisation, "authorize");
        flow->device_url = page_at(flow, organisation, "devicecode");
    }
}

static void choose_authority(struct token_flow *flow)
{
    const struct token_wish *wish = flow->wish;
    const char *authority = wish->issuer      ? wish->issuer
                            : wish->authority ? wish->authority
                                              : flow->oauth->authority;
    size_t size = strlen(authority);
    while (size && authority[size - 1] == '/')
        size--;
    flow->authority = arena_format(flow->arena, "%.*s", (int)size, authority);
    const char *host = flow->authority + strlen("https://");
    flow->outcome->host = arena_format(flow->arena, "%.*s", (int)strcspn(host, "/"), host);
}

/* ---- the grants; false: a message, or a refusal ---- */

static bool take_token(struct token_flow *flow)
{
    if (flow->trouble || !flow->answer.access) {
        token_refused(flow);
        return false;
    }
    return true;
}

static bool by_client_credentials(struct token_flow *flow)
{
    token_form_begin(flow, "client_credentials");
    token_form_text(flow, "scope", flow->scope);
    bool proven = flow->grant == GRANT_FEDERATION ? token_prove_federated(flow) : token_prove(flow);
    if (!proven)
        return false;
    token_ask(flow, flow->token_url, true, NULL);
    return take_token(flow);
}

static bool by_refresh(struct token_flow *flow)
{
    const struct token_owner owner = { flow->authority, flow->wish->client_id };
    struct secret *refresh = NULL;
    if (!secret_source_read(&flow->wish->refresh_token, &refresh, flow->ret_error))
        return false;
    if (!refresh && !token_store_read(flow->wish->store, &owner, &refresh, flow->ret_error))
        return false;
    if (!refresh)
        return refuse(flow, "the token store is not there yet: sign in once with --oauth device "
                            "or code and the same --token-store");
    token_form_begin(flow, "refresh_token");
    token_form_text(flow, "scope", flow->scope);
    token_form_add(flow, "refresh_token", secret_bytes(refresh));
    secret_free(refresh);
    if (!token_prove(flow))
        return false;
    token_ask(flow, flow->token_url, true, NULL);
    return take_token(flow);
}

static void on_pause(void *arg)
{
    loop_stop(arg);
}

static void pause_for(struct token_flow *flow, int64_t seconds)
{
    struct loop_timer *timer = loop_timer_start(flow->loop, seconds * 1000, on_pause, flow->loop);
    loop_run(flow->loop);
    loop_timer_stop(&timer);
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
static bool is_pending(const struct token_flow *flow, int64_t *interval)
{
    const char *error = flow->answer.error;
    if (flow->trouble) { /* "exponential backoff" */
        *interval *= 2;
        return true;
    }
    if (error && strcmp(error, "slow_down") == 0) {
        *interval += SLOW_DOWN_S;
        return true;
    }
    return error && strcmp(error, "authorization_pending") == 0;
}

static bool poll(struct token_flow *flow, struct bytes code, int64_t interval, int64_t life)
{
    int64_t end = now_s() + life;
    for (;;) {
        pause_for(flow, interval);
        token_form_begin(flow, "urn:ietf:params:oauth:grant-type:device_code");
        token_form_add(flow, "device_code", code);
        token_ask(flow, flow->token_url, true, NULL);
        if (!is_pending(flow, &interval))
            return take_token(flow);
        if (now_s() + interval > end) {
            flow->outcome->refusal = "expired_token: nobody signed in with the code in time";
            return false;
        }
    }
}

static bool by_device_code(struct token_flow *flow)
{
    token_form_begin(flow, NULL);
    token_form_text(flow, "scope", flow->scope);
    token_ask(flow, flow->device_url, true, NULL);
    struct token_answer *answer = &flow->answer;
    if (flow->trouble || !answer->device_code || !answer->user_code || !answer->page) {
        token_refused(flow);
        return false;
    }
    show_code(answer);
    struct secret *code = answer->device_code;
    int64_t interval = answer->interval;
    int64_t life = answer->expires_in ? answer->expires_in : CODE_LIFE_S;
    answer->device_code = NULL;
    bool got = poll(flow, secret_bytes(code), interval, life);
    secret_free(code);
    return got;
}

static bool has_page(struct token_flow *flow, const char *page)
{
    return page || refuse(flow, "this issuer describes no page for --oauth device or code; try "
                                "the other");
}

static bool perform(struct token_flow *flow)
{
    if (flow->wish->issuer && !token_discover(flow))
        return false;
    switch (flow->grant) {
    case GRANT_DEVICE:
        return has_page(flow, flow->device_url) && by_device_code(flow);
    case GRANT_CODE:
        return has_page(flow, flow->sign_in_url) && token_code_ask(flow) && take_token(flow);
    case GRANT_CLIENT_CREDENTIALS:
    case GRANT_FEDERATION:
        return by_client_credentials(flow);
    case GRANT_REFRESH:
        return by_refresh(flow);
    case GRANT_SERVICE_ACCOUNT:
        return token_account_ask(flow) && take_token(flow);
    case GRANT_NONE:
        break;
    }
    return false;
}

/* ---- around it ---- */

/* Entra throttles those who ask for the same again and again (AADSTS50196). */
static const char *cache_key(const struct token_flow *flow)
{
    const struct token_wish *wish = flow->wish;
    const struct token_account *account = &flow->account;
    const char *where = flow->wish->issuer ? flow->authority : flow->token_url;
    const char *app = wish->client_id ? wish->client_id : account->email;
    return arena_format(flow->arena, "%s\n%s\n%s\n%s\n%s\n%s", wish->oauth, where, app, flow->scope,
                        flow->context->user ? flow->context->user : "",
                        wish->certificate_file ? wish->certificate_file
                        : account->key_id      ? account->key_id
                                               : "");
}

static bool keep(struct token_flow *flow)
{
    const struct token_owner owner = { flow->authority, flow->wish->client_id };
    struct token_answer *answer = &flow->answer;
    int64_t life = answer->expires_in < LONGEST_LIFE_S ? answer->expires_in : LONGEST_LIFE_S;
    flow->outcome->token = answer->access;
    flow->outcome->obtained = now_s();
    answer->access = NULL;
    if (life && !flow->wish->no_cache)
        token_cache_keep(cache_key(flow), flow->outcome->token, now_s() + life);
    return !answer->refresh || !flow->wish->store ||
           token_store_write(flow->wish->store, &owner, answer->refresh, flow->ret_error);
}

/* A token of an earlier run serves, unless a person is to sign in anew. */
static bool find_kept(struct token_flow *flow)
{
    if (!flow->wish->no_cache)
        flow->outcome->token = token_cache_find(cache_key(flow), now_s(), &flow->outcome->obtained);
    flow->outcome->kept = flow->outcome->token;
    return flow->outcome->kept;
}

static bool prepare(struct token_flow *flow)
{
    flow->tenant = flow->wish->tenant ? flow->wish->tenant : default_tenant(flow);
    if (!fits_provider(flow))
        return false;
    if (flow->wish->store && !token_store_check(flow->wish->store, flow->ret_error))
        return false;
    if (!token_read_certificate(flow))
        return false;
    flow->scope = flow->wish->scope ? flow->wish->scope : default_scope(flow);
    choose_authority(flow);
    choose_pages(flow);
    return flow->grant != GRANT_SERVICE_ACCOUNT || token_account_read(flow);
}

static bool converse(struct token_flow *flow)
{
    flow->loop = loop_new();
    if (!flow->loop)
        return refuse(flow, "no descriptor is left for an event loop");
    flow->http = http_new(flow->loop, &flow->context->http, flow->ret_error);
    bool good = flow->http;
    if (good && perform(flow))
        good = keep(flow);
    else
        good = good && !*flow->ret_error;
    http_free(flow->http);
    loop_free(flow->loop);
    return good;
}

bool token_obtain(const struct token_wish *wish, const struct token_context *context,
                  struct arena *arena, struct token_outcome *ret_outcome, char **ret_error)
{
    *ret_outcome = (struct token_outcome) { 0 };
    *ret_error = NULL;
    struct token_flow flow = {
        .wish = wish,
        .context = context,
        .oauth = wish->issuer ? &discovered : context->provider->oauth,
        .grant = token_grant_parse(wish->oauth),
        .arena = arena,
        .outcome = ret_outcome,
        .ret_error = ret_error,
    };
    buffer_init(&flow.form, FORM_LIMIT);
    bool good = prepare(&flow) && (find_kept(&flow) || converse(&flow));
    token_answer_done(&flow.answer);
    token_account_done(&flow.account);
    tls_signer_done(&flow.signer);
    buffer_done(&flow.form);
    return good;
}

void token_http_proxy(struct http_options *http, const struct proxy_settings *settings,
                      struct arena *arena)
{
    bool six = strchr(settings->host, ':');
    http->proxy = arena_format(arena, six ? "%s://[%s]:%d" : "%s://%s:%d",
                               settings->kind == PROXY_SOCKS5 ? "socks5h" : "http", settings->host,
                               settings->port);
    http->proxy_user = settings->user;
}

void token_outcome_done(struct token_outcome *outcome)
{
    secret_free(outcome->token);
    outcome->token = NULL;
}
