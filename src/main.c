#include "command/check.h"
#include "command/command.h"

#include <stddef.h>

static const struct command commands[] = {
    { "check", "[OPTION...] TARGET", "find out why a mail account cannot connect", check_main },
    { NULL, NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
    return command_run(commands, argc, argv);
}
