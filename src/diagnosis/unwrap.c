#include "diagnosis/unwrap.h"

#include "base/text.h"
#include "diagnosis/unwrap_parts.h"

#include <stdio.h>
#include <string.h>

enum { HOST_LIMIT = 64, HOSTS_LOOKED_AT = 12 };

static bool is_alnum(char c)
{
    c = text_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

/* ---- base64 ---- */

/* RFC 4648 sections 4 and 5: both alphabets. -1 for anything else. */
static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

size_t unwrap_base64_span(struct bytes text)
{
    size_t size = 0;
    while (size < text.size && digit_of(text.data[size]) >= 0)
        size++;
    for (int i = 0; i < 2 && size < text.size && text.data[size] == '='; i++)
        size++;
    return size;
}

size_t unwrap_base64(struct bytes text, char *out, size_t size)
{
    size_t length = 0;
    unsigned bits = 0, count = 0;
    for (size_t i = 0; i < text.size && length < size; i++) {
        int digit = digit_of(text.data[i]);
        if (digit < 0)
            break;
        bits = (bits << 6 | (unsigned)digit) & 0xffffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[length++] = (char)(bits >> count & 0xff);
        }
    }
    return length;
}

/* RFC 7628 section 3.2.2: what a server thinks of a token, as JSON in base64. It begins with a
 * brace and a quote, which are "eyJ". */
static void find_challenge(struct unwrapped *unwrapped)
{
    struct bytes rest = unwrapped->plain;
    for (const char *found; (found = memmem(rest.data, rest.size, "eyJ", 3)) != NULL;) {
        size_t at = (size_t)(found - rest.data);
        struct bytes word = { found, rest.size - at };
        size_t span = unwrap_base64_span(word);
        if ((at == 0 || !is_alnum(rest.data[at - 1])) && span >= 16) {
            size_t size = unwrap_base64((struct bytes) { found, span }, unwrapped->challenge,
                                        sizeof unwrapped->challenge);
            struct bytes text = { unwrapped->challenge, size };
            if (text_find_fold(text, "\"status\"") || text_find_fold(text, "\"error")) {
                unwrapped->items[unwrapped->count++] =
                    (struct unwrapped_item) { .kind = UNWRAP_REPLY,
                                              .words = { .text = text, .protocol = -1 } };
                return;
            }
        }
        rest = (struct bytes) { found + span, rest.size - at - span };
    }
}

/* ---- whose host ---- */

/* Names by which servers call themselves that no client is told to use. */
static const struct provider *by_own_name(const char *host)
{
    static const struct {
        const char *suffix, *provider;
    } names[] = {
        { ".outlook.com", "microsoft365" },
        { ".google.com", "gmail" },
        { ".yahoo.com", "yahoo" },
        { ".yahoodns.net", "yahoo" },
        { ".mail.icloud.com", "icloud" },
        { ".aol.com", "aol" },
        { ".messagingengine.com", "fastmail" },
        { ".office365.us", "microsoft365-gcc-high" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_ends_fold(host, names[i].suffix))
            return provider_find(names[i].provider);
    return NULL;
}

static const struct provider *provider_of(struct bytes name)
{
    char host[HOST_LIMIT + 1];
    while (name.size && name.data[name.size - 1] == '.')
        name.size--;
    if (name.size < 6 || name.size > HOST_LIMIT)
        return NULL;
    memcpy(host, name.data, name.size);
    host[name.size] = '\0';
    const struct provider *provider = provider_by_host(host);
    if (!provider)
        provider = provider_by_mx(host);
    return provider ? provider : by_own_name(host);
}

const struct provider *unwrap_provider(struct bytes text)
{
    size_t at = 0, looked = 0;
    while (at < text.size && looked < HOSTS_LOOKED_AT) {
        size_t start = at, dots = 0, letters = 0;
        for (; at < text.size && (is_alnum(text.data[at]) || is_one_of(text.data[at], ".-"));
             at++) {
            dots += text.data[at] == '.';
            letters += is_alnum(text.data[at]) && text.data[at] > '9';
        }
        /* The domain of an address says who the person is, not who speaks. A page of help is named
         * in many a reply, too. */
        bool host = dots && letters >= 4 && !(start && is_one_of(text.data[start - 1], "@/"));
        bool page = at < text.size && text.data[at] == '/' && start && text.data[start - 1] == '/';
        if (host && !page && !(at < text.size && text.data[at] == '@')) {
            const struct provider *provider =
                provider_of((struct bytes) { text.data + start, at - start });
            if (provider)
                return provider;
            looked++;
        }
        at += at == start;
    }
    /* Google signs its replies. */
    return memmem(text.data ? text.data : "", text.size, " gsmtp", 6) ? provider_find("gmail")
                                                                      : NULL;
}

/* ---- stage ---- */

static bool holds(struct bytes text, const char *const *words)
{
    for (; *words; words++)
        if (text_find_fold(text, *words))
            return true;
    return false;
}

/* RFC 4954 section 6: a code that only answers a login. */
static bool is_login_code(int code)
{
    return code == 534 || code == 535 || code == 538;
}

/* Where in a dialogue words like these are said. */
static enum stage stage_of(const struct start *start, struct bytes reply, struct bytes whole)
{
    static const char *const login[] = { "auth", "login", "logon", "credential", "password", NULL };
    static const char *const starttls[] = { "starttls", "stls", NULL };
    if (start && start->code == 220)
        return STAGE_GREETING; /* or the answer to STARTTLS: nothing about a message */
    if (start && is_login_code(start->code))
        return STAGE_LOGIN;
    if (holds(reply, login))
        return STAGE_LOGIN;
    return holds(whole, starttls) ? STAGE_STARTTLS : STAGE_NONE;
}

/* ---- items ---- */

/* A quote in the words that begins another quotation: <"...">, ("..."), ="...". */
static bool opens_quote(struct bytes words, size_t at)
{
    return is_one_of(words.data[at - 1], "<([{=") && at + 1 < words.size &&
           words.data[at + 1] > ' ';
}

/* Up to the quote that ends what a quote began; one inside a word ("isn't") does not, nor one that
 * ends a quotation within. */
static struct bytes cut_quoted(struct bytes plain, size_t at)
{
    struct bytes words = { plain.data + at, plain.size - at };
    char quote = at ? plain.data[at - 1] : ' ';
    if (!is_one_of(quote, "\"'"))
        return words;
    size_t within = 0, last = words.size;
    for (size_t i = 1; i < words.size; i++) {
        if (words.data[i] != quote || words.data[i - 1] == ' ')
            continue;
        if (opens_quote(words, i)) {
            within++;
        } else if (i + 1 == words.size || !is_alnum(words.data[i + 1])) {
            last = i;
            if (within == 0)
                break;
            within--;
        }
    }
    return (struct bytes) { words.data, last };
}

/* A code and its words in one piece. */
static struct bytes join(struct unwrapped *unwrapped, const struct start *start)
{
    struct bytes words = cut_quoted(unwrapped->plain, start->words);
    char code[8];
    int size = snprintf(code, sizeof code, "%d ", start->code);
    size_t room = sizeof unwrapped->joined - (size_t)size;
    size_t taken = words.size < room ? words.size : room;
    memcpy(unwrapped->joined, code, (size_t)size);
    memcpy(unwrapped->joined + size, words.data, taken);
    return (struct bytes) { unwrapped->joined, (size_t)size + taken };
}

static void add_item(struct unwrapped *unwrapped, const struct start *start, bool report)
{
    if (unwrapped->count == UNWRAP_ITEMS - 1)
        return;
    /* There is one space for joining; the innermost takes it. */
    bool joins = start->words && !unwrapped->joined[0];
    struct unwrapped_item *item = &unwrapped->items[unwrapped->count++];
    *item = (struct unwrapped_item) {
        .kind = start->kind == START_WORDS ? UNWRAP_QUOTED : UNWRAP_REPLY,
        .success = start->success,
        .report = report || start->report,
    };
    item->words.text =
        text_trim(joins ? join(unwrapped, start) : cut_quoted(unwrapped->plain, start->at));
    item->words.protocol = start->protocol;
    item->words.stage = stage_of(start, item->words.text, unwrapped->plain);
    item->words.stage_guessed = item->words.stage != STAGE_GREETING && !is_login_code(start->code);
}

/* "Remote Server returned '...'", "host x said: ...": a mail server's report of another's words. */
static bool is_report(struct bytes plain)
{
    static const char *const marks[] = { "diagnostic-code:", "remote server returned",
                                         "error from remote mail server",
                                         "response from the remote server", NULL };
    return holds(plain, marks);
}

static void add_starts(struct unwrapped *unwrapped, const struct starts *starts)
{
    bool report = is_report(unwrapped->plain);
    size_t last = starts->count;
    for (size_t i = starts->count; i > 0; i--)
        if (starts->items[i - 1].kind != START_WORDS) {
            if (last == starts->count)
                last = i - 1;
            add_item(unwrapped, &starts->items[i - 1], report);
        }
    /* Words behind the last reply's beginning are that reply's own. */
    for (size_t i = last; i > 0; i--)
        if (starts->items[i - 1].kind == START_WORDS)
            add_item(unwrapped, &starts->items[i - 1], report);
}

/* Exchange's IMAP service alone writes this so; most of what is pasted of it comes from Microsoft
 * 365, where a password can only be refused. */
static bool sounds_like_exchange(struct bytes text)
{
    static const char words[] = "LOGIN failed.";
    return text.size && memmem(text.data, text.size, words, strlen(words));
}

void unwrap(struct unwrapped *unwrapped, struct bytes text, const struct provider *provider)
{
    unwrapped->count = 0;
    unwrapped->joined[0] = '\0';
    size_t size = unwrap_plain(unwrapped->space, sizeof unwrapped->space, text);
    unwrapped->plain = (struct bytes) { unwrapped->space, size };
    struct starts starts;
    unwrap_find(&starts, unwrapped->space, size);
    find_challenge(unwrapped);
    add_starts(unwrapped, &starts);
    struct bytes whole = text_trim(unwrapped->plain);
    bool greeting = unwrapped->count && unwrapped->items[0].words.stage == STAGE_GREETING;
    unwrapped->items[unwrapped->count++] = (struct unwrapped_item) {
        .kind = UNWRAP_WHOLE,
        .words = { .text = whole,
                   .protocol = -1,
                   .stage = greeting ? STAGE_GREETING : stage_of(NULL, whole, whole),
                   .stage_guessed = !greeting },
    };
    unwrapped->provider = provider ? provider : unwrap_provider(unwrapped->plain);
    unwrapped->guessed = !unwrapped->provider && sounds_like_exchange(unwrapped->plain);
    const struct provider *speaker =
        unwrapped->guessed ? provider_find("microsoft365") : unwrapped->provider;
    for (size_t i = 0; speaker && i < unwrapped->count; i++)
        unwrapped->items[i].words.provider = speaker->family;
}
