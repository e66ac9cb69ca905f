#include "diagnosis/explain_parts.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/text.h"
#include "diagnosis/fill.h"
#include "diagnosis/rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Of what a class may be: the catalogue's, the user's own, and one more for unknown. */
static size_t class_places(const struct rules *own)
{
    return catalogue_class_count + (own ? own->class_count : 0) + 1;
}

struct explainer *explainer_new(const struct provider *provider, const char *host,
                                const struct rules *own)
{
    struct explainer *explainer = memory_new(sizeof *explainer);
    explainer->provider = provider ? provider : host ? provider_by_host(host) : NULL;
    explainer->host = host;
    explainer->own = own;
    buffer_init(&explainer->line, SIZE_MAX / 2);
    buffer_init(&explainer->best, SIZE_MAX / 2);
    buffer_init(&explainer->all, SIZE_MAX / 2);
    /* One more provider: nobody. */
    explainer->known = memory_new(class_places(own) * (provider_count + 1) * CONFIDENCE_COUNT *
                                  sizeof *explainer->known);
    return explainer;
}

void explainer_free(struct explainer *explainer)
{
    if (!explainer)
        return;
    arena_done(&explainer->arena);
    buffer_done(&explainer->line);
    buffer_done(&explainer->best);
    buffer_done(&explainer->all);
    free(explainer->known);
    free(explainer);
}

/* ---- one text ---- */

static bool is_class(const struct classified *classified, const char *id)
{
    return classified->class && strcmp(classified->class->id, id) == 0;
}

static enum weight weigh_item(const struct unwrapped_item *item,
                              const struct classified *classified)
{
    bool reply = item->kind == UNWRAP_REPLY;
    if (!classified->class)
        return WEIGHT_NONE;
    /* A reply that refuses nothing may still show a fault: a greeting that a firewall rewrote. */
    if (classified->class->severity == SEVERITY_INFO &&
        (item->success || is_class(classified, "success-no-error")))
        return WEIGHT_SUCCESS;
    if (item->report)
        return WEIGHT_REPORT;
    if (!reply || (classified->rule && classified->rule->program))
        return WEIGHT_CLIENT;
    /* The server names what is missing; why it is missing was said before, if at all. */
    if (is_class(classified, "authentication-required-to-send"))
        return WEIGHT_CONSEQUENCE;
    return classified->rule && classified->rule->all ? WEIGHT_WORDS : WEIGHT_CODE;
}

/* May ITEM's class take the place of one that lies further in? What says more in its own words may:
 * a code alone fits many causes. A program's words about a reply never do. */
static bool outweighs(const struct unwrapped_item *item, enum weight weight,
                      const struct classified *classified, const struct judgement *inner)
{
    bool words = classified->rule && classified->rule->all;
    bool by_code = inner->classified.rule && !inner->classified.rule->all;
    if (inner->weight <= WEIGHT_SUCCESS)
        return weight > inner->weight;
    /* "invalid_grant" fits many causes; the number beside it does not. */
    if (inner->weight == WEIGHT_CLIENT && inner->classified.confidence == CONFIDENCE_POSSIBLE)
        return weight == WEIGHT_CLIENT && classified->confidence == CONFIDENCE_CERTAIN;
    return item->kind == UNWRAP_REPLY && !item->success && words && by_code;
}

struct judgement explain_words(struct explainer *explainer, struct bytes text)
{
    struct unwrapped *unwrapped = &explainer->unwrapped;
    struct judgement judgement = { .weight = WEIGHT_NONE };
    unwrap(unwrapped, text, explainer->provider);
    for (size_t i = 0; i < unwrapped->count; i++) {
        struct unwrapped_item *item = &unwrapped->items[i];
        item->words.own = explainer->own;
        struct classified classified = classify(&item->words);
        if (unwrapped->guessed && classified.rule && classified.rule->provider)
            classified.confidence = CONFIDENCE_POSSIBLE;
        enum weight weight = weigh_item(item, &classified);
        if (weight == WEIGHT_NONE || !outweighs(item, weight, &classified, &judgement))
            continue;
        judgement.classified = classified;
        judgement.weight = weight;
        judgement.words = item->words.text;
        if (weight >= WEIGHT_WORDS && classified.rule && classified.rule->all)
            break;
    }
    judgement.provider = unwrapped->provider;
    return judgement;
}

/* ---- the texts of a class ---- */

static struct values values_of(const struct explainer *explainer, const struct provider *provider)
{
    struct values values = { 0 };
    if (provider) {
        values_set(&values, "admin", provider->administrator);
        values_set(&values, "provider", provider->title);
    }
    values_set(&values, "host", explainer->host);
    return values;
}

static bool applies(const struct neighbour *neighbour, const struct provider *provider)
{
    return !neighbour->provider || (provider && strcmp(neighbour->provider, provider->family) == 0);
}

static void add_candidates(struct explainer *explainer, struct explained *explained,
                           const struct class_entry *class, const struct provider *provider,
                           const struct values *values)
{
    struct arena *arena = &explainer->arena;
    struct explained_candidate *list =
        arena_new(arena, (class->neighbour_count + 1) * sizeof *list);
    for (size_t i = 0; i < class->neighbour_count; i++) {
        const struct neighbour *neighbour = &class->neighbours[i];
        const struct class_entry *other = &catalogue_classes[neighbour->class_index];
        if (!applies(neighbour, provider))
            continue;
        list[explained->candidate_count++] = (struct explained_candidate) {
            .class_id = other->id,
            .title = fill_prose(arena, other->title, values),
            .confidence = neighbour->confidence,
            .in_favour =
                neighbour->in_favour ? fill_prose(arena, neighbour->in_favour, values) : NULL,
            .against = neighbour->against ? fill_prose(arena, neighbour->against, values) : NULL,
        };
    }
    explained->candidates = list;
}

static void fill_texts(struct explainer *explainer, struct explained *explained,
                       const struct class_entry *class, const struct provider *provider)
{
    struct arena *arena = &explainer->arena;
    struct values values = values_of(explainer, provider);
    explained->class_id = class->id;
    explained->stage = class->stage;
    explained->severity = class->severity;
    explained->owner = class->owner;
    explained->title = fill_prose(arena, class->title, &values);
    explained->meaning = class->meaning ? fill_prose(arena, class->meaning, &values) : NULL;
    explained->distinguish =
        class->distinguish ? fill_prose(arena, class->distinguish, &values) : NULL;
    for (const char *const *step = class->fix; step && *step; step++)
        if (fill_is_whole(*step, &values))
            strings_add(&explained->fix, arena, fill_step(arena, class, *step, &values));
    for (const char *const *command = class->commands; command && *command; command++)
        strings_add(&explained->commands, arena, fill_command(arena, *command, &values));
    for (const char *const *text = class->references; text && *text; text++)
        strings_add(&explained->references, arena, *text);
    /* Certain means that the words exclude the neighbours. */
    if (explained->confidence != CONFIDENCE_CERTAIN)
        add_candidates(explainer, explained, class, provider, &values);
}

static struct explained *make_class(struct explainer *explainer, const struct class_entry *class,
                                    const struct provider *provider, enum confidence confidence)
{
    struct explained *explained = arena_new(&explainer->arena, sizeof *explained);
    explained->number = explainer->count++;
    explained->confidence = confidence;
    if (provider) {
        explained->provider = provider->id;
        explained->provider_title = provider->title;
    }
    if (class)
        fill_texts(explainer, explained, class, provider);
    return explained;
}

static size_t place_of(const struct rules *own, const struct class_entry *class)
{
    if (!class)
        return class_places(own) - 1;
    for (size_t i = 0; own && i < own->class_count; i++)
        if (class == &own->classes[i])
            return catalogue_class_count + i;
    return (size_t)(class - catalogue_classes);
}

const struct explained *explain_class(struct explainer *explainer,
                                      const struct judgement *judgement)
{
    const struct class_entry *class = judgement->classified.class;
    const struct provider *provider = class ? judgement->provider : NULL;
    size_t which = place_of(explainer->own, class);
    size_t whose = provider ? (size_t)(provider - providers) : provider_count;
    enum confidence confidence = class ? judgement->classified.confidence : CONFIDENCE_NONE;
    struct explained **known =
        &explainer->known[(which * (provider_count + 1) + whose) * CONFIDENCE_COUNT + confidence];
    if (!*known)
        *known = make_class(explainer, class, provider, confidence);
    return *known;
}
