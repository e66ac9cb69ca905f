#include "command/show.h"

#include "base/memory.h"
#include "command/command.h"
#include "command/output.h"

#include <stdlib.h>

enum { RESULT_LIMIT = 256 << 20 };

static bool write_aside(const struct report_format *format, const struct result *result,
                        const struct report_options *options, char **ret_error)
{
    const char *path = format->aside ? getenv(format->aside_variable) : NULL;
    if (!path || !*path)
        return true;
    struct buffer out;
    buffer_init(&out, RESULT_LIMIT);
    format->aside(&out, result, options);
    bool good = output_append(path, buffer_bytes(&out), ret_error);
    buffer_done(&out);
    return good;
}

int show_result(const struct report_format *format, const struct result *result,
                const struct report_options *options, const char *output)
{
    struct buffer out;
    buffer_init(&out, RESULT_LIMIT);
    format->write(&out, result, options);
    char *error = NULL;
    int status = report_status(format, result, options);
    if (out.overflow)
        status = command_fail(memory_copy("the result is larger than 256 MiB"));
    else if (!output_write(output, buffer_bytes(&out), &error) ||
             !write_aside(format, result, options, &error))
        status = command_fail(error);
    buffer_done(&out);
    return status;
}
