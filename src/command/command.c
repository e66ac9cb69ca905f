#include "command/command.h"

#include "base/memory.h"
#include "command/harden.h"
#include "command/interrupt.h"
#include "command/options.h"
#include "command/output.h"
#include "command/secret_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_LIMIT = 65536, COMMANDS_LIMIT = 32 };

int command_fail(char *message)
{
    fprintf(stderr, "maildoctor: %s\n", message);
    free(message);
    return COMMAND_TROUBLE;
}

int command_print(const struct buffer *text)
{
    char *error = NULL;
    return output_write(NULL, buffer_bytes(text), &error) ? 0 : command_fail(error);
}

int command_help(const char *before, const struct option_row *rows, const char *after)
{
    struct buffer out;
    buffer_init(&out, HELP_LIMIT);
    buffer_append_text(&out, before);
    options_describe(&out, rows);
    if (after)
        buffer_append_text(&out, after);
    int status = command_print(&out);
    buffer_done(&out);
    return status;
}

static int print_help(const struct command *commands)
{
    struct buffer out;
    buffer_init(&out, HELP_LIMIT);
    buffer_append_text(&out, "maildoctor tells why a mail account cannot connect, and who has to "
                             "mend it.\n\n"
                             "usage: maildoctor TARGET\n");
    for (const struct command *command = commands; command->name; command++)
        buffer_format(&out, "       maildoctor %s %s\n", command->name, command->arguments);
    buffer_append_text(&out, "       maildoctor help COMMAND\n"
                             "       maildoctor --version\n\n");
    for (const struct command *command = commands; command->name; command++)
        buffer_format(&out, "  %-10s %s\n", command->name, command->summary);
    buffer_append_text(
        &out, "\nA target is a mail address, a domain, a host, HOST:PORT, [V6]:PORT, or a URL\n"
              "(smtp, smtps, imap, imaps, pop3, pop3s), such as imaps://mail.example.org.\n"
              "A bare target is checked.\n\n"
              "Exit status: 0 what is needed works, 1 it works with warnings, 2 it does not,\n"
              "3 bad usage, or nothing could be tested.\n");
    int status = command_print(&out);
    buffer_done(&out);
    return status;
}

static int print_version(void)
{
    struct buffer out;
    buffer_init(&out, HELP_LIMIT);
    buffer_append_text(&out, "maildoctor " MAILDOCTOR_VERSION "\n");
    int status = command_print(&out);
    buffer_done(&out);
    return status;
}

static const struct command *find(const struct command *commands, const char *name)
{
    for (; commands->name; commands++)
        if (strcmp(commands->name, name) == 0)
            return commands;
    return NULL;
}

static const char *nearest(const struct command *commands, const char *word)
{
    const char *names[COMMANDS_LIMIT + 1] = { NULL };
    for (size_t i = 0; i < COMMANDS_LIMIT && commands[i].name; i++)
        names[i] = commands[i].name;
    return options_nearest(word, names);
}

static int help_with(const struct command *commands, const char *name)
{
    const struct command *command = find(commands, name);
    if (command)
        return command->main(2, (char *[]) { (char *)command->name, (char[]) { "--help" }, NULL });
    const char *near = nearest(commands, name);
    char *quoted = options_quote(name);
    char *message = near ? memory_format("no command is named %s; did you mean %s?", quoted, near)
                         : memory_format("no command is named %s; --help lists them", quoted);
    free(quoted);
    return command_fail(message);
}

/* A word that could be a host of one label, but is nearly a command, was meant to be that. */
static const char *mistyped(const struct command *commands, const char *word)
{
    if (word[0] == '-' || word[strcspn(word, ".:@[")] != '\0')
        return NULL;
    return nearest(commands, word);
}

static int dispatch(const struct command *commands, int argc, char **argv)
{
    if (argc < 2)
        return command_fail(memory_copy("what is to be checked? Give a mail address or a host, or "
                                        "--help"));
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return print_help(commands);
    if (strcmp(word, "--version") == 0)
        return print_version();
    if (strcmp(word, "help") == 0)
        return argc > 2 ? help_with(commands, argv[2]) : print_help(commands);
    const struct command *command = find(commands, word);
    if (command && !command->tests)
        interrupt_unwatch();
    if (command)
        return command->main(argc - 1, argv + 1);
    const char *meant = mistyped(commands, word);
    if (meant) {
        char *quoted = options_quote(word);
        char *message = memory_format("no command is named %s; did you mean %s? (A host of that "
                                      "name: maildoctor check %s)",
                                      quoted, meant, quoted);
        free(quoted);
        return command_fail(message);
    }
    return commands->main(argc, argv);
}

int command_run(const struct command *commands, int argc, char **argv)
{
    interrupt_watch(); /* first: whoever starts many may stop them at once */
    secret_environment_take();
    harden_start();
    int status = dispatch(commands, argc, argv);
    secret_environment_forget();
    return status;
}
