#include "probes/pop3_reply.h"

#include "base/text.h"

struct bytes pop3_behind_ok(const struct reply *reply)
{
    struct bytes rest = reply->text, line;
    text_next_line(&rest, &line);
    size_t skip = line.size < 3 ? line.size : 3;
    return (struct bytes) { line.data + skip, line.size - skip };
}

struct bytes pop3_behind_first_line(const struct reply *reply)
{
    struct bytes rest = reply->text, line;
    text_next_line(&rest, &line);
    return rest;
}
