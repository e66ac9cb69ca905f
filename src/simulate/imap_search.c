/* SEARCH (RFC 3501 section 6.4.4). */
#include "base/text.h"
#include "simulate/imap_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEEPEST = 10, DAY_S = 86400, VALUE_LIMIT = 16384 };

/* The message that the keys are held against. */
struct candidate {
    const struct sim_script *script;
    const struct sim_message *message;
    size_t index;
    bool bad; /* a key was none */
    int depth;
};

static bool take_key(struct candidate *c, struct bytes *rest);

/* ---- kinds of keys ---- */

static bool flag_key(const struct candidate *c, struct bytes word, bool *ret_fits)
{
    static const struct {
        const char *name;
        unsigned flag;
        bool set;
    } keys[] = {
        { "ANSWERED", SIM_ANSWERED, true },
        { "DELETED", SIM_DELETED, true },
        { "DRAFT", SIM_DRAFT, true },
        { "FLAGGED", SIM_FLAGGED, true },
        { "SEEN", SIM_SEEN, true },
        { "UNANSWERED", SIM_ANSWERED, false },
        { "UNDELETED", SIM_DELETED, false },
        { "UNDRAFT", SIM_DRAFT, false },
        { "UNFLAGGED", SIM_FLAGGED, false },
        { "UNSEEN", SIM_SEEN, false },
        { "ALL", 0, false },
        { "OLD", 0, false }, /* nothing is recent */
        { "NEW", 0, true },
        { "RECENT", 0, true },
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (sim_equals(word, keys[i].name)) {
            *ret_fits = ((c->message->flags & keys[i].flag) != 0) == keys[i].set;
            return true;
        }
    return false;
}

static bool field_has(const struct candidate *c, const char *name, const char *words)
{
    struct sim_part part = sim_part_of((struct bytes) { c->message->text, c->message->size });
    struct buffer value;
    buffer_init(&value, VALUE_LIMIT);
    bool there = sim_part_field(part.header, name, &value);
    bool has = there && (!*words || text_find_fold(buffer_bytes(&value), words));
    buffer_done(&value);
    return has;
}

/* A string as a terminated text; NULL, and the search is bad, when there is none. */
static const char *take_text(struct candidate *c, struct bytes *rest, struct buffer *out)
{
    c->bad = c->bad || !sim_take_astring(rest, out) || out->overflow;
    buffer_append(out, "", 1);
    return c->bad ? NULL : buffer_bytes(out).data;
}

static bool text_key(struct candidate *c, struct bytes word, struct bytes *rest, bool *ret_fits)
{
    static const char *const fields[] = { "SUBJECT", "FROM", "TO", "CC", "BCC" };
    const char *field = NULL;
    struct bytes whole = { c->message->text, c->message->size };
    bool body = sim_equals(word, "BODY"), text = sim_equals(word, "TEXT");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (sim_equals(word, fields[i]))
            field = fields[i];
    if (!field && !body && !text)
        return false;
    struct buffer words;
    buffer_init(&words, VALUE_LIMIT);
    const char *needle = take_text(c, rest, &words);
    if (needle && field)
        *ret_fits = field_has(c, field, needle);
    else if (needle)
        *ret_fits = !*needle || text_find_fold(body ? sim_part_of(whole).body : whole, needle);
    buffer_done(&words);
    return true;
}

static bool header_key(struct candidate *c, struct bytes word, struct bytes *rest, bool *ret_fits)
{
    struct buffer name, words;
    if (!sim_equals(word, "HEADER"))
        return false;
    buffer_init(&name, VALUE_LIMIT);
    buffer_init(&words, VALUE_LIMIT);
    const char *field = take_text(c, rest, &name), *needle = take_text(c, rest, &words);
    *ret_fits = field && needle && field_has(c, field, needle);
    buffer_done(&name);
    buffer_done(&words);
    return true;
}

/* The day of the Date field, whatever its time and zone (RFC 3501 section 6.4.4); -1: none. */
static int64_t sent_day(const struct candidate *c)
{
    struct sim_part part = sim_part_of((struct bytes) { c->message->text, c->message->size });
    struct buffer value;
    struct tm tm = { 0 };
    buffer_init(&value, VALUE_LIMIT);
    bool there = sim_part_field(part.header, "Date", &value);
    buffer_append(&value, "", 1);
    const char *text = there ? buffer_bytes(&value).data : "";
    const char *comma = strchr(text, ',');
    bool read = strptime(comma ? comma + 1 : text, " %d %b %Y", &tm);
    buffer_done(&value);
    return read ? (int64_t)timegm(&tm) : -1;
}

static bool date_key(struct candidate *c, struct bytes word, struct bytes *rest, bool *ret_fits)
{
    bool sent = text_starts_fold(word, "SENT");
    struct bytes when = sent ? (struct bytes) { word.data + 4, word.size - 4 } : word;
    bool since = sim_equals(when, "SINCE"), before = sim_equals(when, "BEFORE");
    if (!since && !before && !sim_equals(when, "ON"))
        return false;
    struct buffer words;
    buffer_init(&words, VALUE_LIMIT);
    const char *text = take_text(c, rest, &words);
    int64_t day = text ? sim_read_date(text_bytes(text), false) : -1;
    int64_t own = sent ? sent_day(c) : c->message->at_s / DAY_S * DAY_S;
    c->bad = c->bad || day < 0;
    *ret_fits = own >= 0 && (since ? own >= day : before ? own < day : own == day);
    buffer_done(&words);
    return true;
}

static bool number_key(struct candidate *c, struct bytes word, struct bytes *rest, bool *ret_fits)
{
    struct bytes value;
    bool larger = sim_equals(word, "LARGER");
    if (!larger && !sim_equals(word, "SMALLER"))
        return false;
    int64_t size = sim_take_item(rest, &value) ? text_take_number(&value) : -1;
    c->bad = c->bad || size < 0;
    *ret_fits = larger ? (int64_t)c->message->size > size : (int64_t)c->message->size < size;
    return true;
}

/* "UID 4:6", and a set alone: of sequence numbers. */
static bool set_key(struct candidate *c, struct bytes word, struct bytes *rest, bool *ret_fits)
{
    const struct sim_view *view = &c->script->view;
    bool by_uid = sim_equals(word, "UID");
    struct bytes set = word;
    if (by_uid)
        c->bad = c->bad || !sim_take_item(rest, &set);
    if (!sim_is_set(set)) {
        c->bad = c->bad || by_uid;
        return by_uid;
    }
    uint32_t number = by_uid ? c->message->uid : (uint32_t)(c->index + 1);
    uint32_t largest = by_uid ? view->seen[view->count - 1].uid : (uint32_t)view->count;
    *ret_fits = sim_in_set(set, number, largest);
    return true;
}

/* No keyword is kept: none is set. */
static bool keyword_key(struct candidate *c, struct bytes word, struct bytes *rest, bool *ret_fits)
{
    struct bytes keyword;
    *ret_fits = sim_equals(word, "UNKEYWORD");
    if (!*ret_fits && !sim_equals(word, "KEYWORD"))
        return false;
    c->bad = c->bad || !sim_take_item(rest, &keyword);
    return true;
}

static bool logic_key(struct candidate *c, struct bytes word, struct bytes *rest, bool *ret_fits)
{
    if (sim_equals(word, "NOT")) {
        *ret_fits = !take_key(c, rest);
        return true;
    }
    if (!sim_equals(word, "OR"))
        return false;
    bool one = take_key(c, rest), other = take_key(c, rest);
    *ret_fits = one || other;
    return true;
}

/* ---- together ---- */

static bool take_all(struct candidate *c, struct bytes rest)
{
    bool fits = true, some = false;
    while (!c->bad && sim_peek(&rest)) {
        bool one = take_key(c, &rest);
        fits = fits && one;
        some = true;
    }
    c->bad = c->bad || !some;
    return fits;
}

/* One key; all of it is read also when it cannot matter any more. */
static bool take_key(struct candidate *c, struct bytes *rest)
{
    struct bytes list, word;
    bool fits = false;
    if (c->depth == DEEPEST) {
        c->bad = true;
        return false;
    }
    c->depth++;
    if (sim_take_list(rest, &list))
        fits = take_all(c, list);
    else if (!sim_take_item(rest, &word) ||
             !(flag_key(c, word, &fits) || text_key(c, word, rest, &fits) ||
               header_key(c, word, rest, &fits) || date_key(c, word, rest, &fits) ||
               number_key(c, word, rest, &fits) || keyword_key(c, word, rest, &fits) ||
               logic_key(c, word, rest, &fits) || set_key(c, word, rest, &fits)))
        c->bad = true;
    c->depth--;
    return fits && !c->bad;
}

/* "CHARSET UTF-8" in front; others are not read. */
static bool skip_charset(struct bytes *rest)
{
    struct bytes after = *rest, word, name;
    if (!sim_take_item(&after, &word) || !sim_equals(word, "CHARSET"))
        return true;
    *rest = after;
    return sim_take_item(rest, &name) &&
           (sim_equals(name, "UTF-8") || sim_equals(name, "US-ASCII"));
}

void sim_imap_search(struct sim_script *script, struct bytes rest)
{
    const struct sim_view *view = &script->view;
    const struct sim_mailbox *mailbox = sim_view_mailbox(script);
    struct candidate c = { .script = script };
    struct buffer found;
    buffer_init(&found, SIM_REPLY_LIMIT / 2);
    c.bad = !mailbox || !skip_charset(&rest) || sim_peek(&rest) == '\0';
    for (size_t i = 0; i < view->count && !c.bad; i++) {
        c.message = sim_mailbox_message(mailbox, view->seen[i].uid);
        c.index = i;
        if (c.message && take_all(&c, rest))
            buffer_format(&found, " %" PRIu32, script->by_uid ? c.message->uid : (uint32_t)(i + 1));
    }
    struct bytes numbers = buffer_bytes(&found);
    if (!c.bad)
        buffer_format(script->out, "* SEARCH%.*s\r\n", (int)numbers.size,
                      numbers.data ? numbers.data : "");
    sim_imap_end(script, !mailbox ? SIM_REFUSED : c.bad ? SIM_MALFORMED : SIM_SEARCH);
    buffer_done(&found);
}
