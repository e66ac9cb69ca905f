#include "diagnosis/rules_parts.h"

#include "base/memory.h"
#include "base/text.h"
#include "diagnosis/classify.h"
#include "diagnosis/fold.h"
#include "providers/provider.h"

#include <stdlib.h>
#include <string.h>

enum { TITLE_LIMIT = 72, RANK_WORDS = 1000 };

/* ---- words ---- */

static int stage_word(const char *word)
{
    enum stage stage = stage_parse(word);
    return stage == STAGE_NONE ? -1 : (int)stage;
}

static bool read_stage(struct rules_reader *reader, const json_t *object, bool needed, int *ret)
{
    return rules_read_word(reader, object, "stage", needed, stage_word,
                           "resolve, connect, greeting, capability, starttls, tls, login, mailbox, "
                           "submit, goodbye",
                           ret);
}

/* ---- rules ---- */

/* 535, or a family: 5xx. As reply_rule.code. */
static bool read_code(struct rules_reader *reader, const json_t *reply, int *ret)
{
    const json_t *value = json_object_get(reply, "code");
    const char *text = json_string_value(value);
    long long number = json_is_integer(value) ? json_integer_value(value) : 0;
    if (!value)
        return true;
    if (text && strlen(text) == 3) {
        bool family = strcmp(text + 1, "xx") == 0;
        number = family ? text[0] - '0' : strspn(text, "0123456789") == 3 ? atoi(text) : 0;
        if (family && number >= 2 && number <= 5) {
            *ret = (int)number;
            return true;
        }
    }
    *ret = (int)number;
    size_t at = rules_enter(reader, "code", 0);
    bool good =
        (number >= 200 && number <= 599) || rules_refuse(reader, "is no reply code: 535, or "
                                                                 "\"5xx\" for a family");
    rules_leave(reader, at);
    return good;
}

/* Up to three digits at *TEXT; -1 when there are none. */
static int number_at(const char **text)
{
    size_t size = strspn(*text, "0123456789");
    int number = size && size <= 3 ? atoi(*text) : -1;
    *text += size;
    return number;
}

/* "5.7.139", "5.7.606-649", "5.7.", "5." (RFC 3463). */
static bool parse_enhanced(const char *text, unsigned *ret_low, unsigned *ret_high)
{
    int kind = number_at(&text), subject = 0, first = 0, last;
    if ((kind != 2 && kind != 4 && kind != 5) || *text++ != '.')
        return false;
    *ret_low = fold_pack((unsigned)kind, 0, 0);
    *ret_high = fold_pack((unsigned)kind, 1023, 1023);
    if (!*text)
        return true;
    if ((subject = number_at(&text)) < 0 || *text++ != '.')
        return false;
    *ret_low = fold_pack((unsigned)kind, (unsigned)subject, 0);
    *ret_high = fold_pack((unsigned)kind, (unsigned)subject, 1023);
    if (!*text)
        return true;
    if ((last = first = number_at(&text)) < 0)
        return false;
    if (*text == '-') {
        text++;
        last = number_at(&text);
    }
    *ret_low = fold_pack((unsigned)kind, (unsigned)subject, (unsigned)first);
    *ret_high = fold_pack((unsigned)kind, (unsigned)subject, (unsigned)(last < 0 ? 0 : last));
    return !*text && last >= first;
}

static bool read_enhanced(struct rules_reader *reader, const json_t *reply, struct reply_rule *rule)
{
    if (!rules_read_text(reader, reply, "enhanced", false, &rule->enhanced))
        return false;
    size_t at = rules_enter(reader, "enhanced", 0);
    bool good = !rule->enhanced ||
                parse_enhanced(rule->enhanced, &rule->enhanced_low, &rule->enhanced_high) ||
                rules_refuse(reader, "is no enhanced status code: 5.7.139, 5.7.606-649 or 5.7.");
    rules_leave(reader, at);
    return good;
}

static bool read_provider(struct rules_reader *reader, const json_t *reply, struct reply_rule *rule)
{
    if (!rules_read_text(reader, reply, "provider", false, &rule->provider))
        return false;
    bool known = !rule->provider;
    for (size_t i = 0; i < provider_count && !known; i++)
        known = strcmp(providers[i].family, rule->provider) == 0;
    size_t at = rules_enter(reader, "provider", 0);
    bool good = known || rules_refuse(reader,
                                      "\"%s\" is no provider; there are microsoft365, gmail and "
                                      "others",
                                      rules_quoted(reader, rule->provider));
    rules_leave(reader, at);
    return good;
}

/* As tools/generate/catalogue_rules.py ranks the catalogue's. */
static int rank_of(const struct reply_rule *rule)
{
    bool one = rule->enhanced && rule->enhanced_low == rule->enhanced_high;
    bool coded = rule->code > 5 || one;
    int kind = rule->program    ? 7
               : rule->all      ? (coded ? 0 : 1)
               : rule->enhanced ? (text_ends_fold(rule->enhanced, ".") ? 4 : 2)
               : rule->code > 5 ? 5
                                : 6;
    size_t words = 0;
    for (const char *const *literal = rule->all; literal && *literal; literal++)
        words += strlen(*literal);
    int place = kind * 4 + (rule->provider ? 0 : 2) + (rule->stage != STAGE_NONE ? 0 : 1);
    return place * RANK_WORDS + (words < RANK_WORDS ? RANK_WORDS - 1 - (int)words : 0);
}

/* Literals as fold.h makes of the words they are looked for in. */
static void fold_literals(struct arena *arena, const char *const *literals)
{
    char *space = literals ? memory_new(FOLD_LIMIT) : NULL;
    for (const char **literal = (const char **)literals; literal && *literal; literal++) {
        /* No code is to be taken off: a letter in front keeps it. */
        const char *marked = arena_format(arena, "x%s", *literal);
        struct folded folded = fold(text_bytes(marked), space);
        *literal = arena_format(arena, "%.*s", (int)folded.text.size - 1, folded.text.data + 1);
    }
    free(space);
}

static bool read_reply(struct rules_reader *reader, const json_t *reply, struct reply_rule *rule)
{
    static const char *const names[] = { "protocol", "stage", "code",     "enhanced",
                                         "all",      "not",   "provider", NULL };
    int stage = STAGE_NONE;
    rule->protocol = -1;
    if (!rules_only(reader, reply, names) ||
        !rules_read_word(reader, reply, "protocol", false, service_parse, "smtp, imap, pop3",
                         &rule->protocol) ||
        !read_stage(reader, reply, false, &stage) || !read_code(reader, reply, &rule->code) ||
        !read_enhanced(reader, reply, rule) || !read_provider(reader, reply, rule) ||
        !rules_read_texts(reader, reply, "all", 0, true, &rule->all) ||
        !rules_read_texts(reader, reply, "not", 0, true, &rule->none))
        return false;
    rule->stage = (enum stage)stage;
    fold_literals(reader->arena, rule->all);
    fold_literals(reader->arena, rule->none);
    return rule->all || rule->code || rule->enhanced ||
           rules_refuse(reader, "looks for nothing: it needs all, code or enhanced");
}

/* The example is there to be held against the rule: a rule that misses it would never speak. */
static bool check_example(struct rules_reader *reader, const struct reply_rule *rule)
{
    struct words words = {
        .text = text_bytes(rule->example),
        .protocol = rule->protocol,
        .stage = rule->stage,
        .provider = rule->provider,
    };
    if (!rule->example || classify_matches(rule, &words))
        return true;
    size_t at = rules_enter(reader, "example", 0);
    rules_refuse(reader, "its own rule does not match it");
    rules_leave(reader, at);
    return false;
}

static bool read_rule(struct rules_reader *reader, const json_t *data, bool names_class,
                      const struct class_entry *class)
{
    static const char *const names[] = {
        "reply", "confidence", "example", "wrapper", "class", NULL
    };
    static const char *const names_inside[] = { "reply", "confidence", "example", "wrapper", NULL };
    struct rules *rules = reader->rules;
    struct reply_rule *rule = &rules->items[rules->count];
    const char *id = NULL;
    int confidence = CONFIDENCE_LIKELY;
    if (!rules_only(reader, data, names_class ? names : names_inside) ||
        !rules_read_text(reader, data, "class", names_class, &id) ||
        !rules_read_text(reader, data, "example", false, &rule->example) ||
        !rules_read_word(reader, data, "confidence", false, confidence_parse,
                         "possible, likely, certain", &confidence))
        return false;
    class = id ? rules_class(rules, id) : class;
    if (!class)
        return rules_refuse(reader, "class \"%s\" is neither the catalogue's nor one of this file",
                            rules_quoted(reader, id));
    const json_t *wrapper = json_object_get(data, "wrapper");
    if (wrapper && !json_is_boolean(wrapper))
        return rules_refuse(reader, "wrapper is neither true nor false");
    if (!json_object_get(data, "reply"))
        return rules_refuse(reader, "reply is missing");
    size_t at = rules_enter(reader, "reply", 0);
    if (!read_reply(reader, json_object_get(data, "reply"), rule))
        return false;
    rules_leave(reader, at);
    rule->own = class;
    rule->program = json_is_true(wrapper);
    rule->confidence = (enum confidence)confidence;
    rule->judged = class->judged;
    rule->rank = rank_of(rule);
    rules->count++;
    return check_example(reader, rule);
}

static bool read_rules(struct rules_reader *reader, const json_t *object, bool names_class,
                       const struct class_entry *class)
{
    const json_t *list = json_object_get(object, "rules");
    size_t at = rules_enter(reader, "rules", 0), count = json_array_size(list);
    bool good = (!list && names_class) || (json_is_array(list) && (count || names_class)) ||
                rules_refuse(reader, "is not a list of rules");
    if (good && reader->rules->count + count > RULES_LIMIT)
        good = rules_refuse(reader, "more than %d rules", RULES_LIMIT);
    for (size_t i = 0; i < count && good; i++) {
        size_t inside = rules_enter(reader, NULL, i);
        good = read_rule(reader, json_array_get(list, i), names_class, class);
        rules_leave(reader, inside);
    }
    rules_leave(reader, at);
    return good;
}

/* ---- classes ---- */

static bool check_id(struct rules_reader *reader, const char *id)
{
    size_t size = strlen(id);
    size_t at = rules_enter(reader, "id", 0);
    bool good = size <= 60 && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == size &&
                id[0] != '-' && id[size - 1] != '-';
    if (!good)
        rules_refuse(reader, "\"%s\" is no id: small letters, digits and hyphens",
                     rules_quoted(reader, id));
    else if (class_find(id))
        good = rules_refuse(reader,
                            "the catalogue has a class \"%s\": rules for it go under \"rules\" "
                            "beside \"classes\"",
                            id);
    else if (rules_class(reader->rules, id))
        good = rules_refuse(reader, "\"%s\" is there twice", id);
    rules_leave(reader, at);
    return good;
}

static bool check_title(struct rules_reader *reader, const char *title)
{
    size_t columns = 0;
    for (const char *c = title; *c; c++)
        columns += ((unsigned char)*c & 0xc0) != 0x80;
    size_t at = rules_enter(reader, "title", 0);
    bool good =
        columns <= TITLE_LIMIT || rules_refuse(reader, "is longer than %d characters", TITLE_LIMIT);
    rules_leave(reader, at);
    return good;
}

static bool read_class(struct rules_reader *reader, const json_t *data)
{
    static const char *const names[] = { "id",       "title",      "stage",       "severity",
                                         "owner",    "meaning",    "distinguish", "fix",
                                         "commands", "references", "rules",       NULL };
    struct rules *rules = reader->rules;
    struct class_entry *class = &rules->classes[rules->class_count];
    int stage = STAGE_NONE, severity = SEVERITY_ERROR, owner = OWNER_NONE;
    class->distinguish = NULL;
    if (!rules_only(reader, data, names) ||
        !rules_read_text(reader, data, "id", true, &class->id) || !check_id(reader, class->id) ||
        !rules_read_text(reader, data, "title", true, &class->title) ||
        !check_title(reader, class->title) || !read_stage(reader, data, true, &stage) ||
        !rules_read_word(reader, data, "severity", false, severity_parse, "info, warning, error",
                         &severity) ||
        !rules_read_word(
            reader, data, "owner", true, owner_parse,
            "user, helpdesk, network-admin, tenant-admin, app-developer, domain-owner, "
            "provider",
            &owner) ||
        !rules_read_text(reader, data, "meaning", true, &class->meaning) ||
        !rules_read_text(reader, data, "distinguish", false, &class->distinguish) ||
        !rules_read_texts(reader, data, "fix", 1, false, &class->fix) ||
        !rules_read_texts(reader, data, "commands", 0, false, &class->commands) ||
        !rules_read_texts(reader, data, "references", 0, false, &class->references))
        return false;
    class->stage = (enum stage)stage;
    class->severity = (enum severity)severity;
    class->owner = (enum owner)owner;
    class->judged = JUDGED_NOT_APPLICABLE;
    rules->class_count++;
    return read_rules(reader, data, false, class);
}

static bool read_classes(struct rules_reader *reader, const json_t *root)
{
    const json_t *list = json_object_get(root, "classes");
    size_t at = rules_enter(reader, "classes", 0), count = json_array_size(list);
    bool good = !list || json_is_array(list) || rules_refuse(reader, "is not a list");
    if (good && count > RULES_CLASS_LIMIT)
        good = rules_refuse(reader, "more than %d classes", RULES_CLASS_LIMIT);
    for (size_t i = 0; i < count && good; i++) {
        size_t inside = rules_enter(reader, NULL, i);
        good = read_class(reader, json_array_get(list, i));
        rules_leave(reader, inside);
    }
    rules_leave(reader, at);
    return good;
}

/* ---- together ---- */

/* Stable: rules of equal rank stay in the file's order. */
static void sort_rules(struct rules *rules)
{
    for (size_t i = 1; i < rules->count; i++) {
        struct reply_rule rule = rules->items[i];
        size_t k = i;
        for (; k > 0 && rules->items[k - 1].rank > rule.rank; k--)
            rules->items[k] = rules->items[k - 1];
        rules->items[k] = rule;
    }
}

static bool read_root(struct rules_reader *reader, const json_t *root)
{
    static const char *const names[] = { "classes", "rules", NULL };
    if (!rules_only(reader, root, names) || !read_classes(reader, root) ||
        !read_rules(reader, root, true, NULL))
        return false;
    return reader->rules->count ||
           rules_refuse(reader, "there are no rules in it: \"classes\" or \"rules\" is needed");
}

struct rules *rules_read(struct bytes json, char **ret_error)
{
    json_set_alloc_funcs(memory_new, free);
    json_error_t error;
    json_t *root =
        json_loadb(json.data ? json.data : "", json.size, JSON_REJECT_DUPLICATES, &error);
    struct rules *rules = memory_new(sizeof *rules);
    struct rules_reader reader = { .rules = rules, .arena = &rules->arena };
    rules->classes = arena_new(reader.arena, RULES_CLASS_LIMIT * sizeof *rules->classes);
    rules->items = arena_new(reader.arena, RULES_LIMIT * sizeof *rules->items);
    bool good = root && read_root(&reader, root);
    if (!root)
        reader.error = memory_format("line %d, column %d: %s", error.line, error.column,
                                     rules_quoted(&reader, error.text));
    json_decref(root);
    if (good) {
        sort_rules(rules);
        return rules;
    }
    *ret_error = reader.error;
    rules_free(rules);
    return NULL;
}

void rules_free(struct rules *rules)
{
    if (!rules)
        return;
    arena_done(&rules->arena);
    free(rules);
}

const struct class_entry *rules_class(const struct rules *rules, const char *id)
{
    for (size_t i = 0; rules && i < rules->class_count; i++)
        if (strcmp(rules->classes[i].id, id) == 0)
            return &rules->classes[i];
    return class_find(id);
}
