#include "command/token.h"

#include "base/memory.h"
#include "command/command.h"
#include "command/options.h"

#include <stdlib.h>
#include <string.h>

enum { HELP_LIMIT = 16384 };

static const struct {
    const char *word, *summary;
    int (*main)(int argc, char **argv);
} actions[] = {
    { "get", "get an access token from the provider's authority", token_get_main },
    { "judge", "say what the mail servers will make of an access token", token_judge_main },
    { "show", "say what is in an access token, without showing it", token_show_main },
};
enum { ACTION_COUNT = sizeof actions / sizeof *actions };

static int print_help(void)
{
    struct buffer out;
    buffer_init(&out, HELP_LIMIT);
    buffer_append_text(&out, "usage: maildoctor token ACTION [OPTION...]\n\n");
    for (size_t i = 0; i < ACTION_COUNT; i++)
        buffer_format(&out, "  %-6s %s\n", actions[i].word, actions[i].summary);
    buffer_append_text(
        &out, "\nA token is given to a registered app only: maildoctor token get --help tells how\n"
              "one is registered.\n");
    int status = command_print(&out);
    buffer_done(&out);
    return status;
}

static int reject(const char *word)
{
    const char *words[ACTION_COUNT + 1] = { NULL };
    for (size_t i = 0; i < ACTION_COUNT; i++)
        words[i] = actions[i].word;
    const char *near = options_nearest(word, words);
    char *quoted = options_quote(word);
    char *message =
        near ? memory_format("token does not know %s; did you mean %s?", quoted, near)
             : memory_format("token does not know %s; maildoctor token --help lists what it does",
                             quoted);
    free(quoted);
    return command_fail(message);
}

int token_main(int argc, char **argv)
{
    if (argc < 2)
        return command_fail(memory_copy("what is to be done with a token? maildoctor token --help "
                                        "lists it"));
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_help();
    for (size_t i = 0; i < ACTION_COUNT; i++)
        if (strcmp(argv[1], actions[i].word) == 0)
            return actions[i].main(argc - 1, argv + 1);
    return reject(argv[1]);
}
