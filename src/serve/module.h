/* What a module of the modules file says: which checks, with which login, of which targets. Data;
 * the command reads the file. */
#ifndef SERVE_MODULE_H
#define SERVE_MODULE_H

#include "base/secret.h"
#include "diagnosis/rules.h"
#include "engine/run.h"

#include <stdbool.h>
#include <stddef.h>

struct serve_module {
    const char *name;
    struct run_options run;    /* for each run; target, secrets, trust and state_dir are set then */
    const struct rules *rules; /* of the user's own, for the diagnosis; NULL: none */
    bool by_clock; /* it has a credential, or sends: its targets are fixed, its runs scheduled */
    const char *const *targets; /* the only ones; without any, every target may be asked for */
    size_t target_count;
    const struct outbox_wish *wishes; /* the test message of each target; NULL: none is sent */
    int mail_ms;                      /* between two of them */
    int interval_ms;                  /* between two scheduled runs */
    int cache_ms;           /* how long a result answers further scrapes; 0: it does not */
    bool asks_token;        /* its access token is to be asked for before each run */
    const char *definition; /* the whole of it as text: equal texts are equal modules */
    void *source;           /* the reader's own */
};

struct serve_token; /* the reader's own */

/* All modules of one reading of the file. */
struct serve_modules {
    struct serve_module *items;
    size_t count;
    /* The secrets of MODULE as they are now, for one run; the caller's, and NULL where it has none.
     * False and a message (release with free()). */
    bool (*read_secrets)(const struct serve_module *module, struct secret **ret_password,
                         struct secret **ret_token, char **ret_error);
    /* Asks an authority for the access token of a run with RUN, where MODULE says so (asks_token):
     * ANSWERED is called once, at the next turn at the earliest. What is borrowed is so until
     * free_token(). NULL and a message. */
    struct serve_token *(*ask_token)(const struct serve_module *module,
                                     const struct run_options *run, loop_function *answered,
                                     void *arg, char **ret_error);
    /* Once answered: the token, the caller's; NULL without a message: it was refused. */
    struct secret *(*take_token)(struct serve_token *token, char **ret_error);
    void (*free_token)(struct serve_token *token); /* NULL is legal; nobody is called any more */
    /* Puts into TRACE what is known of the secrets, READY among them; ASKED: what came of asking.
     * NULL each: none. */
    void (*note_secrets)(const struct serve_module *module, const struct secret *ready,
                         const struct serve_token *asked, struct trace *trace);
    void (*free)(struct serve_modules *modules);
};

const struct serve_module *serve_module_find(const struct serve_modules *modules, const char *name);
/* May TARGET be asked for with this module? */
bool serve_module_allows(const struct serve_module *module, const char *target);
/* The test message for TARGET; NULL: none. */
const struct outbox_wish *serve_module_wish(const struct serve_module *module, const char *target);

#endif
