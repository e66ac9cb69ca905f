/* `maildoctor token show`. */
#include "base/clock.h"
#include "base/memory.h"
#include "command/command.h"
#include "command/interrupt.h"
#include "command/options.h"
#include "command/secret_source.h"
#include "command/terminal.h"
#include "command/token.h"
#include "command/token_show.h"

#include <string.h>

enum { TEXT_LIMIT = 1 << 20, PAGE_WIDTH = 80 };

struct token_show {
    struct secret_source token;
    bool json, ascii;
};

static bool set_format(void *to, const char *value, char **ret_error)
{
    struct token_show *show = to;
    show->json = strcmp(value, "json") == 0;
    return show->json || strcmp(value, "text") == 0 ||
           options_reject(ret_error, "format", value, "text or json");
}

#define AT(member) offsetof(struct token_show, member)

static const struct option_row rows[] = {
    { OPTION_TEXT, "token-file", 0, "FILE", "read the access token from a file", AT(token.file),
      NULL },
    { OPTION_TEXT, "token-fd", 0, "N", "read it from an open descriptor (0: standard input)",
      AT(token.fd), NULL },
    { OPTION_TEXT, "token-command", 0, "COMMAND",
      "run a shell command; its first line is the token", AT(token.command), NULL },
    { OPTION_REFUSED, "token", 0, "WORD",
      "a secret on the command line can be read by every user of this machine; use --token-file, "
      "--token-fd, --token-command or MAILDOCTOR_TOKEN",
      0, NULL },
    { OPTION_CALL, "format", 0, "FORMAT", "text (default) or json", 0, set_format },
    { OPTION_FLAG, "ascii", 0, NULL, "only ASCII characters", AT(ascii), NULL },
    { OPTION_HELP, "help", 'h', NULL, "this text", 0, NULL },
    { 0 },
};

static int print_help(void)
{
    struct buffer out;
    buffer_init(&out, TEXT_LIMIT);
    buffer_append_text(&out, "usage: maildoctor token show [OPTION...]\n\n"
                             "Says what is in an access token, without showing it.\n\n");
    options_describe(&out, rows);
    int status = command_print(&out);
    buffer_done(&out);
    return status;
}

static int append_json(const char *text, size_t size, void *out)
{
    buffer_append(out, text, size);
    return 0;
}

static int print_token(const struct token_show *show, const struct token *token)
{
    struct buffer out;
    buffer_init(&out, TEXT_LIMIT);
    const struct page page = {
        .out = &out,
        .ascii = show->ascii || !terminal_has_utf8(),
        .width = PAGE_WIDTH,
    };
    if (show->json) {
        json_t *object = token_show_json(token);
        json_dump_callback(object, append_json, &out,
                           JSON_INDENT(2) | (show->ascii ? JSON_ENSURE_ASCII : 0));
        buffer_append_text(&out, "\n");
        json_decref(object);
    } else {
        token_show_text(&page, token, clock_real_ns() / 1000000000);
    }
    int status = command_print(&out);
    buffer_done(&out);
    return status;
}

static int perform(const struct token_show *show)
{
    struct secret *secret = NULL;
    struct token token;
    struct arena arena = { 0 };
    char *error = NULL;
    if (!secret_source_read(&show->token, &secret, &error))
        return command_fail(error);
    if (!secret)
        return command_fail(memory_copy("which token? --token-file, --token-fd, --token-command or "
                                        "MAILDOCTOR_TOKEN"));
    token_read(&token, &arena, secret_bytes(secret));
    secret_free(secret);
    int status = print_token(show, &token);
    arena_done(&arena);
    return status;
}

int token_show_main(int argc, char **argv)
{
    struct token_show show = { .token = { .what = "token", .environment = "MAILDOCTOR_TOKEN" } };
    struct operands operands;
    char *error = NULL;
    interrupt_watch();
    switch (options_read(rows, argc, argv, &show, &operands, &error)) {
    case OPTIONS_WANT_HELP:
        return print_help();
    case OPTIONS_BAD:
        return command_fail(error);
    case OPTIONS_READ:
        break;
    }
    if (operands.count)
        return command_fail(memory_copy("a token is never an argument: --token-file, --token-fd, "
                                        "--token-command or MAILDOCTOR_TOKEN"));
    return perform(&show);
}
