#include "engine/arrival_facts.h"

#include "base/text.h"
#include "probes/mail_header.h"

#include <string.h>

/* Each server puts its line above those before it (RFC 5321 section 4.4): the last is the first. */
void arrival_note_way(struct arena *arena, struct delivery_facts *facts, struct bytes header)
{
    struct mail_field field;
    while (mail_header_next(&header, arena, &field)) {
        if (mail_field_is(&field, "Authentication-Results"))
            strings_add(&facts->authentication, arena, field.value);
        if (!mail_field_is(&field, "Received"))
            continue;
        struct mail_received received = mail_header_received(arena, field.value);
        if (received.at_s < 0)
            continue;
        struct passage *passage = arena_new(arena, sizeof *passage);
        *passage = (struct passage) {
            .next = facts->passages,
            .from = received.from,
            .by = received.by,
            .at_s = received.at_s,
            .delay_s = -1,
        };
        facts->passages = passage;
    }
    for (struct passage *p = facts->passages; p && p->next; p = p->next)
        if (p->next->at_s >= p->at_s)
            p->next->delay_s = (int)(p->next->at_s - p->at_s);
}

/* The words of the server that refused it, as the one that bounced it passes them on (RFC 3464
 * section 2.3.6). */
void arrival_note_bounce(struct arena *arena, struct delivery_facts *facts, struct bytes message)
{
    struct bytes rest = message, line;
    facts->bounce = arena_copy_bytes(arena, message);
    while (text_next_line(&rest, &line)) {
        const char *type =
            text_starts_fold(line, "Diagnostic-Code:") ? memchr(line.data, ';', line.size) : NULL;
        if (!type)
            continue;
        const char *end = line.data + line.size;
        struct bytes more = rest;
        while (more.size && (more.data[0] == ' ' || more.data[0] == '\t') &&
               text_next_line(&more, &line))
            end = line.data + line.size;
        struct bytes words = { type + 1, (size_t)(end - type - 1) };
        facts->diagnostic = arena_copy_bytes(arena, text_trim(words));
        return;
    }
}
