/* Who answers where a greeting is due, and does not speak our protocol. */
#include "base/text.h"
#include "probes/dialogue_private.h"

#include <string.h>

static struct bytes first_line(struct bytes pending)
{
    const char *newline = memchr(pending.data, '\n', pending.size);
    if (newline)
        pending.size = (size_t)(newline - pending.data) + 1;
    if (pending.size > DIALOGUE_LINE_SHOWN)
        pending.size = DIALOGUE_LINE_SHOWN;
    return pending;
}

enum peer_protocol dialogue_stranger(const struct dialogue *d, struct bytes pending)
{
    if (d->need != DIALOGUE_NEEDS_REPLY || d->awaited != STEP_OPENING || !pending.size)
        return PEER_UNKNOWN;
    enum peer_protocol peer = recognise(first_line(pending));
    return text_equal_fold(peer_protocol_name(peer), d->protocol->name) ? PEER_UNKNOWN : peer;
}

struct failure dialogue_mismatch(enum peer_protocol peer)
{
    return failure_make(FAILURE_PROTOCOL_MISMATCH, "%s", peer_protocol_name(peer));
}

bool dialogue_hears_alert(const struct dialogue *d, struct bytes pending)
{
    return pending.size >= DIALOGUE_ALERT_SIZE && dialogue_stranger(d, pending) == PEER_TLS;
}
