/* The path that was walked, as a line: this machine, the hops, and where it ends. */
#include "report/text.h"

#include "base/text.h"
#include "report/route.h"
#include "report/wording.h"

static const char *mark_of(enum path_kind kind)
{
    switch (kind) {
    case PATH_DROPPED:
    case PATH_AT_HOST:
    case PATH_REJECTED:
    case PATH_RESET:
    case PATH_DEAD:
        return " -X-";
    case PATH_INTERCEPTED:
        return " -!-";
    default:
        return " -";
    }
}

static void draw(const struct text *text, const struct endpoint *endpoint,
                 const struct address *address)
{
    const struct page *page = &text->page;
    struct path_break at = path_place(address);
    int last = route_last(address, &at);
    struct buffer line;
    page_begin(&line);
    page_own_format(page, &line, "To port %d: ", endpoint->port);
    page_peer(page, &line, text_bytes(wording_or(text->result->trace->from.host, "this machine")));
    for (int ttl = 1; ttl <= last; ttl++) {
        bool broken = route_breaks_before(&at, ttl);
        page_own_format(page, &line, "%s %d ", broken ? mark_of(at.kind) : " -", ttl);
        page_peer(page, &line, text_bytes(wording_or(route_sender(address, &at, ttl), "?")));
    }
    if (at.kind == PATH_DEAD)
        page_own_format(page, &line, "%s ?", mark_of(at.kind));
    if (at.forwarded_ttl)
        page_own_format(page, &line, " (port forwarded at hop %d)", at.forwarded_ttl);
    page_fold(page, &(struct page_text) { .hang = 2 }, buffer_bytes(&line));
    buffer_done(&line);
}

void text_path(const struct text *text)
{
    const char *only = text->result->verdict.endpoint; /* NULL: all are well, or none is blamed */
    bool begun = text->result->verdict.owner != OWNER_NONE;
    for (const struct endpoint *e = text->result->trace->endpoints; e; e = e->next)
        for (const struct address *a = e->addresses; a; a = a->next) {
            if (!a->hops || (only && !wording_same(only, e->id)))
                continue;
            if (!begun)
                page_end(&text->page);
            begun = true;
            draw(text, e, a);
        }
}
