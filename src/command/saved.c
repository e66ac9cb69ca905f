#include "command/saved.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "command/input.h"
#include "command/options.h"
#include "result/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As much as a check may write. */
enum { FILE_LIMIT = 256 << 20 };

static char *complain(const char *path, const char *what)
{
    char *quoted = options_quote(path);
    char *message = memory_format("%s: %s", quoted, what);
    free(quoted);
    return message;
}

static bool read_file(const char *path, struct buffer *file, char **ret_error)
{
    int error =
        strcmp(path, "-") == 0 ? input_read(STDIN_FILENO, file) : input_read_file(path, file);
    if (error)
        *ret_error = complain(path, error == EFBIG ? "is larger than 256 MiB" : strerror(error));
    return error == 0;
}

static struct result *parse(const char *path, struct bytes bytes, char **ret_error)
{
    json_error_t error;
    json_t *json = json_loadb(bytes.size ? bytes.data : "", bytes.size, 0, &error);
    if (!json) {
        char *what = memory_format("is not JSON (line %d)", error.line);
        *ret_error = complain(path, what);
        free(what);
        return NULL;
    }
    char *why = NULL;
    struct result *result = result_from_json(json, &why);
    json_decref(json);
    if (!result)
        *ret_error = complain(path, why);
    free(why);
    return result;
}

struct result *saved_load(const char *path, char **ret_error)
{
    struct buffer file;
    buffer_init(&file, FILE_LIMIT);
    struct result *result = NULL;
    if (read_file(path, &file, ret_error))
        result = parse(path, buffer_bytes(&file), ret_error);
    buffer_done(&file);
    return result;
}

bool saved_fits(const char *baseline, const struct report_format *format, char **ret_error)
{
    if (!baseline || format->compares)
        return true;
    *ret_error = memory_format("--baseline: %s has no place for what changed; text, html, json and "
                               "ndjson have",
                               format->name);
    return false;
}
