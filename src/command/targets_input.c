#include "command/targets_input.h"

#include "base/memory.h"
#include "base/text.h"
#include "command/check_submit.h"
#include "command/check_token.h"
#include "diagnosis/classify.h"
#include "diagnosis/token_class.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE_LIMIT = 65536, WORD_LIMIT = 256, TABLE_LIMIT = 64 };

/* ---- lines ---- */

bool targets_input_open(struct targets_input *input, const char *path, char **ret_error)
{
    *input = (struct targets_input) { 0 };
    struct stat status;
    input->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int error = input->file ? 0 : errno;
    if (!error && fstat(fileno(input->file), &status) == 0 && S_ISDIR(status.st_mode))
        error = EISDIR;
    if (!error)
        return true;
    char *quoted = options_quote(path);
    *ret_error = memory_format("--targets %s: %s", quoted, strerror(error));
    free(quoted);
    targets_input_close(input);
    return false;
}

void targets_input_close(struct targets_input *input)
{
    if (input->file && input->file != stdin)
        fclose(input->file);
    free(input->line);
    *input = (struct targets_input) { 0 };
}

char *targets_input_next(struct targets_input *input)
{
    while (getline(&input->line, &input->capacity, input->file) >= 0) {
        struct bytes text = text_trim(text_bytes(input->line));
        input->index++;
        if (text.size == 0 || *text.data == '#')
            continue;
        char *start = input->line + (text.data - input->line);
        start[text.size] = '\0';
        return start;
    }
    return NULL;
}

size_t targets_input_count(struct targets_input *input)
{
    struct stat status;
    size_t count = 0;
    if (fstat(fileno(input->file), &status) != 0 || !S_ISREG(status.st_mode))
        return 0;
    long start = ftell(input->file);
    while (targets_input_next(input))
        count++;
    fseek(input->file, start, SEEK_SET);
    input->index = 0;
    return count;
}

/* ---- words ---- */

/* The words of a line: parted by blanks, quotes keep them together. */
struct word_list {
    char *text; /* the words, each ended by a NUL */
    size_t used, capacity;
    size_t offsets[WORD_LIMIT];
    size_t count;
};

static void put(struct word_list *words, char c)
{
    if (words->used == words->capacity) {
        words->capacity = words->capacity ? 2 * words->capacity : 256;
        words->text = memory_resize(words->text, words->capacity);
    }
    words->text[words->used++] = c;
}

static void put_text(struct word_list *words, const char *text)
{
    for (; *text; text++)
        put(words, *text);
}

static bool begin_word(struct word_list *words, char **ret_error)
{
    if (words->count == WORD_LIMIT) {
        *ret_error = memory_copy("too many words in one line");
        return false;
    }
    words->offsets[words->count++] = words->used;
    return true;
}

static bool split(struct word_list *words, const char *line, char **ret_error)
{
    const char *p = line + strspn(line, " \t");
    while (*p) {
        char quote = '\0';
        if (!begin_word(words, ret_error))
            return false;
        for (; *p && (quote || (*p != ' ' && *p != '\t')); p++)
            if (quote ? *p == quote : *p == '"' || *p == '\'')
                quote = quote ? '\0' : *p;
            else
                put(words, *p);
        if (quote) {
            *ret_error = memory_copy("a quote without its end");
            return false;
        }
        put(words, '\0');
        p += strspn(p, " \t");
    }
    return true;
}

/* ---- JSON ---- */

static bool put_option(struct word_list *words, const char *key, const char *value,
                       char **ret_error)
{
    if (!begin_word(words, ret_error))
        return false;
    put_text(words, "--");
    for (; *key; key++)
        put(words, *key == '_' ? '-' : *key);
    if (value) {
        put(words, '=');
        put_text(words, value);
    }
    put(words, '\0');
    return true;
}

/* A string, a number or true. */
static bool put_scalar(struct word_list *words, const char *key, const json_t *value,
                       char **ret_error)
{
    char number[32];
    if (json_is_string(value))
        return put_option(words, key, json_string_value(value), ret_error);
    if (json_is_true(value))
        return put_option(words, key, NULL, ret_error);
    if (json_is_false(value) || json_is_null(value))
        return true;
    if (json_is_number(value)) {
        snprintf(number, sizeof number, "%.15g", json_number_value(value));
        return put_option(words, key, number, ret_error);
    }
    *ret_error = memory_copy("a member is neither text nor number, true, or a list of such");
    return false;
}

static bool put_member(struct word_list *words, const char *key, const json_t *value,
                       char **ret_error)
{
    bool good = true;
    if (!json_is_array(value))
        return put_scalar(words, key, value, ret_error);
    for (size_t i = 0; good && i < json_array_size(value); i++)
        good = put_scalar(words, key, json_array_get(value, i), ret_error);
    return good;
}

static bool put_word(struct word_list *words, const char *text, char **ret_error)
{
    if (!begin_word(words, ret_error))
        return false;
    put_text(words, text);
    put(words, '\0');
    return true;
}

static bool take_object(struct word_list *words, const char *line, char **ret_error)
{
    const char *key;
    json_t *value, *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const char *target = json_string_value(json_object_get(object, "target"));
    bool good = target != NULL;
    if (!object)
        *ret_error = memory_copy("is not JSON");
    else if (!good)
        *ret_error = memory_copy("the object has no \"target\"");
    json_object_foreach(object, key, value) if (good && strcmp(key, "target") != 0) good =
        put_member(words, key, value, ret_error);
    /* Behind "--" it is a target, whatever it begins with. */
    good = good && put_word(words, "--", ret_error) && put_word(words, target, ret_error);
    json_decref(object);
    return good;
}

/* ---- one target ---- */

/* What one target may have of its own; all else holds for the whole list. */
static bool is_own(const char *name)
{
    static const char *const own[] = {
        "need",          "ports",          "provider",       "user",       "password-file",
        "token-file",    "auth",           "all-logins",     "connect-to", "resolver",
        "ipv4",          "ipv6",           "source",         "path",       "ehlo",
        "timeout",       "deadline",       "password",       "token",      "password-command",
        "token-command", "insecure-login", "secret-expires",
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], name) == 0)
            return true;
    return false;
}

/* RET_ROWS: the rows of ALL that a line may use. */
static void own_rows(struct option_row ret_rows[static TABLE_LIMIT], const struct option_row *all)
{
    size_t count = 0;
    for (; all->name || all->help; all++)
        if (all->name && is_own(all->name) && count + 1 < TABLE_LIMIT)
            ret_rows[count++] = *all;
    ret_rows[count] = (struct option_row) { 0 };
}

/* The common options, then the line's own on top of them. */
static bool read_options(struct target_job *job, const struct targets_common *common, int argc,
                         struct operands *operands, char **ret_error)
{
    struct check_settings *settings = &job->settings;
    struct option_row *all = options_join(check_option_tables), own[TABLE_LIMIT];
    char **again = memory_new(((size_t)common->argc + 1) * sizeof *again);
    memcpy(again, common->argv, (size_t)common->argc * sizeof *again);
    own_rows(own, all);
    bool good =
        options_read(all, common->argc, again, settings, operands, ret_error) == OPTIONS_READ;
    settings->password = (struct secret_source) { .what = "password" };
    settings->token = (struct secret_source) { .what = "token" };
    settings->proxy_password.file = NULL;
    settings->secret_expires = 0;
    good =
        good && options_read(own, argc, job->argv, settings, operands, ret_error) == OPTIONS_READ;
    free(again);
    free(all);
    return good;
}

static bool take_secrets(struct target_job *job, const struct targets_common *common,
                         char **ret_error)
{
    struct check_settings *settings = &job->settings;
    bool own = secret_source_given(&settings->password) || secret_source_given(&settings->token);
    if (!secret_source_read(&settings->password, &job->password, ret_error) ||
        !secret_source_read(&settings->token, &job->token, ret_error))
        return false;
    settings->run.password = own ? job->password : common->password;
    settings->run.token = own ? job->token : common->token;
    settings->run.proxy.password = common->proxy_password;
    if (common->state_dir || !settings->run.password)
        return true;
    *ret_error = memory_copy("without a home (HOME, XDG_STATE_HOME) no refused password is "
                             "remembered, and another target might send it again");
    return false;
}

static bool take_line(struct target_job *job, const struct targets_common *common, const char *line,
                      char **ret_error)
{
    struct check_settings *settings = &job->settings;
    struct operands operands;
    struct word_list words = { 0 };
    bool good = strlen(line) < LINE_LIMIT;
    if (!good)
        *ret_error = memory_copy("longer than 64 KiB");
    good = good && begin_word(&words, ret_error); /* argv[0] */
    put(&words, '\0');
    good = good &&
           (*line == '{' ? take_object(&words, line, ret_error) : split(&words, line, ret_error));
    job->words = words.text;
    job->argv = memory_new((words.count + 1) * sizeof *job->argv);
    for (size_t i = 0; i < words.count; i++)
        job->argv[i] = words.text + words.offsets[i];
    if (!good || !read_options(job, common, (int)words.count, &operands, ret_error))
        return false;
    if (operands.count != 1) {
        *ret_error = memory_copy("one target a line, and its options");
        return false;
    }
    check_settings_complete(settings);
    settings->run.state_dir = common->state_dir;
    settings->run.judge_login = classify_login;
    settings->run.judge_token = token_unfit;
    return target_parse(&settings->run.target, &settings->arena, operands.items[0], ret_error) &&
           check_settings_agree(settings, ret_error) &&
           check_exercise_agrees(settings, ret_error) &&
           check_submit_complete(settings, ret_error) && take_secrets(job, common, ret_error);
}

struct target_job *target_job_new(const struct targets_common *common, const char *line,
                                  int64_t index, char **ret_error)
{
    struct target_job *job = memory_new(sizeof *job);
    job->index = index;
    check_settings_init(&job->settings);
    if (take_line(job, common, line, ret_error))
        return job;
    target_job_free(job);
    return NULL;
}

void target_job_note(const struct target_job *job, const struct targets_common *common,
                     struct trace *trace)
{
    const struct check_settings *settings = &job->settings;
    bool own = job->password || job->token;
    trace->target.secret_expires =
        own || settings->secret_expires ? settings->secret_expires : common->secret_expires;
    if (settings->run.token)
        check_token_note_ready(job->token ? &settings->token : common->token_source,
                               settings->run.token, trace);
}

void target_job_free(struct target_job *job)
{
    if (!job)
        return;
    secret_free(job->password);
    secret_free(job->token);
    check_settings_done(&job->settings);
    free(job->argv);
    free(job->words);
    free(job);
}
