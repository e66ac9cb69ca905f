/* Members of the user's own rules, and what is wrong with them. */
#include "diagnosis/rules_parts.h"

#include "base/memory.h"
#include "base/text.h"
#include "diagnosis/fill.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { QUOTED = 60 };

/* ---- complaints ---- */

bool rules_refuse(struct rules_reader *reader, const char *format, ...)
{
    char why[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    if (!reader->error)
        reader->error =
            *reader->path ? memory_format("%s: %s", reader->path, why) : memory_format("%s", why);
    return false;
}

/* Goes into a member, or with a NAME of NULL an item; returns what rules_leave() needs. */
size_t rules_enter(struct rules_reader *reader, const char *name, size_t index)
{
    size_t at = strlen(reader->path), left = sizeof reader->path - at;
    if (name)
        snprintf(reader->path + at, left, "%s%s", at ? "." : "", name);
    else
        snprintf(reader->path + at, left, "[%zu]", index);
    return at;
}

void rules_leave(struct rules_reader *reader, size_t at)
{
    if (!reader->error)
        reader->path[at] = '\0';
}

/* TEXT for a complaint: harmless, and not long. */
const char *rules_quoted(struct rules_reader *reader, const char *text)
{
    struct buffer shown;
    buffer_init(&shown, 4 * QUOTED + 4);
    struct bytes bytes = text_bytes(text);
    bytes.size = bytes.size < QUOTED ? bytes.size : QUOTED;
    text_escape(&shown, bytes);
    const char *copy = arena_copy_bytes(reader->arena, buffer_bytes(&shown)).data;
    buffer_done(&shown);
    return copy;
}

/* ---- members ---- */

bool rules_only(struct rules_reader *reader, const json_t *object, const char *const *names)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return rules_refuse(reader, "is not an object");
    json_object_foreach((json_t *)object, key, value)
    {
        const char *const *name = names;
        while (*name && strcmp(*name, key) != 0)
            name++;
        if (*name)
            continue;
        struct buffer all;
        buffer_init(&all, 400);
        for (name = names; *name; name++)
            buffer_format(&all, "%s%s", name == names ? "" : ", ", *name);
        buffer_append(&all, "", 1);
        rules_refuse(reader, "unknown member \"%s\"; there are %s", rules_quoted(reader, key),
                     buffer_bytes(&all).data);
        buffer_done(&all);
        return false;
    }
    return true;
}

/* A text for people: one line, places that there are. */
static bool check_text(struct rules_reader *reader, const char *text)
{
    size_t size = strlen(text);
    if (!text_trim(text_bytes(text)).size)
        return rules_refuse(reader, "is empty");
    if (size > RULES_TEXT_LIMIT)
        return rules_refuse(reader, "is longer than %d bytes", RULES_TEXT_LIMIT);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return rules_refuse(reader, "holds a line end or a control character");
    for (const char *open = text; (open = strchr(open, '{')) != NULL; open++) {
        size_t name = strcspn(open + 1, "{} ");
        if (open[1 + name] == '}' && !fill_has_place((struct bytes) { open + 1, name }))
            return rules_refuse(
                reader,
                "unknown place {%s}; there are {host}, {port}, {user}, "
                "{address}, {domain}, {provider}, {admin} and others",
                rules_quoted(reader, arena_format(reader->arena, "%.*s", (int)name, open + 1)));
    }
    return true;
}

/* Where NEEDED is false and the member is missing, *RET stays as it is. */
bool rules_read_text(struct rules_reader *reader, const json_t *object, const char *name,
                     bool needed, const char **ret)
{
    const json_t *value = json_object_get(object, name);
    size_t at = rules_enter(reader, name, 0);
    bool good = true;
    if (!value && needed)
        good = rules_refuse(reader, "is missing");
    else if (value && (!json_is_string(value) ||
                       json_string_length(value) != strlen(json_string_value(value))))
        good = rules_refuse(reader, "is not a text");
    else if (value)
        good = check_text(reader, *ret = arena_copy(reader->arena, json_string_value(value)));
    rules_leave(reader, at);
    return good;
}

/* A word that PARSE knows. */
bool rules_read_word(struct rules_reader *reader, const json_t *object, const char *name,
                     bool needed, int (*parse)(const char *word), const char *words, int *ret)
{
    const char *text = NULL;
    if (!rules_read_text(reader, object, name, needed, &text))
        return false;
    int value = text ? parse(text) : *ret;
    size_t at = rules_enter(reader, name, 0);
    bool good = value >= 0 || !text ||
                rules_refuse(reader, "\"%s\" is none of %s", rules_quoted(reader, text), words);
    rules_leave(reader, at);
    *ret = value;
    return good;
}

/* A list of texts, ended by NULL; none gives a list that is empty, or NULL where MAY_LACK. */
bool rules_read_texts(struct rules_reader *reader, const json_t *object, const char *name,
                      size_t at_least, bool literals, const char *const **ret)
{
    const json_t *list = json_object_get(object, name);
    size_t at = rules_enter(reader, name, 0), count = json_array_size(list);
    bool good = true;
    if (list && !json_is_array(list))
        good = rules_refuse(reader, "is not a list");
    else if (count < at_least || count > RULES_LIST_LIMIT)
        good = rules_refuse(reader, "needs %zu to %d texts", at_least, RULES_LIST_LIMIT);
    const char **items = arena_new(reader->arena, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count && good; i++) {
        const json_t *item = json_array_get(list, i);
        size_t inside = rules_enter(reader, NULL, i);
        if (!json_is_string(item) || json_string_length(item) != strlen(json_string_value(item)))
            good = rules_refuse(reader, "is not a text");
        else if (literals && !text_trim(text_bytes(json_string_value(item))).size)
            good = rules_refuse(reader, "is empty");
        else if (literals && json_string_length(item) > RULES_TEXT_LIMIT)
            good = rules_refuse(reader, "is longer than %d bytes", RULES_TEXT_LIMIT);
        else {
            items[i] = arena_copy(reader->arena, json_string_value(item));
            good = literals || check_text(reader, items[i]);
        }
        rules_leave(reader, inside);
    }
    rules_leave(reader, at);
    *ret = literals && !count ? NULL : items;
    return good;
}
