#include "result/json_text.h"

static int append(const char *text, size_t size, void *out)
{
    buffer_append(out, text, size);
    return 0;
}

void json_text_append(struct buffer *out, const json_t *value, size_t flags)
{
    json_dump_callback(value, append, out, flags);
}
