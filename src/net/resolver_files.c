#include "net/resolver_files.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DNS_PORT = 53,
    LINE_LIMIT = 4096,
    FILE_LIMIT =
        4 << 20, /* block lists in /etc/hosts run into megabytes; no file is read for ever */
};

static const char blanks[] = " \t\r\n\v\f";

/* Reads the next line into LINE, without a comment; a longer line counts as several. */
static bool next_line(FILE *file, char line[static LINE_LIMIT], size_t *left)
{
    if (*left == 0 || !fgets(line, LINE_LIMIT, file))
        return false;
    size_t size = strlen(line);
    *left -= size < *left ? size : *left;
    line[strcspn(line, "#\n")] = '\0';
    return true;
}

/* "53" .. "65535"; -1 when it is no port. */
static int parse_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && port > 0 && port <= UINT16_MAX
               ? (int)port
               : -1;
}

bool resolver_parse_server(struct net_address *ret_server, const char *text)
{
    char host[EVIDENCE_ADDRESS_SIZE];
    const char *port = NULL;
    size_t length = strlen(text);
    if (text[0] == '[') {
        const char *end = strchr(text++, ']');
        if (!end || (end[1] && end[1] != ':'))
            return false;
        length = (size_t)(end - text);
        port = end[1] ? end + 2 : NULL;
    } else if (strchr(text, ':') && strchr(text, ':') == strrchr(text, ':')) {
        length = strcspn(text, ":");
        port = text + length + 1;
    }
    if (length >= sizeof host)
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    int number = port ? parse_port(port) : DNS_PORT;
    return number > 0 && net_address_parse(ret_server, host, number);
}

size_t resolver_read_servers(const char *path,
                             struct net_address ret_servers[static RESOLVER_SERVER_LIMIT])
{
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    size_t count = 0, left = FILE_LIMIT;
    char line[LINE_LIMIT];
    while (count < RESOLVER_SERVER_LIMIT && next_line(file, line, &left)) {
        char *rest = NULL;
        const char *word = strtok_r(line, blanks, &rest);
        const char *server = strtok_r(NULL, blanks, &rest);
        if (word && server && strcmp(word, "nameserver") == 0)
            count += resolver_parse_server(&ret_servers[count], server);
    }
    fclose(file);
    return count;
}

/* Is NAME among the words that follow the address? */
static bool names_host(char **rest, const char *name)
{
    const char *word;
    while ((word = strtok_r(NULL, blanks, rest)))
        if (text_equal_fold(word, name))
            return true;
    return false;
}

void resolver_find_host(const char *path, const char *name, struct arena *arena,
                        struct strings *ret_v4, struct strings *ret_v6)
{
    *ret_v4 = *ret_v6 = (struct strings) { 0 };
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    char line[LINE_LIMIT], text[EVIDENCE_ADDRESS_SIZE];
    size_t left = FILE_LIMIT;
    while (next_line(file, line, &left)) {
        char *rest = NULL;
        const char *word = strtok_r(line, blanks, &rest);
        struct net_address address;
        if (!word || !net_address_parse(&address, word, 0) || !names_host(&rest, name))
            continue;
        struct strings *list = net_address_family(&address) == 4 ? ret_v4 : ret_v6;
        strings_add(list, arena, arena_copy(arena, net_address_text(&address, text)));
    }
    fclose(file);
}
