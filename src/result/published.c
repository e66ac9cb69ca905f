#include "result/published.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_BYTES = 16, TEXT_SIZE = 64 };

struct range {
    unsigned char start[ADDRESS_BYTES];
    int family, bits;
};

static bool parse_address(const char *text, struct range *ret_range)
{
    ret_range->family = strchr(text, ':') ? AF_INET6 : AF_INET;
    ret_range->bits = ret_range->family == AF_INET6 ? 128 : 32;
    return inet_pton(ret_range->family, text, ret_range->start) == 1;
}

static bool parse_range(const char *text, struct range *ret_range)
{
    char address[TEXT_SIZE];
    size_t size = strcspn(text, "/");
    const char *digits = text + size + 1;
    if (!text[size] || size >= sizeof address || strlen(digits) == 0 || strlen(digits) > 3 ||
        digits[strspn(digits, "0123456789")])
        return false;
    memcpy(address, text, size);
    address[size] = '\0';
    if (!parse_address(address, ret_range))
        return false;
    int bits = atoi(digits), most = ret_range->bits;
    ret_range->bits = bits;
    return bits <= most;
}

bool published_is_range(const char *text)
{
    struct range range;
    return parse_range(text, &range);
}

static bool holds(const struct range *range, const struct range *address)
{
    size_t whole = (size_t)range->bits / 8;
    int rest = range->bits % 8;
    if (range->family != address->family || memcmp(range->start, address->start, whole) != 0)
        return false;
    return rest == 0 || (range->start[whole] ^ address->start[whole]) >> (8 - rest) == 0;
}

bool published_holds(const struct published *published, const char *address)
{
    struct range range, one;
    if (!parse_address(address, &one))
        return false;
    for (size_t i = 0; i < published->ranges.count; i++)
        if (parse_range(published->ranges.items[i], &range) && holds(&range, &one))
            return true;
    return false;
}

bool published_names(const char *pattern, const char *host)
{
    size_t size = strlen(host);
    size -= size && host[size - 1] == '.';
    bool below = strncmp(pattern, "*.", 2) == 0;
    const char *tail = below ? pattern + 1 : pattern;
    size_t length = strlen(tail);
    if (below ? length >= size : length != size)
        return false;
    return text_starts_fold((struct bytes) { host + size - length, length }, tail);
}

/* "80,443", "50000-50059" */
static bool lists_port(const char *ports, int port)
{
    for (const char *p = ports; p; p = strchr(p, ',')) {
        p += *p == ',';
        size_t first = strcspn(p, ",-");
        int from = atoi(p), to = p[first] == '-' ? atoi(p + first + 1) : from;
        if (from <= port && port <= to)
            return true;
    }
    return false;
}

bool published_concerns(const struct published *published, const char *host, int port)
{
    if (port && !lists_port(published->tcp_ports, port))
        return false;
    for (size_t i = 0; i < published->hosts.count; i++)
        if (published_names(published->hosts.items[i], host))
            return true;
    return false;
}
