#include "command/token_store.h"

#include "base/buffer.h"
#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/input.h"
#include "command/options.h"
#include "command/output.h"
#include "command/state_dir.h"
#include "result/json_text.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_LIMIT = 4 * SECRET_LIMIT,
    STILL_GOOD = 300, /* seconds that a kept token must live on, to last through a run */
    KEY_BYTES = 16
};

static char *complain(const char *verb, const char *path, int error)
{
    char *quoted = options_quote(path);
    char *message = memory_format("cannot %s %s: %s", verb, quoted, strerror(error));
    free(quoted);
    return message;
}

/* ---- files ---- */

/* The file itself, where PATH is a link to it. */
static char *real_path(const char *path)
{
    char *real = realpath(path, NULL);
    return real ? real : memory_copy(path);
}

/* ---- the store ---- */

bool token_store_check(const char *path, char **ret_error)
{
    char *real = real_path(path), *folder = memory_copy(real);
    char *slash = strrchr(folder, '/');
    struct stat status;
    int error = 0;
    if (slash)
        slash[slash == folder] = '\0';
    if (access(slash ? folder : ".", W_OK | X_OK) != 0)
        error = errno;
    else if (stat(real, &status) != 0)
        error = errno == ENOENT ? 0 : errno;
    else if (!S_ISREG(status.st_mode))
        error = EINVAL;
    else if (access(real, R_OK | W_OK) != 0 || !(status.st_mode & S_IWUSR))
        error = errno ? errno : EACCES;
    if (error)
        *ret_error = complain("use the token store", path, error);
    free(folder);
    free(real);
    return error == 0;
}

/* Moves the refresh token out of what was parsed. */
static bool take_refresh(const json_t *object, const struct token_owner *owner,
                         struct secret **ret_refresh, const char **ret_why)
{
    const char *authority = json_string_value(json_object_get(object, "authority"));
    const char *client_id = json_string_value(json_object_get(object, "client_id"));
    const json_t *value = json_object_get(object, "refresh_token");
    const char *text = json_string_value(value);
    if (!authority || !client_id || !text) {
        *ret_why = "is no token store";
        return false;
    }
    if (strcmp(authority, owner->authority) != 0 || strcmp(client_id, owner->client_id) != 0)
        *ret_why = "holds the refresh token of another app or authority";
    else
        *ret_refresh = secret_new((struct bytes) { text, json_string_length(value) });
    explicit_bzero((char *)(uintptr_t)text, json_string_length(value));
    return *ret_refresh;
}

bool token_store_read(const char *path, const struct token_owner *owner,
                      struct secret **ret_refresh, char **ret_error)
{
    struct buffer in;
    const char *why = "is no token store";
    *ret_refresh = NULL;
    buffer_init(&in, FILE_LIMIT);
    int error = input_read_file(path, &in);
    bool good = error == ENOENT;
    if (error && !good)
        *ret_error = complain("read", path, error);
    if (!error) {
        struct bytes text = buffer_bytes(&in);
        json_t *object = json_loadb(text.data ? text.data : "", text.size, 0, NULL);
        good = take_refresh(object, owner, ret_refresh, &why);
        json_decref(object);
        if (!good) {
            char *quoted = options_quote(path);
            *ret_error = memory_format("%s %s", quoted, why);
            free(quoted);
        }
    }
    buffer_done(&in);
    return good;
}

bool token_store_write(const char *path, const struct token_owner *owner,
                       const struct secret *refresh, char **ret_error)
{
    struct buffer out;
    buffer_init(&out, FILE_LIMIT);
    json_t *object = json_object();
    json_t *value = json_string(secret_bytes(refresh).data);
    json_object_set_new(object, "authority", json_string(owner->authority));
    json_object_set_new(object, "client_id", json_string(owner->client_id));
    json_object_set_new(object, "refresh_token", value);
    json_text_append(&out, object, JSON_INDENT(2));
    buffer_append_text(&out, "\n");
    explicit_bzero((char *)(uintptr_t)json_string_value(value), json_string_length(value));
    json_decref(object);
    bool good = output_write_private(path, buffer_bytes(&out), ret_error);
    buffer_done(&out);
    return good;
}

/* ---- the cache ---- */

/* Release with free(); NULL where nothing is remembered. MAKE: the folders too. */
static char *cache_path(const char *key, bool make)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char name[2 * KEY_BYTES + 1];
    char *state = state_dir_find();
    if (!state)
        return NULL;
    crypto_sha256(text_bytes(key), digest);
    for (int i = 0; i < KEY_BYTES; i++)
        snprintf(name + 2 * i, 3, "%02x", digest[i]);
    char *path = memory_format("%s/tokens/%s", state, name);
    for (char *p = path + 1; make && *p; p++)
        if (*p == '/') {
            *p = '\0';
            mkdir(path, 0700); /* there already, mostly; the write tells of trouble */
            *p = '/';
        }
    free(state);
    return path;
}

/* The file: when it expires, a line end, the token, a line end. */
static struct secret *parse_kept(struct bytes text, int64_t now, int64_t *ret_expires)
{
    struct bytes line;
    if (!text_next_line(&text, &line) || line.size == 0 || line.size > 18)
        return NULL;
    int64_t expires = 0;
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] < '0' || line.data[i] > '9')
            return NULL;
        expires = expires * 10 + (line.data[i] - '0');
    }
    if (expires < now + STILL_GOOD || !text_next_line(&text, &line) || line.size == 0)
        return NULL;
    *ret_expires = expires;
    return secret_new(line);
}

/* Others could have put it there, or read it. */
static bool is_ours(const char *path, int64_t *ret_written)
{
    struct stat status;
    if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & 077) != 0)
        return false;
    *ret_written = status.st_mtime;
    return true;
}

struct secret *token_cache_find(const char *key, int64_t now, int64_t *ret_kept,
                                int64_t *ret_expires)
{
    struct secret *token = NULL;
    struct buffer in;
    char *path = cache_path(key, false);
    buffer_init(&in, FILE_LIMIT);
    if (path && is_ours(path, ret_kept) && input_read_file(path, &in) == 0)
        token = parse_kept(buffer_bytes(&in), now, ret_expires);
    buffer_done(&in);
    free(path);
    return token;
}

void token_cache_keep(const char *key, const struct secret *token, int64_t expires)
{
    struct buffer out;
    char *error = NULL, *path = cache_path(key, true);
    struct bytes bytes = secret_bytes(token);
    if (!path)
        return;
    buffer_init(&out, FILE_LIMIT);
    buffer_format(&out, "%lld\n", (long long)expires);
    buffer_append(&out, bytes.data, bytes.size);
    buffer_append_text(&out, "\n");
    output_write_private(path, buffer_bytes(&out), &error);
    free(error); /* nothing is kept then, and nothing is lost */
    buffer_done(&out);
    free(path);
}
