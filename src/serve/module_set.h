/* The modules that are in force, with the roots that their runs share. A reload puts another set in
 * force; runs that are under way keep the one they began with. */
#ifndef SERVE_MODULE_SET_H
#define SERVE_MODULE_SET_H

#include "engine/trust.h"
#include "serve/module.h"

struct module_set;

/* Takes MODULES. Held once. */
struct module_set *module_set_new(struct loop *loop, struct serve_modules *modules);
struct module_set *module_set_hold(struct module_set *set);
void module_set_release(struct module_set *set); /* NULL is legal */

const struct serve_modules *module_set_modules(const struct module_set *set);
/* The roots for MODULE's runs: loaded when first asked for, once for all modules that trust the
 * same. */
struct trust *module_set_trust(struct module_set *set, const struct serve_module *module);

#endif
