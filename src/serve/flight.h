/* One run on behalf of whoever waits for it: from a module and a target to an answer. */
#ifndef SERVE_FLIGHT_H
#define SERVE_FLIGHT_H

#include "serve/answer.h"
#include "serve/module_set.h"

struct flight;

struct flight_options {
    struct loop *loop;
    struct module_set *set;
    const struct serve_module *module;
    const char *target;
    const char *state_dir;
    struct path_limits *path_limits; /* of the process */
    const struct outbox_wish *wish;  /* a test message; NULL: none */
    bool with_text;
    /* Called once, never before flight_start() returns; frees the flight. */
    void (*landed)(void *arg, struct flight *flight);
    void *arg;
};

/* What came of it; borrowed but for the answer, which is the receiver's. */
struct flight_end {
    struct answer *answer;
    /* Why no run could begin after all, the receiver's; NULL. Nothing else holds then. */
    char *error;
    bool failed, transient;
    /* A password was judged and refused, and the state directory could not be told: only we know.
     */
    bool only_we_know;
    struct secret *refused; /* that password: the receiver's; NULL: none */
};

/* NULL and a message (release with free()) when no run can begin: the target is none, the module's
 * secret cannot be read. Strings are borrowed until the flight is freed. */
struct flight *flight_start(const struct flight_options *options, char **ret_error);
/* The name that a run of MODULE would log in to TARGET with; NULL: it does not. Release with
 * free(). */
char *flight_login(const struct serve_module *module, const char *target);
/* Somebody wants the whole report as well. */
void flight_keep_text(struct flight *flight);
/* Ends the run now; it lands at the next turn. */
void flight_cancel(struct flight *flight);
/* Once it has landed. */
struct flight_end flight_end(struct flight *flight);
void flight_free(struct flight *flight); /* NULL is legal */

#endif
