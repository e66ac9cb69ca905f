#include "command/state_dir.h"

#include "base/memory.h"

#include <stdlib.h>

/* XDG Base Directory Specification: a relative path is ignored. */
char *state_dir_find(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state == '/')
        return memory_format("%s/maildoctor", state);
    return home && *home == '/' ? memory_format("%s/.local/state/maildoctor", home) : NULL;
}
