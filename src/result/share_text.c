/* Where names stand in a text: a scanner, no expressions; linear in what a peer sent. */
#include "result/share_private.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

enum { ADDRESS_LIMIT = 48, WHOLE_WORD_BELOW = 5 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    char low = text_lower(c);
    return low >= 'a' && low <= 'z';
}

static bool is_hex(char c)
{
    char low = text_lower(c);
    return is_digit(c) || (low >= 'a' && low <= 'f');
}

/* Of a word: international names are UTF-8. */
static bool is_inner(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t run_of(struct bytes text, const char *more)
{
    size_t size = 0;
    while (size < text.size && size < SHARE_RUN_LIMIT && text.data[size] &&
           (is_inner(text.data[size]) || strchr(more, text.data[size])))
        size++;
    return size;
}

static void put(struct share *share, struct buffer *out, const char *value)
{
    if (!share->collecting)
        buffer_append_text(out, value ? value : "");
}

/* ---- numeric addresses ---- */

static bool is_nobodys(int family, const unsigned char *a)
{
    static const unsigned char none[16];
    if (family == AF_INET) /* this machine, no address, and a netmask */
        return a[0] == 127 || a[0] == 0 || a[0] == 255;
    return memcmp(a, none, 15) == 0 && a[15] <= 1;
}

static bool put_address(struct share *share, struct buffer *out, const char *text)
{
    unsigned char bytes[16];
    char usual[INET6_ADDRSTRLEN];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(family, text, bytes) != 1)
        return false;
    if (is_nobodys(family, bytes)) {
        put(share, out, text);
        return true;
    }
    inet_ntop(family, bytes, usual, sizeof usual);
    put(share, out, share_note(share, SHARE_ADDRESS, usual, strlen(usual))->value);
    return true;
}

/* The longest start that is an address; a sentence may go on with a stop or a port behind it. */
static size_t take_address(struct share *share, struct buffer *out, struct bytes text)
{
    size_t size = 0, colons = 0, dots = 0;
    while (size < text.size && size < ADDRESS_LIMIT &&
           (is_hex(text.data[size]) || text.data[size] == ':' || text.data[size] == '.')) {
        colons += text.data[size] == ':';
        dots += text.data[size] == '.';
        size++;
    }
    if (colons < 2 && dots < 3)
        return 0;
    for (; size > 1; size--) {
        char copy[ADDRESS_LIMIT + 1];
        if (size < text.size && is_inner(text.data[size]))
            continue;
        memcpy(copy, text.data, size);
        copy[size] = '\0';
        if (put_address(share, out, copy))
            return size;
    }
    return 0;
}

/* ---- mail addresses and hosts ---- */

static size_t without_end(struct bytes text, size_t size)
{
    while (size && (text.data[size - 1] == '.' || text.data[size - 1] == '-'))
        size--;
    return size;
}

/* "Exception" ends many a name that is no host's; "Com" may be typed. */
static bool is_top_level(const char *label, size_t size)
{
    bool upper = false, lower = false, international = false;
    for (size_t i = 0; i < size; i++) {
        upper = upper || (label[i] >= 'A' && label[i] <= 'Z');
        lower = lower || (label[i] >= 'a' && label[i] <= 'z');
        international = international || (unsigned char)label[i] >= 0x80;
        if (!is_letter(label[i]) && (unsigned char)label[i] < 0x80)
            return size > 4 && text_starts_fold((struct bytes) { label, size }, "xn--");
    }
    return size >= 2 && (international || size <= 4 || !(upper && lower));
}

static bool is_host(struct bytes name)
{
    const char *dot = memrchr(name.data, '.', name.size);
    if (!dot || dot == name.data || memmem(name.data, name.size, "..", 2))
        return false;
    size_t last = name.size - (size_t)(dot + 1 - name.data);
    return is_top_level(dot + 1, last);
}

static size_t take_mail(struct share *share, struct buffer *out, struct bytes text)
{
    size_t local = run_of(text, ".+-");
    if (!local || local + 1 >= text.size || text.data[local] != '@')
        return 0;
    struct bytes rest = { text.data + local + 1, text.size - local - 1 };
    size_t size = without_end(rest, run_of(rest, ".-"));
    if (!size)
        return 0;
    const char *domain = share_domain(share, rest.data, size);
    put(share, out, share_note(share, SHARE_USER, text.data, local)->value);
    put(share, out, "@");
    put(share, out, domain);
    return local + 1 + size;
}

static size_t take_host(struct share *share, struct buffer *out, struct bytes text,
                        enum share_how how)
{
    size_t size = without_end(text, run_of(text, ".-"));
    if (!size || !is_host((struct bytes) { text.data, size }))
        return 0;
    const char *name = share_host(share, text.data, size, how != SHARE_OWN);
    if (!name)
        return 0;
    put(share, out, name);
    return size;
}

/* ---- ids ---- */

/* 8-4-4-4-12 hexadecimal digits (RFC 9562). */
static size_t guid_size(struct bytes text)
{
    if (text.size < 36)
        return 0;
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.data[i] != '-' : !is_hex(text.data[i]))
            return 0;
    }
    return 36;
}

/* Nobody's word: letters and several digits. */
static bool is_opaque(const char *run, size_t size)
{
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < size; i++) {
        digits += is_digit(run[i]);
        letters += is_letter(run[i]);
    }
    return size >= 8 && digits >= 3 && letters >= 1 && digits + letters == size;
}

static size_t take_id(struct share *share, struct buffer *out, struct bytes text,
                      enum share_how how)
{
    size_t size = guid_size(text);
    if (!size)
        size = run_of(text, "");
    struct share_entry *known = size ? share_find(share, SHARE_ID, text.data, size) : NULL;
    bool new_one = how == SHARE_PEER && (size == 36 ? guid_size(text) || is_opaque(text.data, size)
                                                    : is_opaque(text.data, size));
    if (!known && !new_one)
        return 0;
    known = known ? known : share_note(share, SHARE_ID, text.data, size);
    put(share, out, known->value);
    return size;
}

/* ---- words that are known ---- */

/* ASCII, and the letters of Latin-1 (U+00C0 to U+00DE in UTF-8), without case. */
static bool starts_with(struct bytes text, const struct share_word *word)
{
    if (text.size < word->size)
        return false;
    for (size_t i = 0; i < word->size; i++) {
        unsigned char a = (unsigned char)text_lower(text.data[i]);
        unsigned char b = (unsigned char)word->text[i];
        bool latin = i > 0 && (unsigned char)text.data[i - 1] == 0xc3;
        if (a != b && !(latin && (a | 0x20) == (b | 0x20)))
            return false;
    }
    return true;
}

static size_t take_word(struct share *share, struct buffer *out, struct bytes text, bool starts,
                        enum share_how how)
{
    const struct share_word *best = NULL;
    if (share->collecting)
        return 0;
    for (size_t i = 0; i < share->word_count; i++) {
        const struct share_word *word = &share->words[i];
        if ((how == SHARE_OWN && !word->own) || (best && best->size >= word->size) ||
            !starts_with(text, word))
            continue;
        bool ends = word->size == text.size || !is_inner(text.data[word->size]);
        bool whole = starts && ends;
        if (whole || (word->size >= WHOLE_WORD_BELOW && how != SHARE_OWN))
            best = word;
    }
    if (!best)
        return 0;
    put(share, out, best->entry->value);
    return best->size;
}

/* ---- mailboxes ---- */

static bool is_usual_mailbox(struct bytes name)
{
    static const char *const names[] = {
        "INBOX",     "Archive",    "Drafts",     "Deleted Items", "Deleted Messages",
        "Important", "Junk",       "Junk Email", "Notes",         "Outbox",
        "Sent",      "Sent Items", "Spam",       "Sent Messages", "Trash",
        "Starred",   "[Gmail]",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == name.size && text_starts_fold(name, names[i]))
            return true;
    return false;
}

/* Where the mailbox's name stands in a line of IMAP (RFC 9051 section 7.3.1, 7.3.4); empty: no such
 * line. */
static struct bytes mailbox_in(struct bytes line)
{
    static const char *const lists[] = { "* LIST ", "* LSUB ", "* XLIST " };
    bool list = false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        list = list || text_starts_fold(line, lists[i]);
    if (!list || line.size < 8)
        return (struct bytes) { line.data, 0 };
    bool quoted = line.data[line.size - 1] == '"';
    size_t end = line.size - quoted, start = end;
    while (start > 0 && line.data[start - 1] != (quoted ? '"' : ' '))
        start--;
    return (struct bytes) { line.data + start, end - start };
}

static bool put_mailbox_line(struct share *share, struct buffer *out, struct bytes line)
{
    struct bytes name = mailbox_in(line);
    if (!name.size || is_usual_mailbox(name))
        return false;
    const char *value = share_note(share, SHARE_NAME, name.data, name.size)->value;
    size_t before = (size_t)(name.data - line.data);
    if (!share->collecting) {
        buffer_append(out, line.data, before);
        buffer_append_text(out, value);
        buffer_append(out, name.data + name.size, line.size - before - name.size);
    }
    return true;
}

/* ---- a text ---- */

static size_t take(struct share *share, struct buffer *out, struct bytes rest, char before,
                   enum share_how how)
{
    bool starts = !is_inner(before) || !is_inner(*rest.data);
    size_t taken = share_percent(share, out, rest, before, how);
    if (!taken && starts)
        taken = take_address(share, out, rest);
    if (!taken && starts && is_inner(*rest.data)) {
        taken = take_mail(share, out, rest);
        taken = taken ? taken : take_host(share, out, rest, how);
        taken = taken ? taken : share_base64(share, out, rest, before, how);
        taken = taken ? taken : take_id(share, out, rest, how);
    }
    return taken ? taken : take_word(share, out, rest, starts, how);
}

/* "250-" of a reply is no part of the name behind it. */
static size_t code_size(struct bytes line)
{
    bool code = line.size > 4 && is_digit(line.data[0]) && is_digit(line.data[1]) &&
                is_digit(line.data[2]) && line.data[3] == '-';
    return code ? 4 : 0;
}

static void put_line(struct share *share, struct buffer *out, struct bytes line, enum share_how how)
{
    if (how == SHARE_PEER && put_mailbox_line(share, out, line))
        return;
    size_t code = code_size(line);
    if (!share->collecting)
        buffer_append(out, line.data, code);
    for (size_t i = code; i < line.size;) {
        struct bytes rest = { line.data + i, line.size - i };
        size_t taken = take(share, out, rest, i > code ? line.data[i - 1] : '\0', how);
        if (!taken && !share->collecting)
            buffer_append(out, rest.data, 1);
        i += taken ? taken : 1;
    }
}

void share_text(struct share *share, struct buffer *out, struct bytes text, enum share_how how)
{
    while (text.size) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        size_t trimmed = size && text.data[size - 1] == '\r' ? size - 1 : size;
        put_line(share, out, (struct bytes) { text.data, trimmed }, how);
        size_t taken = end ? size + 1 : size;
        if (!share->collecting)
            buffer_append(out, text.data + trimmed, taken - trimmed);
        text.data += taken;
        text.size -= taken;
    }
}

/* ---- names of certificates ---- */

/* Authorities of the public, and the providers' own organisations, by their O. */
static bool is_public_organisation(struct bytes value)
{
    static const char *const names[] = {
        "Amazon",
        "Apple Inc.",
        "DigiCert Inc",
        "DigiCert\\, Inc.",
        "Entrust\\, Inc.",
        "GlobalSign nv-sa",
        "GoDaddy.com\\, Inc.",
        "Google LLC",
        "Google Trust Services",
        "Google Trust Services LLC",
        "Internet Security Research Group",
        "Let's Encrypt",
        "Microsoft Corporation",
        "Oath Holdings Inc.",
        "QuoVadis Limited",
        "Sectigo Limited",
        "SSL Corporation",
        "Starfield Technologies\\, Inc.",
        "SwissSign AG",
        "The USERTRUST Network",
        "Yahoo Holdings Inc.",
        "ZeroSSL",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == value.size && memcmp(names[i], value.data, value.size) == 0)
            return true;
    return false;
}

/* The next "TYPE=value" of NAME, without the comma; a backslash hides one (RFC 4514 section 2.4).
 */
static struct bytes next_part(struct bytes *name)
{
    size_t size = 0;
    while (size < name->size && name->data[size] != ',' && name->data[size] != '+')
        size += name->data[size] == '\\' && size + 1 < name->size ? 2 : 1;
    size = size > name->size ? name->size : size;
    struct bytes part = { name->data, size };
    name->data += size;
    name->size -= size;
    return part;
}

static struct bytes value_of(struct bytes part)
{
    const char *equals = memchr(part.data, '=', part.size);
    if (!equals)
        return part;
    return (struct bytes) { equals + 1, part.size - (size_t)(equals + 1 - part.data) };
}

static bool is_public(struct bytes name)
{
    while (name.size) {
        struct bytes part = next_part(&name);
        if (text_starts_fold(part, "O=") && is_public_organisation(value_of(part)))
            return true;
        if (name.size) {
            name.data++;
            name.size--;
        }
    }
    return false;
}

static void put_value(struct share *share, struct buffer *out, struct bytes value)
{
    size_t host = value.size > 2 && value.data[0] == '*' && value.data[1] == '.' ? 2 : 0;
    struct bytes bare = { value.data + host, value.size - host };
    if (is_host(bare) || memchr(value.data, '@', value.size) || !value.size) {
        share_text(share, out, value, SHARE_PEER);
        return;
    }
    struct share_entry *entry = share_note(share, SHARE_NAME, value.data, value.size);
    if (share->collecting)
        share_watch(share, value.data, value.size, entry, true);
    put(share, out, entry->value);
}

void share_distinguished(struct share *share, struct buffer *out, struct bytes name)
{
    bool public = is_public(name);
    while (name.size) {
        struct bytes part = next_part(&name), value = value_of(part);
        if (!share->collecting)
            buffer_append(out, part.data, (size_t)(value.data - part.data));
        if (text_starts_fold(part, "C=") || text_starts_fold(part, "DC="))
            share_text(share, out, value, SHARE_PEER);
        else if (public)
            share_text(share, out, value, SHARE_PEER);
        else
            put_value(share, out, value);
        if (name.size) {
            if (!share->collecting)
                buffer_append(out, name.data, 1);
            name.data++;
            name.size--;
        }
    }
}
