/* The access token that a command looks at, and how it shows what it saw: what `token show` and
 * `token judge` share. */
#ifndef COMMAND_TOKEN_INPUT_H
#define COMMAND_TOKEN_INPUT_H

#include "command/options.h"
#include "command/secret_source.h"
#include "probes/token.h"

#include <jansson.h>

/* The settings of such a command begin with it. */
struct token_input {
    struct secret_source source;
    bool json, ascii;
};

/* Where the token comes from; and --format, --ascii and --help. Of settings as said above. */
extern const struct option_row token_input_rows[], token_output_rows[];

void token_input_init(struct token_input *input);
/* Reads the token's claims; the token itself is wiped. Strings are ARENA's. False and a message
 * (release with free()) when there is none, or it cannot be read. */
bool token_input_read(const struct token_input *input, struct token *ret_token, struct arena *arena,
                      char **ret_error);

/* Appends VALUE as a page of JSON, which it releases. */
void token_input_put_json(const struct token_input *input, struct buffer *out, json_t *value);

#endif
