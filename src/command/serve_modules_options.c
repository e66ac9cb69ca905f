/* The options of a module: those of `check` that may run without anybody who looks. */
#include "base/memory.h"
#include "command/serve_modules_parts.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_LIMIT = 256 }; /* options of one module, repeated ones counted each time */

/* Those of `check` that a module may have. Secrets come from files alone; nothing may try a refused
 * password again, or send one to whoever answers, as long as nobody looks. */
static const char *const allowed[] = {
    "all-logins",
    "assertion-file",
    "auth",
    "authority",
    "ca-file",
    "certificate-file",
    "client-id",
    "client-secret-file",
    "connect-to",
    "deadline",
    "ehlo",
    "from",
    "ipv4",
    "ipv6",
    "issuer",
    "issuer-host",
    "key-file",
    "need",
    "no-system-ca",
    "oauth",
    "path",
    "password-file",
    "ports",
    "provider",
    "proxy",
    "proxy-password-file",
    "rcpt-only",
    "refresh-token-file",
    "resolver",
    "rules",
    "scope",
    "secret-expires",
    "service-account-key-file",
    "source",
    "submit",
    "tenant",
    "timeout",
    "to",
    "token-file",
    "token-store",
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
    return strcmp(name, "rules") == 0 || strcmp(name, "token-store") == 0 ||
           (size > 5 && strcmp(name + size - 5, "-file") == 0);
}

/* A store is written to, which the folder of systemd's is not for. */
static bool is_secret(const char *name)
{
    return strcmp(name, "ca-file") != 0 && strcmp(name, "rules") != 0 &&
           strcmp(name, "token-store") != 0;
}

/* A relative file lies beside the modules file; a secret, in the folder that systemd makes for them
 * where it does. */
static const char *find_file(const struct module_reading *reading, struct arena *arena,
                             const char *name, const char *value)
{
    const char *folder = is_secret(name) ? reading->secrets_folder : reading->folder;
    return *value == '/' ? value : arena_format(arena, "%s/%s", folder, value);
}

static bool add_word(struct module_reading *reading, struct words *words, struct arena *arena,
                     const char *name, const json_t *value)
{
    if (words->count == WORDS_LIMIT)
        return modules_complain(reading, memory_copy("too many options"));
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
        return modules_complain_of(reading, name, "is a text, a number, true, or a list of texts");
    if (is_file(name))
        text = find_file(reading, arena, name, text);
    words->items[words->count++] = arena_format(arena, "--%s=%s", name, text);
    return true;
}

static bool add_option(struct module_reading *reading, struct words *words, struct arena *arena,
                       const char *name, const json_t *value)
{
    if (!is_allowed(name))
        return modules_complain_near(reading, name, "is no option of a module", allowed);
    if (!json_is_array(value))
        return add_word(reading, words, arena, name, value);
    size_t i;
    json_t *item;
    json_array_foreach(value, i,
                       item) if (!add_word(reading, words, arena, name, item)) return false;
    return true;
}

/* Nobody is there to sign in. */
static bool asks_nobody(struct module_reading *reading, const struct token_wish *wish)
{
    enum token_grant grant = token_grant_parse(wish->oauth);
    return (grant != GRANT_DEVICE && grant != GRANT_CODE) ||
           modules_complain_of(reading, "oauth",
                               "needs somebody who signs in: do so once with \"maildoctor token "
                               "get --token-store FILE\", then \"oauth\" is \"refresh\", with FILE "
                               "as \"token-store\"");
}

bool modules_read_options(struct module_reading *reading, struct module_source *source,
                          json_t *options)
{
    struct words words = { .items = { (char *)"check" }, .count = 1 };
    struct operands operands;
    const char *name;
    json_t *value;
    char *error = NULL;
    if (options && !json_is_object(options))
        return modules_complain_of(reading, "options", "is an object");
    json_object_foreach(options, name, value) if (!add_option(reading, &words, &source->arena, name,
                                                              value)) return false;
    struct option_row *rows = options_join(check_option_tables);
    enum options_result read =
        options_read(rows, (int)words.count, words.items, &source->settings, &operands, &error);
    free(rows);
    check_settings_complete(&source->settings);
    return read == OPTIONS_READ ? asks_nobody(reading, &source->settings.wish)
                                : modules_complain(reading, error);
}
