#include "engine/vantage.h"

#include "base/text.h"
#include "net/evidence.h"

#include <arpa/inet.h>
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
    trace->from.icmp = evidence_sees_icmp() ? NULL : "unseen";
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

struct net_prefix {
    unsigned char bytes[2];
    int bits;
};

static bool is_in(const unsigned char *address, const struct net_prefix *prefix)
{
    int first = prefix->bits < 8 ? prefix->bits : 8;
    unsigned mask = (0xff00U >> first & 0xffU) << 8 | (0xff00U >> (prefix->bits - first) & 0xffU);
    unsigned begins = (unsigned)address[0] << 8 | address[1];
    return ((begins ^ ((unsigned)prefix->bytes[0] << 8 | prefix->bytes[1])) & mask) == 0;
}

/* Whether the Internet knows TEXT as an address. A server in the same network, or one behind a
 * balancer, sees one that it does not. */
static bool is_public(const char *text)
{
    static const struct net_prefix v4[] = {
        { { 10, 0 }, 8 },     { { 172, 16 }, 12 }, { { 192, 168 }, 16 }, /* RFC 1918 section 3 */
        { { 100, 64 }, 10 },                                             /* RFC 6598 section 7 */
        { { 169, 254 }, 16 },                                            /* RFC 3927: link-local */
        { { 127, 0 }, 8 },    { { 0, 0 }, 8 }, /* RFC 1122 section 3.2.1.3 */
    };
    static const struct net_prefix v6[] = {
        { { 0xfc, 0 }, 7 },     /* RFC 4193 section 3.1 */
        { { 0xfe, 0x80 }, 10 }, /* RFC 4291 section 2.5.6: link-local */
    };
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    static const unsigned char loopback[16] = { [15] = 1 };
    unsigned char address[16];
    if (inet_pton(AF_INET6, text, address) == 1 && memcmp(address, mapped, sizeof mapped) != 0) {
        for (size_t i = 0; i < sizeof v6 / sizeof *v6; i++)
            if (is_in(address, &v6[i]))
                return false;
        return memcmp(address, loopback, sizeof loopback) != 0;
    }
    if (inet_pton(AF_INET, text, address + 12) != 1 && inet_pton(AF_INET6, text, address) != 1)
        return false;
    for (size_t i = 0; i < sizeof v4 / sizeof *v4; i++)
        if (is_in(address + 12, &v4[i]))
            return false;
    return true;
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
            if (t->seen_as && !trace->from.public_address && is_public(t->seen_as))
                trace->from.public_address = t->seen_as;
    }
}
