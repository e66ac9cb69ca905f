#include "engine/vantage.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* PRETTY_NAME of os-release(5), without its quotes; NULL when there is none. */
static const char *system_name(struct arena *arena)
{
    static const char key[] = "PRETTY_NAME=";
    FILE *file = fopen("/etc/os-release", "re");
    const char *name = NULL;
    char line[256];
    while (file && !name && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, sizeof key - 1) != 0)
            continue;
        struct bytes value = text_trim(text_bytes(line + sizeof key - 1));
        if (value.size >= 2 && value.data[0] == '"')
            value = (struct bytes) { value.data + 1, value.size - 2 };
        name = arena_copy_bytes(arena, value).data;
    }
    if (file)
        fclose(file);
    return name;
}

void vantage_begin(struct trace *trace)
{
    struct utsname names;
    if (uname(&names) != 0)
        return;
    const char *system = system_name(&trace->arena);
    trace->from.host = arena_copy(&trace->arena, names.nodename);
    trace->from.os = system ? system : arena_copy(&trace->arena, names.sysname);
    trace->from.kernel = arena_format(&trace->arena, "%s %s", names.sysname, names.release);
}

static void add_once(struct trace *trace, struct strings *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return;
    strings_add(list, &trace->arena, text);
}

/* "192.0.2.1:4711" and "[2001:db8::1]:4711" without the port. */
static const char *without_port(struct arena *arena, const char *text)
{
    bool bracket = text[0] == '[';
    const char *end = bracket ? strchr(text, ']') : strrchr(text, ':');
    const char *start = bracket ? text + 1 : text;
    size_t size = end ? (size_t)(end - start) : strlen(start);
    return arena_copy_bytes(arena, (struct bytes) { start, size }).data;
}

void vantage_end(struct trace *trace)
{
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        for (const struct address *a = e->addresses; a; a = a->next)
            if (a->local)
                add_once(trace, &trace->from.addresses, without_port(&trace->arena, a->local));
        for (const struct attempt *t = e->attempts; t; t = t->next)
            for (const struct address *a = t->proxy ? t->proxy->addresses : NULL; a; a = a->next)
                if (a->local)
                    add_once(trace, &trace->from.addresses, without_port(&trace->arena, a->local));
        for (const struct attempt *t = e->attempts; t; t = t->next)
            if (t->seen_as && !trace->from.public_address)
                trace->from.public_address = t->seen_as;
    }
}
