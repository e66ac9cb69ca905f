#include "command/rules_file.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "command/input.h"
#include "command/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool rules_file_read(const char *path, struct rules **ret, char **ret_error)
{
    if (!path)
        return true;
    struct buffer text;
    buffer_init(&text, RULES_SIZE_LIMIT);
    char *quoted = options_quote(path), *why = NULL;
    int error = input_read_file(path, &text);
    if (error)
        *ret_error = memory_format("cannot read the rules in %s: %s", quoted,
                                   error == EFBIG ? "it is larger than 1 MiB" : strerror(error));
    else if (!(*ret = rules_read(buffer_bytes(&text), &why)))
        *ret_error = memory_format("the rules in %s: %s", quoted, why);
    free(why);
    free(quoted);
    buffer_done(&text);
    return *ret != NULL;
}
