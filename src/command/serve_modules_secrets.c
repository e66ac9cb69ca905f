/* The secrets of a module: read for each run, and known to none but it. */
#include "base/memory.h"
#include "command/check_token.h"
#include "command/serve_modules_parts.h"

#include <string.h>

bool modules_read_secrets(const struct serve_module *module, struct secret **ret_password,
                          struct secret **ret_token, char **ret_error)
{
    const struct module_source *source = module->source;
    *ret_token = NULL;
    return secret_source_read(&source->settings.password, ret_password, ret_error) &&
           secret_source_read(&source->settings.token, ret_token, ret_error);
}

void modules_note_secrets(const struct serve_module *module, const struct secret *ready,
                          const struct serve_token *asked, struct trace *trace)
{
    const struct check_settings *settings =
        &((const struct module_source *)module->source)->settings;
    trace->target.secret_expires = settings->secret_expires;
    if (ready)
        check_token_note_ready(&settings->token, ready, trace);
    else if (asked)
        modules_note_token(asked, settings, trace);
}

/* Sources of one module that may be given. */
enum { SOURCE_COUNT = 7 };
static void list_sources(struct check_settings *settings,
                         struct secret_source *ret_sources[static SOURCE_COUNT])
{
    struct token_wish *wish = &settings->wish;
    struct secret_source *all[SOURCE_COUNT] = {
        &settings->password, &settings->token,     &settings->proxy_password,  &wish->client_secret,
        &wish->assertion,    &wish->refresh_token, &wish->service_account_key,
    };
    memcpy(ret_sources, all, sizeof all);
}

void modules_begin_secrets(struct check_settings *settings)
{
    struct secret_source *sources[SOURCE_COUNT];
    list_sources(settings, sources);
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        sources[i]->environment = "";
    settings->wish.no_cache = true; /* the keeper has them */
}

static void silence(struct check_settings *settings)
{
    struct secret_source *sources[SOURCE_COUNT];
    list_sources(settings, sources);
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        sources[i]->quiet = true;
}

static bool try_tokens(struct module_reading *reading, const struct serve_module *module)
{
    struct module_source *source = module->source;
    char *error = NULL;
    for (size_t i = 0; module->asks_token && i < module->target_count; i++) {
        struct run_options run = source->settings.run;
        if (!target_parse(&run.target, &source->arena, module->targets[i], &error))
            return modules_complain(reading, error);
        if (!modules_try_token(reading, source, &run))
            return false;
        silence(&source->settings);
    }
    return true;
}

/* Once, with the warnings that each run would repeat. */
bool modules_try_secrets(struct module_reading *reading, struct serve_module *module)
{
    struct module_source *source = module->source;
    struct proxy_settings *proxy = &source->settings.run.proxy;
    struct secret *password = NULL, *token = NULL;
    char *error = NULL;
    bool good = modules_read_secrets(module, &password, &token, &error) &&
                (!proxy->user || secret_source_read(&source->settings.proxy_password,
                                                    &source->proxy_password, &error));
    secret_free(password);
    secret_free(token);
    if (!good)
        return modules_complain(reading, error);
    if (proxy->user && !source->proxy_password)
        return modules_complain_of(reading, "proxy",
                                   "has a user, and no \"proxy-password-file\" is given");
    proxy->password = source->proxy_password;
    if (proxy->password && secret_bytes(proxy->password).size > PROXY_LOGIN_LIMIT)
        return modules_complain(reading,
                                memory_copy("the proxy password is longer than 255 bytes"));
    if (!try_tokens(reading, module))
        return false;
    silence(&source->settings);
    return true;
}
