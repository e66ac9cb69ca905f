#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "result/json_shape.h"
#include "result/trace.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

bool shape_refuse(struct shape_reader *reader, const char *what)
{
    if (!reader->error)
        reader->error =
            *reader->path ? memory_format("%s: %s", reader->path, what) : memory_format("%s", what);
    return false;
}

/* Appends a part to the path; give what it returns to leave(). A path too long is cut: it is only
 * for words. */
static size_t enter(struct shape_reader *reader, const char *name, size_t index)
{
    size_t at = strlen(reader->path), left = sizeof reader->path - at;
    if (name)
        snprintf(reader->path + at, left, "%s%s", at ? "." : "", name);
    else
        snprintf(reader->path + at, left, "[%zu]", index);
    return at;
}

static void leave(struct shape_reader *reader, size_t at)
{
    reader->path[at] = '\0';
}

static struct bytes unescaped(struct shape_reader *reader, const json_t *value)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    text_unescape(&out, json_string_value(value));
    struct bytes bytes = arena_copy_bytes(reader->arena, buffer_bytes(&out));
    buffer_done(&out);
    return bytes;
}

static bool read_text(struct shape_reader *reader, const json_t *value, bool peer, void *member)
{
    if (!json_is_string(value))
        return shape_refuse(reader, "is not a text");
    const char *text =
        peer ? unescaped(reader, value).data : arena_copy(reader->arena, json_string_value(value));
    *(const char **)member = text;
    return true;
}

static bool read_bytes(struct shape_reader *reader, const json_t *value, void *member)
{
    if (!json_is_string(value))
        return shape_refuse(reader, "is not a text");
    *(struct bytes *)member = unescaped(reader, value);
    return true;
}

static bool read_chars(struct shape_reader *reader, const json_t *value, size_t size, char *member)
{
    if (!json_is_string(value))
        return shape_refuse(reader, "is not a text");
    snprintf(member, size, "%s", json_string_value(value));
    return true;
}

static bool read_letter(struct shape_reader *reader, const json_t *value, const char *letters,
                        char *member)
{
    const char *text = json_string_value(value);
    if (!text || strlen(text) != 1 || !strchr(letters, *text))
        return shape_refuse(reader, "is none of its letters");
    *member = *text;
    return true;
}

static bool read_texts(struct shape_reader *reader, const json_t *value, bool peer,
                       struct strings *list)
{
    if (!json_is_array(value))
        return shape_refuse(reader, "is not a list");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = NULL;
        size_t at = enter(reader, NULL, i);
        if (!read_text(reader, json_array_get(value, i), peer, &text))
            return false;
        leave(reader, at);
        strings_add(list, reader->arena, text);
    }
    return true;
}

static bool read_bool(struct shape_reader *reader, const json_t *value, bool *member)
{
    if (!json_is_boolean(value))
        return shape_refuse(reader, "is neither true nor false");
    *member = json_is_true(value);
    return true;
}

static bool read_int(struct shape_reader *reader, const json_t *value, int *member)
{
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < INT_MIN || number > INT_MAX)
        return shape_refuse(reader, "is not a whole number of fitting size");
    *member = (int)number;
    return true;
}

static bool read_ms(struct shape_reader *reader, const json_t *value, int64_t *member)
{
    const double most = 1e12; /* thirty years; more would not fit as nanoseconds */
    double ms = json_number_value(value);
    if (!json_is_number(value) || !(ms >= -most && ms <= most))
        return shape_refuse(reader, "is not a number of milliseconds");
    *member = (int64_t)(ms * 1000 + (ms < 0 ? -0.5 : 0.5)) * 1000;
    return true;
}

static bool read_instant(struct shape_reader *reader, const json_t *value, int64_t *member)
{
    const char *text = json_string_value(value);
    int64_t ns = text ? clock_parse(text) : -1;
    if (ns < 0)
        return shape_refuse(reader, "is not a time");
    *member = ns;
    return true;
}

static bool read_date(struct shape_reader *reader, const json_t *value, int64_t *member)
{
    const char *text = json_string_value(value);
    struct tm tm = { 0 };
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;
    if (!end || *end)
        return shape_refuse(reader, "is not a time");
    *member = timegm(&tm);
    return true;
}

static bool read_enum(struct shape_reader *reader, const json_t *value,
                      enum shape_vocabulary vocabulary, void *member)
{
    const char *word = json_string_value(value);
    int found = word ? vocabulary_parse(vocabulary, word) : -1;
    if (found < 0)
        return shape_refuse(reader, "is a word that this version does not know");
    memcpy(member, &found, sizeof found);
    return true;
}

static bool read_needs(struct shape_reader *reader, const json_t *value, unsigned *member)
{
    if (!json_is_array(value))
        return shape_refuse(reader, "is not a list");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *word = json_string_value(json_array_get(value, i));
        int need = word ? need_parse(word) : 0;
        if (need == 0)
            return shape_refuse(reader, "holds a word that this version does not know");
        *member |= (unsigned)need;
    }
    return true;
}

static bool read_object(struct shape_reader *reader, const json_t *value, const struct shape *shape,
                        void *member)
{
    if (!json_is_object(value))
        return shape_refuse(reader, "is not an object");
    void *item = arena_new(reader->arena, shape->size);
    *(void **)member = item;
    return shape_read(reader, value, shape, item);
}

static bool read_items(struct shape_reader *reader, const json_t *value, const struct shape *shape,
                       void *member)
{
    if (!json_is_array(value))
        return shape_refuse(reader, "is not a list");
    void **end = member;
    for (size_t i = 0; i < json_array_size(value); i++) {
        size_t at = enter(reader, NULL, i);
        if (!read_object(reader, json_array_get(value, i), shape, end))
            return false;
        leave(reader, at);
        end = *end; /* `next` is the first member */
    }
    return true;
}

static bool read_field(struct shape_reader *reader, const json_t *value,
                       const struct shape_field *field, char *item)
{
    void *member = item + field->offset;
    switch (field->kind) {
    case SHAPE_PEER:
    case SHAPE_WORDS:
        return read_text(reader, value, field->kind == SHAPE_PEER, member);
    case SHAPE_BYTES:
        return read_bytes(reader, value, member);
    case SHAPE_CHARS:
        return read_chars(reader, value, field->size, member);
    case SHAPE_LETTER:
        return read_letter(reader, value, field->words, member);
    case SHAPE_SEEN_LIST:
        *(bool *)(item + field->seen) = true;
        return read_texts(reader, value, true, member);
    case SHAPE_PEER_LIST:
    case SHAPE_WORD_LIST:
        return read_texts(reader, value, field->kind == SHAPE_PEER_LIST, member);
    case SHAPE_BOOL:
        return read_bool(reader, value, member);
    case SHAPE_INT:
        return read_int(reader, value, member);
    case SHAPE_MS:
        return read_ms(reader, value, member);
    case SHAPE_INSTANT:
        return read_instant(reader, value, member);
    case SHAPE_DATE:
        return read_date(reader, value, member);
    case SHAPE_ENUM:
        return read_enum(reader, value, field->vocabulary, member);
    case SHAPE_NEEDS:
        return read_needs(reader, value, member);
    case SHAPE_CONST:
        return true;
    case SHAPE_GROUP:
        return json_is_object(value) ? shape_read(reader, value, field->shape, member)
                                     : shape_refuse(reader, "is not an object");
    case SHAPE_OBJECT:
        return read_object(reader, value, field->shape, member);
    case SHAPE_LIST:
        return read_items(reader, value, field->shape, member);
    }
    return false;
}

/* Memory is zeroed, which is right for all that is absent but a number that says so otherwise. */
static void set_nothing(const struct shape_field *field, char *item)
{
    if (field->kind == SHAPE_INT)
        *(int *)(item + field->offset) = field->nothing;
    if (field->kind == SHAPE_MS)
        *(int64_t *)(item + field->offset) = field->nothing;
}

bool shape_read(struct shape_reader *reader, const json_t *object, const struct shape *shape,
                void *item)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *field = &shape->fields[i];
        const json_t *value = json_object_get(object, field->name);
        size_t at = enter(reader, field->name, 0);
        if (field->absence != SHAPE_ALWAYS && (!value || json_is_null(value)))
            set_nothing(field, item);
        else if (!value)
            return shape_refuse(reader, "is missing");
        else if (!read_field(reader, value, field, item))
            return false;
        leave(reader, at);
    }
    return true;
}
