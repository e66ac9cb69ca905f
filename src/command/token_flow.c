#include "command/token_flow.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/token_flow_parts.h"
#include "command/token_store.h"

#include <stdlib.h>
#include <string.h>

enum { FORM_LIMIT = 60 * 1024, LONGEST_LIFE_S = 86400 /* of an access token that is kept */ };

static int64_t now_s(void)
{
    return clock_real_ns() / 1000000000;
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
    const char *at = flow->context.user ? strrchr(flow->context.user, '@') : NULL;
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
    if (flow->grant == GRANT_SERVICE_ACCOUNT && !flow->context.user)
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

const char *token_host_of(const struct token_flow *flow, const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return arena_format(flow->arena, "%.*s", (int)strcspn(host, "/?#"), host);
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
    flow->outcome->host = token_host_of(flow, flow->authority);
}

/* ---- the grants ---- */

static bool with_proof(struct token_flow *flow)
{
    return token_prove(flow) && token_ask_for_token(flow);
}

static bool by_client_credentials(struct token_flow *flow)
{
    if (flow->grant == GRANT_FEDERATION)
        return token_vouch(flow);
    token_form_begin(flow, "client_credentials");
    token_form_text(flow, "scope", flow->scope);
    return with_proof(flow);
}

static bool by_refresh(struct token_flow *flow)
{
    if (!token_read_refresh(flow))
        return false;
    token_form_begin(flow, "refresh_token");
    token_form_text(flow, "scope", flow->scope);
    token_form_add(flow, "refresh_token", secret_bytes(flow->refresh));
    return with_proof(flow);
}

static bool has_page(struct token_flow *flow, const char *page)
{
    return page || refuse(flow, "this issuer describes no page for --oauth device or code; try "
                                "the other");
}

static bool ask_by_grant(struct token_flow *flow)
{
    switch (flow->grant) {
    case GRANT_DEVICE:
        return has_page(flow, flow->device_url) && token_device_ask(flow);
    case GRANT_CODE:
        return has_page(flow, flow->sign_in_url) && token_code_ask(flow);
    case GRANT_CLIENT_CREDENTIALS:
    case GRANT_FEDERATION:
        return by_client_credentials(flow);
    case GRANT_REFRESH:
        return by_refresh(flow);
    case GRANT_SERVICE_ACCOUNT:
        return token_account_ask(flow);
    case GRANT_NONE:
        break;
    }
    return false;
}

/* ---- what is kept ---- */

/* An app by itself gets the same token whoever's mailbox it opens. */
static bool is_for_user(const struct token_flow *flow)
{
    return flow->grant != GRANT_CLIENT_CREDENTIALS && flow->grant != GRANT_FEDERATION;
}

const char *token_flow_key(const struct token_flow *flow)
{
    const struct token_wish *wish = flow->wish;
    const struct token_account *account = &flow->account;
    const char *where = flow->wish->issuer ? flow->authority : flow->token_url;
    const char *app = wish->client_id ? wish->client_id : account->email;
    const char *user = is_for_user(flow) ? flow->context.user : NULL;
    return arena_format(flow->arena, "%s\n%s\n%s\n%s\n%s\n%s", wish->oauth, where, app, flow->scope,
                        user ? user : "",
                        wish->certificate_file ? wish->certificate_file
                        : account->key_id      ? account->key_id
                                               : "");
}

/* The one that is there has been replaced by the authority. */
static void keep_refresh(struct token_flow *flow)
{
    const struct token_owner owner = { flow->authority, flow->wish->client_id };
    struct token_answer *answer = &flow->answer;
    if (!answer->refresh || !flow->wish->store ||
        !token_store_write(flow->wish->store, &owner, answer->refresh, flow->ret_error))
        return;
    if (secret_source_given(&flow->wish->refresh_token))
        return; /* it is read from elsewhere the next time as well */
    secret_free(flow->refresh);
    flow->refresh = answer->refresh;
    answer->refresh = NULL;
}

bool token_take(struct token_flow *flow)
{
    struct token_answer *answer = &flow->answer;
    struct token_outcome *outcome = flow->outcome;
    if (flow->trouble || !answer->access)
        return token_refused(flow);
    int64_t life = answer->expires_in < LONGEST_LIFE_S ? answer->expires_in : LONGEST_LIFE_S;
    outcome->token = answer->access;
    outcome->obtained = now_s();
    outcome->expires = life ? outcome->obtained + life : 0;
    answer->access = NULL;
    if (life && !flow->wish->no_cache)
        token_cache_keep(token_flow_key(flow), outcome->token, outcome->expires);
    keep_refresh(flow);
    return false;
}

/* Entra throttles those who ask for the same again and again (AADSTS50196). */
static bool find_kept(struct token_flow *flow)
{
    struct token_outcome *outcome = flow->outcome;
    outcome->token =
        token_cache_find(token_flow_key(flow), now_s(), &outcome->obtained, &outcome->expires);
    outcome->kept = outcome->token;
    if (!outcome->kept)
        outcome->obtained = 0; /* of one that has expired */
    return outcome->kept;
}

/* ---- around it ---- */

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

struct token_flow *token_flow_new(const struct token_wish *wish,
                                  const struct token_context *context, struct arena *arena,
                                  struct token_outcome *ret_outcome, char **ret_error)
{
    struct token_flow *flow = memory_new(sizeof *flow);
    *ret_outcome = (struct token_outcome) { 0 };
    *ret_error = NULL;
    *flow = (struct token_flow) {
        .wish = wish,
        .context = *context,
        .oauth = wish->issuer ? &discovered : context->provider->oauth,
        .grant = token_grant_parse(wish->oauth),
        .arena = arena,
        .outcome = ret_outcome,
        .ret_error = ret_error,
    };
    buffer_init(&flow->form, FORM_LIMIT);
    if (prepare(flow))
        return flow;
    token_flow_free(flow);
    return NULL;
}

static void over(void *arg)
{
    struct token_flow *flow = arg;
    loop_timer_stop(&flow->timer);
    flow->done(flow->arg);
}

/* libcurl is still busy with the last answer: at the next turn it is not. */
void token_end(struct token_flow *flow)
{
    loop_timer_stop(&flow->timer);
    flow->timer = loop_timer_start(flow->loop, 0, over, flow);
}

static bool begin(struct token_flow *flow)
{
    flow->http = http_new(flow->loop, &flow->context.http, flow->ret_error);
    if (!flow->http)
        return false;
    return flow->wish->issuer ? token_discover(flow, ask_by_grant) : ask_by_grant(flow);
}

void token_flow_start(struct token_flow *flow, struct loop *loop, loop_function *done, void *arg)
{
    flow->loop = loop;
    flow->done = done;
    flow->arg = arg;
    bool kept = !flow->wish->no_cache && find_kept(flow);
    if (kept || !begin(flow))
        token_end(flow);
}

void token_flow_free(struct token_flow *flow)
{
    if (!flow)
        return;
    loop_timer_stop(&flow->timer);
    token_code_done(&flow->code);
    token_device_done(&flow->device);
    http_free(flow->http);
    token_answer_done(&flow->answer);
    token_account_done(&flow->account);
    tls_signer_done(&flow->signer);
    secret_free(flow->secret);
    secret_free(flow->refresh);
    secret_free(flow->assertion);
    secret_free(flow->voucher_token);
    buffer_done(&flow->form);
    free(flow);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

bool token_obtain(const struct token_wish *wish, const struct token_context *context,
                  struct arena *arena, struct token_outcome *ret_outcome, char **ret_error)
{
    struct token_flow *flow = token_flow_new(wish, context, arena, ret_outcome, ret_error);
    if (!flow)
        return false;
    struct loop *loop = loop_new();
    if (loop) {
        token_flow_start(flow, loop, stop, loop);
        loop_run(loop);
    } else {
        refuse(flow, "no descriptor is left for an event loop");
    }
    token_flow_free(flow);
    loop_free(loop);
    return !*ret_error;
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
