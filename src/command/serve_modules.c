#include "command/serve_modules.h"

#include "base/memory.h"
#include "command/check_submit.h"
#include "command/rules_file.h"
#include "command/serve_modules_parts.h"
#include "net/tls.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAME_LIMIT = 64,
    INTERVAL_S = 900,
    INTERVAL_LEAST_S = 10,
    INTERVAL_MOST_S = 86400,
    MAIL_S = 3600,
    MAIL_LEAST_S = 600,
    CACHE_MOST_S = 3600,
    MS_PER_S = 1000,
};

bool modules_complain(struct module_reading *reading, char *why)
{
    char *path = options_quote(reading->path), *name = NULL;
    if (reading->module)
        name = options_quote(reading->module);
    *reading->ret_error = name ? memory_format("modules file %s, module %s: %s", path, name, why)
                               : memory_format("modules file %s: %s", path, why);
    free(path);
    free(name);
    free(why);
    return false;
}

bool modules_complain_of(struct module_reading *reading, const char *key, const char *why)
{
    char *quoted = options_quote(key);
    char *message = memory_format("\"%s\" %s", quoted, why);
    free(quoted);
    return modules_complain(reading, message);
}

bool modules_complain_near(struct module_reading *reading, const char *key, const char *why,
                           const char *const *known)
{
    const char *near = options_nearest(key, known);
    char *whole = near ? memory_format("%s; did you mean \"%s\"?", why, near) : memory_copy(why);
    modules_complain_of(reading, key, whole);
    free(whole);
    return false;
}

/* ---- targets ---- */

static bool submits(const struct module_source *source)
{
    return source->settings.submits || source->settings.submit.rcpt_only;
}

/* What the message of --submit is for this target goes to *RET_WISH. */
static bool try_target(struct module_reading *reading, struct module_source *source,
                       const char *target, struct outbox_wish *ret_wish)
{
    struct check_settings *settings = &source->settings;
    const struct outbox_wish given = settings->submit;
    char *error = NULL;
    bool good = target_parse(&settings->run.target, &source->arena, target, &error) &&
                check_settings_agree(settings, &error) && check_submit_complete(settings, &error);
    *ret_wish = settings->submit;
    settings->submit = given;
    settings->run.submit = NULL; /* each target has its own */
    settings->run.target = (struct target) { .service = -1, .security = -1 };
    return good || modules_complain(reading, error);
}

static bool read_targets(struct module_reading *reading, struct serve_module *module,
                         json_t *targets)
{
    struct module_source *source = module->source;
    struct outbox_wish *wishes =
        arena_new(&source->arena, (json_array_size(targets) + 1) * sizeof *wishes);
    struct strings list = { 0 };
    size_t i;
    json_t *item;
    if (targets && !json_is_array(targets))
        return modules_complain_of(reading, "targets", "is a list of texts");
    json_array_foreach(targets, i, item)
    {
        const char *text = json_string_value(item);
        if (!text)
            return modules_complain_of(reading, "targets", "is a list of texts");
        if (!try_target(reading, source, text, &wishes[i]))
            return false;
        for (size_t k = 0; k < list.count; k++)
            if (strcmp(list.items[k], text) == 0)
                return modules_complain_of(reading, text, "is a target twice");
        strings_add(&list, &source->arena, arena_copy(&source->arena, text));
    }
    module->targets = list.items;
    module->target_count = list.count;
    module->wishes = submits(source) ? wishes : NULL;
    if (targets && list.count == 0)
        return modules_complain_of(reading, "targets",
                                   "is empty; without it every target may be asked");
    char *error = NULL;
    if (!targets && !module->by_clock &&
        (!check_settings_agree(&source->settings, &error) ||
         !check_submit_complete(&source->settings, &error)))
        return modules_complain(reading, error);
    /* Else whoever reaches the port could have the secret sent to a server of his own. */
    return !module->by_clock || targets ||
           modules_complain(reading,
                            memory_copy("it has a secret, or sends mail: its \"targets\" must be "
                                        "named"));
}

/* ---- modules ---- */

/* Seconds from LEAST to MOST, as milliseconds. */
static bool read_seconds(struct module_reading *reading, const json_t *value, const char *key,
                         int least, int most, int *ret_ms)
{
    if (!value)
        return true;
    double seconds = json_is_number(value) ? json_number_value(value) : -1;
    if (seconds < least || seconds > most) {
        char *why = memory_format("is a number of seconds from %d to %d", least, most);
        modules_complain_of(reading, key, why);
        free(why);
        return false;
    }
    *ret_ms = (int)(seconds * MS_PER_S);
    return true;
}

static bool has_known_keys(struct module_reading *reading, json_t *object, const char *const *known)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (known[i])
            continue;
        return modules_complain_near(reading, key, "is unknown", known);
    }
    return true;
}

static bool is_name(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return *name && strlen(name) <= NAME_LIMIT && name[strspn(name, plain)] == '\0';
}

static bool take_rules(struct module_reading *reading, struct serve_module *module)
{
    struct module_source *source = module->source;
    char *error = NULL;
    bool good = rules_file_read(source->settings.rules, &source->rules, &error);
    module->rules = source->rules;
    return good || modules_complain(reading, error);
}

/* With a CA file that cannot be read, no run of the module would verify anything. */
static bool try_roots(struct module_reading *reading, const struct run_options *run)
{
    const struct tls_trust_options only = { .ca_file = run->ca_file };
    char *error = NULL;
    if (!run->ca_file)
        return true;
    struct tls_trust *trust = tls_trust_load(&only, &error);
    tls_trust_free(trust);
    return trust || modules_complain(reading, error);
}

static bool read_times(struct module_reading *reading, struct serve_module *module,
                       const json_t *value)
{
    module->interval_ms = INTERVAL_S * MS_PER_S;
    module->mail_ms = MAIL_S * MS_PER_S;
    return read_seconds(reading, json_object_get(value, "interval"), "interval", INTERVAL_LEAST_S,
                        INTERVAL_MOST_S, &module->interval_ms) &&
           read_seconds(reading, json_object_get(value, "mail-interval"), "mail-interval",
                        MAIL_LEAST_S, INTERVAL_MOST_S, &module->mail_ms) &&
           read_seconds(reading, json_object_get(value, "cache"), "cache", 0, CACHE_MOST_S,
                        &module->cache_ms);
}

static const char *text_of(struct arena *arena, const json_t *value)
{
    char *dumped = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    const char *text = arena_copy(arena, dumped);
    free(dumped);
    return text;
}

static bool read_module(struct module_reading *reading, struct serve_module *module,
                        const char *name, json_t *value)
{
    static const char *const keys[] = { "options", "targets",       "interval",
                                        "cache",   "mail-interval", NULL };
    struct module_source *source = memory_new(sizeof *source);
    module->source = source;
    check_settings_init(&source->settings);
    modules_begin_secrets(&source->settings);
    source->keeper = reading->keeper;
    source->settings.run.target = (struct target) { .service = -1, .security = -1 };
    reading->module = name;
    if (!is_name(name))
        return modules_complain(reading,
                                memory_copy("a module's name is 1 to 64 letters, digits, -, _, ."));
    if (!json_is_object(value))
        return modules_complain(reading, memory_copy("it is no object"));
    module->name = arena_copy(&source->arena, name);
    module->definition = text_of(&source->arena, value);
    if (!has_known_keys(reading, value, keys) ||
        !modules_read_options(reading, source, json_object_get(value, "options")) ||
        !read_times(reading, module, value))
        return false;
    module->asks_token = source->settings.wish.oauth;
    module->by_clock = secret_source_given(&source->settings.password) ||
                       secret_source_given(&source->settings.token) || module->asks_token ||
                       submits(source);
    if (!read_targets(reading, module, json_object_get(value, "targets")) ||
        !try_roots(reading, &source->settings.run) || !take_rules(reading, module) ||
        !modules_try_secrets(reading, module))
        return false;
    module->run = source->settings.run;
    return true;
}

static void free_modules(struct serve_modules *modules)
{
    for (size_t i = 0; i < modules->count; i++) {
        struct module_source *source = modules->items[i].source;
        check_settings_done(&source->settings);
        secret_free(source->proxy_password);
        rules_free(source->rules);
        arena_done(&source->arena);
        free(source);
    }
    free(modules->items);
    free(modules);
}

static struct serve_modules *read_all(struct module_reading *reading, json_t *list)
{
    struct serve_modules *modules = memory_new(sizeof *modules);
    const char *name;
    json_t *value;
    modules->items = memory_new((json_object_size(list) + 1) * sizeof *modules->items);
    modules->read_secrets = modules_read_secrets;
    modules->ask_token = modules_ask_token;
    modules->take_token = modules_take_token;
    modules->free_token = modules_free_token;
    modules->note_secrets = modules_note_secrets;
    modules->free = free_modules;
    json_object_foreach(
        list, name,
        value) if (!read_module(reading, &modules->items[modules->count++], name, value))
    {
        free_modules(modules);
        return NULL;
    }
    return modules;
}

static struct serve_modules *read_root(struct module_reading *reading, json_t *root)
{
    static const char *const keys[] = { "modules", NULL };
    json_t *list = json_object_get(root, "modules");
    if (!json_is_object(root) || !json_is_object(list)) {
        modules_complain(reading, memory_copy("it is no object with \"modules\", an object"));
        return NULL;
    }
    if (!has_known_keys(reading, root, keys))
        return NULL;
    if (json_object_size(list) == 0) {
        modules_complain_of(reading, "modules", "is empty");
        return NULL;
    }
    return read_all(reading, list);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? memory_format("%.*s", (int)(slash - path), path) : memory_copy(".");
}

struct serve_modules *serve_modules_read(const char *path, struct token_keeper *keeper,
                                         char **ret_error)
{
    const char *secrets = getenv("CREDENTIALS_DIRECTORY");
    struct module_reading reading = { .path = path ? path : "(none)",
                                      .keeper = keeper,
                                      .ret_error = ret_error };
    json_error_t error = { .line = 0 };
    json_t *root = path ? json_load_file(path, JSON_REJECT_DUPLICATES, &error)
                        : json_pack("{s:{s:{}}}", "modules", "default");
    struct serve_modules *modules = NULL;
    reading.folder = folder_of(reading.path);
    reading.secrets_folder = memory_copy(secrets ? secrets : reading.folder);
    if (root)
        modules = read_root(&reading, root);
    else if (error.line > 0)
        modules_complain(&reading, memory_format("line %d: %s", error.line, error.text));
    else
        modules_complain(&reading, memory_format("%s", error.text));
    json_decref(root);
    free(reading.folder);
    free(reading.secrets_folder);
    return modules;
}
