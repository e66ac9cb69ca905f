#include "serve/module_set.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct shared_trust {
    struct shared_trust *next;
    const char *ca_file; /* the module's */
    bool no_system_ca;
    struct trust *trust;
};

struct module_set {
    struct loop *loop;
    struct serve_modules *modules;
    struct shared_trust *trusts;
    int holders;
};

struct module_set *module_set_new(struct loop *loop, struct serve_modules *modules)
{
    struct module_set *set = memory_new(sizeof *set);
    *set = (struct module_set) { .loop = loop, .modules = modules, .holders = 1 };
    return set;
}

struct module_set *module_set_hold(struct module_set *set)
{
    set->holders++;
    return set;
}

void module_set_release(struct module_set *set)
{
    if (!set || --set->holders > 0)
        return;
    while (set->trusts) {
        struct shared_trust *shared = set->trusts;
        set->trusts = shared->next;
        trust_free(shared->trust);
        free(shared);
    }
    set->modules->free(set->modules);
    free(set);
}

const struct serve_modules *module_set_modules(const struct module_set *set)
{
    return set->modules;
}

static bool is_same_file(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

struct trust *module_set_trust(struct module_set *set, const struct serve_module *module)
{
    const struct run_options *run = &module->run;
    for (struct shared_trust *shared = set->trusts; shared; shared = shared->next)
        if (shared->no_system_ca == run->no_system_ca &&
            is_same_file(shared->ca_file, run->ca_file))
            return shared->trust;
    const struct tls_trust_options options = { .ca_file = run->ca_file,
                                               .system = !run->no_system_ca };
    struct shared_trust *shared = memory_new(sizeof *shared);
    *shared = (struct shared_trust) {
        .next = set->trusts,
        .ca_file = run->ca_file,
        .no_system_ca = run->no_system_ca,
        .trust = trust_start(set->loop, &options),
    };
    set->trusts = shared;
    return shared->trust;
}
