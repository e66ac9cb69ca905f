/* Private to command/serve_modules*.c: the reading of one modules file. */
#ifndef COMMAND_SERVE_MODULES_PARTS_H
#define COMMAND_SERVE_MODULES_PARTS_H

#include "command/check_options.h"
#include "command/token_keeper.h"
#include "diagnosis/rules.h"
#include "serve/module.h"

#include <jansson.h>

/* What a module borrows its data from. */
struct module_source {
    struct check_settings settings;
    struct arena arena;
    struct secret *proxy_password;
    struct rules *rules;
    struct token_keeper *keeper; /* of the program */
};

/* While a file is read. */
struct module_reading {
    const char *path;
    char *folder, *secrets_folder;
    const char *module; /* the name of the one that is read */
    struct token_keeper *keeper;
    char **ret_error;
};

/* Notes what is wrong with the file, and in which module; WHY is released. False. */
bool modules_complain(struct module_reading *reading, char *why);
/* The same of what stands under KEY. */
bool modules_complain_of(struct module_reading *reading, const char *key, const char *why);
/* The same, with the one of KNOWN (ended by NULL) that KEY looks like. */
bool modules_complain_near(struct module_reading *reading, const char *key, const char *why,
                           const char *const *known);

/* serve_modules_options.c: reads OPTIONS, an object or NULL, as a command line of `check`. */
bool modules_read_options(struct module_reading *reading, struct module_source *source,
                          json_t *options);

/* serve_modules_secrets.c: struct serve_modules' own of these names. */
bool modules_read_secrets(const struct serve_module *module, struct secret **ret_password,
                          struct secret **ret_token, char **ret_error);
void modules_note_secrets(const struct serve_module *module, const struct secret *ready,
                          const struct serve_token *asked, struct trace *trace);
/* From files alone. */
void modules_begin_secrets(struct check_settings *settings);
/* Reads them once, with the warnings that each run would repeat. */
bool modules_try_secrets(struct module_reading *reading, struct serve_module *module);

/* serve_modules_token.c: likewise. */
struct serve_token *modules_ask_token(const struct serve_module *module,
                                      const struct run_options *run, loop_function *answered,
                                      void *arg, char **ret_error);
struct secret *modules_take_token(struct serve_token *asked, char **ret_error);
void modules_free_token(struct serve_token *asked);
void modules_note_token(const struct serve_token *asked, const struct check_settings *settings,
                        struct trace *trace);
/* Reads what asking for a run with RUN will take. */
bool modules_try_token(struct module_reading *reading, struct module_source *source,
                       const struct run_options *run);

#endif
