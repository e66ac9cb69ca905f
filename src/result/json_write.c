#include "base/clock.h"
#include "base/text.h"
#include "result/escape.h"
#include "result/json_shape.h"
#include "result/trace.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A string that jansson accepts: escaping leaves valid UTF-8 only. */
static json_t *text_value(struct bytes text, void (*escape)(struct buffer *, struct bytes))
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    escape(&out, text);
    struct bytes escaped = buffer_bytes(&out);
    json_t *value = json_stringn_nocheck(escaped.size ? escaped.data : "", escaped.size);
    buffer_done(&out);
    return value;
}

static json_t *list_value(const struct strings *list, void (*escape)(struct buffer *, struct bytes))
{
    json_t *value = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(value, text_value(text_bytes(list->items[i]), escape));
    return value;
}

/* Whole microseconds; a whole number where it is one, so that 21 ms is 21 and not 21.0. */
static json_t *ms_value(int64_t ns)
{
    int64_t us = ns / 1000;
    return us % 1000 == 0 ? json_integer(us / 1000) : json_real((double)us / 1000);
}

static json_t *instant_value(int64_t ns)
{
    char text[CLOCK_TEXT_SIZE];
    return json_string(clock_format(ns, text));
}

/* Not clock_format(): certificates are valid until the year 9999, past what 64 bits of nanoseconds
 * hold. RFC 3339 has four digits for a year. */
static json_t *date_value(int64_t seconds)
{
    const int64_t first = INT64_C(-62167219200), last = INT64_C(253402300799);
    time_t time = (time_t)(seconds < first ? first : seconds > last ? last : seconds);
    struct tm tm;
    gmtime_r(&time, &tm);
    char text[64];
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return json_string(text);
}

static json_t *needs_value(unsigned needs)
{
    json_t *value = json_array();
    for (unsigned bit = NEED_SEND; bit <= NEED_ANY; bit <<= 1)
        if (needs & bit)
            json_array_append_new(value, json_string(need_name((enum need)bit)));
    return value;
}

/* An enum is as wide as an int (json.c asserts it), whatever its sign. */
static int enum_at(const void *member)
{
    int value;
    memcpy(&value, member, sizeof value);
    return value;
}

static json_t *group_value(const struct shape *shape, const void *item, bool transcript)
{
    json_t *value = json_object();
    shape_write(value, shape, item, transcript);
    return value;
}

static json_t *items_value(const struct shape *shape, const void *item, bool transcript)
{
    json_t *value = json_array();
    for (; item; item = *(const void *const *)item)
        json_array_append_new(value, group_value(shape, item, transcript));
    return value;
}

static bool is_nothing(const struct shape_field *field, const char *item)
{
    const void *member = item + field->offset;
    switch (field->kind) {
    case SHAPE_PEER:
    case SHAPE_WORDS:
    case SHAPE_OBJECT:
    case SHAPE_LIST:
        return *(const void *const *)member == NULL;
    case SHAPE_BYTES:
        return ((const struct bytes *)member)->size == 0;
    case SHAPE_CHARS:
        return *(const char *)member == '\0';
    case SHAPE_PEER_LIST:
    case SHAPE_WORD_LIST:
        return ((const struct strings *)member)->count == 0;
    case SHAPE_SEEN_LIST:
        return !*(const bool *)(item + field->seen);
    case SHAPE_INT:
        return *(const int *)member == field->nothing;
    case SHAPE_BOOL:
        return !*(const bool *)member;
    case SHAPE_MS:
    case SHAPE_DATE:
        return *(const int64_t *)member == field->nothing;
    case SHAPE_ENUM:
        return *vocabulary_name(field->vocabulary, enum_at(member)) == '\0';
    case SHAPE_GROUP:
        return field->shape->empty && field->shape->empty(member);
    default:
        return false;
    }
}

static json_t *field_value(const struct shape_field *field, const char *item, bool transcript)
{
    const void *member = item + field->offset;
    switch (field->kind) {
    case SHAPE_PEER:
        return text_value(text_bytes(*(const char *const *)member), text_escape);
    case SHAPE_BYTES:
        return text_value(*(const struct bytes *)member, text_escape);
    case SHAPE_WORDS:
        return text_value(text_bytes(*(const char *const *)member), escape_words);
    case SHAPE_CHARS:
        return text_value(text_bytes(member), escape_words);
    case SHAPE_LETTER:
        return text_value((struct bytes) { member, 1 }, text_escape);
    case SHAPE_PEER_LIST:
    case SHAPE_SEEN_LIST:
        return list_value(member, text_escape);
    case SHAPE_WORD_LIST:
        return list_value(member, escape_words);
    case SHAPE_BOOL:
        return json_boolean(*(const bool *)member);
    case SHAPE_INT:
        return json_integer(*(const int *)member);
    case SHAPE_MS:
        return ms_value(*(const int64_t *)member);
    case SHAPE_INSTANT:
        return instant_value(*(const int64_t *)member);
    case SHAPE_DATE:
        return date_value(*(const int64_t *)member);
    case SHAPE_ENUM:
        return json_string(vocabulary_name(field->vocabulary, enum_at(member)));
    case SHAPE_NEEDS:
        return needs_value(*(const unsigned *)member);
    case SHAPE_CONST:
        return json_string(field->words);
    case SHAPE_GROUP:
        return group_value(field->shape, member, transcript);
    case SHAPE_OBJECT:
        return group_value(field->shape, *(const void *const *)member, transcript);
    case SHAPE_LIST:
        return items_value(field->shape, *(const void *const *)member, transcript);
    }
    return json_null();
}

void shape_write(json_t *object, const struct shape *shape, const void *item, bool transcript)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *field = &shape->fields[i];
        bool nothing = field->absence != SHAPE_ALWAYS && is_nothing(field, item);
        if (field->absence == SHAPE_TRANSCRIPT && !transcript)
            continue;
        if (nothing && field->absence != SHAPE_NULL)
            continue;
        json_object_set_new(object, field->name,
                            nothing ? json_null() : field_value(field, item, transcript));
    }
}
