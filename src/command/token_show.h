/* An access token in words: its claims, never itself. */
#ifndef COMMAND_TOKEN_SHOW_H
#define COMMAND_TOKEN_SHOW_H

#include "base/buffer.h"
#include "probes/token.h"
#include "report/page.h"

#include <jansson.h>

/* As lines of a page; NOW is Unix seconds. */
void token_show_text(const struct page *page, const struct token *token, int64_t now);
/* As an object, which is the caller's. */
json_t *token_show_json(const struct token *token);

#endif
