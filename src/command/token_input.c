#include "command/token_input.h"

#include "base/memory.h"
#include "result/json_text.h"

static bool set_format(void *to, const char *value, char **ret_error)
{
    return options_text_or_json(value, &((struct token_input *)to)->json, ret_error);
}

#define AT(member) offsetof(struct token_input, member)

const struct option_row token_input_rows[] = {
    { OPTION_TEXT, "token-file", 0, "FILE", "read the access token from a file", AT(source.file),
      NULL },
    { OPTION_TEXT, "token-fd", 0, "N", "read it from an open descriptor (0: standard input)",
      AT(source.fd), NULL },
    { OPTION_TEXT, "token-command", 0, "COMMAND",
      "run a shell command; its first line is the token", AT(source.command), NULL },
    { OPTION_REFUSED, "token", 0, "WORD",
      "a secret on the command line can be read by every user of this machine; use --token-file, "
      "--token-fd, --token-command or MAILDOCTOR_TOKEN",
      0, NULL },
    { 0 },
};

const struct option_row token_output_rows[] = {
    { OPTION_CALL, "format", 0, "FORMAT", "text (default) or json", 0, set_format },
    { OPTION_FLAG, "ascii", 0, NULL, "only ASCII characters", AT(ascii), NULL },
    { OPTION_HELP, "help", 'h', NULL, "this text", 0, NULL },
    { 0 },
};

void token_input_init(struct token_input *input)
{
    *input = (struct token_input) {
        .source = { .what = "token", .environment = "MAILDOCTOR_TOKEN" },
    };
}

bool token_input_read(const struct token_input *input, struct token *ret_token, struct arena *arena,
                      char **ret_error)
{
    struct secret *secret = NULL;
    if (!secret_source_read(&input->source, &secret, ret_error))
        return false;
    if (!secret) {
        *ret_error = memory_copy("which token? --token-file, --token-fd, --token-command or "
                                 "MAILDOCTOR_TOKEN");
        return false;
    }
    token_read(ret_token, arena, secret_bytes(secret));
    secret_free(secret);
    return true;
}

void token_input_put_json(const struct token_input *input, struct buffer *out, json_t *value)
{
    json_text_append(out, value, JSON_INDENT(2) | (input->ascii ? JSON_ENSURE_ASCII : 0));
    buffer_append_text(out, "\n");
    json_decref(value);
}
