#include "serve/probe.h"

#include "base/memory.h"
#include "serve/schedule.h"

#include <stdlib.h>
#include <string.h>

bool probe_is_scheduled(const struct probe *probe)
{
    return probe->module && probe->module->by_clock;
}

bool probe_is_idle(const struct probe *probe)
{
    return !probe->flight && !probe->queued && !probe->waits &&
           (!probe->due || probe_is_scheduled(probe));
}

struct probe **probe_find(struct prober *prober, const char *module, const char *target)
{
    struct probe **link = &prober->probes;
    while (*link && (!(*link)->module || strcmp((*link)->module_name, module) != 0 ||
                     strcmp((*link)->target, target) != 0))
        link = &(*link)->next;
    return link;
}

void probe_forget_refusal(struct probe *probe)
{
    secret_free(probe->refused);
    probe->refused = NULL;
    probe->refused_ms = -1;
}

/* LINK's probe is idle. */
static void remove_probe(struct prober *prober, struct probe **link)
{
    struct probe *probe = *link;
    *link = probe->next;
    prober->counts.kept--;
    loop_timer_stop(&probe->due);
    answer_free(probe->answer);
    probe_forget_refusal(probe);
    free(probe->module_name);
    free(probe->target);
    free(probe->login);
    free(probe->definition);
    free(probe);
}

/* The one that nobody has asked for the longest. What the modules file names itself is bounded by
 * it, and takes no place of these. */
static bool make_room(struct prober *prober)
{
    struct probe **oldest = NULL;
    size_t asked = 0;
    for (struct probe **link = &prober->probes; *link; link = &(*link)->next) {
        asked += !probe_is_scheduled(*link);
        if (probe_is_idle(*link) && !probe_is_scheduled(*link))
            oldest = link;
    }
    if (asked < prober->options.keep)
        return true;
    if (oldest)
        remove_probe(prober, oldest);
    return oldest;
}

static void bind_module(struct probe *probe, const struct serve_module *module)
{
    probe->module = module;
    free(probe->definition);
    free(probe->login);
    probe->definition = memory_copy(module->definition);
    probe->login = flight_login(module, probe->target);
}

static struct probe *link_probe(struct prober *prober, const struct serve_module *module,
                                const char *target)
{
    struct probe *probe = memory_new(sizeof *probe);
    *probe = (struct probe) {
        .next = prober->probes,
        .prober = prober,
        .module_name = memory_copy(module->name),
        .target = memory_copy(target),
        .finished_ms = -1,
        .mailed_ms = -1,
        .refused_ms = -1,
    };
    bind_module(probe, module);
    prober->probes = probe;
    prober->counts.kept++;
    return probe;
}

struct probe *probe_add(struct prober *prober, const struct serve_module *module,
                        const char *target)
{
    return make_room(prober) ? link_probe(prober, module, target) : NULL;
}

void probe_remove_if_gone(struct prober *prober, const struct probe *probe)
{
    if (probe->module || !probe_is_idle(probe))
        return;
    struct probe **link = &prober->probes;
    while (*link != probe)
        link = &(*link)->next;
    remove_probe(prober, link);
}

/* ---- modules in force ---- */

/* What its module says has changed: a result of what it was says nothing of what it is now. That of
 * a login stands until the next one, which is soon. */
static void change(struct probe *probe, const struct serve_module *module)
{
    bind_module(probe, module);
    probe->suspect = probe->failing = probe->slow = false;
    loop_timer_stop(&probe->due);
    if (probe_is_scheduled(probe)) {
        probe_set_due(probe, schedule_first(module->interval_ms, probe_any_number()));
        return;
    }
    answer_free(probe->answer);
    probe->answer = NULL;
    if (probe->waits)
        probe_want_run(probe);
}

/* No module has it any more: who waits without a run is told so. */
static void retire(struct probe *probe)
{
    struct prober *prober = probe->prober;
    probe->module = NULL;
    loop_timer_stop(&probe->due);
    if (probe->queued)
        prober->counts.queued--;
    probe->queued = false;
    if (probe->flight || !probe->waits)
        return;
    struct answer *answer = answer_unknown(probe->target, "A reload has taken the module away.",
                                           probe->waits->since_real_ns, 0);
    probe_answer_all(probe, answer);
    answer_free(answer);
}

static void renew(struct probe *probe, const struct serve_modules *modules)
{
    const struct serve_module *module = serve_module_find(modules, probe->module_name);
    if (!probe->module)
        return;
    if (!module || !serve_module_allows(module, probe->target))
        retire(probe);
    else if (strcmp(module->definition, probe->definition) != 0)
        change(probe, module);
    else
        probe->module = module;
}

static void add_scheduled(struct prober *prober, const struct serve_module *module)
{
    for (size_t i = 0; module->by_clock && i < module->target_count; i++) {
        const char *target = module->targets[i];
        if (*probe_find(prober, module->name, target))
            continue;
        struct probe *probe = link_probe(prober, module, target);
        probe_set_due(probe, schedule_first(module->interval_ms, probe_any_number()));
    }
}

void probe_list_renew(struct prober *prober)
{
    const struct serve_modules *modules = module_set_modules(prober->set);
    for (struct probe *p = prober->probes; p; p = p->next)
        renew(p, modules);
    for (struct probe **link = &prober->probes; *link;)
        if (!(*link)->module && probe_is_idle(*link))
            remove_probe(prober, link);
        else
            link = &(*link)->next;
    for (size_t i = 0; i < modules->count; i++)
        add_scheduled(prober, &modules->items[i]);
}
