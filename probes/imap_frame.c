#include "probes/imap_frame.h"

#include "base/text.h"
#include "probes/mail_state.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Does LINE, without its line end, end in "{n}" or "{n+}"? Then n; a number too large to matter is
 * DIALOGUE_REPLY_LIMIT + 1. -1 when it does not. */
static long literal_size(struct bytes line)
{
    if (line.size < 3 || line.data[line.size - 1] != '}')
        return -1;
    const char *open = memrchr(line.data, '{', line.size);
    const char *end = line.data + line.size - 1;
    if (open && end[-1] == '+')
        end--;
    if (!open || open + 1 >= end)
        return -1;
    long size = 0;
    for (const char *p = open + 1; p < end; p++) {
        if (!isdigit((unsigned char)*p))
            return -1;
        size = size * 10 + (*p - '0');
        if (size > DIALOGUE_REPLY_LIMIT)
            size = DIALOGUE_REPLY_LIMIT + 1;
    }
    return size;
}

/* How long the response at the start of REST is, its literals counted by bytes (RFC 3501 section
 * 4.3): 0 when it is not all here, -1 when a literal is longer than a reply may be. */
static long response_size(struct bytes rest)
{
    struct bytes todo = rest, line;
    while (memchr(todo.data, '\n', todo.size)) {
        text_next_line(&todo, &line);
        long literal = literal_size(line);
        if (literal < 0)
            return (long)(rest.size - todo.size);
        if (literal > DIALOGUE_REPLY_LIMIT)
            return -1;
        if ((size_t)literal >= todo.size)
            return 0;
        todo.data += literal;
        todo.size -= (size_t)literal;
    }
    return 0;
}

/* The command that the oldest open step said: with .ahead, LOGOUT's tag is already the last. */
static int open_tag(const struct dialogue *d)
{
    return ((const struct mail *)d)->commands - (d->open - 1);
}

enum response { RESPONSE_NONE, RESPONSE_UNTAGGED, RESPONSE_CONTINUE, RESPONSE_TAGGED };

/* TEXT is the rest of a response that says no. */
static enum reply_kind refusal(struct bytes text)
{
    static const char *const later[] = { "[UNAVAILABLE]", "[INUSE]", "[LIMIT]" }; /* RFC 5530 */
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (text_starts_fold(text, later[i]))
            return REPLY_TEMP;
    return REPLY_NO;
}

static bool ends_word(char c)
{
    return c == ' ' || c == '\r' || c == '\n';
}

/* Reads "OK", "NO", "BAD", "PREAUTH", "BYE" at the start of TEXT; false for any other word. */
static bool read_status(struct bytes text, enum reply_kind *ret_kind)
{
    static const struct {
        const char *word;
        bool good;
    } words[] = {
        { "OK", true }, { "PREAUTH", true }, { "NO", false }, { "BAD", false }, { "BYE", false },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t size = strlen(words[i].word);
        bool ends = text.size == size || (text.size > size && ends_word(text.data[size]));
        if (!ends || !text_starts_fold(text, words[i].word))
            continue;
        size_t skip = text.size == size ? size : size + 1;
        *ret_kind = words[i].good ? REPLY_OK
                                  : refusal((struct bytes) { text.data + skip, text.size - skip });
        return true;
    }
    return false;
}

/* What the response that starts with LINE is. */
static enum response classify(const struct dialogue *d, struct bytes line,
                              enum reply_kind *ret_kind)
{
    bool untagged = text_starts_fold(line, "* ");
    if (d->awaited == STEP_OPENING) {
        struct bytes text = { line.data + 2, untagged ? line.size - 2 : 0 };
        return untagged && read_status(text, ret_kind) ? RESPONSE_TAGGED : RESPONSE_NONE;
    }
    if (untagged)
        return RESPONSE_UNTAGGED;
    *ret_kind = REPLY_MORE;
    if (line.size && line.data[0] == '+')
        return RESPONSE_CONTINUE;
    char tag[16];
    int size = snprintf(tag, sizeof tag, "a%d ", open_tag(d));
    if (line.size < (size_t)size || memcmp(line.data, tag, (size_t)size) != 0)
        return RESPONSE_NONE;
    struct bytes text = { line.data + size, line.size - (size_t)size };
    return read_status(text, ret_kind) ? RESPONSE_TAGGED : RESPONSE_NONE;
}

static long no_response(struct bytes pending, size_t at, struct bytes line, struct reply *ret_reply)
{
    size_t shown = line.size < DIALOGUE_LINE_SHOWN ? line.size : DIALOGUE_LINE_SHOWN;
    ret_reply->text = (struct bytes) { pending.data, at + shown };
    return -1;
}

long imap_frame(struct dialogue *d, struct bytes pending, struct reply *ret_reply)
{
    struct bytes rest = { pending.data + d->scanned, pending.size - d->scanned };
    while (rest.size) {
        struct bytes look = rest, line;
        size_t at = d->scanned = pending.size - rest.size;
        if (!memchr(rest.data, '\n', rest.size) && rest.size < DIALOGUE_LINE_SHOWN)
            return 0;
        text_next_line(&look, &line);
        enum response response = classify(d, line, &ret_reply->kind);
        if (response == RESPONSE_NONE)
            return no_response(pending, at, line, ret_reply);
        long size = response_size(rest);
        if (size < 0) {
            dialogue_reject(d,
                            failure_make(FAILURE_REPLY_TOO_LONG, "a literal of more than %d bytes",
                                         DIALOGUE_REPLY_LIMIT),
                            STEP_FAILED);
            return no_response(pending, at, line, ret_reply);
        }
        if (size == 0)
            return 0;
        rest.data += size;
        rest.size -= (size_t)size;
        if (response != RESPONSE_UNTAGGED)
            return (long)(pending.size - rest.size);
    }
    d->scanned = pending.size;
    return 0;
}
