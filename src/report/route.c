#include "report/route.h"

/* How many hops are worth showing: up to the server, else up to the last that is known. */
int route_last(const struct address *address, const struct path_break *at)
{
    int last = at->server_ttl > at->before.ttl ? at->server_ttl : at->before.ttl;
    for (const struct hop *h = address->hops; h; h = h->next)
        if (h->answer == HOP_ROUTER && h->ttl > last)
            last = h->ttl;
    return last;
}

/* Who is there, by either walk. */
const char *route_sender(const struct address *address, const struct path_break *at, int ttl)
{
    const struct hop *own = path_hop(address->hops, ttl);
    const struct hop *control = address->path ? path_hop(address->path->control_hops, ttl) : NULL;
    if (control && control->answer == HOP_ROUTER)
        return control->sender;
    if (ttl == at->server_ttl || (own && own->answer == HOP_OPEN))
        return address->text;
    return own ? own->sender : NULL;
}

bool route_breaks_before(const struct path_break *at, int ttl)
{
    return ttl == (at->before.ttl ? at->before.ttl : at->after.ttl + 1);
}
