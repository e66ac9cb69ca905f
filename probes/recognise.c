#include "probes/recognise.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

static const char *const names[] = {
    [PEER_UNKNOWN] = "", [PEER_SMTP] = "SMTP", [PEER_IMAP] = "IMAP", [PEER_POP3] = "POP3",
    [PEER_TLS] = "TLS",  [PEER_HTTP] = "HTTP", [PEER_SSH] = "SSH",   [PEER_FTP] = "FTP",
};
_Static_assert(sizeof names / sizeof *names == PEER_COUNT, "a protocol without a name");

const char *peer_protocol_name(enum peer_protocol protocol)
{
    return names[protocol];
}

/* What a line starts with. A word ends there, unless the prefix itself says more. */
static const struct {
    const char *prefix;
    bool word; /* a blank or the line's end must follow */
    enum peer_protocol protocol;
} beginnings[] = {
    { "SSH-", false, PEER_SSH },            /* RFC 4253 section 4.2 */
    { "HTTP/", false, PEER_HTTP },          /* RFC 9112 section 4 */
    { "<!DOCTYPE HTML", false, PEER_HTTP }, /* a server that answers as HTTP 0.9 did */
    { "<html", false, PEER_HTTP },
    { "* OK", true, PEER_IMAP }, /* RFC 3501 section 7.1 */
    { "* PREAUTH", true, PEER_IMAP },
    { "* BYE", true, PEER_IMAP },
    { "+OK", true, PEER_POP3 }, /* RFC 1939 section 3 */
    { "-ERR", true, PEER_POP3 },
};

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

static bool ends_word(struct bytes first, size_t at)
{
    return at >= first.size || first.data[at] == ' ' || is_line_end(first.data[at]);
}

static bool is_tls_record(struct bytes first)
{
    return first.size >= 3 && first.data[0] >= 0x14 && first.data[0] <= 0x17 &&
           first.data[1] == 0x03 && first.data[2] >= 0 && first.data[2] <= 0x04;
}

static bool has_code(struct bytes first)
{
    if (first.size < 3 || first.data[0] < '1' || first.data[0] > '5')
        return false;
    if (!isdigit((unsigned char)first.data[1]) || !isdigit((unsigned char)first.data[2]))
        return false;
    return ends_word(first, 3) || first.data[3] == '-';
}

/* Does a word speak of FTP? A host name does not: plenty of mail servers are called ftp.something.
 */
static bool names_ftp(struct bytes text)
{
    for (size_t at = 0; at < text.size;) {
        size_t end = at;
        while (!ends_word(text, end))
            end++;
        struct bytes word = { text.data + at, end - at };
        bool named = text_find_fold(word, "ftp") || text_starts_fold(word, "FileZilla");
        if (named && !memchr(word.data, '.', word.size))
            return true;
        at = end + 1;
    }
    return false;
}

static enum peer_protocol by_code(struct bytes first)
{
    struct bytes words = { first.data, first.size };
    if (words.size > 4) {
        words.data += 4;
        words.size -= 4;
    }
    if (text_find_fold(words, "SMTP"))
        return PEER_SMTP;
    /* SMTP has no 1xx; FTP has 120, "ready in n minutes" (RFC 959 section 4.2). */
    if (first.data[0] == '1' || names_ftp(words))
        return PEER_FTP;
    return PEER_SMTP;
}

enum peer_protocol recognise(struct bytes first)
{
    if (is_tls_record(first))
        return PEER_TLS;
    if (has_code(first))
        return by_code(first);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        size_t size = strlen(beginnings[i].prefix);
        if (text_starts_fold(first, beginnings[i].prefix) &&
            (!beginnings[i].word || ends_word(first, size)))
            return beginnings[i].protocol;
    }
    return PEER_UNKNOWN;
}
