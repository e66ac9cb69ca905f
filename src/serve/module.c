#include "serve/module.h"

#include <string.h>

const struct serve_module *serve_module_find(const struct serve_modules *modules, const char *name)
{
    for (size_t i = 0; i < modules->count; i++)
        if (strcmp(modules->items[i].name, name) == 0)
            return &modules->items[i];
    return NULL;
}

bool serve_module_allows(const struct serve_module *module, const char *target)
{
    for (size_t i = 0; i < module->target_count; i++)
        if (strcmp(module->targets[i], target) == 0)
            return true;
    return module->target_count == 0;
}

const struct outbox_wish *serve_module_wish(const struct serve_module *module, const char *target)
{
    for (size_t i = 0; module->wishes && i < module->target_count; i++)
        if (strcmp(module->targets[i], target) == 0)
            return &module->wishes[i];
    return NULL;
}
