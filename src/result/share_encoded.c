#include "result/share_private.h"

#include "base/crypto.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>

enum { BASE64_LEAST = 8, DEPTH_TEXT = 4 };

static const char hidden[] = "[hidden]";

static bool is_base64(char c)
{
    char low = text_lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '-' || c == '_';
}

/* Decodes RUN, of either alphabet and with or without its padding (RFC 4648 sections 4 and 5). */
static bool decode(struct buffer *out, struct bytes run)
{
    struct buffer usual;
    buffer_init(&usual, SIZE_MAX / 2);
    for (size_t i = 0; i < run.size && run.data[i] != '='; i++) {
        char c = run.data[i] == '-' ? '+' : run.data[i] == '_' ? '/' : run.data[i];
        buffer_append(&usual, &c, 1);
    }
    while (buffer_size(&usual) % 4 == 1) /* no whole byte */
        usual.end--;
    while (buffer_size(&usual) % 4)
        buffer_append(&usual, "=", 1);
    bool good = crypto_base64_decode(out, buffer_bytes(&usual));
    buffer_done(&usual);
    return good;
}

static bool is_printable(struct bytes text)
{
    size_t odd = 0;
    for (size_t i = 0; i < text.size; i++)
        odd += (unsigned char)text.data[i] < 0x20 && text.data[i] != '\n' && text.data[i] != '\r';
    /* A SASL message has a few separators in it. */
    return text.size >= DEPTH_TEXT && text_is_utf8(text) && odd * 8 <= text.size;
}

/* Claims of a token say who somebody is in words of any kind. */
static bool holds_claims(struct bytes text)
{
    static const char *const claims[] = { "\"sub\"", "\"oid\"", "\"upn\"",
                                          "\"tid\"", "\"iss\"", "\"name\"" };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        if (memmem(text.data, text.size, claims[i], strlen(claims[i])))
            return true;
    return false;
}

/* Exchange says in its greetings which machine it is: in UTF-16. */
static bool is_wide(struct bytes text)
{
    for (size_t i = 1; i < text.size; i += 2)
        if (text.data[i] != '\0')
            return false;
    return text.size >= 6;
}

static bool differs(const struct share *share, struct bytes a, struct bytes b)
{
    return !share->collecting && (a.size != b.size || memcmp(a.data, b.data, a.size) != 0);
}

/* Does what a word of base64 hides, begun anywhere, hold a name that is known? */
static bool hides_word(const struct share *share, struct bytes run)
{
    bool found = false;
    for (size_t skip = 0; skip < 4 && skip < run.size && !found; skip++) {
        struct buffer decoded;
        buffer_init(&decoded, SIZE_MAX / 2);
        struct bytes text = { NULL, 0 };
        if (decode(&decoded, (struct bytes) { run.data + skip, run.size - skip }))
            text = buffer_bytes(&decoded);
        for (size_t i = 0; text.size && i < share->word_count && !found; i++)
            found = share->words[i].size >= 4 && text_find_fold(text, share->words[i].text);
        buffer_done(&decoded);
    }
    return found;
}

static bool put_decoded(struct share *share, struct buffer *out, struct bytes run,
                        enum share_how how)
{
    struct buffer decoded, changed;
    bool done = false;
    buffer_init(&decoded, SIZE_MAX / 2);
    buffer_init(&changed, SIZE_MAX / 2);
    bool good = decode(&decoded, run);
    if (good && is_wide(buffer_bytes(&decoded))) {
        done = true;
        buffer_append_text(out, share->collecting ? "" : hidden);
    } else if (good && is_printable(buffer_bytes(&decoded))) {
        struct bytes text = buffer_bytes(&decoded);
        share->depth++;
        share_text(share, &changed, text, how);
        share->depth--;
        done = differs(share, text, buffer_bytes(&changed));
        if (holds_claims(text)) {
            done = true;
            buffer_append_text(out, share->collecting ? "" : hidden);
        } else if (done)
            crypto_base64_encode(out, buffer_bytes(&changed));
    }
    buffer_done(&decoded);
    buffer_done(&changed);
    return done;
}

size_t share_base64(struct share *share, struct buffer *out, struct bytes text, char before,
                    enum share_how how)
{
    size_t size = 0;
    while (!is_base64(before) && size < text.size && is_base64(text.data[size]))
        size++;
    size_t end = size;
    while (end < text.size && end < size + 2 && text.data[end] == '=')
        end++;
    struct bytes run = { text.data, size };
    if (size < BASE64_LEAST || how == SHARE_OWN || share->depth >= SHARE_DEPTH_LIMIT)
        return 0;
    if (put_decoded(share, out, run, how))
        return end;
    if (share->collecting || !hides_word(share, run))
        return 0;
    buffer_append_text(out, hidden);
    return end;
}

/* ---- percent ---- */

static bool is_triplet(struct bytes text, size_t at)
{
    return at + 2 < text.size && text.data[at] == '%' && text_hex_digit(text.data[at + 1]) >= 0 &&
           text_hex_digit(text.data[at + 2]) >= 0;
}

/* RFC 3986 section 2.3. */
static bool is_unreserved(char c)
{
    char low = text_lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

static size_t percent_run(struct bytes text, struct buffer *decoded, bool *ret_any)
{
    size_t size = 0;
    while (size < text.size) {
        if (is_triplet(text, size)) {
            char c = (char)(text_hex_digit(text.data[size + 1]) * 16 +
                            text_hex_digit(text.data[size + 2]));
            buffer_append(decoded, &c, 1);
            *ret_any = true;
            size += 3;
        } else if (is_unreserved(text.data[size]) || text.data[size] == '+')
            buffer_append(decoded, &text.data[size++], 1);
        else
            break;
    }
    return size;
}

size_t share_percent(struct share *share, struct buffer *out, struct bytes text, char before,
                     enum share_how how)
{
    struct buffer decoded, changed;
    bool any = false;
    if (is_unreserved(before) || before == '%' || before == '+' ||
        share->depth >= SHARE_DEPTH_LIMIT)
        return 0;
    buffer_init(&decoded, SIZE_MAX / 2);
    buffer_init(&changed, SIZE_MAX / 2);
    size_t size = percent_run(text, &decoded, &any);
    share->depth++;
    if (any)
        share_text(share, &changed, buffer_bytes(&decoded), how);
    share->depth--;
    bool done = any && differs(share, buffer_bytes(&decoded), buffer_bytes(&changed));
    struct bytes rest = buffer_bytes(&changed);
    for (size_t i = 0; done && i < rest.size; i++)
        if (is_unreserved(rest.data[i]))
            buffer_append(out, &rest.data[i], 1);
        else
            buffer_format(out, "%%%02X", (unsigned)(unsigned char)rest.data[i]);
    buffer_done(&decoded);
    buffer_done(&changed);
    return done ? size : 0;
}
