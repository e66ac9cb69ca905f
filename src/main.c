#include "command/check.h"
#include "command/classes.h"
#include "command/command.h"
#include "command/explain.h"
#include "command/render.h"
#include "command/serve.h"
#include "command/simulate.h"
#include "command/token.h"

#include <stddef.h>

static const struct command commands[] = {
    { "check", "[OPTION...] TARGET", "find out why a mail account cannot connect", check_main,
      true },
    { "classes", "[ID]", "list the faults that it can tell apart, or explain one", classes_main,
      false },
    { "explain", "[OPTION...] [TEXT...]", "say what a pasted error means", explain_main, false },
    { "render", "[OPTION...] FILE", "show a saved result in another format", render_main, false },
    { "serve", "[OPTION...]", "the exporter for Prometheus: checks what it is asked for by HTTP",
      serve_main, false },
    { "simulate", "[OPTION...]", "run a simulated mail provider on this machine", simulate_main,
      false },
    { "token", "get|judge|show [OPTION...]", "get an access token, or say what is in one",
      token_main, true },
    { NULL, NULL, NULL, NULL, false },
};

int main(int argc, char **argv)
{
    return command_run(commands, argc, argv);
}
