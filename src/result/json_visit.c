#include "base/text.h"
#include "result/json_shape.h"

#include <stdio.h>

static void visit_string(const struct shape_field *field, const char **text, shape_text *visit,
                         void *arg)
{
    struct bytes bytes = text_bytes(*text);
    if (!*text)
        return;
    visit(arg, field, &bytes);
    *text = bytes.data;
}

static void visit_list(const struct shape_field *field, struct strings *list, shape_text *visit,
                       void *arg)
{
    for (size_t i = 0; i < list->count; i++)
        visit_string(field, &list->items[i], visit, arg);
}

static void visit_chars(const struct shape_field *field, char *chars, shape_text *visit, void *arg)
{
    struct bytes bytes = text_bytes(chars);
    visit(arg, field, &bytes);
    if (bytes.data != chars)
        snprintf(chars, field->size, "%s", bytes.data);
}

static void visit_field(const struct shape_field *field, char *item, shape_text *visit, void *arg)
{
    void *member = item + field->offset;
    switch (field->kind) {
    case SHAPE_PEER:
    case SHAPE_WORDS:
        visit_string(field, member, visit, arg);
        return;
    case SHAPE_BYTES:
        if (((struct bytes *)member)->size)
            visit(arg, field, member);
        return;
    case SHAPE_CHARS:
        visit_chars(field, member, visit, arg);
        return;
    case SHAPE_PEER_LIST:
    case SHAPE_WORD_LIST:
    case SHAPE_SEEN_LIST:
        visit_list(field, member, visit, arg);
        return;
    case SHAPE_GROUP:
        shape_visit(field->shape, member, visit, arg);
        return;
    case SHAPE_OBJECT:
        if (*(void **)member)
            shape_visit(field->shape, *(void **)member, visit, arg);
        return;
    case SHAPE_LIST:
        for (void *each = *(void **)member; each; each = *(void **)each)
            shape_visit(field->shape, each, visit, arg);
        return;
    default:
        return; /* no text */
    }
}

void shape_visit(const struct shape *shape, void *item, shape_text *visit, void *arg)
{
    for (size_t i = 0; i < shape->count; i++)
        visit_field(&shape->fields[i], item, visit, arg);
}
