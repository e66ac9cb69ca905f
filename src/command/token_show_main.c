/* `maildoctor token show`. */
#include "base/clock.h"
#include "base/memory.h"
#include "command/command.h"
#include "command/terminal.h"
#include "command/token.h"
#include "command/token_input.h"
#include "command/token_show.h"

#include <stdlib.h>

enum { TEXT_LIMIT = 1 << 20, PAGE_WIDTH = 80 };

static int print_help(const struct option_row *rows)
{
    return command_help("usage: maildoctor token show [OPTION...]\n\n"
                        "Says what is in an access token, without showing it.\n\n",
                        rows, NULL);
}

static int print_token(const struct token_input *show, const struct token *token)
{
    struct buffer out;
    buffer_init(&out, TEXT_LIMIT);
    const struct page page = {
        .out = &out,
        .ascii = show->ascii || !terminal_has_utf8(),
        .width = PAGE_WIDTH,
    };
    if (show->json) {
        token_input_put_json(show, &out, token_show_json(token));
    } else {
        token_show_text(&page, token, clock_real_ns() / 1000000000);
    }
    int status = command_print(&out);
    buffer_done(&out);
    return status;
}

static int perform(const struct token_input *show)
{
    struct token token;
    struct arena arena = { 0 };
    char *error = NULL;
    int status = token_input_read(show, &token, &arena, &error) ? print_token(show, &token)
                                                                : command_fail(error);
    arena_done(&arena);
    return status;
}

int token_show_main(int argc, char **argv)
{
    static const struct option_row *const tables[] = { token_input_rows, token_output_rows, NULL };
    struct option_row *rows = options_join(tables);
    struct token_input show;
    struct operands operands;
    char *error = NULL;
    int status;
    token_input_init(&show);
    enum options_result read = options_read(rows, argc, argv, &show, &operands, &error);
    if (read == OPTIONS_WANT_HELP)
        status = print_help(rows);
    else if (read == OPTIONS_BAD)
        status = command_fail(error);
    else if (operands.count)
        status = command_fail(memory_copy("a token is never an argument: --token-file, --token-fd, "
                                          "--token-command or MAILDOCTOR_TOKEN"));
    else
        status = perform(&show);
    free(rows);
    return status;
}
