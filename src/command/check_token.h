/* The access token of a check: asked for where --oauth says so, and noted in the trace. */
#ifndef COMMAND_CHECK_TOKEN_H
#define COMMAND_CHECK_TOKEN_H

#include "command/check_options.h"
#include "command/token_flow.h"
#include "result/trace.h"

/* For options_join(). */
extern const struct option_row check_token_rows[];

struct check_token {
    struct secret *secret;        /* owned; NULL: there is none */
    const char *source;           /* what gave it, or was to give it; NULL: nobody asked for one */
    struct token_outcome outcome; /* with --oauth */
    struct arena arena;
};

/* Whom to ask for it, and by which way, for a run with RUN. All is borrowed but RET_CONTEXT. */
void check_token_prepare(struct check_token *token, const struct check_settings *settings,
                         const struct run_options *run, const struct secret *proxy_password,
                         struct token_context *ret_context);
/* Reads the token, or gets it from the authority: then a person may be waited for. No token is no
 * error where an authority refused one. False and a message (release with free()). */
bool check_token_take(struct check_token *token, const struct check_settings *settings,
                      const struct secret *proxy_password, char **ret_error);
/* Puts into TRACE what the token says, or why there is none; never the token. And until when what
 * the login rests on holds, as far as it is known. */
void check_token_note(const struct check_token *token, const struct check_settings *settings,
                      struct trace *trace);
/* The same of a token that was ready in SOURCE. */
void check_token_note_ready(const struct secret_source *source, const struct secret *secret,
                            struct trace *trace);
void check_token_done(struct check_token *token);

/* Whether the options of both ways to a token fit each other. False and a message. */
bool check_token_agree(const struct check_settings *settings, char **ret_error);

#endif
