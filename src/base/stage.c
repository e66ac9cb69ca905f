#include "base/stage.h"

#include <string.h>

static const char *const names[] = {
    [STAGE_NONE] = "",
    [STAGE_RESOLVE] = "resolve",
    [STAGE_CONNECT] = "connect",
    [STAGE_GREETING] = "greeting",
    [STAGE_CAPABILITY] = "capability",
    [STAGE_STARTTLS] = "starttls",
    [STAGE_TLS] = "tls",
    [STAGE_LOGIN] = "login",
    [STAGE_MAILBOX] = "mailbox",
    [STAGE_SUBMIT] = "submit",
    [STAGE_GOODBYE] = "goodbye",
};
_Static_assert(sizeof names / sizeof *names == STAGE_COUNT, "a stage without a name");

const char *stage_name(enum stage stage)
{
    return names[stage];
}

enum stage stage_parse(const char *name)
{
    for (int i = STAGE_RESOLVE; i < STAGE_COUNT; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum stage)i;
    return STAGE_NONE;
}
