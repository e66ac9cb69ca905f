/* Private to command/serve_modules*.c: the reading of one modules file. */
#ifndef COMMAND_SERVE_MODULES_PARTS_H
#define COMMAND_SERVE_MODULES_PARTS_H

#include "command/check_options.h"
#include "diagnosis/rules.h"
#include "serve/module.h"

#include <jansson.h>

/* What a module borrows its data from. */
struct module_source {
    struct check_settings settings;
    struct arena arena;
    struct secret *proxy_password;
    struct rules *rules;
};

/* While a file is read. */
struct module_reading {
    const char *path;
    char *folder, *secrets_folder;
    const char *module; /* the name of the one that is read */
    char **ret_error;
};

/* Notes what is wrong with the file, and in which module; WHY is released. False. */
bool modules_complain(struct module_reading *reading, char *why);
/* The same of what stands under KEY. */
bool modules_complain_of(struct module_reading *reading, const char *key, const char *why);

/* serve_modules_options.c: reads OPTIONS, an object or NULL, as a command line of `check`. */
bool modules_read_options(struct module_reading *reading, struct module_source *source,
                          json_t *options);

/* serve_modules_secrets.c: struct serve_modules' own of these names. */
bool modules_read_secrets(const struct serve_module *module, struct secret **ret_password,
                          struct secret **ret_token, char **ret_error);
void modules_note_secrets(const struct serve_module *module, const struct secret *token,
                          struct trace *trace);
/* Reads them once, with the warnings that each run would repeat. */
bool modules_try_secrets(struct module_reading *reading, struct serve_module *module);

#endif
