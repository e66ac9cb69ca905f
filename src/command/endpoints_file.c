#include "command/endpoints_file.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "command/input.h"
#include "command/options.h"
#include "result/published.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 4 << 20, ENTRY_LIMIT = 2000, LIST_LIMIT = 1000, TEXT_LIMIT = 255 };

struct reading {
    struct arena *arena;
    const char *file;
    struct published **link; /* where the next one goes */
    char *error;
};

static bool refuse(struct reading *r, size_t index, const char *what)
{
    char *shown = options_quote(r->file);
    r->error = memory_format("%s: entry %zu: %s", shown, index + 1, what);
    free(shown);
    return false;
}

static bool is_host(const char *text)
{
    const char *name = strncmp(text, "*.", 2) == 0 ? text + 2 : text;
    return *name && strlen(name) <= TEXT_LIMIT &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*") ==
               strlen(name);
}

/* "80,443"; the service also writes ranges: "50000-50059". */
static bool is_port_list(const char *text)
{
    return *text && strlen(text) <= TEXT_LIMIT && strspn(text, "0123456789,- ") == strlen(text);
}

/* The texts of a list that may be absent. */
static bool read_list(struct reading *r, size_t index, const json_t *list, struct strings *into,
                      bool (*fits)(const char *text), const char *what)
{
    size_t at;
    json_t *item;
    if (!list)
        return true;
    if (!json_is_array(list) || json_array_size(list) > LIST_LIMIT)
        return refuse(r, index, what);
    json_array_foreach(list, at, item)
    {
        const char *text = json_string_value(item);
        if (!text || !fits(text))
            return refuse(r, index, what);
        strings_add(into, r->arena, arena_copy(r->arena, text));
    }
    return true;
}

static bool read_entry(struct reading *r, size_t index, const json_t *entry)
{
    struct published *p = arena_new(r->arena, sizeof *p);
    const json_t *id = json_object_get(entry, "id"), *ports = json_object_get(entry, "tcpPorts");
    if (!json_is_object(entry) || !json_is_integer(id))
        return refuse(r, index, "is no object with a number \"id\"");
    if (!read_list(r, index, json_object_get(entry, "urls"), &p->hosts, is_host,
                   "\"urls\" is no list of host names") ||
        !read_list(r, index, json_object_get(entry, "ips"), &p->ranges, published_is_range,
                   "\"ips\" is no list of address ranges"))
        return false;
    if (ports && (!json_is_string(ports) || !is_port_list(json_string_value(ports))))
        return refuse(r, index, "\"tcpPorts\" is no list of ports");
    if (!ports || !p->hosts.count || !p->ranges.count)
        return true; /* nothing for a firewall that knows TCP and addresses */
    p->source = arena_format(r->arena, "%s, ID %lld", r->file, (long long)json_integer_value(id));
    p->tcp_ports = arena_copy(r->arena, json_string_value(ports));
    *r->link = p;
    r->link = &p->next;
    return true;
}

static bool read_entries(struct reading *r, struct bytes text)
{
    json_error_t why;
    json_t *list = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &why);
    char *shown = options_quote(r->file);
    bool good =
        json_is_array(list) && json_array_size(list) > 0 && json_array_size(list) <= ENTRY_LIMIT;
    if (!list)
        r->error = memory_format("%s, line %d: no JSON: %s", shown, why.line, why.text);
    else if (!good)
        r->error = memory_format("%s: must be a list of 1 to %d entries, as endpoints.office.com "
                                 "gives it",
                                 shown, ENTRY_LIMIT);
    for (size_t i = 0; good && i < json_array_size(list); i++)
        good = read_entry(r, i, json_array_get(list, i));
    free(shown);
    json_decref(list);
    return good;
}

bool endpoints_file_read(const char *file, struct arena *arena, struct published **ret_list,
                         char **ret_error)
{
    struct reading r = { .arena = arena, .file = file, .link = ret_list };
    struct buffer text;
    *ret_list = NULL;
    *ret_error = NULL;
    buffer_init(&text, FILE_LIMIT);
    int error = input_read_file(file, &text);
    char *shown = options_quote(file);
    if (error)
        *ret_error = memory_format("cannot read %s: %s", shown, strerror(error));
    else if (!read_entries(&r, buffer_bytes(&text)))
        *ret_error = r.error;
    else if (!*ret_list)
        *ret_error = memory_format("%s: no entry has names, TCP ports and addresses", shown);
    free(shown);
    buffer_done(&text);
    return *ret_error == NULL;
}
