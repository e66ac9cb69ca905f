#include "diagnosis/classify.h"

#include "diagnosis/fold.h"
#include "diagnosis/rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What follows LITERAL in TEXT; NULL data when it does not occur. A literal that ends in a digit
 * ends a number: "aadsts50053" is not "aadsts500532". */
static struct bytes behind(struct bytes text, const char *literal)
{
    size_t size = strlen(literal);
    while (text.size >= size) {
        const char *found = memmem(text.data, text.size, literal, size);
        if (!found)
            break;
        const char *end = found + size, *limit = text.data + text.size;
        if (!is_digit(literal[size - 1]) || end == limit || !is_digit(*end))
            return (struct bytes) { end, (size_t)(limit - end) };
        text = (struct bytes) { found + 1, (size_t)(limit - found) - 1 };
    }
    return (struct bytes) { NULL, 0 };
}

static bool literals_match(const struct reply_rule *rule, struct bytes text)
{
    struct bytes rest = text;
    for (const char *const *literal = rule->all; literal && *literal; literal++) {
        rest = behind(rest, *literal);
        if (!rest.data)
            return false;
    }
    for (const char *const *literal = rule->none; literal && *literal; literal++)
        if (behind(text, *literal).data)
            return false;
    return true;
}

const struct class_entry *rule_class(const struct reply_rule *rule)
{
    return rule->own ? rule->own : &catalogue_classes[rule->class_index];
}

/* The first digit of the code; of the enhanced one where a program left the basic code out. X.4 is
 * of the network (RFC 3463 section 3.5): the sending host's own word and no server's. */
static int family_of(const struct folded *folded)
{
    if (folded->code || (folded->enhanced >> 10 & 1023) == 4)
        return folded->code / 100;
    return (int)(folded->enhanced >> 20);
}

static bool code_matches(const struct reply_rule *rule, const struct folded *folded)
{
    if (!rule->code || rule->code == folded->code)
        return true;
    int family = rule->all ? family_of(folded) : folded->code / 100;
    return rule->code == REPLY_REFUSAL ? family >= 4 : rule->code == family;
}

static bool rule_matches(const struct reply_rule *rule, const struct words *words,
                         const struct folded *folded)
{
    if (!code_matches(rule, folded))
        return false;
    if (rule->enhanced &&
        (folded->enhanced < rule->enhanced_low || folded->enhanced > rule->enhanced_high))
        return false;
    if (rule->protocol >= 0 && words->protocol >= 0 && rule->protocol != words->protocol)
        return false;
    if (rule->stage != STAGE_NONE && rule->stage != words->stage)
        return false;
    /* What is said before a message is submitted is not about the message. */
    if (!words->stage_guessed && words->stage != STAGE_NONE && words->stage < STAGE_SUBMIT &&
        rule_class(rule)->stage == STAGE_SUBMIT)
        return false;
    if (rule->provider && (!words->provider || strcmp(rule->provider, words->provider) != 0))
        return false;
    return literals_match(rule, folded->text);
}

/* ---- the catalogue's rules ---- */

/* Those that may match, one bit each: the bits' order is the rules' rank. */
struct candidates {
    uint64_t bits[CATALOGUE_RULE_LIMIT / 64];
};

static void propose(struct candidates *candidates, unsigned rule)
{
    candidates->bits[rule / 64] |= (uint64_t)1 << rule % 64;
}

/* tools/generate/catalogue_rules.py computes the same for the rules' literals. */
static unsigned gram(const char *four)
{
    const unsigned char *b = (const unsigned char *)four;
    uint32_t value = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    return (unsigned)(value * 2654435761U >> (32 - GRAM_BITS));
}

/* Whose rare four bytes stand in TEXT. */
static void propose_by_text(struct candidates *candidates, struct bytes text)
{
    for (size_t i = 0; i + 4 <= text.size; i++) {
        unsigned place = gram(text.data + i);
        for (unsigned k = catalogue_gram_starts[place]; k < catalogue_gram_starts[place + 1]; k++)
            propose(candidates, catalogue_gram_rules[k]);
    }
}

static int compare_bucket(const void *key, const void *element)
{
    int code = *(const int *)key, other = ((const struct rule_bucket *)element)->code;
    return (code > other) - (code < other);
}

static const struct rule_bucket *bucket_of(int code)
{
    const struct rule_bucket *bucket = bsearch(&code, catalogue_buckets, catalogue_bucket_count,
                                               sizeof *catalogue_buckets, compare_bucket);
    return bucket ? bucket : bucket_of(code / 100);
}

static const struct reply_rule *first_match(const struct words *words, const struct folded *folded)
{
    struct candidates candidates = { 0 };
    const struct rule_bucket *bucket = bucket_of(folded->code ? folded->code : family_of(folded));
    for (size_t i = 0; i < bucket->count; i++)
        propose(&candidates, bucket->rules[i]);
    propose_by_text(&candidates, folded->text);
    for (size_t i = 0; i < (catalogue_rule_count + 63) / 64; i++)
        for (uint64_t left = candidates.bits[i]; left; left &= left - 1) {
            const struct reply_rule *rule =
                &catalogue_rules[i * 64 + (size_t)__builtin_ctzll(left)];
            if (rule_matches(rule, words, folded))
                return rule;
        }
    return NULL;
}

/* ---- with the user's own ---- */

static const struct reply_rule *best_match(const struct words *words, const struct folded *folded)
{
    const struct reply_rule *rule = first_match(words, folded);
    const struct rules *own = words->own;
    for (size_t i = 0; own && i < own->count && (!rule || own->items[i].rank <= rule->rank); i++)
        if (rule_matches(&own->items[i], words, folded))
            return &own->items[i];
    return rule;
}

bool classify_matches(const struct reply_rule *rule, const struct words *words)
{
    char space[FOLD_LIMIT];
    struct folded folded = fold(words->text, space), inner;
    return (fold_nested(&folded, &inner) && rule_matches(rule, words, &inner)) ||
           rule_matches(rule, words, &folded);
}

struct classified classify(const struct words *words)
{
    char space[FOLD_LIMIT];
    struct folded folded = fold(words->text, space), inner;
    const struct reply_rule *rule = NULL;
    if (fold_nested(&folded, &inner))
        rule = best_match(words, &inner);
    if (!rule)
        rule = best_match(words, &folded);
    if (!rule)
        return (struct classified) { .judged = JUDGED_NOT_APPLICABLE };
    return (struct classified) {
        .class = rule_class(rule),
        .confidence = rule->confidence,
        .judged = rule->judged,
        .rule = rule,
    };
}

static int compare_event(const void *key, const void *element)
{
    return strcmp(key, ((const struct event_rule *)element)->event);
}

static const struct event_rule *find_event(const char *event)
{
    return bsearch(event, catalogue_events, catalogue_event_count, sizeof *catalogue_events,
                   compare_event);
}

struct classified classify_event(const char *event)
{
    const struct event_rule *rule = find_event(event);
    const char *kind = strchr(event, '.');
    char any[64] = "*";
    if (!rule && kind && strlen(kind) < sizeof any - 1) {
        strcat(any, kind);
        rule = find_event(any);
    }
    if (!rule)
        return (struct classified) { .judged = JUDGED_NOT_APPLICABLE };
    const struct class_entry *class = &catalogue_classes[rule->class_index];
    return (struct classified) {
        .class = class,
        .confidence = rule->confidence,
        .judged = class->judged,
    };
}

enum login_outcome classify_login(int service, struct bytes reply, const char *provider_family)
{
    struct words words = {
        .text = reply,
        .protocol = service,
        .stage = STAGE_LOGIN,
        .provider = provider_family,
    };
    struct classified classified = classify(&words);
    if (classified.judged != JUDGED_NOT_APPLICABLE)
        return classified.judged == JUDGED_NO ? LOGIN_UNJUDGED : LOGIN_JUDGED;
    /* RFC 5321 section 4.2.1: 4yz is no final word. */
    char space[FOLD_LIMIT];
    int code = service == SERVICE_SMTP ? fold(reply, space).code : 0;
    return code / 100 == 4 ? LOGIN_UNJUDGED : LOGIN_JUDGED;
}

const struct class_entry *class_find(const char *id)
{
    for (size_t i = 0; i < catalogue_class_count; i++)
        if (strcmp(catalogue_classes[i].id, id) == 0)
            return &catalogue_classes[i];
    return NULL;
}
