#include "command/secret_source.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "command/input.h"
#include "command/interrupt.h"
#include "command/options.h"
#include "command/prompt.h"
#include "command/secret_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the environment ---- */

static struct {
    const char *name;
    struct buffer value;
    bool given;
} taken[] = {
    { .name = "MAILDOCTOR_PASSWORD" },
    { .name = "MAILDOCTOR_TOKEN" },
    { .name = "MAILDOCTOR_PROXY_PASSWORD" },
    { .name = "MAILDOCTOR_TO_PASSWORD" },
    { .name = "MAILDOCTOR_TO_TOKEN" },
    { .name = "MAILDOCTOR_CLIENT_SECRET" },
    { .name = "MAILDOCTOR_ASSERTION" },
    { .name = "MAILDOCTOR_REFRESH_TOKEN" },
    { .name = "MAILDOCTOR_SERVICE_ACCOUNT_KEY" },
};
enum { TAKEN_COUNT = sizeof taken / sizeof *taken };

void secret_environment_take(void)
{
    for (size_t i = 0; i < TAKEN_COUNT; i++) {
        buffer_init(&taken[i].value, SECRET_LIMIT + 2);
        char *value = getenv(taken[i].name);
        if (!value)
            continue;
        taken[i].given = true;
        buffer_append_text(&taken[i].value, value);
        /* unsetenv() only drops the pointer: the bytes would stay to be seen in /proc. */
        explicit_bzero(value, strlen(value));
        unsetenv(taken[i].name);
    }
}

void secret_environment_forget(void)
{
    for (size_t i = 0; i < TAKEN_COUNT; i++) {
        buffer_done(&taken[i].value);
        taken[i].given = false;
    }
}

/* "--client-secret-fd" */
static char *option_name(const struct secret_source *source, const char *way)
{
    char *name = memory_format("--%s-%s", source->option ? source->option : source->what, way);
    for (char *p = name; *p; p++)
        *p = *p == ' ' ? '-' : *p;
    return name;
}

/* ---- reading ---- */

static char *trouble(const struct secret_source *source, const char *where, const char *why)
{
    char *quoted = options_quote(where);
    char *message = memory_format("cannot read the %s from %s: %s", source->what, quoted, why);
    free(quoted);
    return message;
}

static bool read_fd(const struct secret_source *source, int fd, const char *where,
                    struct buffer *in, char **ret_error)
{
    int error = input_read(fd, in);
    if (error == EFBIG) /* the caller sees that, and has words of its own for it */
        return true;
    if (error)
        *ret_error = trouble(source, where, strerror(error));
    return error == 0;
}

static bool read_file(const struct secret_source *source, struct buffer *in, bool *ret_shared,
                      char **ret_error)
{
    int fd = open(source->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        *ret_error = trouble(source, source->file, strerror(errno));
        return false;
    }
    struct stat status;
    *ret_shared = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IROTH);
    bool good = read_fd(source, fd, source->file, in, ret_error);
    close(fd);
    return good;
}

static void warn_shared(const struct secret_source *source)
{
    char *quoted = options_quote(source->file);
    fprintf(stderr, "maildoctor: warning: everybody on this machine can read %s; chmod 600 it\n",
            quoted);
    free(quoted);
}

static bool read_numbered(const struct secret_source *source, struct buffer *in, char **ret_error)
{
    char *end;
    errno = 0;
    long number = strtol(source->fd, &end, 10);
    if (*source->fd < '0' || *source->fd > '9' || *end || errno || number > 65535) {
        char *quoted = options_quote(source->fd), *name = option_name(source, "fd");
        *ret_error = memory_format("%s %s: a descriptor is a small number", name, quoted);
        free(name);
        free(quoted);
        return false;
    }
    char where[40];
    snprintf(where, sizeof where, "descriptor %ld", number);
    bool good = read_fd(source, (int)number, where, in, ret_error);
    if (number > STDERR_FILENO)
        close((int)number);
    return good;
}

/* ---- one of them ---- */

static size_t environment_index(const struct secret_source *source)
{
    size_t i = 0;
    while (i < TAKEN_COUNT &&
           (!source->environment || strcmp(taken[i].name, source->environment) != 0))
        i++;
    return i;
}

static bool in_environment(const struct secret_source *source)
{
    size_t index = environment_index(source);
    return index < TAKEN_COUNT && taken[index].given;
}

bool secret_source_given(const struct secret_source *source)
{
    return source->file || source->fd || source->command || source->ask || in_environment(source);
}

char *secret_source_name(const struct secret_source *source)
{
    const char *way = source->file      ? "file"
                      : source->fd      ? "fd"
                      : source->command ? "command"
                                        : NULL;
    if (way)
        return option_name(source, way);
    return source->ask ? memory_format("--ask-%s", source->option ? source->option : source->what)
                       : memory_copy(source->environment);
}

static size_t count_sources(const struct secret_source *source, bool environment)
{
    const bool given[] = { source->file, source->fd, source->command, source->ask, environment };
    size_t count = 0;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        count += given[i];
    return count;
}

static bool read_any(const struct secret_source *source, struct buffer *in, bool *ret_shared,
                     char **ret_error)
{
    if (source->file)
        return read_file(source, in, ret_shared, ret_error);
    if (source->fd)
        return read_numbered(source, in, ret_error);
    if (source->command)
        return secret_command_run(source->what, source->command, in, ret_error);
    if (source->ask) {
        interrupt_unwatch(); /* it restores the terminal first */
        bool good = prompt_secret(source->what, in, ret_error);
        interrupt_watch();
        return good;
    }
    struct bytes value = buffer_bytes(&taken[environment_index(source)].value);
    in->overflow = taken[environment_index(source)].value.overflow;
    buffer_append(in, value.data, value.size);
    return true;
}

/* One newline at the end is how files and commands end, not part of the secret. */
static struct bytes without_newline(struct bytes bytes)
{
    if (bytes.size && bytes.data[bytes.size - 1] == '\n') {
        bytes.size--;
        if (bytes.size && bytes.data[bytes.size - 1] == '\r')
            bytes.size--;
    }
    return bytes;
}

/* What editors and shells of Windows put in front of a text says how it is encoded, and is not part
 * of it. */
static struct bytes without_mark(struct bytes bytes)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (bytes.size >= 3 && memcmp(bytes.data, mark, 3) == 0)
        return (struct bytes) { bytes.data + 3, bytes.size - 3 };
    return bytes;
}

static bool is_utf16(struct bytes bytes)
{
    return bytes.size >= 2 &&
           (memcmp(bytes.data, "\xff\xfe", 2) == 0 || memcmp(bytes.data, "\xfe\xff", 2) == 0);
}

static const char *find_fault(const struct secret_source *source, const struct buffer *in,
                              struct bytes secret)
{
    if (in->overflow || secret.size > SECRET_LIMIT)
        return "is longer than 16384 bytes";
    if (secret.size == 0)
        return "is empty";
    if (is_utf16(secret))
        return "is encoded in UTF-16; save it as UTF-8";
    if (!source->lines &&
        (memchr(secret.data, '\n', secret.size) || memchr(secret.data, '\r', secret.size)))
        return "is more than one line";
    if (memchr(secret.data, '\0', secret.size))
        return "holds a zero byte"; /* RFC 4616 section 2: NUL separates the parts of PLAIN */
    return NULL;
}

bool secret_source_read(const struct secret_source *source, struct secret **ret_secret,
                        char **ret_error)
{
    size_t count = count_sources(source, in_environment(source));
    *ret_secret = NULL;
    if (count == 0)
        return true;
    if (count > 1) {
        *ret_error = memory_format("the %s is given in more than one way; options and %s "
                                   "exclude each other",
                                   source->what, source->environment);
        return false;
    }
    struct buffer in;
    buffer_init(&in, SECRET_LIMIT + 2);
    bool shared = false, good = read_any(source, &in, &shared, ret_error);
    if (good) {
        struct bytes bytes = without_newline(without_mark(buffer_bytes(&in)));
        const char *fault = find_fault(source, &in, bytes);
        if (!fault)
            *ret_secret = secret_new(bytes);
        if (!fault && !*ret_secret)
            fault = "cannot be kept: no memory";
        if (fault)
            *ret_error = memory_format("the %s %s", source->what, fault);
        good = !fault;
    }
    if (good && shared && !source->quiet)
        warn_shared(source);
    buffer_done(&in);
    return good;
}
