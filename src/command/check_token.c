#include "command/check_token.h"

#include "base/memory.h"
#include "probes/token.h"

#include <stdlib.h>
#include <string.h>

const struct option_row check_token_rows[] = {
    { OPTION_HEADING, .help = "An access token, asked for on the way" },
    TOKEN_WISH_ROWS(check_settings, wish),
    { OPTION_REFUSED, "client-secret", 0, "WORD",
      "a secret on the command line can be read by every user of this machine; use "
      "--client-secret-file, --client-secret-fd, --client-secret-command or "
      "MAILDOCTOR_CLIENT_SECRET",
      0, NULL },
    { 0 },
};

bool check_token_agree(const struct check_settings *settings, char **ret_error)
{
    const struct token_wish *wish = &settings->wish;
    const char *why = NULL;
    if (!wish->oauth && (wish->client_id || wish->store || wish->issuer || wish->certificate_file ||
                         wish->service_account_key.file || wish->service_account_key.fd))
        why = "--client-id, --token-store, --issuer, --certificate-file and "
              "--service-account-key-file are "
              "for --oauth";
    else if (wish->oauth && secret_source_given(&settings->token))
        why = "--oauth gets a token, and one was given as well";
    else if (wish->oauth && secret_source_given(&settings->password))
        why = "--oauth gets a token, and a password was given as well; one run tries one of them";
    if (why)
        *ret_error = memory_copy(why);
    return !why && (!wish->oauth || token_wish_agree(wish, ret_error));
}

/* ---- asking ---- */

static const char *login_of(const struct run_options *run)
{
    return run->user ? run->user : run->target.user ? run->target.user : run->target.address;
}

/* Names are not looked up yet: whose MX it is cannot be known here. */
static const struct provider *provider_of(const struct check_settings *settings,
                                          const struct run_options *run)
{
    const struct provider *provider = NULL;
    if (run->plan.provider)
        provider = provider_find(run->plan.provider);
    else if (run->target.host)
        provider = provider_by_host(run->target.host);
    else if (run->target.domain)
        provider = provider_by_domain(run->target.domain);
    return provider && provider->oauth ? provider : token_wish_provider(&settings->wish);
}

static const char *bracketed(struct arena *arena, const char *address)
{
    return strchr(address, ':') ? arena_format(arena, "[%s]", address) : address;
}

static void set_way(struct check_token *token, const struct run_options *run,
                    const struct secret *proxy_password, struct http_options *http)
{
    const char **places = arena_new(&token->arena, HTTP_PLACE_LIMIT * sizeof *places);
    *http = (struct http_options) {
        .ca_file = run->ca_file,
        .no_system_ca = run->no_system_ca,
        .connect_to = places,
        .family = run->family,
        .source = run->source,
        .resolver = run->resolver,
    };
    for (size_t i = 0; i < run->connect_to_count && i < HTTP_PLACE_LIMIT; i++) {
        const struct connect_to *to = &run->connect_to[i];
        const char *port = to->port ? arena_format(&token->arena, "%d", to->port) : "";
        places[http->connect_to_count++] =
            arena_format(&token->arena, "%s:%s:%s:%d", bracketed(&token->arena, to->host), port,
                         bracketed(&token->arena, to->address), to->to_port);
    }
    if (run->proxy.kind) {
        token_http_proxy(http, &run->proxy, &token->arena);
        http->proxy_password = proxy_password;
    }
}

void check_token_prepare(struct check_token *token, const struct check_settings *settings,
                         const struct run_options *run, const struct secret *proxy_password,
                         struct token_context *ret_context)
{
    *ret_context =
        (struct token_context) { .provider = provider_of(settings, run), .user = login_of(run) };
    set_way(token, run, proxy_password, &ret_context->http);
    token->source = arena_format(&token->arena, "--oauth %s", settings->wish.oauth);
}

static bool ask(struct check_token *token, const struct check_settings *settings,
                const struct secret *proxy_password, char **ret_error)
{
    struct token_context context;
    check_token_prepare(token, settings, &settings->run, proxy_password, &context);
    if (!token_obtain(&settings->wish, &context, &token->arena, &token->outcome, ret_error))
        return false;
    token->secret = token->outcome.token;
    token->outcome.token = NULL;
    return true;
}

bool check_token_take(struct check_token *token, const struct check_settings *settings,
                      const struct secret *proxy_password, char **ret_error)
{
    if (settings->wish.oauth)
        return ask(token, settings, proxy_password, ret_error);
    if (!secret_source_given(&settings->token))
        return true;
    char *source = secret_source_name(&settings->token);
    token->source = arena_copy(&token->arena, source);
    free(source);
    return secret_source_read(&settings->token, &token->secret, ret_error);
}

void check_token_done(struct check_token *token)
{
    secret_free(token->secret);
    token_outcome_done(&token->outcome);
    arena_done(&token->arena);
    *token = (struct check_token) { 0 };
}

/* ---- noting ---- */

static void note_claims(struct token_facts *facts, struct arena *arena, const struct secret *secret)
{
    struct token token;
    token_read(&token, arena, secret_bytes(secret));
    facts->sha256 = arena_copy(arena, token.digest);
    facts->readable = token.readable;
    facts->audience = token.audience;
    facts->scopes = token.scopes;
    facts->roles = token.roles;
    facts->app_only = token.app_only;
    facts->user = token.user;
    facts->app_name = token.app_name;
    facts->app = token.app;
    facts->tenant = token.tenant;
    facts->issuer = token.issuer;
    facts->version = token.version;
    facts->issued = token.issued;
    facts->not_before = token.not_before;
    facts->expires = token.expires;
}

void check_token_note_ready(const struct secret_source *source, const struct secret *secret,
                            struct trace *trace)
{
    struct arena *arena = &trace->arena;
    char *name = secret_source_name(source);
    trace->token = arena_new(arena, sizeof *trace->token);
    trace->token->source = arena_copy(arena, name);
    note_claims(trace->token, arena, secret);
    free(name);
}

/* Of two times in Unix seconds, of which 0 is none. */
static int64_t earlier(int64_t a, int64_t b)
{
    return a && (!b || a < b) ? a : b;
}

void check_token_note(const struct check_token *token, const struct check_settings *settings,
                      struct trace *trace)
{
    struct arena *arena = &trace->arena;
    trace->target.secret_expires = earlier(settings->secret_expires, token->outcome.certified);
    if (!token->source)
        return;
    struct token_facts *facts = arena_new(arena, sizeof *facts);
    facts->source = arena_copy(arena, token->source);
    facts->authority = arena_copy(arena, token->outcome.host);
    facts->tenant_asked = arena_copy(arena, settings->wish.tenant);
    facts->asked_in_vain = !token->secret;
    facts->authority_silent = token->outcome.fault == TOKEN_UNREACHABLE;
    facts->authority_unfit = token->outcome.fault == TOKEN_UNFIT;
    facts->unvouched = token->outcome.fault == TOKEN_UNVOUCHED;
    if (token->outcome.refusal)
        facts->refusal = arena_copy_bytes(
            arena, (struct bytes) { token->outcome.refusal, strlen(token->outcome.refusal) });
    if (token->secret)
        note_claims(facts, arena, token->secret);
    if (token->secret && !facts->expires)
        facts->expires = token->outcome.expires;
    facts->obtained = token->secret ? token->outcome.obtained : 0;
    trace->token = facts;
}
