#include "diagnosis/fill.h"

#include "base/text.h"
#include "result/escape.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FILLED_LIMIT = 8 * 1024, VALUE_LIMIT = 1024 };

static int compare_place(const void *key, const void *element)
{
    const struct bytes *name = key;
    const char *other = ((const struct place *)element)->name;
    int order = strncmp(name->data, other, name->size);
    return order ? order : -(other[name->size] != '\0');
}

static const struct place *place_find(struct bytes name)
{
    return bsearch(&name, catalogue_places, catalogue_place_count, sizeof *catalogue_places,
                   compare_place);
}

bool fill_has_place(struct bytes name)
{
    return place_find(name) != NULL;
}

void values_set(struct values *values, const char *name, const char *value)
{
    assert(place_find(text_bytes(name)));
    size_t i = 0;
    while (i < values->count && strcmp(values->items[i].name, name) != 0)
        i++;
    assert(i < sizeof values->items / sizeof *values->items);
    values->items[i].name = name;
    values->items[i].value = value;
    values->count += i == values->count;
}

/* NULL when there is none. */
static const char *value_of(const struct values *values, const struct place *place)
{
    for (size_t i = 0; i < values->count; i++)
        if (strcmp(values->items[i].name, place->name) == 0)
            return values->items[i].value && *values->items[i].value ? values->items[i].value
                                                                     : NULL;
    return NULL;
}

static bool is_plain(char c)
{
    char low = text_lower(c);
    return (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
}

/* Bare words that neither shell takes for anything else: "-x" is an option, "@x" PowerShell's
 * splatting. */
static bool needs_quotes(const char *value)
{
    for (const char *p = value; *p; p++)
        if (!is_plain(*p) && (p == value || !strchr("._@+-", *p)))
            return true;
    return false;
}

/* PowerShell takes U+2018 to U+201B for single quotes too; doubled, each stands for itself. In a
 * POSIX shell a doubled one ends the quotes and begins them again. */
static size_t quote_size(const char *at)
{
    if (*at == '\'')
        return 1;
    bool curly = strncmp(at, "\xe2\x80", 2) == 0 && at[2] >= '\x98' && at[2] <= '\x9b';
    return curly ? 3 : 0;
}

static void append_quoted(struct buffer *out, const char *value)
{
    buffer_append_text(out, "'");
    for (const char *p = value; *p;) {
        size_t size = quote_size(p);
        if (size)
            buffer_append(out, p, size);
        size = size ? size : 1;
        buffer_append(out, p, size);
        p += size;
    }
    buffer_append_text(out, "'");
}

/* Would it be shown otherwise than it is? Then it must not be pasted. */
static bool is_showable(const char *value)
{
    struct buffer shown;
    buffer_init(&shown, VALUE_LIMIT);
    text_escape(&shown, text_bytes(value));
    struct bytes bytes = buffer_bytes(&shown);
    bool same = !shown.overflow && bytes.size == strlen(value);
    buffer_done(&shown);
    return same;
}

static void append_command(struct buffer *out, const char *value, const struct place *place)
{
    if (!value || !is_showable(value))
        buffer_append_text(out, place->command);
    else if (needs_quotes(value))
        append_quoted(out, value);
    else
        buffer_append_text(out, value);
}

/* The place that begins at P, "{name}", and what follows it; NULL when none does. */
static const struct place *place_at(const char *p, const char **ret_rest)
{
    const char *end = *p == '{' ? strchr(p, '}') : NULL;
    if (!end)
        return NULL;
    *ret_rest = end + 1;
    return place_find((struct bytes) { p + 1, (size_t)(end - p) - 1 });
}

/* "the server {host}" without a host is "the server", not "the server the server". */
static bool ends_with(struct bytes said, const char *prose)
{
    size_t size = strlen(prose);
    if (said.size < size)
        return false;
    struct bytes tail = { said.data + said.size - size, size };
    bool whole = said.size == size || tail.data[-1] == ' ' || tail.data[-1] == '(';
    return whole && text_starts_fold(tail, prose);
}

/* BEGINS: it is the first word of a sentence. Names ("smtp.example.com") stay as they are, words
 * ("your mail administrator") begin with a capital there. */
static void append_prose(struct buffer *out, const char *value, const struct place *place,
                         bool begins)
{
    const char *words = value ? value : place->prose;
    if (begins && *words >= 'a' && *words <= 'z' && (!value || strchr(value, ' '))) {
        char first = (char)(*words++ - 'a' + 'A');
        buffer_append(out, &first, 1);
    }
    escape_words(out, text_bytes(words));
}

static const char *fill(struct arena *arena, const char *text, const struct values *values,
                        bool command)
{
    struct buffer out;
    buffer_init(&out, FILLED_LIMIT);
    for (const char *p = text; *p;) {
        const char *rest = NULL;
        const struct place *echo = *p == ' ' && !command ? place_at(p + 1, &rest) : NULL;
        if (echo && !value_of(values, echo) && ends_with(buffer_bytes(&out), echo->prose)) {
            p = rest;
            continue;
        }
        const struct place *place = place_at(p, &rest);
        if (!place) {
            buffer_append(&out, p++, 1);
            continue;
        }
        if (command)
            append_command(&out, value_of(values, place), place);
        else
            append_prose(&out, value_of(values, place), place, p == text);
        p = rest;
    }
    struct bytes filled = arena_copy_bytes(arena, buffer_bytes(&out));
    buffer_done(&out);
    return filled.data;
}

const char *fill_prose(struct arena *arena, const char *text, const struct values *values)
{
    return fill(arena, text, values, false);
}

const char *fill_command(struct arena *arena, const char *text, const struct values *values)
{
    return fill(arena, text, values, true);
}

bool fill_is_whole(const char *step, const struct values *values)
{
    for (const char *p = step, *rest = NULL; (p = strchr(p, '{')); p++) {
        const struct place *place = place_at(p, &rest);
        if (place && place->needed && !value_of(values, place))
            return false;
    }
    return true;
}

const char *fill_step(struct arena *arena, const struct class_entry *class, const char *step,
                      const struct values *values)
{
    for (const char *const *command = class->commands; command && *command; command++)
        if (strcmp(*command, step) == 0)
            return fill_command(arena, step, values);
    return fill_prose(arena, step, values);
}
