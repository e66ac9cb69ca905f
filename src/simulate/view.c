/* What a session sees of a mailbox that others change as well. */
#include "base/memory.h"
#include "simulate/script_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void see(struct sim_view *view, const struct sim_message *message)
{
    if (view->count == view->capacity) {
        view->capacity = view->capacity ? 2 * view->capacity : 16;
        view->seen = memory_resize(view->seen, view->capacity * sizeof *view->seen);
    }
    view->seen[view->count++] = (struct sim_seen) { message->uid, message->flags };
}

void sim_view_open(struct sim_script *script, const struct sim_mailbox *mailbox, bool read_only)
{
    sim_view_close(script);
    script->view.mailbox = mailbox->id;
    script->view.read_only = read_only;
    for (size_t i = 0; i < mailbox->count; i++)
        see(&script->view, &mailbox->messages[i]);
}

void sim_view_close(struct sim_script *script)
{
    free(script->view.seen);
    script->view = (struct sim_view) { 0 };
}

struct sim_mailbox *sim_view_mailbox(const struct sim_script *script)
{
    return sim_store_by_id(script->options.store, script->view.mailbox);
}

void sim_put_flags(struct buffer *out, unsigned flags)
{
    static const char *const names[] = { "\\Seen", "\\Answered", "\\Flagged", "\\Deleted",
                                         "\\Draft" };
    const char *blank = "";
    buffer_append_text(out, "(");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(flags & 1U << i))
            continue;
        buffer_format(out, "%s%s", blank, names[i]);
        blank = " ";
    }
    buffer_append_text(out, ")");
}

/* Numbers above the one that goes move down at once (RFC 3501 section 7.4.1). */
static void tell_expunges(struct sim_script *script, const struct sim_mailbox *mailbox)
{
    struct sim_view *view = &script->view;
    size_t kept = 0;
    for (size_t i = 0; i < view->count; i++)
        if (sim_mailbox_message(mailbox, view->seen[i].uid))
            view->seen[kept++] = view->seen[i];
        else
            buffer_format(script->out, "* %zu EXPUNGE\r\n", kept + 1);
    view->count = kept;
}

void sim_view_tell(struct sim_script *script, bool expunges)
{
    struct sim_view *view = &script->view;
    const struct sim_mailbox *mailbox = sim_view_mailbox(script);
    if (!mailbox)
        return;
    if (expunges)
        tell_expunges(script, mailbox);
    for (size_t i = 0; i < view->count; i++) {
        const struct sim_message *message = sim_mailbox_message(mailbox, view->seen[i].uid);
        if (!message || message->flags == view->seen[i].flags)
            continue;
        view->seen[i].flags = message->flags;
        buffer_format(script->out, "* %zu FETCH (FLAGS ", i + 1);
        sim_put_flags(script->out, message->flags);
        buffer_append_text(script->out, ")\r\n");
    }
    size_t had = view->count;
    uint32_t last = had ? view->seen[had - 1].uid : 0;
    for (size_t i = 0; i < mailbox->count; i++)
        if (mailbox->messages[i].uid > last)
            see(view, &mailbox->messages[i]);
    if (view->count > had)
        buffer_format(script->out, "* %zu EXISTS\r\n", view->count);
}
