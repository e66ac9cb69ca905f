#include "command/serve_modules.h"

#include "base/memory.h"
#include "command/check_options.h"
#include "command/check_submit.h"
#include "command/check_token.h"
#include "command/rules_file.h"
#include "net/tls.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_LIMIT = 64,
    WORDS_LIMIT = 256, /* options of one module, repeated ones counted each time */
    INTERVAL_S = 900,
    INTERVAL_LEAST_S = 10,
    INTERVAL_MOST_S = 86400,
    MAIL_S = 3600,
    MAIL_LEAST_S = 600,
    CACHE_MOST_S = 3600,
    MS_PER_S = 1000,
};

/* What a module borrows its data from. */
struct source {
    struct check_settings settings;
    struct arena arena;
    struct secret *proxy_password;
    struct rules *rules;
};

/* While a file is read. */
struct reading {
    const char *path;
    char *folder, *secrets_folder;
    const char *module; /* the name of the one that is read */
    char **ret_error;
};

static bool complain(struct reading *reading, char *why)
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

static bool complain_of(struct reading *reading, const char *key, const char *why)
{
    char *quoted = options_quote(key);
    char *message = memory_format("\"%s\" %s", quoted, why);
    free(quoted);
    return complain(reading, message);
}

/* ---- options ---- */

/* Those of `check` that a module may have. Secrets come from files alone; nothing may try a refused
 * password again, or send one to whoever answers, as long as nobody looks. */
static const char *const allowed[] = {
    "all-logins",
    "auth",
    "ca-file",
    "connect-to",
    "deadline",
    "ehlo",
    "from",
    "ipv4",
    "ipv6",
    "need",
    "no-system-ca",
    "path",
    "password-file",
    "ports",
    "provider",
    "proxy",
    "proxy-password-file",
    "rcpt-only",
    "resolver",
    "rules",
    "secret-expires",
    "source",
    "submit",
    "timeout",
    "to",
    "token-file",
    "user",
    NULL,
};

static bool is_allowed(const char *name)
{
    for (size_t i = 0; allowed[i]; i++)
        if (strcmp(allowed[i], name) == 0)
            return true;
    return false;
}

/* The words of a command line, as options_read() takes them. */
struct words {
    char *items[WORDS_LIMIT + 1];
    size_t count;
};

static bool is_file(const char *name)
{
    size_t size = strlen(name);
    return strcmp(name, "rules") == 0 || (size > 5 && strcmp(name + size - 5, "-file") == 0);
}

static bool is_secret(const char *name)
{
    return strcmp(name, "ca-file") != 0 && strcmp(name, "rules") != 0;
}

/* A relative file lies beside the modules file; a secret, in the folder that systemd makes for them
 * where it does. */
static const char *find_file(const struct reading *reading, struct arena *arena, const char *name,
                             const char *value)
{
    const char *folder = is_secret(name) ? reading->secrets_folder : reading->folder;
    return *value == '/' ? value : arena_format(arena, "%s/%s", folder, value);
}

static bool add_word(struct reading *reading, struct words *words, struct arena *arena,
                     const char *name, const json_t *value)
{
    if (words->count == WORDS_LIMIT)
        return complain(reading, memory_copy("too many options"));
    if (json_is_true(value)) {
        words->items[words->count++] = arena_format(arena, "--%s", name);
        return true;
    }
    const char *text = json_is_string(value) ? json_string_value(value) : NULL;
    if (json_is_integer(value))
        text = arena_format(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        text = arena_format(arena, "%.3f", json_real_value(value));
    if (!text)
        return complain_of(reading, name, "is a text, a number, true, or a list of texts");
    if (is_file(name))
        text = find_file(reading, arena, name, text);
    words->items[words->count++] = arena_format(arena, "--%s=%s", name, text);
    return true;
}

/* The loop waits for no authority. */
static const char without_oauth[] = "is no option of a module: let a timer run \"maildoctor token "
                                    "get --output FILE\", and give FILE as \"token-file\"";

static bool add_option(struct reading *reading, struct words *words, struct arena *arena,
                       const char *name, const json_t *value)
{
    if (!is_allowed(name)) {
        const char *near = options_nearest(name, allowed);
        char *why = strcmp(name, "oauth") == 0 ? memory_copy(without_oauth)
                    : near ? memory_format("is no option of a module; did you mean \"%s\"?", near)
                           : memory_copy("is no option of a module");
        complain_of(reading, name, why);
        free(why);
        return false;
    }
    if (!json_is_array(value))
        return add_word(reading, words, arena, name, value);
    size_t i;
    json_t *item;
    json_array_foreach(value, i,
                       item) if (!add_word(reading, words, arena, name, item)) return false;
    return true;
}

static bool read_options(struct reading *reading, struct source *source, json_t *options)
{
    struct words words = { .items = { (char *)"check" }, .count = 1 };
    struct operands operands;
    const char *name;
    json_t *value;
    char *error = NULL;
    if (options && !json_is_object(options))
        return complain_of(reading, "options", "is an object");
    json_object_foreach(options, name, value) if (!add_option(reading, &words, &source->arena, name,
                                                              value)) return false;
    struct option_row *rows = options_join(check_option_tables);
    enum options_result read =
        options_read(rows, (int)words.count, words.items, &source->settings, &operands, &error);
    free(rows);
    check_settings_complete(&source->settings);
    return read == OPTIONS_READ || complain(reading, error);
}

/* ---- secrets ---- */

static bool read_secrets(const struct serve_module *module, struct secret **ret_password,
                         struct secret **ret_token, char **ret_error)
{
    const struct source *source = module->source;
    *ret_token = NULL;
    return secret_source_read(&source->settings.password, ret_password, ret_error) &&
           secret_source_read(&source->settings.token, ret_token, ret_error);
}

static void note_secrets(const struct serve_module *module, const struct secret *token,
                         struct trace *trace)
{
    const struct check_settings *settings = &((const struct source *)module->source)->settings;
    trace->target.secret_expires = settings->secret_expires;
    if (token)
        check_token_note_ready(&settings->token, token, trace);
}

/* Once, with the warnings that each run would repeat. */
static bool try_secrets(struct reading *reading, struct serve_module *module)
{
    struct source *source = module->source;
    struct proxy_settings *proxy = &source->settings.run.proxy;
    struct secret *password = NULL, *token = NULL;
    char *error = NULL;
    bool good = read_secrets(module, &password, &token, &error) &&
                (!proxy->user || secret_source_read(&source->settings.proxy_password,
                                                    &source->proxy_password, &error));
    secret_free(password);
    secret_free(token);
    if (!good)
        return complain(reading, error);
    if (proxy->user && !source->proxy_password)
        return complain_of(reading, "proxy", "has a user, and no \"proxy-password-file\" is given");
    proxy->password = source->proxy_password;
    if (proxy->password && secret_bytes(proxy->password).size > PROXY_LOGIN_LIMIT)
        return complain(reading, memory_copy("the proxy password is longer than 255 bytes"));
    source->settings.password.quiet = source->settings.token.quiet = true;
    return true;
}

/* ---- targets ---- */

static bool submits(const struct source *source)
{
    return source->settings.submits || source->settings.submit.rcpt_only;
}

/* What the message of --submit is for this target goes to *RET_WISH. */
static bool try_target(struct reading *reading, struct source *source, const char *target,
                       struct outbox_wish *ret_wish)
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
    return good || complain(reading, error);
}

static bool read_targets(struct reading *reading, struct serve_module *module, json_t *targets)
{
    struct source *source = module->source;
    struct outbox_wish *wishes =
        arena_new(&source->arena, (json_array_size(targets) + 1) * sizeof *wishes);
    struct strings list = { 0 };
    size_t i;
    json_t *item;
    if (targets && !json_is_array(targets))
        return complain_of(reading, "targets", "is a list of texts");
    json_array_foreach(targets, i, item)
    {
        const char *text = json_string_value(item);
        if (!text)
            return complain_of(reading, "targets", "is a list of texts");
        if (!try_target(reading, source, text, &wishes[i]))
            return false;
        for (size_t k = 0; k < list.count; k++)
            if (strcmp(list.items[k], text) == 0)
                return complain_of(reading, text, "is a target twice");
        strings_add(&list, &source->arena, arena_copy(&source->arena, text));
    }
    module->targets = list.items;
    module->target_count = list.count;
    module->wishes = submits(source) ? wishes : NULL;
    if (targets && list.count == 0)
        return complain_of(reading, "targets", "is empty; without it every target may be asked");
    char *error = NULL;
    if (!targets && !module->by_clock &&
        (!check_settings_agree(&source->settings, &error) ||
         !check_submit_complete(&source->settings, &error)))
        return complain(reading, error);
    /* Else whoever reaches the port could have the secret sent to a server of his own. */
    return !module->by_clock || targets ||
           complain(reading, memory_copy("it has a secret, or sends mail: its \"targets\" must be "
                                         "named"));
}

/* ---- modules ---- */

/* Seconds from LEAST to MOST, as milliseconds. */
static bool read_seconds(struct reading *reading, const json_t *value, const char *key, int least,
                         int most, int *ret_ms)
{
    if (!value)
        return true;
    double seconds = json_is_number(value) ? json_number_value(value) : -1;
    if (seconds < least || seconds > most) {
        char *why = memory_format("is a number of seconds from %d to %d", least, most);
        complain_of(reading, key, why);
        free(why);
        return false;
    }
    *ret_ms = (int)(seconds * MS_PER_S);
    return true;
}

static bool has_known_keys(struct reading *reading, json_t *object, const char *const *known)
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
        const char *near = options_nearest(key, known);
        char *why = near ? memory_format("is unknown; did you mean \"%s\"?", near)
                         : memory_copy("is unknown");
        complain_of(reading, key, why);
        free(why);
        return false;
    }
    return true;
}

static bool is_name(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return *name && strlen(name) <= NAME_LIMIT && name[strspn(name, plain)] == '\0';
}

static bool take_rules(struct reading *reading, struct serve_module *module)
{
    struct source *source = module->source;
    char *error = NULL;
    bool good = rules_file_read(source->settings.rules, &source->rules, &error);
    module->rules = source->rules;
    return good || complain(reading, error);
}

/* With a CA file that cannot be read, no run of the module would verify anything. */
static bool try_roots(struct reading *reading, const struct run_options *run)
{
    const struct tls_trust_options only = { .ca_file = run->ca_file };
    char *error = NULL;
    if (!run->ca_file)
        return true;
    struct tls_trust *trust = tls_trust_load(&only, &error);
    tls_trust_free(trust);
    return trust || complain(reading, error);
}

static bool read_times(struct reading *reading, struct serve_module *module, const json_t *value)
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

static bool read_module(struct reading *reading, struct serve_module *module, const char *name,
                        json_t *value)
{
    static const char *const keys[] = { "options", "targets",       "interval",
                                        "cache",   "mail-interval", NULL };
    struct source *source = memory_new(sizeof *source);
    module->source = source;
    check_settings_init(&source->settings);
    source->settings.password.environment = source->settings.token.environment =
        source->settings.proxy_password.environment = "";
    source->settings.run.target = (struct target) { .service = -1, .security = -1 };
    reading->module = name;
    if (!is_name(name))
        return complain(reading,
                        memory_copy("a module's name is 1 to 64 letters, digits, -, _, ."));
    if (!json_is_object(value))
        return complain(reading, memory_copy("it is no object"));
    module->name = arena_copy(&source->arena, name);
    module->definition = text_of(&source->arena, value);
    if (!has_known_keys(reading, value, keys) ||
        !read_options(reading, source, json_object_get(value, "options")) ||
        !read_times(reading, module, value))
        return false;
    module->by_clock = secret_source_given(&source->settings.password) ||
                       secret_source_given(&source->settings.token) || submits(source);
    if (!read_targets(reading, module, json_object_get(value, "targets")) ||
        !try_roots(reading, &source->settings.run) || !take_rules(reading, module) ||
        !try_secrets(reading, module))
        return false;
    module->run = source->settings.run;
    return true;
}

static void free_modules(struct serve_modules *modules)
{
    for (size_t i = 0; i < modules->count; i++) {
        struct source *source = modules->items[i].source;
        check_settings_done(&source->settings);
        secret_free(source->proxy_password);
        rules_free(source->rules);
        arena_done(&source->arena);
        free(source);
    }
    free(modules->items);
    free(modules);
}

static struct serve_modules *read_all(struct reading *reading, json_t *list)
{
    struct serve_modules *modules = memory_new(sizeof *modules);
    const char *name;
    json_t *value;
    modules->items = memory_new((json_object_size(list) + 1) * sizeof *modules->items);
    modules->read_secrets = read_secrets;
    modules->note_secrets = note_secrets;
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

static struct serve_modules *read_root(struct reading *reading, json_t *root)
{
    static const char *const keys[] = { "modules", NULL };
    json_t *list = json_object_get(root, "modules");
    if (!json_is_object(root) || !json_is_object(list)) {
        complain(reading, memory_copy("it is no object with \"modules\", an object"));
        return NULL;
    }
    if (!has_known_keys(reading, root, keys))
        return NULL;
    if (json_object_size(list) == 0) {
        complain_of(reading, "modules", "is empty");
        return NULL;
    }
    return read_all(reading, list);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? memory_format("%.*s", (int)(slash - path), path) : memory_copy(".");
}

struct serve_modules *serve_modules_read(const char *path, char **ret_error)
{
    const char *secrets = getenv("CREDENTIALS_DIRECTORY");
    struct reading reading = { .path = path ? path : "(none)", .ret_error = ret_error };
    json_error_t error = { .line = 0 };
    json_t *root = path ? json_load_file(path, JSON_REJECT_DUPLICATES, &error)
                        : json_pack("{s:{s:{}}}", "modules", "default");
    struct serve_modules *modules = NULL;
    reading.folder = folder_of(reading.path);
    reading.secrets_folder = memory_copy(secrets ? secrets : reading.folder);
    if (root)
        modules = read_root(&reading, root);
    else if (error.line > 0)
        complain(&reading, memory_format("line %d: %s", error.line, error.text));
    else
        complain(&reading, memory_format("%s", error.text));
    json_decref(root);
    free(reading.folder);
    free(reading.secrets_folder);
    return modules;
}
