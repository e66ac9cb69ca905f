#include "command/classes.h"

#include "base/memory.h"
#include "base/text.h"
#include "command/command.h"
#include "command/options.h"
#include "diagnosis/catalogue.h"
#include "diagnosis/fill.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_LIMIT = 1 << 20, WIDTH = 80, CLASSES_LIMIT = 256 };

struct settings {
    bool json;
};

/* What is written, and where its strings live. */
struct page {
    struct buffer out;
    struct arena arena;
};

/* ---- options ---- */

static bool set_format(void *to, const char *value, char **ret_error)
{
    return options_text_or_json(value, &((struct settings *)to)->json, ret_error);
}

static const struct option_row rows[] = {
    { OPTION_HEADING, .help = "Output" },
    { OPTION_CALL, "format", 0, "FORMAT", "text (default) or json", 0, set_format },
    { OPTION_HELP, "help", 'h', NULL, "this text", 0, NULL },
    { 0 },
};

static int print_help(void)
{
    return command_help("usage: maildoctor classes [OPTION...] [ID]\n\n"
                        "Lists the classes of faults that maildoctor can tell apart, or shows\n"
                        "one in full: what it means, how it is told from others, who mends it\n"
                        "and how.\n",
                        rows, NULL);
}

/* ---- text ---- */

static const char *prose(struct page *page, const char *text)
{
    struct values none = { 0 };
    return fill_prose(&page->arena, text, &none);
}

/* FIRST, then TEXT wrapped to the width, its further lines indented as far as FIRST is long. */
static void wrap(struct page *page, const char *first, const char *text)
{
    size_t indent = strlen(first), column = indent;
    bool begun = false;
    buffer_append_text(&page->out, first);
    while (*text) {
        size_t size = strcspn(text, " ");
        if (begun && column + 1 + size > WIDTH) {
            buffer_format(&page->out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (begun) {
            buffer_append_text(&page->out, " ");
            column++;
        }
        buffer_append(&page->out, text, size);
        column += size;
        begun = true;
        text += size + (text[size] == ' ');
    }
    buffer_append_text(&page->out, "\n");
}

static const char *judged_words(enum judged judged)
{
    switch (judged) {
    case JUDGED_NO:
        return "was not judged";
    case JUDGED_YES:
        return "was judged and refused";
    default:
        return "was not sent";
    }
}

static void write_stage(struct page *page, enum stage stage)
{
    bool begun = false;
    for (size_t i = 0; i < catalogue_class_count; i++) {
        const struct class_entry *class = &catalogue_classes[i];
        if (class->stage != stage)
            continue;
        if (!begun)
            buffer_format(&page->out, "%s\n", stage_name(stage));
        begun = true;
        buffer_format(&page->out, "  %-36s %s\n", class->id, owner_name(class->owner));
        wrap(page, "      ", prose(page, class->title));
    }
    if (begun)
        buffer_append_text(&page->out, "\n");
}

static void write_list(struct page *page)
{
    for (enum stage stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        write_stage(page, stage);
    buffer_format(&page->out, "%zu classes, catalogue of %s\n", catalogue_class_count,
                  catalogue_date);
}

static void write_steps(struct page *page, const struct class_entry *class)
{
    struct values none = { 0 };
    char number[24];
    buffer_append_text(&page->out, "\nWhat to do:\n");
    for (size_t i = 0; class->fix[i]; i++) {
        snprintf(number, sizeof number, "%zu ", i + 1);
        wrap(page, number, fill_step(&page->arena, class, class->fix[i], &none));
    }
    if (class->commands)
        buffer_append_text(&page->out, "\nCommands:\n");
    for (size_t i = 0; class->commands && class->commands[i]; i++)
        buffer_format(&page->out, "  %s\n", fill_command(&page->arena, class->commands[i], &none));
}

static void write_class(struct page *page, const struct class_entry *class)
{
    buffer_format(&page->out, "%s\n\n", class->id);
    wrap(page, "", prose(page, class->title));
    wrap(page, "", prose(page, class->meaning));
    buffer_format(&page->out,
                  "\nStage: %s. Severity: %s. Who mends it: %s.\nThe password or token %s.\n\n",
                  stage_name(class->stage), severity_name(class->severity),
                  owner_name(class->owner), judged_words(class->judged));
    buffer_append_text(&page->out, "How to tell:\n");
    wrap(page, "", prose(page, class->distinguish));
    write_steps(page, class);
    if (class->neighbour_count)
        buffer_append_text(&page->out, "\nEasily taken for it:\n");
    for (size_t i = 0; i < class->neighbour_count; i++) {
        const struct neighbour *near = &class->neighbours[i];
        buffer_format(&page->out, "- %s\n", catalogue_classes[near->class_index].id);
        wrap(page, "  ", prose(page, near->in_favour));
    }
    buffer_append_text(&page->out, "\nReferences:\n");
    for (size_t i = 0; class->references[i]; i++)
        wrap(page, "- ", class->references[i]);
}

/* ---- JSON ---- */

static json_t *list(const char *const *texts)
{
    json_t *array = json_array();
    for (size_t i = 0; texts && texts[i]; i++)
        json_array_append_new(array, json_string(texts[i]));
    return array;
}

static json_t *filled(struct page *page, const struct class_entry *class, const char *const *steps)
{
    struct values none = { 0 };
    json_t *array = json_array();
    for (size_t i = 0; steps && steps[i]; i++)
        json_array_append_new(array, json_string(fill_step(&page->arena, class, steps[i], &none)));
    return array;
}

static json_t *class_json(struct page *page, const struct class_entry *class)
{
    json_t *near = json_array();
    for (size_t i = 0; i < class->neighbour_count; i++)
        json_array_append_new(
            near, json_pack("{s:s, s:s, s:s}", "class",
                            catalogue_classes[class->neighbours[i].class_index].id, "confidence",
                            confidence_name(class->neighbours[i].confidence), "for",
                            prose(page, class->neighbours[i].in_favour)));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "id", class->id,
                     "title", prose(page, class->title), "stage", stage_name(class->stage),
                     "severity", severity_name(class->severity), "owner", owner_name(class->owner),
                     "meaning", prose(page, class->meaning), "distinguish",
                     prose(page, class->distinguish), "fix", filled(page, class, class->fix),
                     "commands", filled(page, class, class->commands), "references",
                     list(class->references), "neighbours", near);
}

static void write_json(struct page *page, const struct class_entry *only)
{
    json_t *classes = json_array();
    for (size_t i = 0; i < catalogue_class_count; i++)
        if (!only || only == &catalogue_classes[i])
            json_array_append_new(classes, class_json(page, &catalogue_classes[i]));
    json_t *all = json_pack("{s:s, s:o}", "catalogue_date", catalogue_date, "classes", classes);
    char *text = json_dumps(all, JSON_INDENT(2));
    buffer_append_text(&page->out, text ? text : "");
    buffer_append_text(&page->out, "\n");
    free(text);
    json_decref(all);
}

/* ---- the command ---- */

static int unknown_class(const char *id)
{
    const char *ids[CLASSES_LIMIT + 1] = { NULL };
    for (size_t i = 0; i < catalogue_class_count && i < CLASSES_LIMIT; i++)
        ids[i] = catalogue_classes[i].id;
    const char *near = options_nearest(id, ids);
    char *quoted = options_quote(id);
    char *message = near ? memory_format("no class %s; did you mean %s?", quoted, near)
                         : memory_format("no class %s; `maildoctor classes` lists them", quoted);
    free(quoted);
    return command_fail(message);
}

int classes_main(int argc, char **argv)
{
    struct settings settings = { 0 };
    struct operands operands;
    char *error = NULL;
    enum options_result read = options_read(rows, argc, argv, &settings, &operands, &error);
    if (read == OPTIONS_WANT_HELP)
        return print_help();
    if (read == OPTIONS_BAD)
        return command_fail(error);
    if (operands.count > 1)
        return command_fail(memory_copy("classes: one ID at most"));
    const char *id = operands.count ? operands.items[0] : NULL;
    const struct class_entry *only = id ? class_find(id) : NULL;
    if (id && !only)
        return unknown_class(id);
    struct page page = { 0 };
    buffer_init(&page.out, PAGE_LIMIT);
    if (settings.json)
        write_json(&page, only);
    else if (only)
        write_class(&page, only);
    else
        write_list(&page);
    int status = command_print(&page.out);
    buffer_done(&page.out);
    arena_done(&page.arena);
    return status;
}
