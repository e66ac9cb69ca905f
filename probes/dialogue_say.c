/* What a dialogue says, and what of it, and of what it hears, may be shown. */
#include "probes/dialogue_private.h"

#include <assert.h>

static const char redacted[] = "********";

void dialogue_scrub(const struct dialogue *d, struct buffer *buffer, size_t size)
{
    for (size_t i = 0; i < sizeof d->secrets / sizeof *d->secrets && size; i++)
        secret_scrub(d->secrets[i], buffer->space + buffer->start, size);
}

void dialogue_public(struct dialogue *d, const struct buffer *out)
{
    d->said_public = buffer_size(out) - d->said_from;
}

void dialogue_note(struct dialogue *d, struct bytes text)
{
    buffer_append(&d->note, text.data, text.size);
    dialogue_scrub(d, &d->note, buffer_size(&d->note));
}

struct bytes dialogue_without_line_end(struct bytes text)
{
    if (text.size && text.data[text.size - 1] == '\n')
        text.size--;
    if (text.size && text.data[text.size - 1] == '\r')
        text.size--;
    return text;
}

static void log_said(struct dialogue *d, int index)
{
    struct bytes out = buffer_bytes(&d->out);
    struct bytes line = dialogue_without_line_end(
        (struct bytes) { out.data + d->said_from, out.size - d->said_from });
    bool hide = dialogue_step_of(d, index)->secret && line.size > d->said_public;
    if (hide && d->said_public && line.data[d->said_public] == ' ')
        d->said_public++;
    struct buffer shown;
    buffer_init(&shown, DIALOGUE_OUT_LIMIT + sizeof redacted);
    buffer_append(&shown, line.data, hide ? d->said_public : line.size);
    if (hide)
        buffer_append(&shown, redacted, sizeof redacted - 1);
    dialogue_scrub(d, &shown, buffer_size(&shown)); /* a password may be a word of the protocol */
    dialogue_add_row(d, ROW_SAID, index, buffer_bytes(&shown));
    buffer_done(&shown);
}

void dialogue_say(struct dialogue *d, int index)
{
    const struct dialogue_step *step = dialogue_step_of(d, index);
    if (!step->line && !step->say)
        return;
    d->said_from = buffer_size(&d->out);
    d->said_public = 0;
    if (step->say) {
        step->say(d, &d->out);
    } else {
        buffer_append_text(&d->out, step->line);
        buffer_append(&d->out, "\r\n", 2);
    }
    assert(!d->out.overflow); /* what we say is our own, and bounded where it is made */
    log_said(d, index);
}
