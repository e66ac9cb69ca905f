#include "result/path.h"

#include <string.h>

const struct hop *path_hop(const struct hop *hops, int ttl)
{
    while (hops && hops->ttl != ttl)
        hops = hops->next;
    return hops;
}

static bool is_end(const struct hop *hop)
{
    return hop->answer == HOP_OPEN || hop->answer == HOP_RESET || hop->answer == HOP_UNREACHABLE;
}

/* The nearest answer that is no router's; NULL. */
static const struct hop *find_end(const struct hop *hops)
{
    while (hops && !is_end(hops))
        hops = hops->next;
    return hops;
}

static bool is_router_at(const struct hop *hops, int ttl)
{
    const struct hop *hop = path_hop(hops, ttl);
    return hop && hop->answer == HOP_ROUTER;
}

static struct path_place place_of(const struct hop *hops, int ttl)
{
    const struct hop *hop = path_hop(hops, ttl);
    return (struct path_place) { .ttl = ttl, .sender = hop ? hop->sender : NULL };
}

/* Did both walks meet the same routers up to TTL? Where one was silent, nothing speaks against it.
 */
static bool agree(const struct hop *a, const struct hop *b, int ttl)
{
    for (; a && a->ttl <= ttl; a = a->next) {
        const struct hop *other = path_hop(b, a->ttl);
        if (!other || !a->sender || !other->sender || a->answer != HOP_ROUTER ||
            other->answer != HOP_ROUTER)
            continue;
        if (strcmp(a->sender, other->sender) != 0)
            return false;
    }
    return true;
}

/* The most that may be claimed of what both walks have in common up to TTL. */
static enum confidence ceiling(const struct address *address, int ttl)
{
    const struct path_facts *path = address->path;
    if (!path || !path->same_address || !agree(address->hops, path->control_hops, ttl))
        return CONFIDENCE_POSSIBLE;
    return path->confirmed ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
}

/* The server that is dialled answers for a router behind it: that router's words went through the
 * address translation of whoever forwards the port. */
static int forwarded_at(const struct address *address)
{
    for (const struct hop *h = address->hops; h; h = h->next)
        if (h->answer == HOP_ROUTER && h->sender && strcmp(h->sender, address->text) == 0)
            return h->ttl;
    return 0;
}

static void place_silence(const struct address *address, struct path_break *out)
{
    const struct hop *control = address->path ? address->path->control_hops : NULL;
    const struct hop *next = control;
    int last = 0;
    for (const struct hop *h = address->hops; h; h = h->next)
        if (h->answer == HOP_ROUTER)
            last = h->ttl;
    while (next && (next->ttl <= last || next->answer == HOP_SILENT))
        next = next->next;
    out->after = place_of(address->hops, last);
    if (!next) {
        bool whole = control && address->path->same_address;
        out->kind = PATH_DEAD;
        out->confidence = whole ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
        return;
    }
    /* On the way to another host only the hops that both share say anything. */
    if (!address->path->same_address &&
        (last == 0 || is_end(next) || !is_router_at(control, last) ||
         !agree(address->hops, control, last))) {
        out->kind = PATH_DEAD;
        out->confidence = CONFIDENCE_POSSIBLE;
        return;
    }
    out->kind = PATH_DROPPED;
    out->before = place_of(control, next->ttl);
    out->confidence = ceiling(address, last);
    /* Silence that nobody looked at again may be a lost packet. */
    if (!address->path->confirmed)
        out->confidence = CONFIDENCE_POSSIBLE;
    if (is_end(next)) {
        out->before.sender = address->text;
        out->kind = PATH_AT_HOST;
    }
    /* Routers that never speak lie in between, or a lost reply looks the same. */
    if ((next->ttl > last + 1 || is_end(next)) && out->confidence == CONFIDENCE_CERTAIN)
        out->confidence = CONFIDENCE_LIKELY;
}

static void place_answer(const struct address *address, const struct hop *end,
                         struct path_break *out)
{
    const struct path_facts *path = address->path;
    const struct hop *control = path ? path->control_hops : NULL;
    /* The control's packet ended its life at a router there, so the server is further away. A
     * control that was silent there shows nothing: packets get lost. */
    bool nearer = path && path->same_address && is_router_at(control, end->ttl);
    out->after = place_of(address->hops, end->ttl - 1);
    out->before = (struct path_place) { .ttl = end->ttl, .sender = end->sender };
    out->confidence = ceiling(address, end->ttl - 1);
    switch (end->answer) {
    case HOP_UNREACHABLE:
        out->kind = PATH_REJECTED;
        if (out->confidence == CONFIDENCE_POSSIBLE)
            out->confidence = CONFIDENCE_LIKELY; /* the box named itself */
        break;
    case HOP_RESET:
        out->kind = nearer                                              ? PATH_RESET
                    : out->server_ttl == end->ttl && path->same_address ? PATH_REFUSED
                                                                        : PATH_UNKNOWN;
        break;
    default:
        out->kind = nearer ? PATH_INTERCEPTED : PATH_OPEN;
    }
    if (nearer && end->answer != HOP_UNREACHABLE)
        out->before.sender = path_hop(control, end->ttl)->sender;
}

static const struct hop *find_sender(const struct hop *hops, const char *sender)
{
    while (hops && (!hops->sender || strcmp(hops->sender, sender) != 0))
        hops = hops->next;
    return hops;
}

/* The connection was refused by somebody who named himself; that the walk met with silence
 * afterwards means no more than that he speaks seldom (RFC 1812 section 4.3.2.8). */
static void place_refusal(const struct address *address, struct path_break *out)
{
    const char *sender = address->icmp->sender ? address->icmp->sender : "";
    const struct hop *hop = find_sender(address->hops, sender);
    if (!hop && address->path)
        hop = find_sender(address->path->control_hops, sender);
    if (!hop)
        return;
    out->kind = PATH_REJECTED;
    out->after = out->before = (struct path_place) { .ttl = hop->ttl, .sender = hop->sender };
    out->confidence = CONFIDENCE_LIKELY;
}

struct path_break path_place(const struct address *address)
{
    struct path_break out = { 0 };
    if (!address->hops)
        return out;
    const struct hop *end = find_end(address->hops);
    const struct hop *far = find_end(address->path ? address->path->control_hops : NULL);
    out.server_ttl = far && far->answer == HOP_OPEN ? far->ttl : 0;
    out.forwarded_ttl = forwarded_at(address);
    if (end)
        place_answer(address, end, &out);
    else if (address->status == STATUS_FAIL && address->icmp)
        place_refusal(address, &out);
    else if (address->status == STATUS_FAIL && address->error.kind != FAILURE_CONNECTION_REFUSED)
        place_silence(address, &out);
    /* A port that works has no break: what was lost of its walk was lost by chance. */
    if (address->status != STATUS_FAIL && out.kind != PATH_INTERCEPTED)
        out.kind = end && end->answer == HOP_OPEN ? PATH_OPEN : PATH_UNKNOWN;
    return out;
}
