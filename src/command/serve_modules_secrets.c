/* The secrets of a module: read for each run, and known to none but it. */
#include "base/memory.h"
#include "command/check_token.h"
#include "command/serve_modules_parts.h"

bool modules_read_secrets(const struct serve_module *module, struct secret **ret_password,
                          struct secret **ret_token, char **ret_error)
{
    const struct module_source *source = module->source;
    *ret_token = NULL;
    return secret_source_read(&source->settings.password, ret_password, ret_error) &&
           secret_source_read(&source->settings.token, ret_token, ret_error);
}

void modules_note_secrets(const struct serve_module *module, const struct secret *token,
                          struct trace *trace)
{
    const struct check_settings *settings =
        &((const struct module_source *)module->source)->settings;
    trace->target.secret_expires = settings->secret_expires;
    if (token)
        check_token_note_ready(&settings->token, token, trace);
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
    source->settings.password.quiet = source->settings.token.quiet = true;
    return true;
}
