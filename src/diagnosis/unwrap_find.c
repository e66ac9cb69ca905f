#include "base/text.h"
#include "diagnosis/unwrap_parts.h"

#include <string.h>

struct scan {
    char *text;
    size_t size, at;
    struct starts *starts;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    c = text_lower(c);
    return c >= 'a' && c <= 'z';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

static char peek(const struct scan *scan, size_t at)
{
    return at < scan->size ? scan->text[at] : '\n';
}

static struct bytes from(const struct scan *scan, size_t at)
{
    return at < scan->size ? (struct bytes) { scan->text + at, scan->size - at }
                           : (struct bytes) { "", 0 };
}

/* ---- what stands before ---- */

/* How what stands before AT looks: a line's start, a mark that may introduce a reply, a word, or
 * something that makes the text at AT a part of a longer one. */
enum lead { LEAD_NONE, LEAD_WORD, LEAD_MARK, LEAD_LINE };

static enum lead lead_of(const struct scan *scan, size_t at, size_t *ret_end)
{
    size_t before = at;
    while (before && (scan->text[before - 1] == ' ' || scan->text[before - 1] == '\t'))
        before--;
    *ret_end = before;
    if (before == 0 || scan->text[before - 1] == '\n' || scan->text[before - 1] == '\r')
        return LEAD_LINE;
    char c = scan->text[before - 1];
    if (before < at)
        return is_one_of(c, ":>\"'=|]),;<.-([{") ? LEAD_MARK : LEAD_WORD;
    return is_one_of(c, "\"'(<>[,;|#=:") ? LEAD_MARK : LEAD_NONE;
}

/* The word that ends at END, at most SIZE bytes of it. */
static struct bytes word_before(const struct scan *scan, size_t end)
{
    size_t start = end;
    while (start && end - start < 40 && !is_blank(scan->text[start - 1]))
        start--;
    return (struct bytes) { scan->text + start, end - start };
}

static bool ends_word(struct bytes word, const char *with)
{
    size_t size = strlen(with);
    if (word.size < size)
        return false;
    struct bytes end = { word.data + word.size - size, size };
    return text_starts_fold(end, with) &&
           (word.size == size || !is_letter(end.data[-1]) || text_lower(with[0]) != with[0]);
}

/* "SMTP error 535 ...", "said 550 ...": words that a code may follow without a mark. */
static bool is_announcing(struct bytes word)
{
    static const char *const words[] = { "error", "said",  "reply",  "response",
                                         "got",   "smtp;", "status", "returned" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (ends_word(word, words[i]))
            return true;
    return false;
}

/* ---- codes ---- */

static size_t read_number(const struct scan *scan, size_t at, unsigned *ret_number)
{
    size_t size = 0;
    *ret_number = 0;
    while (size < 3 && is_digit(peek(scan, at + size)))
        *ret_number = *ret_number * 10 + (unsigned)(peek(scan, at + size++) - '0');
    return size;
}

/* RFC 3463 section 2. Returns the length, 0 when none stands here. */
static size_t read_enhanced(const struct scan *scan, size_t at, unsigned *ret_packed)
{
    unsigned subject, detail;
    char kind = peek(scan, at);
    if (!is_one_of(kind, "245") || peek(scan, at + 1) != '.')
        return 0;
    size_t first = read_number(scan, at + 2, &subject);
    if (first == 0 || first > 2 || peek(scan, at + 2 + first) != '.')
        return 0;
    size_t second = read_number(scan, at + 3 + first, &detail), size = 3 + first + second;
    char end = peek(scan, at + size);
    if (second == 0 || is_digit(end) || is_letter(end) || end == '_' || end == '/' ||
        (end == '.' && !is_blank(peek(scan, at + size + 1))))
        return 0;
    *ret_packed = fold_pack((unsigned)(kind - '0'), subject, detail);
    return size;
}

/* Between a code and words that stand apart: ", b'" of Python, " - b'", ", '". Returns where the
 * words begin, 0 when they do not stand apart. */
static size_t apart(const struct scan *scan, size_t at)
{
    size_t end = at;
    while (end < at + 3 && is_one_of(peek(scan, end), ", -:"))
        end++;
    if (end == at)
        return 0;
    if (peek(scan, end) == 'b' || peek(scan, end) == 'u')
        end++;
    return is_one_of(peek(scan, end), "\"'") ? end + 1 : 0;
}

/* Keeps the last ones: the innermost words are the last. */
static struct start *add(struct scan *scan, struct start start)
{
    struct starts *starts = scan->starts;
    if (starts->count == UNWRAP_STARTS) {
        memmove(starts->items, starts->items + 1, (UNWRAP_STARTS - 1) * sizeof *starts->items);
        starts->count--;
    }
    starts->items[starts->count] = start;
    return &starts->items[starts->count++];
}

static struct start *last_reply(const struct scan *scan)
{
    for (size_t i = scan->starts->count; i > 0; i--)
        if (scan->starts->items[i - 1].kind != START_WORDS)
            return &scan->starts->items[i - 1];
    return NULL;
}

/* Is this the next line of the reply that began before, or its code said once more? Then it stands
 * on a line of its own. */
static bool continues(struct scan *scan, const struct start *start)
{
    struct start *last = last_reply(scan);
    if (!last || last->kind != START_CODE || last->code != start->code)
        return false;
    if (!last->goes_on && (!start->enhanced || last->enhanced != start->enhanced))
        return false;
    last->goes_on = start->goes_on;
    if (start->at && (scan->text[start->at - 1] == ' ' || scan->text[start->at - 1] == '\t'))
        scan->text[start->at - 1] = '\n';
    return true;
}

/* 2yz and 3yz only where a reply can begin; 4yz and 5yz also behind words that announce one. */
static bool is_code_place(const struct scan *scan, enum lead lead, size_t end, bool enhanced)
{
    bool refusal = peek(scan, scan->at) >= '4';
    char mark = end ? scan->text[end - 1] : '\n';
    if (lead == LEAD_LINE)
        return true;
    if (lead == LEAD_NONE)
        return false;
    if (lead == LEAD_WORD)
        return refusal && (enhanced || is_announcing(word_before(scan, end)));
    /* "host:450" is a port; "msg:550" is not. */
    if (mark == ':' && end == scan->at && !enhanced)
        return !memchr(word_before(scan, end).data, '.', word_before(scan, end).size) && refusal;
    return refusal || is_one_of(mark, ":><\"'=-]");
}

static bool find_code(struct scan *scan, enum lead lead, size_t lead_end)
{
    size_t at = scan->at;
    char first = peek(scan, at), second = peek(scan, at + 1), after = peek(scan, at + 3);
    if (first < '2' || first > '5' || second < '0' || second > '5' ||
        !is_digit(peek(scan, at + 2)) || is_digit(after) || is_letter(after))
        return false;
    struct start start = { .kind = START_CODE, .at = at, .protocol = SERVICE_SMTP };
    start.code = (first - '0') * 100 + (second - '0') * 10 + (peek(scan, at + 2) - '0');
    start.success = first < '4';
    start.words = apart(scan, at + 3);
    start.goes_on = after == '-';
    if (!start.words && !is_blank(after) && after != '-' && !(first == '2' && after == '*') &&
        after != ';' && after != ':')
        return false;
    size_t words = start.words ? start.words : at + 4;
    while (is_one_of(peek(scan, words), " #"))
        words++;
    size_t size = read_enhanced(scan, words, &start.enhanced);
    if (!is_code_place(scan, lead, lead_end, size > 0))
        return false;
    scan->at = size ? words + size : at + 3;
    if (!continues(scan, &start))
        add(scan, start);
    return true;
}

/* "550 no mailbox here (#5.1.1)": the code that qmail writes behind its words. */
static bool is_behind_words(struct scan *scan)
{
    const struct start *last = last_reply(scan);
    return last && last->kind == START_CODE && scan->at >= 2 &&
           memcmp(scan->text + scan->at - 2, "(#", 2) == 0;
}

static bool find_enhanced(struct scan *scan, enum lead lead)
{
    struct start start = { .kind = START_ENHANCED, .at = scan->at, .protocol = SERVICE_SMTP };
    size_t size = lead >= LEAD_MARK ? read_enhanced(scan, scan->at, &start.enhanced) : 0;
    if (size == 0 || (scan->at && scan->text[scan->at - 1] == '=') || is_behind_words(scan))
        return false;
    start.success = peek(scan, scan->at) == '2';
    add(scan, start);
    scan->at += size;
    return true;
}

/* ---- POP3 and IMAP ---- */

/* RFC 9051 section 7.1: "*" or a tag before; a tag holds a digit here, for that is how clients make
 * them. */
static bool has_tag(const struct scan *scan, size_t end)
{
    struct bytes word = word_before(scan, end);
    bool digit = false;
    while (word.size && is_one_of(*word.data, "\"'(<>["))
        word = (struct bytes) { word.data + 1, word.size - 1 };
    for (size_t i = 0; i < word.size; i++) {
        if (!is_digit(word.data[i]) && !is_letter(word.data[i]))
            return word.size == 1 && *word.data == '*';
        digit |= is_digit(word.data[i]);
    }
    return digit && word.size <= 20;
}

static bool find_condition(struct scan *scan, enum lead lead, size_t lead_end)
{
    static const struct {
        const char *word;
        int protocol;
        bool success, bare; /* bare: also without a tag */
    } conditions[] = {
        { "-ERR", SERVICE_POP3, false, true },    { "+OK", SERVICE_POP3, true, true },
        { "NO", SERVICE_IMAP, false, true },      { "BAD", SERVICE_IMAP, false, true },
        { "BYE", SERVICE_IMAP, false, true },     { "OK", SERVICE_IMAP, true, false },
        { "PREAUTH", SERVICE_IMAP, true, false },
    };
    if (lead == LEAD_NONE)
        return false;
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        size_t size = strlen(conditions[i].word);
        if (scan->size - scan->at < size ||
            memcmp(scan->text + scan->at, conditions[i].word, size) != 0 ||
            !is_blank(peek(scan, scan->at + size)))
            continue;
        bool tagged = has_tag(scan, lead_end);
        if (!tagged && !(conditions[i].bare && (lead >= LEAD_MARK || size == 4)))
            return false;
        struct start start = { .kind = START_CONDITION, .at = scan->at };
        start.protocol = conditions[i].protocol;
        start.success = conditions[i].success;
        add(scan, start);
        scan->at += size;
        return true;
    }
    return false;
}

/* RFC 9051 section 7.1: a response code where the condition itself was left out. */
static bool find_response_code(struct scan *scan)
{
    static const char *const codes[] = { "[ALERT]", "[AUTHENTICATIONFAILED]", "[UNAVAILABLE]",
                                         "[AUTHORIZATIONFAILED]" };
    struct start *last = last_reply(scan);
    if (last && last->kind == START_CONDITION && scan->at - last->at <= 6)
        return false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (!text_starts_fold(from(scan, scan->at), codes[i]))
            continue;
        add(scan,
            (struct start) { .kind = START_CONDITION, .at = scan->at, .protocol = SERVICE_IMAP });
        scan->at += strlen(codes[i]);
        return true;
    }
    return false;
}

/* ---- what wrappers announce ---- */

/* Nouns of wrappers, and words before somebody else's. What follows ":", "=" or a quote behind one
 * of them was said by somebody further in. */
static bool is_wrapper_noun(struct bytes word)
{
    static const char *const nouns[] = {
        "exception",   "error",       "failed", "failure", "said",     "says",  "response",
        "was",         "responded",   "reply",  "replied", "returned", "code",  "detail",
        "details",     "message",     "msg",    "login",   "data",     "cause", "by",
        "credentials", "description", "reason", "is",      "with",     "info",  "warning",
        "unknown",     "notice",      "server",
    };
    while (word.size && is_one_of(word.data[word.size - 1], "\"')]"))
        word.size--;
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++) {
        size_t size = strlen(nouns[i]);
        if (word.size >= size &&
            text_starts_fold((struct bytes) { word.data + word.size - size, size }, nouns[i]))
            return true;
    }
    return false;
}

static bool is_report_field(struct bytes word)
{
    return text_starts_fold(word, "diagnostic-code");
}

/* At a colon or an equals sign, or at a quote that a blank precedes. */
static void find_words(struct scan *scan)
{
    size_t at = scan->at++, end = at;
    bool quote = is_one_of(peek(scan, at), "\"'");
    while (quote && end && scan->text[end - 1] == ' ')
        end--;
    if (quote && end == at)
        return;
    struct bytes word = word_before(scan, end);
    bool report = !quote && is_report_field(word);
    if (!report && !is_wrapper_noun(word))
        return;
    size_t words = at + 1;
    while (is_one_of(peek(scan, words), " \"'") ||
           (is_one_of(peek(scan, words), "bu") && is_one_of(peek(scan, words + 1), "\"'")))
        words++;
    if (words < scan->size && scan->size - words >= 4)
        add(scan,
            (struct start) { .kind = START_WORDS, .at = words, .protocol = -1, .report = report });
}

static bool find_start(struct scan *scan)
{
    size_t lead_end;
    char c = peek(scan, scan->at);
    if (c >= '2' && c <= '5') {
        enum lead lead = lead_of(scan, scan->at, &lead_end);
        return find_code(scan, lead, lead_end) || find_enhanced(scan, lead);
    }
    if (c == '[')
        return find_response_code(scan);
    if (!is_one_of(c, "-+NBOP"))
        return false;
    enum lead lead = lead_of(scan, scan->at, &lead_end);
    return find_condition(scan, lead, lead_end);
}

void unwrap_find(struct starts *starts, char *text, size_t size)
{
    static const bool interesting[256] = {
        ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['-'] = true,
        ['+'] = true, ['N'] = true, ['B'] = true, ['O'] = true, ['P'] = true,
        ['['] = true, [':'] = true, ['='] = true, ['"'] = true, ['\''] = true,
    };
    struct scan scan = { .text = text, .size = size, .starts = starts };
    starts->count = 0;
    while (scan.at < size) {
        char c = text[scan.at];
        if (!interesting[(unsigned char)c])
            scan.at++;
        else if (is_one_of(c, ":=\"'"))
            find_words(&scan);
        else if (!find_start(&scan))
            scan.at++;
    }
}
